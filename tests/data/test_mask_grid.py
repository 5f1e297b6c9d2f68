"""Masks that lie on another grid than their image."""

import numpy as np
import pytest

from limner.data.mask_grid import on_grid, share_covered
from limner.errors import CohortError
from limner.image import Grid, LabelMap

IMAGE = Grid.axial((10, 20, 20), spacing_mm=(4, 2, 2))


def _mask(grid, fill=True):
    array = np.zeros(grid.shape, np.uint8)
    if fill:
        array[tuple(slice(n // 4, -(n // 4)) for n in grid.shape)] = 1
    return LabelMap(array, grid)


def test_a_finer_grid_of_the_same_box_keeps_its_place():
    fine = _mask(IMAGE.with_spacing((2, 1, 1)))
    found = on_grid(fine, IMAGE, "a", "a.nii.gz")
    assert found.shape == IMAGE.shape
    assert found.sum() * IMAGE.voxel_ml == pytest.approx(fine.array.sum() * fine.grid.voxel_ml, rel=0.3)


def test_a_mask_far_away_is_refused_with_both_places():
    far = Grid(IMAGE.shape, IMAGE.affine + np.diag([0, 0, 0, 0]) + np.eye(4, k=3) * 500)
    with pytest.raises(CohortError, match=r"(?s)Case 'a'.*covers 0%.*mask:.*x 500 to 538.*image:.*x 0 to 38"):
        on_grid(_mask(far), IMAGE, "a", "far.nii.gz")


def test_half_of_the_box_must_be_covered():
    assert share_covered(IMAGE, IMAGE.crop((0, 0, 0), (10, 20, 15))) == pytest.approx(0.75, abs=0.05)
    on_grid(_mask(IMAGE.crop((0, 0, 0), (10, 20, 12))), IMAGE, "a", "m")
    with pytest.raises(CohortError, match="covers"):
        on_grid(_mask(IMAGE.crop((0, 0, 0), (10, 20, 8))), IMAGE, "a", "m")


def test_marks_that_are_lost_are_refused_and_an_empty_mask_is_not():
    around = IMAGE.crop((-4, -4, -4), (18, 28, 28))
    outside = np.zeros(around.shape, np.uint8)
    outside[0, 0, 0] = 1
    with pytest.raises(CohortError, match="marks 1 voxels"):
        on_grid(LabelMap(outside, around), IMAGE, "a", "m")
    assert not on_grid(_mask(around, fill=False), IMAGE, "a", "m").any()
