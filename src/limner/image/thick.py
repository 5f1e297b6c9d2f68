"""Thick slices as means of thin ones, and where both stand in the world. Slices lie along the first axis.

A thick slice is the mean of the ``factor`` thin slices that it covers: a box as wide as the slice is thick. Its middle
lies between theirs, so that each thin slice is off by half a thin one, one and a half, ….
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.image.grid import Grid

Field = NDArray[np.float32]


def degrade(thin: NDArray[Any], factor: int) -> Field:
    """Thick slices: means over ``factor`` thin ones, ``(Z, …)`` to ``(Z // factor, …)``; what is left over is dropped.

    >>> degrade(np.arange(6.0).reshape(6, 1), 3).ravel().tolist()
    [1.0, 4.0]
    """
    count = len(thin) // factor
    whole = np.asarray(thin[: count * factor])
    return whole.reshape(count, factor, *whole.shape[1:]).mean(1, dtype=np.float64).astype(np.float32)


def repeat(thick: Field, factor: int) -> Field:
    """Each slice ``factor`` times: the adjoint of :func:`degrade` times ``factor``, and its right inverse."""
    return np.repeat(thick, factor, axis=0)


def thin_grid(grid: Grid, factor: int) -> Grid:
    """The grid of the thin slices: the same box in space, its outer faces where they were.

    >>> made = thin_grid(Grid.axial((2, 3, 3), (5, 1, 1)), 4)
    >>> made.shape, made.spacing_mm, made.world((0, 0, 0)).tolist(), made.world((7, 0, 0)).tolist()
    ((8, 3, 3), (1.25, 1.0, 1.0), [0.0, 0.0, -1.875], [0.0, 0.0, 6.875])
    """
    z, y, x = grid.shape
    affine = grid.affine.copy()
    affine[:3, 0] /= factor
    affine[:3, 3] = grid.world(((1 / factor - 1) / 2, 0, 0))
    return Grid((z * factor, y, x), affine)


def thick_grid(grid: Grid, factor: int) -> Grid:
    """The grid of thick slices; the inverse of :func:`thin_grid` where the slices divide."""
    z, y, x = grid.shape
    affine = grid.affine.copy()
    affine[:3, 0] *= factor
    affine[:3, 3] = grid.world(((factor - 1) / 2, 0, 0))
    return Grid((z // factor, y, x), affine)
