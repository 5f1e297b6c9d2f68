"""From a study to a drawing, on a body with known truth."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from limner.draw import DrawOptions, ThresholdPredictor, draw
from limner.draw.workflow import FILES, STEPS
from limner.errors import LimnerError, NothingFoundError, VerificationError
from limner.findings import Drawing
from limner.image import LabelMap, anatomy
from limner.io import read_glb, read_nifti_labels
from tests.conftest import TUMOR, Body, WriteCT


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds ``study`` and ``out``."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def drawn(home: Path, write_ct: WriteCT, thresholds: ThresholdPredictor) -> Drawing:
    """One whole drawing, which these tests look at and leave as it is."""
    write_ct(home / "study", PatientName="Zyxwvut^Qponm", PatientID="ID-987654", PatientBirthDate="19610203")
    return draw(home / "study", home / "out", predictor=thresholds)


@pytest.fixture
def no_opengl(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that cannot render; it is quicker, too."""

    def refuse(*arguments: object, **options: object) -> None:
        raise LimnerError("OpenGL is missing.")

    monkeypatch.setattr("limner.scene.render_png", refuse)


def test_a_scan_in_which_nothing_is_found_is_refused_and_nothing_is_written(
    home: Path, drawn: Drawing, tmp_path: Path
) -> None:
    nothing = ThresholdPredictor(windows=((anatomy.named("liver tumor", 1), 30000.0, 31000.0),))
    with pytest.raises(NothingFoundError, match=r"drew nothing in this scan of .* Nothing was written\."):
        draw(home / "study", tmp_path / "out", predictor=nothing)
    assert not any(tmp_path.iterdir())


def test_a_drawing_holds_every_file_and_nothing_is_left_beside_it(drawn: Drawing, home: Path) -> None:
    out = home / "out"
    assert sorted(one.name for one in home.iterdir()) == ["out", "study"]
    assert set(drawn.files) == set(FILES) - {"confidence"}  # only where it is asked for
    for name in drawn.files.values():
        assert (out / name).stat().st_size > 100, name
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF")
    assert {one.stem for one in (out / "meshes").iterdir()} == {finding.id for finding in drawn.findings}
    assert Drawing.model_validate_json((out / "drawing.json").read_text()) == drawn


def test_drawing_json_has_the_keys_of_the_contract(drawn: Drawing, home: Path) -> None:
    told = json.loads((home / "out" / "drawing.json").read_text())
    assert told["schema"] == "limner.drawing/1"
    assert set(told["study"]) >= {"uid", "modality", "date"} and set(told["pack"]) >= {"name", "version", "sha256"}
    for finding in told["findings"]:
        assert set(finding) >= {"id", "name", "kind", "label", "code", "probability", "abstained", "center_mm"}
        assert {"volume"} <= {one["name"] for one in finding["measurements"]}
    assert {key: told["files"][key] for key in ("labels", "seg", "scene", "report", "pdf", "sr", "run")} == {
        "labels": "labels.nii.gz",
        "seg": "labels.seg.dcm",
        "scene": "scene.glb",
        "report": "report.html",
        "pdf": "report.pdf",
        "sr": "report.sr.dcm",
        "run": "run.json",
    }


def test_labels_and_volumes_are_those_of_the_body(drawn: Drawing, home: Path, body: Body) -> None:
    labels = read_nifti_labels(home / "out" / "labels.nii.gz")
    assert labels.grid.same_as(body.grid)
    assert np.array_equal(labels.array == 2, body.array == TUMOR)
    tumor = next(finding for finding in drawn.findings if finding.name == "liver tumor")
    volume = tumor.measure("volume")
    assert volume is not None and volume.value == pytest.approx(body.volume_ml["liver tumor"], rel=0.05)
    assert tumor.center_mm == pytest.approx((-45, -15, 10), abs=3)


def test_the_scene_lies_where_the_body_lies(drawn: Drawing, home: Path) -> None:
    tumor = next(mesh for mesh in read_glb(home / "out" / "scene.glb") if mesh.label.name == "liver tumor")
    middle = (tumor.vertices_mm.min(axis=0) + tumor.vertices_mm.max(axis=0)) / 2
    assert middle == pytest.approx((-45, -15, 10), abs=3)


def test_the_run_says_how_it_was_made(drawn: Drawing, home: Path, thresholds: ThresholdPredictor) -> None:
    record = json.loads((home / "out" / "run.json").read_text())
    assert [step["name"] for step in record["steps"]] == list(STEPS)
    assert all(step["peak_mb"] > 10 for step in record["steps"])
    assert record["pack"] == thresholds.pack.model_dump()
    assert record["engine"] == "thresholds" and record["settings"]["lang"] == "en"
    assert record["geometry"] and all(check["ok"] for check in record["geometry"])
    assert str(home) not in json.dumps(record)


def test_no_text_names_the_patient(drawn: Drawing, home: Path) -> None:
    for name in ("drawing.json", "run.json", "report.html"):
        text = (home / "out" / name).read_text()
        assert not [word for word in ("Zyxwvut", "987654", "19610203", "1961-02-03") if word in text], name


@pytest.mark.usefixtures("no_opengl")
def test_nifti_is_drawn_without_dicom_objects(
    home: Path, drawn: Drawing, tmp_path: Path, thresholds: ThresholdPredictor, body: Body
) -> None:
    import nibabel

    labels = nibabel.load(home / "out" / "labels.nii.gz")  # its affine, the body's values: (X, Y, Z) in this format
    nibabel.save(nibabel.Nifti1Image(body.array.T, labels.affine), tmp_path / "ct.nii.gz")
    again = draw(tmp_path / "ct.nii.gz", tmp_path / "nifti", predictor=thresholds)
    assert "seg" not in again.files and "sr" not in again.files
    assert not list((tmp_path / "nifti").glob("*.dcm"))
    assert any(problem.code == "no-dicom-source" for problem in again.problems)
    assert [one.center_mm for one in again.findings] == [
        pytest.approx(one.center_mm, abs=0.01) for one in drawn.findings
    ]


@pytest.mark.usefixtures("no_opengl")
def test_the_files_of_a_series_are_drawn_as_the_folder_is(
    home: Path, drawn: Drawing, tmp_path: Path, thresholds: ThresholdPredictor
) -> None:
    again = draw(sorted((home / "study").glob("*.dcm")), tmp_path / "out", predictor=thresholds)
    assert again.study == drawn.study and again.findings == drawn.findings


@pytest.mark.usefixtures("no_opengl")
def test_without_opengl_there_is_no_picture_and_all_else(
    home: Path, drawn: Drawing, tmp_path: Path, thresholds: ThresholdPredictor
) -> None:
    options = DrawOptions(lang="zh")
    drawing = draw(home / "study", tmp_path / "out", options=options, predictor=thresholds)
    assert set(FILES) - set(drawing.files) == {"picture", "confidence"}
    assert [problem.code for problem in drawing.problems] == ["no-picture"]
    assert "肝" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.usefixtures("no_opengl", "drawn")
def test_a_mirrored_export_ends_the_run(
    home: Path, tmp_path: Path, thresholds: ThresholdPredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from limner.io.nifti import write_nifti_labels

    def mirrored(labels: LabelMap, path: Path) -> None:
        write_nifti_labels(replace(labels, array=np.ascontiguousarray(labels.array[:, :, ::-1])), path)

    monkeypatch.setattr("limner.io.write_nifti_labels", mirrored)
    with pytest.raises(VerificationError):
        draw(home / "study", tmp_path / "out", predictor=thresholds)
    assert list(tmp_path.iterdir()) == []


_SLOW_RUN = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is started without
from limner.draw import ThresholdPredictor, draw, workflow
from limner.image.anatomy import label
def slow(folder, *arguments):
    (folder / "labels.nii.gz").write_text("half")
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
    run.communicate(timeout=120)
    return run.returncode


@pytest.mark.usefixtures("no_opengl", "drawn")
def test_a_killed_run_leaves_no_drawing_and_the_next_one_works(
    home: Path, tmp_path: Path, thresholds: ThresholdPredictor
) -> None:
    assert _interrupted("library", home / "study", tmp_path / "out", signal.SIGKILL) == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    assert len(list(tmp_path.glob("out.partial-*"))) == 1
    draw(home / "study", tmp_path / "out", predictor=thresholds)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out"]


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_command_leaves_nothing(home: Path, tmp_path: Path, number: signal.Signals, code: int) -> None:
    assert _interrupted("command", home / "study", tmp_path / "out", number) == code
    assert list(tmp_path.iterdir()) == []
