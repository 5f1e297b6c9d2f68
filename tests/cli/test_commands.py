"""What the commands print, for people and for programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import limner as package
from limner.errors import LimnerError
from limner.io import read_nifti_labels
from tests.cli.conftest import Limner
from tests.conftest import BODY, LIVER, TUMOR, Body, WriteCT
from tests.infer.packs import threshold_pack


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack on disk that is exact on the body."""
    levels = {"background": BODY, "liver": LIVER, "liver tumor": TUMOR}
    return threshold_pack(tmp_path / "pack", levels, training=[], non_commercial=True).folder


def test_version(limner: Limner) -> None:
    assert limner("--version").out == f"limner {package.__version__}\n"


def test_inspect(limner: Limner, tmp_path: Path, write_ct: WriteCT) -> None:
    write_ct(tmp_path / "study", PatientName="Zyxwvut^Qponm")
    found = json.loads(limner("inspect", tmp_path / "study", "--json").out)
    [series] = found["studies"][0]["series"]
    assert found["patients"] == 1 and series["drawable"]
    assert series["shape"] == [32, 64, 64] and series["spacing_mm"] == [5.0, 3.0, 3.0]
    people = limner("inspect", tmp_path / "study")
    assert people.code == 0 and "32 × 64 × 64" in people.out and "Zyxwvut" not in people.out


def test_inspect_shows_why_a_series_cannot_be_drawn(limner: Limner, tmp_path: Path, write_ct: WriteCT) -> None:
    write_ct(tmp_path / "study")[7].unlink()
    shown = limner("inspect", tmp_path / "study")
    assert shown.code == 0 and "missing" in shown.out


@pytest.mark.usefixtures("without_model")
def test_draw_prints_findings_and_where_to_look(
    limner: Limner, tmp_path: Path, write_ct: WriteCT, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_opengl(*arguments: object, **options: object) -> None:
        raise LimnerError("OpenGL is missing.")

    monkeypatch.setattr("limner.scene.render_png", no_opengl)
    write_ct(tmp_path / "study")
    shown = limner("draw", tmp_path / "study", "-o", tmp_path / "out")
    assert shown.code == 0, shown.err
    for words in ("liver tumor", "OpenGL is missing", "report.html", "Not for clinical use"):
        assert words in shown.out.replace("\n", " ")
    again = limner("draw", tmp_path / "study", "-o", tmp_path / "out", "--force", "--json")
    assert json.loads(again.out) == json.loads((tmp_path / "out" / "drawing.json").read_text())


def test_python_m_limner_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "limner", "draw"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "PATH" in done.stderr


def test_train_without_its_extra_says_what_to_install(
    limner: Limner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as where it is not installed
    (tmp_path / "recipe.yaml").write_text("task: segment\n")
    ended = limner("train", tmp_path / "recipe.yaml", "-o", tmp_path / "run")
    assert ended.code == 2 and "limner[train]" in ended.err


def test_predict_writes_a_label_map_and_prints_a_row(
    limner: Limner, tmp_path: Path, write_ct: WriteCT, pack: Path, body: Body
) -> None:
    write_ct(tmp_path / "study")
    ended = limner("predict", pack, tmp_path / "study", "-o", tmp_path / "out", "--json")
    assert ended.code == 0, ended.err
    [row] = json.loads(ended.out)
    assert row["id"] == "study"
    labels = read_nifti_labels(Path(row["labels"]))
    assert labels.grid.same_as(body.grid)
    # at the liver's rim the resampled values pass through the tumour's: only the two together are exact
    assert sum(row["volumes_ml"].values()) == pytest.approx(sum(body.volume_ml.values()), rel=0.1)
    assert limner("predict", pack, tmp_path / "study", "-o", tmp_path / "out").code == 2


def test_evaluate_compares_with_the_truth(limner: Limner, tmp_path: Path, write_ct: WriteCT, pack: Path) -> None:
    write_ct(tmp_path / "study")
    limner("predict", pack, tmp_path / "study", "-o", tmp_path / "truth")
    (tmp_path / "cohort.csv").write_text("id,image,mask,site,patient\na,study,truth/study.nii.gz,here,p\n")
    (tmp_path / "regions.json").write_text(json.dumps({"liver": [1, 2], "liver tumor": [2]}))
    told = json.loads(limner("evaluate", pack, tmp_path / "cohort.csv", "--json").out)
    assert set(told) >= {"task", "n", "metrics", "per_class", "per_site", "calibration", "baseline"}
    assert told["n"] == 1 and told["per_class"]["liver tumor"]["dice"]["value"] == 1.0
    people = limner("evaluate", pack, tmp_path / "cohort.csv")
    assert people.code == 0 and "liver tumor" in people.out and "1.000" in people.out


def test_packs_say_where_they_come_from(limner: Limner, pack: Path) -> None:
    shown = json.loads(limner("packs", "show", pack, "--json").out)
    assert shown["schema"] == "limner.pack/1" and shown["non_commercial"]
    assert limner("packs", "verify", pack).code == 0
    with (pack / "model.onnx").open("ab") as file:
        file.write(b"\0")
    ended = limner("packs", "verify", pack)
    assert ended.code == 2 and "model.onnx" in ended.err


def test_an_unknown_pack_is_answered_with_those_there_are(limner: Limner, tmp_path: Path, write_ct: WriteCT) -> None:
    write_ct(tmp_path / "study")
    ended = limner("draw", tmp_path / "study", "-o", tmp_path / "out", "--pack", "abdomen-tc")
    assert ended.code == 2 and "abdomen-tc" in ended.err
    assert not (tmp_path / "out").exists()
