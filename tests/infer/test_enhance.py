"""Thick slices to thin ones, from files to files: nothing moves, the input is kept, wrong inputs are refused."""

import json

import nibabel
import numpy as np
import pydicom
import pytest

from limner.errors import InputError, LimnerError, OutputExistsError, PackError
from limner.image import Grid, degrade
from limner.infer.enhance import How, enhance
from limner.infer.thin import Thinner
from limner.io import open_studies, read_nifti
from limner.io.synthetic import read_marks
from tests.infer.thin_packs import thin_pack
from tests.infer.volumes import write_volume

SPACING = (5.0, 0.8, 0.8)


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return thin_pack(tmp_path_factory.mktemp("thin"))


@pytest.fixture(scope="module")
def smooth(tmp_path_factory):
    return thin_pack(tmp_path_factory.mktemp("smooth"), 0.0)


def balls(grid: Grid, centers_mm: np.ndarray, radius_mm: float) -> np.ndarray:
    """Soft-edged balls of 0 HU in -500 HU on a grid."""
    world = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1))
    near = np.min([np.linalg.norm(world - one, axis=-1) for one in centers_mm], axis=0)
    return (-500 + 500 / (1 + np.exp((near - radius_mm) / 0.8))).astype(np.float32)


def centroid(array: np.ndarray, grid: Grid, near_mm: np.ndarray, within_mm: float) -> np.ndarray:
    world = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1))
    weight = (array.astype(float) + 500) * (np.linalg.norm(world - near_mm, axis=-1) < within_mm)
    return (world * weight[..., None]).sum((0, 1, 2)) / weight.sum()


@pytest.mark.parametrize("codes", ["LPS", "SAR"])
def test_balls_stay_where_they_are_in_the_world(tmp_path, smooth, codes):
    fine = Grid.axial((64, 40, 40), (1.25, 0.8, 0.8))
    thick = degrade(balls(fine, np.array([[12.0, 14.0, 30.0], [20.0, 18.0, 52.0]]), 7.0), 4)
    path = write_volume(tmp_path / "thick.nii.gz", np.rint(thick).astype(np.int16), codes, SPACING)
    before = read_nifti(path)
    enhance(smooth, [path], tmp_path / "out")
    after = read_nifti(tmp_path / "out" / "enhanced.nii.gz")
    assert after.grid.shape == (64, 40, 40)
    assert after.grid.spacing_mm == pytest.approx((1.25, 0.8, 0.8), abs=1e-4)
    offset = before.grid.world((0, 0, 0)) - np.array([0, 0, 0])
    for middle in np.array([[12.0, 14.0, 30.0], [20.0, 18.0, 52.0]]):
        # the phantom's own frame begins at the first thin slice, half a thick and half a thin one before the file's
        there = middle + offset + [0, 0, -1.875]
        found = centroid(after.array, after.grid, there, 10.0)
        assert np.abs(found - there).max() < 0.15, codes


def test_what_is_written_gives_the_input_back(tmp_path, pack):
    rng = np.random.default_rng(0)
    thick = rng.integers(-900, 900, (6, 24, 32)).astype(np.int16)
    path = write_volume(tmp_path / "a.nii.gz", thick, "LPS", SPACING)
    told = enhance(pack, [path], tmp_path / "out")
    after = read_nifti(tmp_path / "out" / "enhanced.nii.gz")
    apart = np.abs(degrade(after.array, 4) - thick).mean()
    assert apart <= 1.0  # the mark in the pixels is all that moves them
    assert told["consistency_hu"]["mean"] == pytest.approx(apart, abs=1e-3)
    unsure = read_nifti(tmp_path / "out" / "uncertainty.nii.gz")
    assert unsure.grid.same_as(after.grid) and unsure.array.min() >= 1
    assert read_marks(tmp_path / "out" / "enhanced.nii.gz").explicit.task == "superresolve"
    assert read_marks(tmp_path / "out" / "before-after.png").synthetic
    assert json.loads((tmp_path / "out" / "enhance.json").read_text()) == told
    assert told["factor"] == 4 and told["output"]["shape"] == [24, 24, 32]
    with pytest.raises(OutputExistsError):
        enhance(pack, [path], tmp_path / "out")


def test_slabs_give_what_the_whole_gives(pack):
    thick = np.random.default_rng(1).integers(-500, 500, (40, 12, 10)).astype(np.int16)
    whole = Thinner(pack)(thick, SPACING)
    parts = Thinner(pack, max_memory_gb=2e-4)
    assert parts._slab(thick.shape) < 40 and parts._batch(40 * 10) < 12
    some = parts(thick, SPACING)
    assert np.array_equal(whole.values, some.values)
    assert np.array_equal(whole.spread, some.spread)
    assert np.abs(degrade(whole.values, 4) - thick).max() == 0


def test_engines_agree(pack):
    thick = np.random.default_rng(2).integers(-500, 500, (6, 12, 10)).astype(np.int16)
    first, *others = (Thinner(pack, name)(thick, SPACING).values for name in ("openvino", "onnxruntime", "torch"))
    for one in others:
        assert np.abs(first.astype(int) - one).max() <= 1


def test_only_planes_that_are_fine_enough_are_looked_at(pack):
    thinner = Thinner(pack)
    assert thinner.directions((5.0, 0.8, 0.8)) == ("coronal", "sagittal")
    assert thinner.directions((5.0, 0.8, 3.0)) == ("sagittal",)
    with pytest.raises(InputError, match=r"these lie 1 mm apart, and are thin already"):
        thinner.directions((1.0, 0.8, 0.8))
    with pytest.raises(InputError, match="too far"):
        thinner.directions((40.0, 0.8, 0.8))
    with pytest.raises(InputError, match="would invent"):
        thinner.directions((4.0, 4.0, 4.0))


def test_dicom_gives_a_derived_series_on_the_same_place(tmp_path, pack, write_ct, body):
    fine = tmp_path / "fine"
    write_ct(fine, PixelSpacing=[1.5, 1.5])
    told = enhance(pack, [fine], tmp_path / "out")
    slices = [pydicom.dcmread(path) for path in sorted((tmp_path / "out" / "dicom").glob("*.dcm"))]
    source = pydicom.dcmread(fine / "001.dcm")
    assert len(slices) == 128 and told["files"]["dicom"] == "dicom"
    assert {one.SeriesInstanceUID for one in slices} != {source.SeriesInstanceUID}
    assert {one.StudyInstanceUID for one in slices} == {source.StudyInstanceUID}
    assert {one.FrameOfReferenceUID for one in slices} == {source.FrameOfReferenceUID}
    assert len({one.SOPInstanceUID for one in slices}) == 128
    assert slices[0].ImageType[0] == "DERIVED" and "thin" in slices[0].DerivationDescription
    places = np.array([one.ImagePositionPatient for one in slices], float)
    assert np.allclose(places[:, 2], body.grid.origin_mm[2] - 1.875 + 1.25 * np.arange(128), atol=1e-3)
    [study] = open_studies(tmp_path / "out" / "dicom")
    [series] = study.series
    assert series.grid.same_as(read_nifti(tmp_path / "out" / "enhanced.nii.gz").grid)


def test_wrong_inputs_are_refused_before_the_work(tmp_path, pack):
    values = np.random.default_rng(0).integers(0, 900, (6, 12, 12)).astype(np.int16)
    path = write_volume(tmp_path / "mr.nii.gz", values, "LPS", SPACING)
    with pytest.raises(InputError, match="--modality CT"):
        enhance(pack, [path], tmp_path / "out")
    with pytest.raises(InputError, match="'MR'"):
        enhance(pack, [path], tmp_path / "out", How(modality="MR"))
    few = write_volume(tmp_path / "few.nii.gz", values[:2] - 500, "LPS", SPACING)
    with pytest.raises(InputError, match="At least 3 slices"):
        enhance(pack, [few], tmp_path / "out")
    with pytest.raises(InputError, match="One scan"):
        enhance(pack, [path, few], tmp_path / "out")
    assert not (tmp_path / "out").exists()
    enhance(pack, [path], tmp_path / "out", How(modality="CT"))
    assert nibabel.load(tmp_path / "out" / "enhanced.nii.gz").shape == (12, 12, 24)


def test_other_packs_and_other_commands_say_so(tmp_path, pack):
    from limner.infer import load_pack
    from limner.infer.inputs import predict_inputs

    with pytest.raises(PackError, match="enhances no image"):
        enhance(load_pack("abdomen-ct"), [tmp_path], tmp_path / "out")
    path = write_volume(tmp_path / "a.nii.gz", np.full((6, 12, 12), -100, np.int16), "LPS", SPACING)
    with pytest.raises(LimnerError, match="limner enhance"):
        predict_inputs(pack, [path], tmp_path / "out")
