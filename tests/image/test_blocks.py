"""Coarse pixels as blocks of fine ones: nothing is lost, and both grids fill the same box."""

import numpy as np
import pytest

from limner.image import Grid, blocks_as_slices, degrade, fine_grid, slices_as_blocks


@pytest.mark.parametrize("factor", [2, 3])
def test_blocks_go_there_and_back_and_their_means_are_the_coarse_pixels(factor):
    fine = np.random.default_rng(0).normal(size=(3, 4 * factor, 5 * factor))
    slices = blocks_as_slices(fine, factor)
    assert slices.shape == (3 * factor**2, 4, 5)
    assert np.array_equal(slices_as_blocks(slices, factor), fine)
    coarse = degrade(slices, factor**2)
    slow = [
        [[fine[z, y * factor :][:factor, x * factor :][:, :factor].mean() for x in range(5)] for y in range(4)]
        for z in range(3)
    ]
    assert np.allclose(coarse, slow)


def test_pixels_that_fill_no_block_are_dropped():
    assert blocks_as_slices(np.zeros((1, 5, 7)), 2).shape == (4, 2, 3)


def test_fine_pixels_fill_the_box_of_the_coarse_ones():
    turned, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = turned * [5.0, 0.8, 0.7]
    affine[:3, 3] = (-100, 20, 7)
    grid = Grid((7, 8, 9), affine)
    made = fine_grid(grid, 2)
    assert made.shape == (7, 16, 18) and made.spacing_mm == pytest.approx((5.0, 0.4, 0.35))
    for corner, there in (((2, -0.5, -0.5), (2, -0.5, -0.5)), ((6, 7.5, 8.5), (6, 15.5, 17.5))):
        assert made.world(there) == pytest.approx(grid.world(corner))
