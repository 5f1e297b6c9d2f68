"""Signed distances of masks, contours of computed tumours, and the rim's noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from limner.forecast.space.contour import level_distance, rim_of, signed_distance, soft_inside, visible
from limner.forecast.space.medium import Medium


def radius_field(n: int, spacing: float, center: tuple[float, float, float]) -> np.ndarray:
    """Distance of each voxel from a point, mm."""
    axes = [(np.arange(n) - (n - 1) / 2) * spacing - c for c in center]
    return np.sqrt(axes[0][:, None, None] ** 2 + axes[1][None, :, None] ** 2 + axes[2][None, None, :] ** 2)


@pytest.mark.parametrize("center", [(0.0, 0.0, 0.0), (0.7, -0.3, 0.4)])
def test_a_balls_distance_is_right_at_the_surface_and_deep_inside(center):
    r = radius_field(40, 2.0, center)
    apart = signed_distance(r < 20, (2.0, 2.0, 2.0)) - (r - 20)
    near = np.abs(r - 20) < 2
    assert abs(apart[near].mean()) < 0.05 and apart[near].std() < 0.35  # voxels are 2 mm
    assert abs(apart[r < 15].mean()) < 0.25
    assert abs(apart[(r > 25) & (r < 35)].mean()) < 0.25


def test_the_volume_inside_is_the_masks():
    rng = np.random.default_rng(1)
    rough = ndimage.gaussian_filter(rng.standard_normal((30, 30, 30)), 3)
    mask = radius_field(30, 1.0, (0, 0, 0)) + 30 * rough < 9
    inside = soft_inside(signed_distance(mask, (1.0, 1.0, 1.0)), 1.0).sum()
    assert inside == pytest.approx(mask.sum(), rel=0.02)


def test_a_wall_is_no_front():
    r = radius_field(40, 1.0, (0, 0, 0))
    open_ = np.ones(r.shape, bool)
    open_[:, :, :14] = False
    distance = signed_distance((r < 12) & open_, (1.0, 1.0, 1.0), open_)
    beside_wall = distance[19:21, 19:21, 14].mean()
    assert beside_wall == pytest.approx(-np.sqrt(12**2 - 5.5**2), abs=0.6)  # along the wall to the front
    assert (signed_distance((r < 12) & open_, (1.0, 1.0, 1.0))[19:21, 19:21, 14] > -1).all()


def test_a_computed_front_lies_where_it_was_put():
    r = radius_field(40, 1.0, (0.2, 0.1, -0.3))
    c = 1 / (1 + np.exp((r - 11) / 1.5))
    at = 11 + 1.5 * np.log(1 / 0.16 - 1)
    apart = level_distance(c, 0.16, (1.0, 1.0, 1.0)) - (r - at)
    assert np.abs(apart[np.abs(r - at) < 2]).max() < 0.1
    medium = Medium(np.ones(r.shape, bool), (1.0, 1.0, 1.0))
    assert visible(c, 0.16, medium).sum() == pytest.approx(4 / 3 * np.pi * at**3, rel=0.01)


def test_the_noise_of_a_mean_is_that_of_many_drawn_contours():
    rng = np.random.default_rng(3)
    r = radius_field(32, 2.0, (0, 0, 0))
    medium = Medium(np.ones(r.shape, bool), (2.0, 2.0, 2.0))
    rim = rim_of(r - 20, medium)
    means, told = [], []
    for _ in range(80):
        field = ndimage.gaussian_filter(rng.standard_normal(r.shape), 8 / np.sqrt(2) / 2, mode="wrap")
        field *= 1.0 / field.std()
        noise = field[tuple(rim.index)]
        means.append(noise.mean())
        told.append(rim.mean_noise_mm(noise, 8.0)[1])
    assert np.mean(told) == pytest.approx(np.std(means), rel=0.25)


def test_rims_leave_out_what_lies_beside_a_wall_and_empty_masks_are_refused():
    r = radius_field(30, 1.0, (0, 0, 0))
    open_ = np.ones(r.shape, bool)
    open_[:, :, :8] = False
    assert rim_of(r - 8, Medium(open_, (1.0, 1.0, 1.0))).index[2].min() >= 10
    with pytest.raises(ValueError, match="empty or full"):
        signed_distance(np.zeros((4, 4, 4), bool), (1.0, 1.0, 1.0))
