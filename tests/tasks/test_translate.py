"""Views lead back to the picture, and a net that looks at one pixel alone answers all of them alike."""

import numpy as np
import pytest

from limner.tasks.translate import BEST_DB, fidelity, rank_correlation, translated

IMAGE = np.random.default_rng(0).integers(0, 256, (2, 24, 32)).astype(np.uint8)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_pointwise_net_does_not_hang_on_how_it_is_asked(mirrored):
    made, doubt = translated(IMAGE, lambda x: 1 - 0.5 * x[:, 0] - 0.25 * x[:, 1], mirrored, True)
    assert np.allclose(made, 255 - 0.5 * IMAGE[0] - 0.25 * IMAGE[1], atol=1e-3)
    assert doubt is not None
    assert doubt.max() < 1e-3


def test_a_net_that_sees_the_place_does():
    slope = np.linspace(0, 1, 32, dtype=np.float32)[None, None]
    plain, none = translated(IMAGE, lambda x: 0 * x[:, 0] + slope, True, False)
    made, doubt = translated(IMAGE, lambda x: 0 * x[:, 0] + slope, True, True)
    assert none is None
    assert np.array_equal(made, plain)  # what is given is the picture as it is, not a mean over views
    assert doubt is not None
    assert doubt[:, 0].min() > 50  # the first column is the last in the mirror


def test_figures_of_the_same_picture_and_of_one_that_is_off_by_ten():
    truth = IMAGE[0].astype(np.float32)
    same, off = fidelity(truth, truth), fidelity(np.minimum(truth, 200), np.minimum(truth, 200) + 10)
    assert same == {"psnr": BEST_DB, "ssim": 1.0, "mae": 0.0}
    assert off["mae"] == pytest.approx(10)
    assert off["psnr"] == pytest.approx(20 * np.log10(255 / 10))


def test_values_beyond_the_range_count_as_its_ends():
    assert fidelity(np.full((16, 16), 300.0), np.full((16, 16), 255.0))["mae"] == 0


def test_ranks_do_not_mind_the_scale():
    rng = np.random.default_rng(1)
    a, b = rng.random(500), rng.random(500)
    assert rank_correlation(a, np.exp(5 * a)) == pytest.approx(1)
    assert abs(rank_correlation(a, b)) < 0.15
