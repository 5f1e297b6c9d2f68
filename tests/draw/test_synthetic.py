"""What a net made and is drawn all the same is called synthetic, first of all; what is real is not."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import PngImagePlugin

from limner.draw import DrawOptions, ThresholdPredictor, draw
from limner.draw.synthetic import marks_of, synthetic_input
from limner.errors import LimnerError
from limner.image import Grid, Image, Picture, Series
from limner.io import Origin, choose_series, look, open_studies, read_marks
from limner.io.synthetic import write_nifti, write_picture
from limner.io.synthetic_dicom import write_dicom_volume
from tests.conftest import Body, WriteCT
from tests.draw.pictures import blots, mask_pack
from tests.mr import FLAIR, POST, PRE, MRStudy
from tests.mr_phantom import AXIAL, signal, slice_pack

MADE = Origin("ct-superres 0.1.0", "abcdef" + "0" * 58, "superresolve")


@pytest.fixture(autouse=True)
def no_opengl(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is quicker without."""

    def refuse(*arguments: object, **options: object) -> None:
        raise LimnerError("OpenGL is missing.")

    monkeypatch.setattr("limner.scene.render_png", refuse)


@pytest.fixture
def wide(thresholds: ThresholdPredictor) -> ThresholdPredictor:
    """The mark moves values by a few HU."""
    return ThresholdPredictor(tuple((label, low - 8, high + 8) for label, low, high in thresholds.windows))


def notes(out: Path) -> list[str]:
    told = json.loads((out / "drawing.json").read_text())
    return [one["text"] for one in told["problems"] if one["code"] == "synthetic-input"]


def test_a_scan_made_by_a_net_is_drawn_with_a_warning_and_a_real_one_without(
    tmp_path: Path, write_ct: WriteCT, wide: ThresholdPredictor
) -> None:
    write_ct(tmp_path / "real")
    source = choose_series(open_studies(tmp_path / "real"))[1]
    write_dicom_volume(source.load(), tmp_path / "made", MADE, source)
    for name in ("real", "made"):
        draw(tmp_path / name, tmp_path / f"{name}-out", predictor=wide, options=DrawOptions(explain="none"))
    assert notes(tmp_path / "real-out") == []
    [text] = notes(tmp_path / "made-out")
    assert "ct-superres 0.1.0" in text and "detail may be invented" in text
    assert text in (tmp_path / "made-out" / "report.html").read_text()
    assert "synthetic" not in (tmp_path / "real-out" / "report.html").read_text().lower()


def test_the_watermark_alone_is_enough_and_is_said_in_chinese(
    tmp_path: Path, body: Body, wide: ThresholdPredictor
) -> None:
    write_nifti(Image(body.array, body.grid, "CT", "HU"), tmp_path / "made.nii.gz", MADE)
    held = nibabel.load(tmp_path / "made.nii.gz")
    bare = tmp_path / "bare.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.asarray(held.dataobj), held.affine), bare)
    assert read_marks(bare, pixels=False).explicit is None
    draw(bare, tmp_path / "out", predictor=wide, options=DrawOptions(explain="none", lang="zh"))
    [text] = notes(tmp_path / "out")
    assert "合成影像" in text and "abcdef" in text
    assert text in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_picture_made_by_a_net(tmp_path: Path, lang: str) -> None:
    pack = mask_pack(tmp_path / "pack")
    array = blots([(40, 40, 14)])
    Pillow.fromarray(array).save(tmp_path / "real.png")
    write_picture(Picture(array[None]), tmp_path / "made.png", Origin("known 1", "1" * 64, seed=3))
    for name in ("real", "made"):
        options = DrawOptions(pack=str(pack), explain="none", lang=lang)
        draw(tmp_path / f"{name}.png", tmp_path / name, options=options)
    assert notes(tmp_path / "real") == []
    [text] = notes(tmp_path / "made")
    assert "known 1" in text and text in (tmp_path / "made" / "report.html").read_text()
    assert read_marks(tmp_path / "made" / "picture.png").explicit == read_marks(tmp_path / "made.png").explicit


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("near", [False, True])
@pytest.mark.parametrize("task", ["generate", "translate", "superresolve", "dream", ""])
def test_whatever_a_foreign_file_says_is_told(tmp_path: Path, task: str, near: bool, lang: str) -> None:
    words = PngImagePlugin.PngInfo()
    said = {"Synthetic": "true", "Limner-Task": task, "Limner-Pack": "theirs 2"}
    for name, text in (said | ({"Limner-Near-A-Given-Picture": "true"} if near else {})).items():
        words.add_text(name, text)
    Pillow.new("L", (16, 16)).save(tmp_path / "made.png", pnginfo=words)
    found = synthetic_input([read_marks(tmp_path / "made.png", pixels=False)], lang)
    assert found is not None and found.code == "synthetic-input" and "theirs 2" in found.text
    assert ("near a given" in found.text or "参照给定" in found.text) == (
        near and task not in ("translate", "superresolve")
    )


def test_asking_costs_under_100_ms_of_a_whole_scan(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    grid = Grid.axial((130, 512, 512), (2.5, 0.8, 0.8))
    noise = np.tile((rng.normal(size=(130, 512)) * 200).astype(np.int16)[:, None], (1, 512, 1))
    image = Image(noise + rng.integers(-40, 40, (512, 512), np.int16), grid, "CT", "HU")
    (small := tmp_path / "a.nii").write_bytes(_empty_nifti(tmp_path))
    series = Series("1", "CT", "", (small,), grid, lambda: image, format="nifti")
    marks_of(series, image)  # what is loaded once
    started = time.process_time()
    found = marks_of(series, image)
    assert time.process_time() - started < 0.1
    assert not found.synthetic


def _empty_nifti(folder: Path) -> bytes:
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 4), np.int16), np.eye(4)), folder / "empty.nii")
    return (folder / "empty.nii").read_bytes()


def test_inspect_calls_it_a_problem(tmp_path: Path, body: Body) -> None:
    write_nifti(Image(body.array, body.grid, "CT", "HU"), tmp_path / "made.nii.gz", MADE)
    write_picture(Picture(blots([(40, 40, 14)])[None]), tmp_path / "made.png", Origin("known 1", "1" * 64, seed=3))
    found = look([tmp_path / "made.nii.gz", tmp_path / "made.png"])
    [series], [picture] = found["studies"][0]["series"], found["pictures"]
    for one in (series, picture):
        [problem] = [note for note in one["problems"] if note["code"] == "synthetic-input"]
        assert problem["severity"] == "warning" and "made by the pack" in problem["text"]


def test_of_several_series_any_may_be_made_by_a_net(tmp_path: Path) -> None:
    study = MRStudy(tmp_path / "study")
    for name, how in (("pre", PRE), ("flair", FLAIR), ("post", POST)):
        study.add(signal(name, AXIAL), AXIAL, **how)
    made = Image(signal("pre", AXIAL), AXIAL, "MR")
    write_nifti(made, tmp_path / "pre.nii.gz", Origin("translator 1", "1" * 64, "translate"))
    slice_pack(tmp_path / "pack")
    options = DrawOptions(pack=str(tmp_path / "pack"), explain="none")
    draw(tmp_path / "study", tmp_path / "real", options=options)
    draw(
        tmp_path / "study",
        tmp_path / "made",
        options=replace(options, channels={"pre": str(tmp_path / "pre.nii.gz")}),
    )
    assert notes(tmp_path / "real") == []
    [text] = notes(tmp_path / "made")
    assert "translator 1" in text and "missing or invented" in text
