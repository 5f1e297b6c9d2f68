import numpy as np
import pytest
from scipy import ndimage

from limner import io
from limner.data import phantoms
from limner.errors import OutputExistsError, PackError
from limner.image import Grid, Image, LabelMap
from limner.infer import predict
from limner.infer.inputs import predict_inputs
from limner.infer.memory import choose_window
from limner.infer.predict import block_mean
from tests.infer.packs import threshold_pack

LEVELS = {"background": -1000.0, "liver": 110.0, "liver tumor": 62.0}


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return threshold_pack(tmp_path_factory.mktemp("pack"), LEVELS)


def _liver_only(spacing, flip=False):
    plan = phantoms.sample(np.random.default_rng(4), tumors=2)
    kept = tuple(one for one in plan.structures if one.name in ("liver", "liver tumor"))
    plan = phantoms.Plan(kept, noise_hu=0.0)
    turn = np.array([[0.0, 0, 1], [0, -1, 0], [-1, 0, 0]]) if flip else None  # Z to the feet, Y to the front
    grid = phantoms.grid_around(plan, spacing, turn=turn)
    return plan, phantoms.draw(plan, grid)


@pytest.mark.parametrize(("spacing", "flip"), [((2, 2, 2), False), ((5, 0.9, 0.9), False), ((1.5, 1.2, 1.2), True)])
def test_phantom_volumes_within_two_percent(pack, spacing, flip):
    plan, phantom = _liver_only(spacing, flip)
    found = predict(pack, phantom.image)
    assert found.labels.grid is phantom.image.grid
    truth = phantoms.truth(plan)["liver"].volume_ml
    whole = found.labels.mask("liver", "liver tumor").sum() * phantom.image.grid.voxel_ml
    assert whole == pytest.approx(truth, rel=0.02)
    overlap = found.labels.mask("liver", "liver tumor") & phantom.labels.mask("liver", "liver tumor")
    assert overlap.sum() > 0.96 * phantom.labels.mask("liver", "liver tumor").sum()
    low, high = found.intervals_ml["liver"]
    assert low <= truth * 1.02
    assert high >= truth * 0.98


def test_borders_are_unsure_and_middles_sure(pack):
    _, phantom = _liver_only((2, 2, 2))
    found = predict(pack, phantom.image)
    inside = found.labels.mask("liver")
    assert np.median(found.confidence[inside]) > 240
    assert found.confidence[found.labels.array == 0].max() == 0


def test_a_wrong_modality_is_refused(pack):
    _, phantom = _liver_only((4, 4, 4))
    with pytest.raises(PackError, match="this series is MR"):
        predict(pack, Image(phantom.image.array, phantom.image.grid, "MR"))


def test_little_memory_means_smaller_windows_and_too_little_is_refused(pack):
    whole = choose_window(pack, pack.spec.input, (100, 100, 100), None)
    small = choose_window(pack, pack.spec.input, (100, 100, 100), 0.0115)
    assert np.prod(small) < np.prod(whole)
    with pytest.raises(PackError, match="too little"):
        choose_window(pack, pack.spec.input, (100, 100, 100), 0.001)


def test_block_means_stay_where_they_are():
    _, phantom = _liver_only((2, 1, 1))
    mean, grid = block_mean(phantom.image.array, phantom.image.grid, (1, 2, 2), (-1000, 1000))
    assert grid.spacing_mm == pytest.approx((2, 2, 2))
    assert np.allclose(grid.world((0, 0, 0)), phantom.image.grid.world((0, 0.5, 0.5)))
    assert mean[3, 10, 12] == pytest.approx(phantom.image.array[3, 20:22, 24:26].mean())


def test_lesions_of_a_name_of_their_own_are_all_drawn(tmp_path):
    """An organ is its largest part; lesions that no organ holds may be many."""
    array = np.full((24, 32, 32), -1000.0, np.float32)
    array[4:12, 4:12, 4:12] = 110
    array[14:18, 20:26, 20:26] = 110
    image = Image(array, Grid.axial(array.shape, (2, 2, 2)), "CT", "HU")
    levels = {"background": -1000.0, "my lesion": 110.0}
    lesion = predict(threshold_pack(tmp_path / "a", levels), image).labels
    organ = predict(threshold_pack(tmp_path / "b", levels, kinds={"my lesion": "organ"}), image).labels
    assert lesion.array[15, 22, 22] == lesion.array[8, 8, 8] == organ.array[8, 8, 8] == 1
    assert organ.array[15, 22, 22] == 0


def test_a_temperature_makes_answers_less_sure_and_leaves_the_labels(tmp_path):
    _, phantom = _liver_only((2, 2, 2))
    plain = predict(threshold_pack(tmp_path / "a", LEVELS), phantom.image)
    warm = predict(threshold_pack(tmp_path / "b", LEVELS, calibration={"temperature": 400.0}), phantom.image)
    inside = plain.labels.mask("liver") & warm.labels.mask("liver")
    assert warm.confidence[inside].mean() < plain.confidence[inside].mean()
    assert (plain.labels.array == warm.labels.array).mean() > 0.99


@pytest.mark.parametrize("flip", [False, True])
def test_doubt_lies_on_borders_on_the_images_own_grid(pack, flip):
    _, phantom = _liver_only((2, 2, 2), flip)
    found = predict(pack, phantom.image, uncertainty=True)
    assert found.uncertainty.shape == phantom.image.array.shape
    organ = phantom.labels.mask("liver", "liver tumor")
    border = ndimage.binary_dilation(organ) & ~ndimage.binary_erosion(organ)
    far = ~ndimage.binary_dilation(organ, iterations=5)
    assert found.uncertainty[border].mean() > 10 * max(found.uncertainty[far].mean(), 0.1)
    assert predict(pack, phantom.image).uncertainty is None


def test_rows_of_scans_have_intervals_and_a_map_only_when_asked(pack, tmp_path):
    _, phantom = _liver_only((4, 4, 4))
    shifted = (phantom.image.array + 1024).astype(np.uint16)
    io.write_nifti_labels(LabelMap(shifted, phantom.image.grid), tmp_path / "a.nii.gz")
    levels = {"background": 24.0, "liver": 1134.0, "liver tumor": 1086.0}
    raised = threshold_pack(tmp_path / "pack", levels, window=(24.0, 2024.0))
    (row,) = predict_inputs(raised, [tmp_path / "a.nii.gz"], tmp_path / "out")
    assert set(row["intervals_ml"]) == set(row["volumes_ml"])
    tumor = row["intervals_ml"]["liver tumor"]
    assert tumor["low"] <= tumor["value"] <= tumor["high"]
    assert tumor["value"] == row["volumes_ml"]["liver tumor"]
    both = sum(row["volumes_ml"].values())
    assert row["intervals_ml"]["liver"]["value"] == pytest.approx(both, abs=0.02)  # a liver holds its tumours
    assert "uncertainty" not in row
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.nii.gz"]
    (row,) = predict_inputs(raised, [tmp_path / "a.nii.gz"], tmp_path / "out", force=True, uncertainty=True)
    read = io.read_nifti(row["uncertainty"])
    assert read.grid.same_as(phantom.image.grid)
    assert 0.5 < read.array.max() <= 1
    (tmp_path / "out" / "a.nii.gz").unlink()
    with pytest.raises(OutputExistsError):
        predict_inputs(raised, [tmp_path / "a.nii.gz"], tmp_path / "out", uncertainty=True)
