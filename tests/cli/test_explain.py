"""``limner explain``, as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Limner
from tests.infer.explained import dark_pack, spot
from tests.infer.test_explain_evaluate import write_cohort
from tests.infer.test_nodules import _chest, _nifti, ball_pack

FAST = ("--engine", "onnxruntime", "--samples", "40")


@pytest.fixture
def lesion(tmp_path: Path) -> Path:
    picture, mask = spot((64, 64), (20, 44), 12)
    Image.fromarray(np.moveaxis(picture.array, 0, -1)).save(tmp_path / "lesion.png")
    Image.fromarray((mask * 255).astype(np.uint8)).save(tmp_path / "mask.png")
    return tmp_path / "lesion.png"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return dark_pack(tmp_path / "pack").folder


@pytest.mark.parametrize(
    ("method", "pictures"),
    [
        ("grad-cam", {"grad-cam.png"}),
        ("lime", {"lime.png"}),
        ("both", {"grad-cam.png", "lime.png"}),
        ("attributes", {"attributes.png"}),
    ],
)
def test_each_method_writes_its_picture(limner: Limner, tmp_path: Path, pack, lesion, method, pictures) -> None:
    out = tmp_path / "why"
    ended = limner("explain", pack, lesion, "-o", out, "--method", method, "--mask", tmp_path / "mask.png", *FAST)
    assert ended.code == 0, ended.err
    assert {path.name for path in out.glob("*.png")} == pictures
    assert json.loads((out / "explanation.json").read_text())["name"] == "lesion"
    assert "Classified lesion" in ended.out and "Not for clinical use" in ended.out


def test_json_is_what_the_file_says_and_nothing_is_overwritten(limner: Limner, tmp_path: Path, pack, lesion) -> None:
    out = tmp_path / "why"
    arguments = ("explain", pack, lesion, "-o", out, "--method", "lime", "--lang", "zh", *FAST, "--json")
    ended = limner(*arguments)
    assert json.loads(ended.out) == json.loads((out / "explanation.json").read_text())
    assert "判为lesion" in json.loads(ended.out)["sentence"]
    again = limner(*arguments)
    assert again.code == 2 and "--force" in again.err
    assert limner(*arguments, "--force").code == 0


def test_a_cohort_gives_figures(limner: Limner, tmp_path: Path, pack) -> None:
    cohort = write_cohort(tmp_path / "cohort")
    arguments = ("explain", pack, cohort, "--method", "grad-cam", "--split", "test", "--engine", "onnxruntime")
    ended = limner(*arguments, "-o", tmp_path / "figures", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["metrics"]["pointing"]["value"] == 1.0
    shown = limner(*arguments, "-o", tmp_path / "again")
    assert "pointing" in shown.out and "n = 4" in shown.out
    assert limner("explain", pack, cohort, "-o", tmp_path / "both", "--method", "both").code == 2


def test_bad_input_leaves_nothing_behind(limner: Limner, tmp_path: Path, pack, lesion) -> None:
    (tmp_path / "text.png").write_text("no picture")
    for given, more in ((tmp_path / "text.png", ()), (tmp_path / "gone.png", ()), (lesion, ("--target", "leson"))):
        ended = limner("explain", pack, given, "-o", tmp_path / "why", *FAST, *more)
        assert ended.code == 2 and ended.err.startswith("Error: ")
        assert not list(tmp_path.glob("why*"))
    assert limner("explain", pack, lesion, "-o", tmp_path / "why", "--method", "magic").code == 2


def test_a_scan_is_explained_by_the_same_command(limner: Limner, tmp_path: Path, lesion) -> None:
    pack, out = ball_pack(tmp_path / "balls").folder, tmp_path / "why"
    scan = _nifti(_chest(), tmp_path / "chest.nii.gz")
    arguments = ("explain", pack, scan, "-o", out, "--engine", "onnxruntime", "--method", "attributes")
    ended = limner(*arguments, "--target", "nodule-2")
    assert ended.code == 0, ended.err
    assert ended.out.startswith("Found lung nodule 2 (probability") and "Measured: its size" in ended.out
    assert {path.name for path in out.iterdir()} == {"attributes.png", "explanation.json"}
    for given, more, words in (
        (scan, ("--target", "nodule-8"), "It found nodule-1, nodule-2, nodule-3"),
        (lesion, (), "is a picture"),
    ):
        refused = limner("explain", pack, given, "-o", tmp_path / "no", "--engine", "onnxruntime", *more)
        assert refused.code == 2 and words in refused.err
        assert not (tmp_path / "no").exists()
