"""Thick slices as means, the projection that gives them back, and interpolation that moves nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.image import Grid, degrade, repeat, thick_grid, thin_grid
from limner.tasks.superresolve import Finer, consistency, interpolate, project, whole_numbers

factors, seeds = st.integers(2, 6), st.integers(0, 10**6)


def drawn(seed: int, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """Any thin slices, and thick ones that they do not belong to."""
    rng = np.random.default_rng(seed)
    depth = int(rng.integers(1, 5))
    thin = rng.normal(0, 300, (depth * factor, 3, 4)).astype(np.float32)
    return thin, rng.integers(-1024, 2000, (depth, 3, 4)).astype(np.float32)


@given(seeds, factors)
@settings(deadline=None, max_examples=30)
def test_whatever_the_net_says_the_projection_gives_the_input_back(seed, factor):
    thin, thick = drawn(seed, factor)
    kept = project(thin, thick, factor)
    assert np.abs(degrade(kept, factor) - thick).max() < 1e-3
    assert np.abs(project(kept, thick, factor) - kept).max() < 1e-3  # what is consistent stays
    rounded = whole_numbers(kept, thick, factor)
    assert rounded.dtype == np.int16
    assert consistency(rounded, thick, factor) == 0.0  # whole numbers add up again
    assert np.abs(rounded - kept).max() <= 1.0


@pytest.mark.parametrize("within", [False, True])
@given(seed=seeds)
@settings(deadline=None, max_examples=15)
def test_what_is_kept_adds_up_to_the_input_in_slices_and_in_pixels(within, seed):
    rng, finer = np.random.default_rng(seed), Finer(3, within)
    fine = rng.normal(0, 300, (6, 9, 12)).astype(np.float32)
    coarse = rng.integers(-1024, 2000, finer.coarse(fine).shape).astype(np.float32)
    found = finer.kept(fine, coarse)
    assert found.shape == fine.shape and found.dtype == np.int16
    assert finer.apart(found, coarse).max() == 0
    exact = project(finer._as_slices(fine), coarse, finer.count)  # before it is rounded
    assert np.abs(degrade(exact, finer.count) - coarse).max() < 1e-3


def test_pixels_are_interpolated_where_they_lie():
    fine = (np.arange(24.0)[:, None] + 2 * np.arange(20.0))[None].astype(np.float32)
    finer = Finer(2, within=True)
    found = finer.interpolate(finer.coarse(fine), 3)
    assert np.abs(found - fine)[:, 6:-6, 6:-6].max() < 0.02
    assert finer.cut(np.zeros((3, 9, 7))).shape == (3, 8, 6)
    assert finer.coarse_spacing((5.0, 0.4, 0.35)) == (5.0, 0.8, 0.7)


@given(seeds, factors)
@settings(deadline=None, max_examples=30)
def test_repeating_is_the_adjoint_of_averaging(seed, factor):
    thin, thick = drawn(seed, factor)
    down = np.vdot(degrade(thin, factor).astype(np.float64), thick)
    up = np.vdot(thin.astype(np.float64), repeat(thick, factor)) / factor
    assert down == pytest.approx(up, rel=1e-4, abs=1.0)
    assert np.array_equal(degrade(repeat(thick, factor), factor), thick)


def test_fractions_are_rounded_to_the_nearest_sum():
    thick = np.full((1, 1, 1), 0.3, np.float32)  # a sum of 1.2: the nearest whole one is 1
    assert whole_numbers(np.full((4, 1, 1), 0.3, np.float32), thick, 4).sum() == 1


def test_what_16_bits_do_not_hold_ends_at_their_ends():
    thin = np.array([40000.0, 25000.0, -40000.0, -25000.0], np.float32).reshape(4, 1, 1)
    found = whole_numbers(thin, np.array([32500.0, -32500.0], np.float32).reshape(2, 1, 1), 2)
    assert found.ravel().tolist() == [32767, 25000, -32768, -25000]


@pytest.mark.parametrize("order", [1, 3])
def test_interpolation_keeps_a_ramp_where_it_is(order):
    """Half a slice off is the classic error: a ramp shows it as a constant difference."""
    thin = np.arange(48, dtype=np.float32)[:, None, None] * np.ones((1, 2, 3), np.float32)
    found = interpolate(degrade(thin, 4), 4, order)
    assert np.abs(found - thin)[12:-12].max() < 0.02


def test_grids_of_thin_and_thick_slices_fill_the_same_box():
    rng = np.random.default_rng(0)
    turned, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = turned * [5.0, 0.8, 0.7]
    affine[:3, 3] = (-100, 20, 7)
    grid = Grid((7, 8, 9), affine)
    made = thin_grid(grid, 4)
    assert made.shape == (28, 8, 9) and made.spacing_mm == pytest.approx((1.25, 0.8, 0.7))
    for edge, there in ((-0.5, -0.5), (6.5, 27.5)):
        assert made.world((there, 3, 2)) == pytest.approx(grid.world((edge, 3, 2)))
    assert thick_grid(made, 4).same_as(grid, 1e-6)
