"""Finer pixels, and more than one way to make voxels finer: nothing moves, the input is kept, seeds decide."""

import numpy as np
import pydicom
import pytest

from limner.errors import CohortError, InputError
from limner.image import Grid, degrade
from limner.infer.enhance import How, enhance
from limner.infer.evaluate import EvaluateOptions, evaluate
from limner.infer.fine_pixels import PixelRefiner, open_finer
from limner.infer.guesses import Guesses, Spread
from limner.infer.thin import Thinner
from limner.io import open_studies, read_nifti
from limner.tasks.superresolve import Finer
from tests.infer.test_enhance import balls, centroid
from tests.infer.thin_packs import thin_pack
from tests.infer.volumes import write_volume

SPACING = (5.0, 0.8, 0.8)
NETS = ["sharpen", "sharpen-vae"]


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    made = {}
    for plane in ("through", "in"):
        for net in NETS:
            made[plane, net] = thin_pack(tmp_path_factory.mktemp(f"{plane}-{net}"), 0.3, plane, net)
    return made


def noise(shape=(6, 12, 14), seed=0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-900, 900, shape).astype(np.int16)


@pytest.mark.parametrize("codes", ["LPS", "SAR"])
def test_balls_stay_where_they_are_when_pixels_become_finer(tmp_path, codes):
    smooth = thin_pack(tmp_path / "pack", 0.0, "in")
    fine = Grid.axial((12, 80, 72), (2.0, 0.8, 0.8))
    middles = np.array([[20.0, 22.0, 10.0], [38.0, 44.0, 13.0]])
    coarse = Finer(2, within=True).coarse(balls(fine, middles, 7.0))
    path = write_volume(tmp_path / "coarse.nii.gz", np.rint(coarse).astype(np.int16), codes, (2.0, 1.6, 1.6))
    before = read_nifti(path)
    told = enhance(smooth, [path], tmp_path / "out")
    after = read_nifti(tmp_path / "out" / "enhanced.nii.gz")
    assert after.grid.shape == (12, 80, 72) and told["plane"] == "in" and told["planes"] == ["axial"]
    assert after.grid.spacing_mm == pytest.approx((2.0, 0.8, 0.8), abs=1e-4)
    for corner, there in (((0, -0.5, -0.5), (0, -0.5, -0.5)), ((11, 39.5, 35.5), (11, 79.5, 71.5))):
        assert after.grid.world(there) == pytest.approx(before.grid.world(corner), abs=1e-3)
    for middle in middles:  # the phantom's frame begins at its first fine pixel, 0.4 mm before the file's coarse one
        there = middle + before.grid.world((0, 0, 0)) - [0.4, 0.4, 0]
        assert np.abs(centroid(after.array, after.grid, there, 10.0) - there).max() < 0.15, codes


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("plane", ["through", "in"])
def test_every_kind_gives_the_input_back(tmp_path, packs, plane, net):
    pack, coarse = packs[plane, net], noise()
    thinner = open_finer(pack, guesses=Guesses(3) if net == "sharpen-vae" else None)
    found = thinner(coarse, SPACING)
    assert thinner.finer.apart(found.values, coarse).max() == 0
    assert found.spread.min() >= 1 and found.spread.max() > 1
    path = write_volume(tmp_path / "a.nii.gz", coarse, "LPS", SPACING)
    told = enhance(pack, [path], tmp_path / "out")
    after = read_nifti(tmp_path / "out" / "enhanced.nii.gz")
    assert told["consistency_hu"]["mean"] == pytest.approx(
        thinner.finer.apart(after.array, coarse).mean(), abs=1e-3
    )  # the mark in the pixels is all that moves them
    assert told["consistency_hu"]["mean"] < 1
    assert told["output"]["shape"] == list(found.values.shape)
    assert ("samples" in told) == (net == "sharpen-vae")


def test_what_the_engine_says_is_consistent_before_it_is_rounded(packs):
    coarse = noise().astype(np.float32)
    thinner = Thinner(packs["through", "sharpen-vae"])
    for sample in range(3):
        latent = Guesses().drawn(sample, range(6), 2, (12, 14))
        values, _ = thinner._looked(coarse, ("coronal", "sagittal"), (0, 6), lambda share: None, latent)
        assert np.abs(degrade(values, 4) - coarse).max() < 1e-3
    plain, _ = Thinner(packs["through", "sharpen"])._looked(coarse, ("coronal",), (0, 6), lambda share: None)
    assert np.abs(degrade(plain, 4) - coarse).max() < 1e-3
    pixels = PixelRefiner(packs["in", "sharpen-vae"])
    fine = pixels._asked(coarse[:, None], Guesses().drawn(1, range(6), 2, (12, 14)))
    assert np.abs(pixels.finer.coarse(fine) - coarse).max() < 1e-3


@pytest.mark.parametrize("plane", ["through", "in"])
def test_samples_are_a_function_of_the_seed_and_not_of_slabs(packs, plane):
    pack, coarse = packs[plane, "sharpen-vae"], noise((30, 12, 10))
    one = open_finer(pack, guesses=Guesses(3, 7))(coarse, SPACING)
    again = open_finer(pack, max_memory_gb=1e-4, guesses=Guesses(3, 7))
    assert (again._slab(coarse.shape) if plane == "through" else again._batch(120)) < 30
    parts = again(coarse, SPACING)
    assert np.array_equal(one.values, parts.values) and np.array_equal(one.spread, parts.spread)
    other = open_finer(pack, guesses=Guesses(3, 8))(coarse, SPACING)
    assert np.array_equal(one.values, other.values)  # the mean of the latent is no chance
    assert not np.array_equal(one.spread, other.spread)


@pytest.mark.parametrize("plane", ["through", "in"])
def test_engines_agree_on_a_latent(tmp_path, plane):
    pack, coarse = thin_pack(tmp_path, plane=plane, net="sharpen-vae"), noise()
    first, *others = (open_finer(pack, name)(coarse, SPACING) for name in ("openvino", "onnxruntime", "torch"))
    for one in others:
        assert np.abs(first.values.astype(int) - one.values).max() <= 1
        assert np.abs(first.spread.astype(int) - one.spread).max() <= 1


def test_dicom_gives_a_derived_series_with_finer_pixels(tmp_path, packs, write_ct, body):
    write_ct(tmp_path / "coarse", PixelSpacing=[1.5, 1.5])
    told = enhance(packs["in", "sharpen"], [tmp_path / "coarse"], tmp_path / "out")
    slices = [pydicom.dcmread(path) for path in sorted((tmp_path / "out" / "dicom").glob("*.dcm"))]
    source = pydicom.dcmread(tmp_path / "coarse" / "001.dcm")
    assert told["files"]["dicom"] == "dicom" and len(slices) == body.grid.shape[0]
    assert (slices[0].Rows, slices[0].Columns) == (2 * source.Rows, 2 * source.Columns)
    assert [float(one) for one in slices[0].PixelSpacing] == [0.75, 0.75]
    assert slices[0].FrameOfReferenceUID == source.FrameOfReferenceUID and slices[0].SyntheticData == "YES"
    [series] = open_studies(tmp_path / "out" / "dicom")[0].series
    written = read_nifti(tmp_path / "out" / "enhanced.nii.gz").grid
    assert series.grid.same_as(written)
    [before] = open_studies(tmp_path / "coarse")[0].series
    assert written.world((0, -0.5, -0.5)) == pytest.approx(before.grid.world((0, -0.5, -0.5)), abs=1e-3)


def test_a_spread_is_the_deviation_of_the_samples():
    samples = np.random.default_rng(0).normal(3, 2, (5, 4, 6)).astype(np.float32)
    spread = Spread(samples.mean(0) + 1)
    for one in samples:
        spread.add(one)
    assert np.allclose(spread.deviation(), samples.std(0), atol=1e-4)


def test_a_latent_belongs_to_a_place():
    whole = Guesses(2, 5).drawn(1, range(8), 3, (4, 5))
    assert np.array_equal(Guesses(2, 5).drawn(1, range(2, 6), 3, (4, 5)), whole[:, 2:6])
    assert abs(float(Guesses().drawn(0, range(40), 4, (20, 20)).std()) - 1) < 0.02


def test_what_is_not_for_the_pack_is_refused(tmp_path, packs):
    path = write_volume(tmp_path / "a.nii.gz", noise(), "LPS", SPACING)
    with pytest.raises(InputError, match="no latent"):
        enhance(packs["through", "sharpen"], [path], tmp_path / "out", How(samples=4))
    with pytest.raises(InputError, match="2 samples at least"):
        enhance(packs["through", "sharpen-vae"], [path], tmp_path / "out", How(samples=1))
    pixels = open_finer(packs["in", "sharpen"])
    assert isinstance(pixels, PixelRefiner)
    with pytest.raises(InputError, match="fine already"):
        pixels.directions((5.0, 0.3, 0.3))
    with pytest.raises(InputError, match="square"):
        pixels.directions((5.0, 1.4, 2.8))
    with pytest.raises(InputError, match="8 pixels a side"):
        pixels(noise((3, 5, 12)), (5.0, 1.4, 1.4))
    assert not (tmp_path / "out").exists()


def test_a_pack_of_another_factor_says_what_it_takes(tmp_path):
    """5 mm to 1 mm; what lies 2.5 mm apart would become finer than what the pack learned."""
    import torch

    from limner import nets
    from limner.packs import load_pack
    from limner.train.export import write_pack
    from tests.infer.thin_packs import OPTIONS, recipe

    asked = recipe()
    asked = asked.model_copy(update={"data": asked.data.model_copy(update={"factor": 5, "thin_mm": (0.8, 1.4)})})
    torch.manual_seed(0)
    pack = load_pack(write_pack(nets.build("sharpen", 1, 1, dims=2, factor=5, **OPTIONS), asked, tmp_path))
    thinner = open_finer(pack)
    assert thinner(noise(), SPACING).values.shape == (30, 12, 14)
    with pytest.raises(InputError, match=r"makes 5 slices of each that lie 4 to 7 mm apart; these lie 2\.5 mm apart"):
        thinner.directions((2.5, 0.8, 0.8))


def test_scans_too_coarse_to_be_asked_are_left_out_of_an_evaluation_and_named(tmp_path, packs):
    for name, pixel in (("fine", 0.8), ("coarse", 3.0)):
        write_volume(tmp_path / f"{name}.nii.gz", noise((4, 48, 48)), "LPS", (2.0, pixel, pixel))
    (tmp_path / "cases.csv").write_text("id,image,split\nfine,fine.nii.gz,test\ncoarse,coarse.nii.gz,test\n")
    pack = packs["in", "sharpen"]
    found = evaluate(pack, tmp_path / "cases.csv", EvaluateOptions(split="test"))
    assert found.n == 1
    assert any(one.startswith("coarse is left out") and "6 mm" in one for one in found.problems)
    (tmp_path / "none.csv").write_text("id,image,split\ncoarse,coarse.nii.gz,test\n")
    with pytest.raises(CohortError, match=r"No case of 'none\.csv' can be asked"):
        evaluate(pack, tmp_path / "none.csv", EvaluateOptions(split="test"))
