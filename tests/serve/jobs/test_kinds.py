"""The phantom is drawn, corrected, planned and forecast by jobs, and every result is whole."""

from __future__ import annotations

import gzip
import json

import nibabel as nib
import numpy as np
import pydicom
import pytest
from sqlalchemy import select

from limner.findings import Drawing
from limner.io import read_drawing
from limner.serve.jobs.queue import Request
from limner.serve.tables import AuditEntry, Instance, Series
from tests.serve.jobs.conftest import open_ward


@pytest.fixture(scope="module")
def ward(make_server_for_module, phantom_slices):
    return open_ward(make_server_for_module(), phantom_slices)


@pytest.fixture(scope="module")
def drawn(ward):
    return ward.draw()


def correct(ward, result_id: str, content: bytes, **options):
    """What the route of corrections does."""
    request = Request("correct", ward.user_id, ward.study_id, result_id, options, {"labels.nii.gz": content})
    return ward.work(ward.house.queue.submit(request).id)


def painted(folder, change) -> bytes:
    """The label map of a drawing after a change of its voxels, as a browser sends it."""
    image = nib.load(folder / "labels.nii.gz")
    array = np.asarray(image.dataobj).copy()
    change(array)
    return gzip.compress(nib.Nifti1Image(array, image.affine, image.header).to_bytes())


def test_a_drawing_is_whole_and_its_objects_are_instances(ward, drawn, body):
    folder = ward.house.result_folder(drawn["id"])
    drawing = Drawing.model_validate_json((folder / "drawing.json").read_bytes())
    assert all((folder / name).is_file() for name in drawing.files.values())
    [tumor] = [one for one in drawn["drawing"]["findings"] if one["name"] == "liver tumor"]
    volume = next(one["value"] for one in tumor["measurements"] if one["name"] == "volume")
    assert volume == pytest.approx(body.volume_ml["liver tumor"], rel=0.1)
    assert drawn["summary"]["lesions_ml"] == volume
    assert drawn["series_id"] is not None
    with ward.house.database.reading() as db:
        rows = db.execute(select(Series.modality, Instance.uid).join(Instance).where(Series.study_id == ward.study_id))
        objects = {uid: modality for modality, uid in rows if modality in ("SEG", "SR")}
        actions = list(db.scalars(select(AuditEntry.action).where(AuditEntry.object_id == drawn["id"])))
    assert {*objects.values()} == {"SEG", "SR"}
    assert set(drawn["summary"]["objects"]) == set(objects)
    assert {"job.create", "result.create"} <= set(actions)


def test_nothing_of_the_patient_or_the_machine_is_told(ward, drawn):
    told = json.dumps(drawn)
    assert "Phantom" not in told and str(ward.house.settings.data) not in told


@pytest.mark.slow
def test_a_correction_is_a_new_version_with_all_made_anew(ward, drawn):
    folder = ward.house.result_folder(drawn["id"])

    labels = {one["name"]: one["label"] for one in drawn["drawing"]["findings"]}

    def erase_half(array):
        tumor = np.argwhere(array == labels["liver tumor"])
        array[tuple(tumor[: len(tumor) // 2].T)] = labels["liver"]

    job = correct(ward, drawn["id"], painted(folder, erase_half), comment="half of it is vessel")
    assert job["state"] == "done", job["message"]
    made = ward.client.get(f"/api/results/{job['made_id']}").json()
    assert (made["version"], made["parent_id"], made["author"]) == (2, drawn["id"], "Plato")
    assert made["summary"]["lesions_ml"] == pytest.approx(drawn["summary"]["lesions_ml"] / 2, rel=0.02)
    after = read_drawing(ward.house.result_folder(made["id"]))
    before = read_drawing(folder)
    assert made["summary"]["corrected"]["voxels"] == np.count_nonzero(after.labels.array != before.labels.array) > 0
    assert all(one.probability is None for one in after.drawing.findings)
    assert "corrected" in made["summary"]["problems"]
    run = json.loads((after.folder / "run.json").read_text())
    assert run["corrected"]["by"] == "Plato" and run["corrected"]["comment"] == "half of it is vessel"
    seg = pydicom.dcmread(after.folder / "labels.seg.dcm")
    assert {one.SegmentAlgorithmType for one in seg.SegmentSequence} == {"SEMIAUTOMATIC"}
    assert ward.client.get(f"/api/results/{drawn['id']}").json()["newest"] == 2


@pytest.mark.slow
def test_a_plan_follows_the_sites_rules(ward, drawn):
    admin = ward.server.person("admin")
    assert admin.put("/api/rules", json={"values": {"needle": {"max_length_mm": 140.0}}}).status_code == 200
    job = ward.work(ward.ask("plan", result_id=drawn["id"], options={"lang": "zh"})["id"])
    assert job["state"] == "done", job["message"]
    folder = ward.house.result_folder(job["made_id"])
    plan = json.loads((folder / "plan.json").read_text())
    assert plan["rules"]["needle"]["max_length_mm"] == 140.0
    assert plan["paths"] and (folder / plan["paths"][0]["file"]).is_file()
    made = ward.client.get(f"/api/results/{job['made_id']}").json()
    assert (made["kind"], made["parent_id"], made["summary"]["paths"]) == ("plan", drawn["id"], len(plan["paths"]))


@pytest.mark.slow
def test_a_forecast_is_of_the_drawing(ward, drawn):
    options = {"days": 90}
    job = ward.work(ward.ask("forecast", result_id=drawn["id"], options=options)["id"])
    assert job["state"] == "done", job["message"]
    made = ward.client.get(f"/api/results/{job['made_id']}").json()
    told = json.loads((ward.house.result_folder(made["id"]) / "forecast.json").read_text())
    assert told["days"][-1] == 90
    assert made["summary"]["volume_ml"]["now"] == pytest.approx(told["volume_ml"]["p50"][0], abs=1e-3)


@pytest.mark.slow
def test_the_built_in_study_is_drawn(ward):
    study = ward.client.post("/api/uploads/sample").json()["studies"][0]
    job = ward.work(ward.ask("draw", study_id=study)["id"])
    assert job["state"] == "done", job["message"]
    made = ward.client.get(f"/api/results/{job['made_id']}").json()
    assert made["pack"] == "abdomen-ct" and made["summary"]["findings"] > 3
