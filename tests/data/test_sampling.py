"""Thick slices: what was put in lies where it is said to lie, and noise is what a resampled scan holds."""

import numpy as np
import pytest
from scipy import ndimage

from limner.data import nodules
from limner.data.backgrounds import _brought
from limner.data.sampling import resampled, scan_noise, thick
from limner.image import Grid

NET = (1.5, 1.5, 1.5)
DRAWN = (2.5, 0.7, 0.7)
BALL = nodules.Nodule(12.0, (1, 1, 1), 40, 1.0, 0, 0.0, (0, 0.0), None, (False, False, False, 0), 0)


@pytest.mark.parametrize("seed", range(4))
def test_a_ball_on_thick_slices_keeps_its_volume_and_lies_where_it_is_said_to(seed):
    there, off = thick(np.random.default_rng(seed), nodules.render(BALL, DRAWN), DRAWN, NET)
    assert all(n % 2 for n in there.shape)
    assert there.sum() * np.prod(NET) == pytest.approx(np.pi / 6 * 12**3, rel=0.06)
    middle = np.array(ndimage.center_of_mass(there)) - np.array(there.shape) // 2
    assert np.abs(middle - off).max() < 0.08  # voxels of 1.5 mm
    assert np.abs(off).max() > 0


def test_noise_is_that_of_a_scan_which_was_resampled():
    made = np.stack([scan_noise(np.random.default_rng(k), (24, 24, 24), DRAWN, NET, 30.0) for k in range(12)])
    grid = Grid.axial((40, 120, 120), DRAWN)
    rng = np.random.default_rng(0)
    seen = []
    for grain in np.linspace(0.3, 0.9, 12):
        noise = ndimage.gaussian_filter(rng.standard_normal(grid.shape).astype(np.float32), [0, grain, grain])
        noise *= 30.0 / np.cbrt(np.prod(DRAWN)) / noise.std()
        seen.append(_brought(noise, grid, grid.with_spacing(NET))[4:-4, 4:-4, 4:-4])
    assert made.std() == pytest.approx(np.concatenate(seen).std(), rel=0.1)
    assert _along(made, 1) == pytest.approx(_along(np.concatenate(seen), 0), abs=0.08)


def _along(values, axis):
    """Correlation between neighbours along z."""
    a = np.take(values, range(values.shape[axis] - 1), axis)
    b = np.take(values, range(1, values.shape[axis]), axis)
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


def test_the_same_grid_changes_nothing():
    field = np.random.default_rng(0).normal(size=(6, 7, 8)).astype(np.float32)
    assert np.allclose(resampled(field, NET, NET, field.shape, (0, 0, 0)), field, atol=1e-5)


def test_a_chest_lies_where_it_lay_after_it_was_brought_to_the_nets_grid():
    here = Grid.axial((20, 90, 90), DRAWN)
    z, y, x = np.mgrid[:20, :90, :90]
    bump = np.exp(-(((z - 9) * 2.5) ** 2 + ((y - 44) * 0.7) ** 2 + ((x - 50) * 0.7) ** 2) / 72).astype(np.float32)
    there = here.with_spacing(NET)
    brought = np.clip(_brought(bump, here, there), 0, None)
    found = there.world(np.array(ndimage.center_of_mass(brought)))
    assert np.abs(found - here.world(np.array([9.0, 44.0, 50.0]))).max() < 0.1  # mm
