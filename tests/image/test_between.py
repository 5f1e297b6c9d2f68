"""Between painted slices: a ball from a few of its slices, and nothing where nothing was painted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner.image.between import between_slices


def ball(n: int = 41, radius: float = 15.0):
    z, y, x = np.ogrid[:n, :n, :n]
    c = n // 2
    return (z - c) ** 2 + (y - c) ** 2 + (x - c) ** 2 <= radius**2


def test_a_ball_comes_back_from_every_fifth_slice():
    whole = ball()
    painted = np.zeros_like(whole)
    painted[5::5] = whole[5::5]
    found = between_slices(painted)
    rows = np.flatnonzero(painted.any((1, 2)))
    inner = slice(rows[0], rows[-1] + 1)
    dice = 2 * (found & whole)[inner].sum() / (found[inner].sum() + whole[inner].sum())
    assert dice > 0.95
    assert not found[: rows[0]].any()
    assert not found[rows[-1] + 1 :].any()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_axes_are_alike(axis):
    painted = np.zeros((9, 9, 9), bool)
    painted[1, 2:7, 2:6] = painted[7, 4:6, 4:8] = True
    turned = between_slices(np.moveaxis(painted, 0, axis), axis)
    assert (np.moveaxis(turned, axis, 0) == between_slices(painted)).all()


@given(st.integers(0, 2**32 - 1))
def test_painted_slices_stay_and_the_middle_lies_between(seed):
    rng = np.random.default_rng(seed)
    painted = np.zeros((5, 8, 8), bool)
    painted[0], painted[4] = rng.random((2, 8, 8)) < 0.4
    found = between_slices(painted)
    assert (found[[0, 4]] == painted[[0, 4]]).all()
    common = painted[0] & painted[4]
    if painted[0].any() and painted[4].any():
        assert found[:, common].all()
        assert not found[:, ~(painted[0] | painted[4])].all()
    else:
        assert (found == painted).all()
