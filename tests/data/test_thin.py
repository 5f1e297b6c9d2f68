"""Pairs of thick and thin: the same for the same step, and thick is the mean of thin."""

import numpy as np
import pytest

from limner.data.thin import PairSampler, Planes, Source, check_pairs, read_planes
from limner.errors import CohortError
from limner.image import degrade
from tests.infer.volumes import write_volume


def source(side: int = 128) -> Source:
    rng = np.random.default_rng(0)
    return Source((Planes("a", tuple(rng.integers(0, 255, (side, side)).astype(np.uint8) for _ in range(3)), 5.0),))


def sampler(noise: float = 0.0, **more) -> PairSampler:
    given = {"factor": 4, "patch": (6, 16), "rows": (1, 2), "columns": (1, 2), "noise_hu": noise, "seed": 0}
    return PairSampler([source()], **{**given, **more})


def test_a_draw_is_a_function_of_its_step_and_place():
    ours, again = sampler().draw(3, 1), sampler().draw(3, 1)
    assert np.array_equal(ours.thin, again.thin)
    assert not np.array_equal(ours.thin, sampler().draw(3, 2).thin)


def test_thick_is_the_mean_of_thin_but_for_the_noise():
    for place in range(8):
        pair = sampler().draw(0, place)
        assert pair.thick.shape == (6, 16) and pair.thin.shape == (24, 16)
        assert np.allclose(degrade(pair.thin, 4), pair.thick, atol=1e-2)
        assert abs(pair.thick.mean()) < 1e-2
    apart = [sampler(40.0).draw(0, k) for k in range(12)]
    assert max(float(np.abs(degrade(one.thin, 4) - one.thick).max()) for one in apart) > 5


def test_values_are_counted_in_hounsfield_units():
    assert sampler(rows=(1,), columns=(1,)).draw(0, 0).thin.std() > 5 * 255 / np.sqrt(12) * 0.8


def test_planes_that_are_too_small_are_refused():
    with pytest.raises(CohortError, match=r"data\.patch"):
        PairSampler([source(16)], 4, (6, 16), (1,), (1,), 0.0, 0).draw(0, 0)


def test_checks_hold_whole_slices_along_both_axes():
    pairs = check_pairs(source().planes[0], 4, (1, 1, 2))
    assert len(pairs) == 3 * 2 * 2
    assert {one.thin.shape for one in pairs} == {(128, 128), (64, 128)}
    assert np.allclose(degrade(pairs[0].thin, 4), pairs[0].thick)


def test_coarse_pixels_are_means_of_blocks():
    drawn = sampler(patch=(6, 8), factor=3, within=True)
    for place in range(4):
        pair = drawn.draw(0, place)
        assert pair.thick.shape == (6, 8) and pair.thin.shape == (18, 24)
        means = pair.thin.reshape(6, 3, 8, 3).mean((1, 3))
        assert np.allclose(means, pair.thick, atol=1e-2)
    pairs = check_pairs(source().planes[0], 3, (1, 2), within=True)
    assert {one.thin.shape for one in pairs} == {(126, 126), (63, 63)}
    assert all(np.allclose(one.thin.reshape(one.thick.shape[0], 3, -1, 3).mean((1, 3)), one.thick) for one in pairs)


def test_a_split_without_cases_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", image=np.zeros((1, 8, 8)), votes=np.zeros((1, 8, 8)), nodule=[0], slice=[0])
    (tmp_path / "index.csv").write_text("patient,file,split\na,a.npz,train\n")
    assert read_planes(tmp_path / "index.csv", "train", 1.0, ["CT"])[0].patient == "a"
    with pytest.raises(CohortError):
        read_planes(tmp_path / "index.csv", "val", 1.0, ["CT"])


def test_planes_across_slices_are_made_coarse_along_the_slices_only(tmp_path):
    heights = np.arange(24) * 10  # each slice is one value: nothing changes within
    write_volume(tmp_path / "a.nii.gz", np.broadcast_to(heights[:, None, None], (24, 20, 18)).astype(np.int16))
    write_volume(tmp_path / "b.nii.gz", np.zeros((8, 20, 18), np.int16))
    (tmp_path / "cohort.csv").write_text("id,image,patient\na,a.nii.gz,a\nb,b.nii.gz,b\n")
    [planes] = read_planes(tmp_path / "cohort.csv", None, 1.0, ["CT"], across=16)  # b has too few slices
    assert planes.across and planes.patient == "a" and len(planes.slices) == 20 + 18
    drawn = PairSampler([Source((planes,))], 4, (4, 16), (3,), (1,), 0.0, 0)
    for place in range(6):
        thin = drawn.draw(0, place).thin
        assert np.ptp(thin, axis=1).max() == 0
        assert np.unique(np.abs(np.diff(thin[:, 0]))) == pytest.approx(10)
    assert all(np.ptp(one.thin, axis=1).max() == 0 for one in check_pairs(planes, 4, (1,)))
    with pytest.raises(CohortError, match="at least 40 slices"):
        read_planes(tmp_path / "cohort.csv", None, 1.0, ["CT"], across=40)
