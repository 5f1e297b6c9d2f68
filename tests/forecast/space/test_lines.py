"""Line solves against dense matrices."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from limner.forecast.space.lines import factor, twice_solved
from limner.forecast.space.medium import Medium, around


def dense(faces: np.ndarray) -> np.ndarray:
    """The finite-volume operator of one line, from its faces."""
    matrix = np.zeros((len(faces) + 1,) * 2)
    for i, k in enumerate(faces):
        matrix[i : i + 2, i : i + 2] += k * np.array([[1, -1], [-1, 1]])
    return matrix


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("threads", [1, 2])
def test_each_line_is_solved_as_its_matrix_says(axis, threads):
    rng = np.random.default_rng(axis)
    open_ = rng.random((5, 6, 7)) > 0.2
    medium = Medium(open_, (1.0, 2.0, 0.5), rng.uniform(0.2, 3, (3, 5, 6, 7)))
    faces = medium.faces(axis, (slice(None),) * 3)
    values = rng.random((2, 5, 6, 7))
    lines = factor(faces, axis, 0.7)
    with ThreadPoolExecutor(2) as pool:
        got = twice_solved(lines, values, pool if threads == 2 else None)
    ahead, wanted = np.moveaxis(faces, axis, -1), np.moveaxis(values, axis + 1, -1)
    for index in np.ndindex(ahead.shape[:-1]):
        inverse = 2 * np.linalg.inv(np.eye(wanted.shape[-1]) + 0.7 * dense(ahead[index]))
        for k in range(2):
            assert np.moveaxis(got, axis + 1, -1)[(k, *index)] == pytest.approx(
                inverse @ wanted[(k, *index)], abs=1e-12
            )


def test_faces_are_closed_where_either_side_is_blocked_and_else_two_resistances_in_a_row():
    open_ = np.array([[[True, True, False, True]]])
    ease = np.array([[[1.0, 3.0, 5.0, 1.0]]])
    faces = Medium(open_, (1.0, 1.0, 2.0), ease).faces(2, (slice(None),) * 3)
    assert faces.ravel().tolist() == [2 / (1 / 1 + 1 / 3) / 4, 0, 0]


def test_a_box_holds_what_is_there_and_a_margin_within_the_array():
    there = np.zeros((10, 10, 10), bool)
    there[1, 4:6, 9] = True
    assert around(there, 2) == (slice(0, 4), slice(2, 8), slice(7, 10))
    with pytest.raises(ValueError, match="No cell"):
        around(np.zeros((2, 2, 2), bool), 1)
