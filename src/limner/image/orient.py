"""Turning the axes of an array without touching its place in the world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.image.grid import Grid


def to_axial(grid: Grid) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    """The permutation and flips of index axes that bring a grid nearest to ``SPL`` (Z head, Y back, X left).

    Returns:
        ``(order, flips)``: the new axis k is the old axis ``order[k]``, reversed where ``flips[k]``.
    """
    cosines = grid.direction[::-1].copy()  # rows: z, y, x of the world; columns: index axes
    order = [-1, -1, -1]
    for _ in range(3):
        row, column = np.unravel_index(int(np.abs(cosines).argmax()), (3, 3))
        order[int(row)] = int(column)
        cosines[row, :] = 0.0
        cosines[:, column] = 0.0
    flips = tuple(bool(grid.direction[2 - k, order[k]] < 0) for k in range(3))
    return (order[0], order[1], order[2]), (flips[0], flips[1], flips[2])


def reorient(array: NDArray[Any], grid: Grid, order: Sequence[int], flips: Sequence[bool]) -> tuple[NDArray[Any], Grid]:
    """The same voxels with permuted and flipped axes; every voxel keeps its world position.

    >>> grid = Grid.axial((2, 3, 4), (1, 1, 1))
    >>> turned, there = reorient(np.zeros((2, 3, 4)), grid, (2, 1, 0), (True, False, False))
    >>> turned.shape, there.world((0, 0, 0)).tolist()
    ((4, 3, 2), [3.0, 0.0, 0.0])
    """
    turned = np.transpose(array, order)[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
    return np.ascontiguousarray(turned), reorient_grid(grid, order, flips)


def reorient_grid(grid: Grid, order: Sequence[int], flips: Sequence[bool]) -> Grid:
    """The same lattice with permuted and flipped axes; what :func:`reorient` gives beside the array.

    >>> reorient_grid(Grid.axial((2, 3, 4), (1, 1, 1)), (0, 1, 2), (True, False, False)).axis_codes
    'IPL'
    """
    shape = [grid.shape[axis] for axis in order]
    step = np.zeros((4, 4))
    step[3, 3] = 1.0
    for new, (old, flip) in enumerate(zip(order, flips, strict=True)):
        step[old, new] = -1.0 if flip else 1.0
        if flip:
            step[old, 3] = shape[new] - 1
    return Grid((shape[0], shape[1], shape[2]), grid.affine @ step)
