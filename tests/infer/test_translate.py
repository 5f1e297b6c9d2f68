"""A sequence that is made lies where the others lie, whatever their grids; a perfect one is no way from the truth."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from limner.bench import TranslateBench, bench_translate
from limner.errors import InputError, PackError, SeriesChoiceError
from limner.image import Grid, Image
from limner.infer import Pack, load_pack
from limner.infer.enhance import How, enhance
from limner.infer.evaluate import EvaluateOptions, evaluate
from limner.infer.inputs import predict_inputs
from limner.infer.translate import open_translator, translate_study, warning
from limner.io import open_studies, read_nifti
from limner.io.synthetic import read_marks
from tests.mr import POST, PRE, MRStudy
from tests.mr_phantom import AXIAL, turned
from tests.translated import flair_of, translator_pack, write_slices

ENGINES = ["openvino", "onnxruntime"]
CENTER_MM, RADIUS_MM = np.array([-20.0, 15.0, 5.0]), 25.0


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return translator_pack(tmp_path_factory.mktemp("known") / "pack")


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return translator_pack(tmp_path_factory.mktemp("scans") / "pack", 64)


def scan(name: str, grid: Grid) -> Image:
    """A ball of 51 (pre) or 102 (post) in a field of 255 with a corner of 0: 8 bits, so that nothing is windowed."""
    at = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1))
    found = np.full(grid.shape, 255, np.uint8)
    found[np.square(at - CENTER_MM).sum(-1) <= RADIUS_MM**2] = {"pre": 51, "post": 102}[name]
    return Image(found, grid, "MR")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_slice_of_any_size(pack, engine):
    image = np.mgrid[0:200:48j, 0:200:64j].astype(np.uint8)  # slopes, of which fitting loses little
    found = open_translator(pack, engine)(image)
    assert found.picture.shape == (48, 64)
    assert found.doubt is None
    assert np.abs(found.picture - flair_of(*image)).mean() < 2


def test_a_slice_of_its_own_size_is_exact_and_sure(pack):
    image = np.random.default_rng(0).integers(0, 256, (2, 32, 32)).astype(np.uint8)
    found = open_translator(pack, "onnxruntime")(image, doubt=True)
    assert np.abs(found.picture - flair_of(*image)).max() < 0.01
    assert found.doubt is not None
    assert found.doubt.max() < 0.01


@pytest.mark.parametrize(
    ("post", "pre"), [(AXIAL, AXIAL), (AXIAL, turned(7.0)), (turned(12.0), AXIAL)], ids=["alike", "turned", "oblique"]
)
def test_it_lies_where_the_others_lie(scans, post, pre):
    made = translate_study(scans, {"pre": scan("pre", pre), "post": scan("post", post)}, engine="onnxruntime")
    assert made.image.grid == post
    assert made.image.modality == "MR"
    at = made.image.grid.world(np.moveaxis(np.indices(post.shape), 0, -1))
    near = np.square(at - CENTER_MM).sum(-1) < (1.5 * RADIUS_MM) ** 2  # further off the grids may end
    ball = near & (made.image.array > 127)  # 204 inside, 51 outside
    center = made.image.grid.world(np.argwhere(ball).mean(0))
    assert np.abs(center - CENTER_MM).max() < 3
    assert ball.sum() * made.image.grid.voxel_ml == pytest.approx(4 / 3 * np.pi * RADIUS_MM**3 / 1000, rel=0.12)
    assert made.doubt is not None
    assert made.doubt.array.max() <= 1
    assert made.problems[0].code == "translated"
    assert "may be missing" in warning(scans)


def test_progress_and_a_map_that_is_not_asked_for(pack):
    seen: list[float] = []
    study = {"pre": scan("pre", AXIAL), "post": scan("post", AXIAL)}
    made = translate_study(pack, study, engine="onnxruntime", doubt=False, progress=seen.append)
    assert made.doubt is None
    assert seen == pytest.approx(np.arange(1, 25) / 24)


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (np.zeros((3, 32, 32), np.uint8), "of 2 channels"),
        (np.zeros((2, 32, 32), np.float32), "in eight bits"),
        (np.tile(np.arange(32, dtype=np.uint8), (2, 32, 1)), "pre and post hold the same pixels"),
    ],
    ids=["channels", "floats", "copies"],
)
def test_a_wrong_slice_is_refused(pack, image, told):
    with pytest.raises(InputError, match=told):
        open_translator(pack, "onnxruntime")(image)


def test_a_wrong_study_is_refused(pack, tmp_path):
    post = scan("post", AXIAL)
    with pytest.raises(PackError, match="pre is missing"):
        translate_study(pack, {"post": post}, engine="onnxruntime")
    with pytest.raises(InputError, match="same voxels"):
        translate_study(pack, {"pre": post, "post": post}, engine="onnxruntime")
    with pytest.raises(PackError, match="translates nothing"):
        open_translator(load_pack("skin-lesion"))
    with pytest.raises(PackError, match="limner enhance"):
        predict_inputs(pack, [tmp_path / "x.png"], tmp_path / "out")


def test_a_perfect_translation_and_what_is_left_out(pack, tmp_path):
    cohort = write_slices(tmp_path / "slices", 12, copied=(10,))
    found = evaluate(pack, cohort, EvaluateOptions(split="test", engine="onnxruntime"))
    assert found.n == 1
    assert found.metrics["psnr"].value is not None
    assert found.metrics["psnr"].value > 50  # but for rounding to eight bits
    assert found.metrics["ssim"].value == pytest.approx(1, abs=1e-3)
    assert found.baseline["post instead: psnr"] < 20
    assert found.problems[0].startswith("1 of 2 slices are left out")
    assert "s10: no pair" in found.problems[1]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return translator_pack(tmp_path_factory.mktemp("judged") / "pack", 160, judge="brain-glioma-mri")


def test_the_judge_sees_no_difference_where_there_is_none(judged, tmp_path):
    cohort = write_slices(tmp_path / "slices", 12, side=160)
    found = evaluate(judged, cohort, EvaluateOptions(split="test", engine="onnxruntime"))
    values = {name: one.value for name, one in found.metrics.items()}
    assert values["perceptual"] < 0.05 < found.baseline["post instead: perceptual"]  # type: ignore[operator]
    assert values["tumor_dice"] == values["tumor_dice_real"]
    assert values["invented"] == values["invented_real"]


def test_another_judge_may_be_asked(judged, tmp_path):
    cohort = write_slices(tmp_path / "slices", 12, side=160)
    own = EvaluateOptions(split="test", engine="onnxruntime")
    with pytest.raises(PackError, match="skin-lesion"):  # which reads no FLAIR: it was asked
        evaluate(judged, cohort, replace(own, features="skin-lesion"))


def test_packs_are_held_against_the_first(pack, tmp_path):
    shutil.copytree(pack.folder, tmp_path / "again")
    cohort = write_slices(tmp_path / "slices")
    options = EvaluateOptions(split="train", engine="onnxruntime")
    result = bench_translate(TranslateBench([pack, load_pack(tmp_path / "again")], cohort, options))
    assert (result.n, result.patients, result.left_out) == (8, 4, 0)
    [above] = result.above.values()
    assert {name: (one.value, one.low, one.high) for name, one in above.items()} == dict.fromkeys(
        ("psnr", "ssim", "mae"), (0, 0, 0)
    )
    with pytest.raises(InputError, match="at least two"):
        bench_translate(TranslateBench([pack], cohort))
    other = translator_pack(tmp_path / "other", 64)
    with pytest.raises(InputError, match="these differ"):
        bench_translate(TranslateBench([pack, other], cohort))


def study(folder: Path) -> Path:
    """T1 before and after contrast medium as DICOM, on grids of their own; nothing else."""
    made = MRStudy(folder)
    made.add(scan("pre", turned(7.0)).array.astype(np.uint16) * 4, turned(7.0), **PRE)
    made.add(scan("post", AXIAL).array.astype(np.uint16) * 4, AXIAL, **POST)
    return folder


def test_a_study_becomes_a_marked_series_beside_it(scans, tmp_path):
    told = enhance(scans, [study(tmp_path / "study")], tmp_path / "out", How("onnxruntime"))
    assert told["makes"] == "FLAIR"
    assert sorted(told["channels"]) == ["post", "pre"]
    assert "A lesion that those do not show may be missing" in told["warnings"][0]
    image = read_nifti(tmp_path / "out" / "enhanced.nii.gz")
    assert image.grid.shape == AXIAL.shape
    inside, outside = (
        image.array[tuple(np.round(image.grid.index(at)).astype(int))] for at in (CENTER_MM, [40, -40, 0])
    )
    assert inside > 180 > 100 > outside
    marks = read_marks(tmp_path / "out" / "enhanced.nii.gz")
    assert marks.explicit is not None
    assert marks.explicit.task == "translate"
    [series] = [one for study in open_studies(tmp_path / "out" / "dicom") for one in study.series]
    assert np.abs(series.load().grid.affine - image.grid.affine).max() < 1e-3
    one = pydicom.dcmread(next((tmp_path / "out" / "dicom").glob("*.dcm")))
    assert (one.PatientID, one.SyntheticData, one.Modality) == ("phantom-mr", "YES", "MR")
    assert (tmp_path / "out" / "uncertainty.nii.gz").is_file()


def test_files_named_by_the_user_and_what_is_refused(scans, tmp_path):
    folder = study(tmp_path / "study")
    named = {"pre": str(folder / "series1"), "post": str(folder / "series2")}
    told = enhance(scans, [], tmp_path / "out", How("onnxruntime", channels=named))
    assert told["output"]["shape"] == list(AXIAL.shape)
    with pytest.raises(SeriesChoiceError, match="No T1 before contrast medium"):
        enhance(scans, [folder / "series2"], tmp_path / "other", How("onnxruntime"))
    with pytest.raises(InputError, match="--modality says 'CT'"):
        enhance(scans, [folder], tmp_path / "other", How(modality="CT"))
    with pytest.raises(InputError, match="limit would not hold"):
        enhance(scans, [folder], tmp_path / "other", How(max_memory_gb=2))
    assert not (tmp_path / "other").exists()
