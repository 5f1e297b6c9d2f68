"""From a study to a drawing, on a body with known truth."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from limner.draw import DrawOptions, ThresholdPredictor, draw
from limner.draw.workflow import FILES, STEPS
from limner.errors import LimnerError
from limner.findings import Drawing
from limner.io import read_glb, read_nifti_labels
from tests.conftest import Body, WriteCT


@pytest.fixture
def drawn(tmp_path: Path, write_ct: WriteCT, thresholds: ThresholdPredictor) -> Drawing:
    write_ct(tmp_path / "study")
    return draw(tmp_path / "study", tmp_path / "out", predictor=thresholds)


def test_a_drawing_holds_every_file_and_nothing_is_left_beside_it(drawn: Drawing, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out", "study"]
    assert set(drawn.files) == set(FILES)
    for name in drawn.files.values():
        assert (out / name).stat().st_size > 100, name
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF")
    assert {one.stem for one in (out / "meshes").iterdir()} == {finding.id for finding in drawn.findings}
    assert Drawing.model_validate_json((out / "drawing.json").read_text()) == drawn


def test_labels_and_volumes_are_those_of_the_body(drawn: Drawing, tmp_path: Path, body: Body) -> None:
    labels = read_nifti_labels(tmp_path / "out" / "labels.nii.gz")
    assert labels.grid.same_as(body.grid)
    assert np.array_equal(labels.array == 2, body.array == 60)
    tumor = next(finding for finding in drawn.findings if finding.name == "liver tumor")
    volume = tumor.measure("volume")
    assert volume is not None and volume.value == pytest.approx(body.volume_ml["liver tumor"], rel=0.05)
    assert tumor.center_mm == pytest.approx((-45, -15, 10), abs=3)


def test_the_scene_lies_where_the_body_lies(drawn: Drawing, tmp_path: Path) -> None:
    tumor = next(mesh for mesh in read_glb(tmp_path / "out" / "scene.glb") if mesh.label.name == "liver tumor")
    middle = (tumor.vertices_mm.min(axis=0) + tumor.vertices_mm.max(axis=0)) / 2
    assert middle == pytest.approx((-45, -15, 10), abs=3)


def test_the_run_says_how_it_was_made(drawn: Drawing, tmp_path: Path, thresholds: ThresholdPredictor) -> None:
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert [step["name"] for step in record["steps"]] == list(STEPS)
    assert all(step["peak_mb"] > 10 for step in record["steps"])
    assert record["pack"] == thresholds.pack.model_dump()
    assert record["engine"] == "thresholds" and record["settings"]["lang"] == "en"
    assert record["geometry"], "the geometry self-test ran"
    assert str(tmp_path) not in json.dumps(record)


def test_no_text_names_the_patient(tmp_path: Path, write_ct: WriteCT, thresholds: ThresholdPredictor) -> None:
    write_ct(tmp_path / "study", PatientName="Zyxwvut^Qponm", PatientID="ID-987654")
    draw(tmp_path / "study", tmp_path / "out", predictor=thresholds)
    for name in ("drawing.json", "run.json", "report.html"):
        text = (tmp_path / "out" / name).read_text()
        assert "Zyxwvut" not in text and "987654" not in text


def test_nifti_is_drawn_without_dicom_objects(drawn: Drawing, tmp_path: Path, thresholds: ThresholdPredictor) -> None:
    import nibabel

    body = nibabel.load(tmp_path / "out" / "labels.nii.gz")
    nibabel.save(nibabel.Nifti1Image(np.asarray(body.dataobj).astype(np.int16), body.affine), tmp_path / "ct.nii.gz")
    again = draw(tmp_path / "ct.nii.gz", tmp_path / "nifti", predictor=thresholds)
    assert "seg" not in again.files and "sr" not in again.files
    assert not list((tmp_path / "nifti").glob("*.dcm"))
    assert any(problem.code == "no-dicom-source" for problem in again.problems)


def test_a_machine_without_opengl_draws_without_a_picture(
    tmp_path: Path, write_ct: WriteCT, thresholds: ThresholdPredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_opengl(*arguments: object, **options: object) -> None:
        raise LimnerError("OpenGL is missing.")

    monkeypatch.setattr("limner.scene.render_png", no_opengl)
    write_ct(tmp_path / "study")
    drawing = draw(tmp_path / "study", tmp_path / "out", predictor=thresholds)
    assert "picture" not in drawing.files and (tmp_path / "out" / "report.html").is_file()
    assert [problem.code for problem in drawing.problems] == ["no-picture"]


def test_a_mirrored_export_ends_the_run(
    tmp_path: Path, write_ct: WriteCT, thresholds: ThresholdPredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from limner.errors import VerificationError
    from limner.io.nifti import write_nifti_labels

    def mirrored(labels: object, path: Path) -> None:
        write_nifti_labels(replace(labels, array=np.ascontiguousarray(labels.array[:, :, ::-1])), path)  # type: ignore

    monkeypatch.setattr("limner.io.write_nifti_labels", mirrored, raising=False)
    write_ct(tmp_path / "study")
    with pytest.raises(VerificationError):
        draw(tmp_path / "study", tmp_path / "out", predictor=thresholds)
    assert [one.name for one in tmp_path.iterdir()] == ["study"]


def test_chinese_reports(tmp_path: Path, write_ct: WriteCT, thresholds: ThresholdPredictor) -> None:
    write_ct(tmp_path / "study")
    draw(tmp_path / "study", tmp_path / "out", options=DrawOptions(lang="zh"), predictor=thresholds)
    assert "肝" in (tmp_path / "out" / "report.html").read_text()


_SLOW_RUN = """
import sys, time
from limner.draw import ThresholdPredictor, draw, workflow
from limner.image.anatomy import label
export = workflow._export
def slow(*arguments):
    export(*arguments)
    print("exported", flush=True)
    time.sleep(60)
workflow._export = slow
predictor = ThresholdPredictor(((label("body", 10), -1, 1), (label("liver", 1), 99, 101)))
{call}
"""
_CALLS = {
    "library": "draw(sys.argv[1], sys.argv[2], predictor=predictor)",
    "command": (
        "from limner.cli import main\n"
        "workflow.PackPredictor = lambda *_: predictor\n"
        "main(['draw', sys.argv[1], '-o', sys.argv[2]])"
    ),
}


def _interrupted(call: str, study: Path, out: Path, number: signal.Signals) -> int:
    run = subprocess.Popen(
        [sys.executable, "-c", _SLOW_RUN.format(call=_CALLS[call]), str(study), str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None and run.stdout.readline() == "exported\n"
    time.sleep(0.1)
    os.kill(run.pid, number)
    run.communicate(timeout=30)
    return run.returncode


def test_a_killed_run_leaves_no_drawing_and_the_next_one_works(
    tmp_path: Path, write_ct: WriteCT, thresholds: ThresholdPredictor
) -> None:
    write_ct(tmp_path / "study")
    assert _interrupted("library", tmp_path / "study", tmp_path / "out", signal.SIGKILL) == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    assert len(list(tmp_path.glob("out.partial-*"))) == 1
    draw(tmp_path / "study", tmp_path / "out", predictor=thresholds)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out", "study"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_command_leaves_nothing(tmp_path: Path, write_ct: WriteCT, number: signal.Signals, code: int) -> None:
    write_ct(tmp_path / "study")
    assert _interrupted("command", tmp_path / "study", tmp_path / "out", number) == code
    assert [one.name for one in tmp_path.iterdir()] == ["study"]
