import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.image import Grid, Image, LabelMap, reorient, resample_array, to_axial


@st.composite
def grids(draw):
    """Oblique grids, left- and right-handed, of any spacing."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = turn * rng.uniform(0.3, 8, 3)
    affine[:3, 3] = rng.uniform(-500, 500, 3)
    return Grid(tuple(rng.integers(2, 40, 3)), affine)


@given(grids(), st.integers(0, 2**32 - 1))
def test_index_undoes_world(grid, seed):
    points = np.random.default_rng(seed).uniform(-50, 50, (20, 3))
    assert np.allclose(grid.index(grid.world(points)), points, atol=1e-6)


@given(grids())
@settings(max_examples=30)
def test_to_axial_moves_no_voxel(grid):
    array = np.arange(np.prod(grid.shape)).reshape(grid.shape)
    turned, there = reorient(array, grid, *to_axial(grid))
    first = np.argwhere(turned == array[0, 0, 0])[0]
    assert np.allclose(there.world(first), grid.world((0, 0, 0)), atol=1e-6)
    last = np.argwhere(turned == array[-1, -1, -1])[0]
    assert np.allclose(there.world(last), grid.world(np.array(grid.shape) - 1), atol=1e-6)
    assert to_axial(there) == ((0, 1, 2), (False, False, False))


@given(grids(), st.floats(0.5, 5))
@settings(max_examples=30)
def test_with_spacing_keeps_the_first_outer_corner(grid, spacing):
    finer = grid.with_spacing((spacing, spacing, spacing))
    assert np.allclose(finer.world((-0.5, -0.5, -0.5)), grid.world((-0.5, -0.5, -0.5)), atol=1e-6)
    assert np.allclose(finer.spacing_mm, spacing)


def test_resampling_a_ramp_is_exact_inside():
    grid = Grid.axial((8, 10, 12), (4, 2, 1.5), (10, -20, 30))
    z, y, x = np.indices(grid.shape)
    world = grid.world(np.stack([z, y, x], -1))
    ramp = (world @ [1.0, -2.0, 0.5]).astype(np.float32)
    target = Grid.axial((5, 7, 9), (3, 2, 1.1), (12, -16, 34))
    there = target.world(np.moveaxis(np.indices(target.shape), 0, -1)) @ [1.0, -2.0, 0.5]
    assert np.allclose(resample_array(ramp, grid, target), there, atol=1e-3)


def test_a_singular_affine_is_refused():
    with pytest.raises(ValueError, match="invertible"):
        Grid((2, 2, 2), np.zeros((4, 4)))


def test_array_and_grid_must_agree():
    grid = Grid.axial((2, 3, 4), (1, 1, 1))
    with pytest.raises(ValueError, match=r"\(4, 3, 2\)"):
        Image(np.zeros((4, 3, 2), np.int16), grid)
    with pytest.raises(ValueError, match="int64"):
        LabelMap(np.zeros((2, 3, 4), np.int64), grid)
