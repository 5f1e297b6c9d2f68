"""Corrected drawings are a cohort that Limner's own commands read; the queue begins with the least sure."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

from limner.data.cohort import read_cohort
from limner.findings import Drawing
from limner.image import LabelMap
from limner.infer import load_pack
from limner.infer.evaluate import EvaluateOptions
from limner.infer.evaluate.segment import evaluate_masks
from limner.serve.cohort import doubt_of
from limner.serve.cohort.cases import split_of
from limner.serve.tables import AuditEntry, Result
from limner.train import train
from tests.serve.corrected import PACK, open_bench, put_version


@pytest.fixture
def bench(server, tmp_path):
    return open_bench(server, tmp_path, patient_id="P77", patient_name="DOE^JANE", birth_date="1960-01-01")


def correct(bench):
    """A corrected version; its id."""
    labels = bench.labels()
    array = labels.array.copy()
    array[2:4, 2:6, 2:6] = labels.label("liver").value
    return put_version(bench, LabelMap(array, labels.grid, labels.labels), 'edge, "redrawn"')


def test_the_zip_is_a_cohort_that_limner_reads_and_evaluates(bench, tmp_path):
    made = correct(bench)
    answer = bench.client.get("/api/cohort.zip")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "cohort")
    table = tmp_path / "cohort" / PACK / "cohort.csv"
    cohort = read_cohort(table)
    [case] = cohort.cases
    assert case.id == made
    assert case.columns["comment"] == 'edge, "redrawn"'
    assert cohort.regions["liver"] == (1, 2)
    pack = load_pack(bench.house.settings.data / "packs" / PACK)
    found = evaluate_masks(pack, table, EvaluateOptions())
    assert found.n == 1
    assert found.problems == []
    assert 0.9 < found.per_class["liver"]["dice"].value < 1  # the pack against what was corrected


RECIPE = """task: segment
seed: 1
data:
  spacing_mm: [4.0, 2.5, 2.5]
  window_hu: [-100, 200]
  patch: [16, 16, 16]
  classes: [background, liver, liver tumor]
  sources:
    - {{cohort: {table}, split: {split}, licence: ours,
       layers: [{{column: mask, values: {{1: liver, 2: liver tumor}}}}]}}
net: {{name: unet, options: {{channels: [4, 8], kernels: [[3, 3, 3], [3, 3, 3]], strides: [[1, 1, 1], [2, 2, 2]]}}}}
train: {{steps: 2, batch: 2, threads: 1}}
pack: {{name: own-liver, description: Liver., window: [16, 16, 16]}}
"""


def test_limner_trains_on_what_was_corrected(bench, tmp_path):
    correct(bench)
    with zipfile.ZipFile(io.BytesIO(bench.client.get("/api/cohort.zip").content)) as archive:
        archive.extractall(tmp_path / "cohort")
    recipe = tmp_path / "own.yaml"
    table = tmp_path / "cohort" / PACK / "cohort.csv"
    [split] = {case.split for case in read_cohort(table).cases}  # one patient in five is kept for validation
    recipe.write_text(RECIPE.format(table=table, split=split))
    made = load_pack(train(recipe, None, tmp_path / "run").pack)
    assert [one.name for one in made.labels] == ["liver", "liver tumor"]


def test_nothing_in_it_names_the_patient(bench, tmp_path):
    correct(bench)
    with zipfile.ZipFile(io.BytesIO(bench.client.get("/api/cohort.zip").content)) as archive:
        for name in archive.namelist():
            held = archive.read(name)
            assert b"DOE" not in held.upper(), name
            assert b"P77" not in held, name
            assert b"1960" not in held or name.endswith((".nii", ".nii.gz")), name
    listed = bench.client.get("/api/cohort").text
    assert "P77" not in listed
    with bench.house.database.reading() as db:
        [entry] = [one for one in db.query(AuditEntry) if one.action == "cohort.export"]
    assert entry.details == {"cases": 1}


def test_studies_of_one_patient_go_into_one_split(server, tmp_path):
    person = {"patient_id": "P1", "birth_date": "1950-01-01"}
    one = open_bench(server, tmp_path, seed=3, name="iris", **person)
    other = open_bench(server, tmp_path, seed=4, name="rosa", **person)
    with server.house.database.session() as db:
        for bench in (one, other):
            from limner.serve.tables import Study

            db.get_one(Study, bench.study_id).shared = True
    correct(one)
    correct(other)
    cases = one.client.get("/api/cohort").json()["items"]
    assert len(cases) == 2
    assert len({case["patient"] for case in cases}) == 1
    assert {case["author"] for case in cases} == {"Iris", "Rosa"}


def test_splits_depend_on_the_patient_alone_and_are_about_one_in_five():
    splits = [split_of(f"p-{k}") for k in range(1000)]
    assert splits == [split_of(f"p-{k}") for k in range(1000)]
    assert 150 < splits.count("val") < 250


def test_only_corrected_newest_versions_that_one_may_see(bench):
    assert bench.client.get("/api/cohort").json() == {"items": [], "total": 0}
    first = correct(bench)
    [case] = bench.client.get("/api/cohort").json()["items"]
    assert (case["id"], case["version"]) == (first, 2)
    stranger = bench.server.person("planner", "stranger")
    assert stranger.get("/api/cohort").json()["total"] == 0
    with zipfile.ZipFile(io.BytesIO(stranger.get("/api/cohort.zip").content)) as archive:
        assert archive.namelist() == ["README.txt"]
    assert bench.server.person("reader", "reader").get("/api/cohort.zip").status_code == 403


def drawing(*findings, abstained=False):
    code = {"scheme": "SCT", "value": "1", "meaning": "x"}
    whole = [{"id": f"f{n}", "name": "x", "label": 1, "code": code, **one} for n, one in enumerate(findings)]
    return Drawing.model_validate(
        {
            "schema": "limner.drawing/1",
            "study": {"uid": "1", "modality": "CT"},
            "pack": {"name": "p", "version": "1", "sha256": ""},
            "abstained": abstained,
            "findings": whole,
        }
    )


def volume(low, high):
    return [{"name": "volume", "value": (low + high) / 2, "unit": "ml", "low": low, "high": high}]


def test_doubt_is_what_the_formula_says():
    sure = doubt_of(drawing({"kind": "lesion", "probability": 1.0}, {"kind": "organ", "measurements": volume(10, 10)}))
    assert sure.score == 0
    assert sure.reasons == ()
    torn = drawing(
        {"kind": "lesion", "probability": 0.5},
        {"kind": "lesion", "probability": 0.99, "abstained": True},
        {"kind": "organ", "probability": 0.5, "measurements": volume(1, 3)},
        abstained=True,
    )
    told = doubt_of(torn)
    assert told.score == pytest.approx(1 + 1 + 0.5 + 1)
    assert {id for id, _ in told.reasons} == {"f0", "f1", ""}


def test_the_queue_begins_with_the_least_sure_and_says_why(bench):
    with bench.house.database.session() as db:
        row = db.get_one(Result, bench.result_id)
        for k, probability in enumerate((0.95, 0.6, 0.8)):
            other = Result(
                kind="drawing", owner_id=row.owner_id, study_id=row.study_id, series_id=row.series_id, pack="phantom"
            )
            db.add(other)
            db.flush()
            folder = bench.house.result_folder(other.id)
            folder.mkdir()
            text = drawing({"kind": "lesion", "probability": probability}).model_dump_json(by_alias=True)
            (folder / "drawing.json").write_text(text)
            del k
    told = bench.client.get("/api/cohort/queue").json()
    assert told["total"] == 4
    scores = [one["doubt"] for one in told["items"]]
    assert scores == sorted(scores, reverse=True)
    probabilities = [one for one in told["items"] if one["reasons"] and one["reasons"][0]["finding"] == "f0"]
    assert len(probabilities) == 3
    assert "entropy" in told["formula"]
    assert bench.client.get("/api/cohort/queue?limit=1").json()["items"] == told["items"][:1]


def test_a_corrected_drawing_waits_no_more(bench):
    assert [one["result_id"] for one in bench.client.get("/api/cohort/queue").json()["items"]] == [bench.result_id]
    correct(bench)
    assert bench.client.get("/api/cohort/queue").json()["total"] == 0
    assert np.isfinite(json.loads(bench.client.get("/api/cohort/queue").text)["total"])
