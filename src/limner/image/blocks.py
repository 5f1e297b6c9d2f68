"""Coarse pixels as means of fine ones. The fine pixels of a coarse one are told as slices that lie behind one another.

So what holds of thick and thin slices (:mod:`limner.image.thick`) holds of coarse and fine pixels, with ``factor²`` in
place of ``factor``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.image.grid import Grid


def blocks_as_slices(fine: NDArray[Any], factor: int) -> NDArray[Any]:
    """``(Z, factor · Y, factor · X)`` to ``(Z · factor², Y, X)``: the pixels of a block behind one another, by rows.

    Rows and columns that fill no block are dropped.

    >>> from limner.image import degrade
    >>> degrade(blocks_as_slices(np.arange(16.0).reshape(1, 4, 4), 2), 4).tolist()
    [[[2.5, 4.5], [10.5, 12.5]]]
    """
    z, y, x = fine.shape[0], fine.shape[1] // factor, fine.shape[2] // factor
    whole = fine[:, : y * factor, : x * factor].reshape(z, y, factor, x, factor)
    return np.ascontiguousarray(whole.transpose(0, 2, 4, 1, 3)).reshape(z * factor**2, y, x)


def slices_as_blocks(slices: NDArray[Any], factor: int) -> NDArray[Any]:
    """The inverse of :func:`blocks_as_slices`: ``(Z · factor², Y, X)`` to ``(Z, factor · Y, factor · X)``."""
    z, y, x = len(slices) // factor**2, *slices.shape[1:]
    apart = slices.reshape(z, factor, factor, y, x).transpose(0, 3, 1, 4, 2)
    return np.ascontiguousarray(apart).reshape(z, y * factor, x * factor)


def fine_grid(grid: Grid, factor: int) -> Grid:
    """The grid of the fine pixels: the same box in space, its outer edges where they were.

    >>> made = fine_grid(Grid.axial((2, 3, 3), (5, 1, 1)), 2)
    >>> made.shape, made.spacing_mm, made.world((0, 0, 0)).tolist(), made.world((0, 5, 5)).tolist()
    ((2, 6, 6), (5.0, 0.5, 0.5), [-0.25, -0.25, 0.0], [2.25, 2.25, 0.0])
    """
    z, y, x = grid.shape
    affine = grid.affine.copy()
    affine[:3, 1:3] /= factor
    first = (1 / factor - 1) / 2
    affine[:3, 3] = grid.world((0, first, first))
    return Grid((z, y * factor, x * factor), affine)
