"""A liver on a small lattice of fixed shape that its box fills: the size and place of a liver say little."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.image import Grid, resample_array
from limner.scene.parts import Box, Mask

SHAPE = (24, 32, 40)
"""Cells along ``(Z, Y, X)``, near 7 × 6 × 5 mm in an adult; one of them lies outside the liver on every side."""

Float4 = NDArray[np.float32]


def box_of(liver_mask: Mask, grid: Grid) -> Grid:
    """The lattice: axial, whatever the grid is, around all voxels of the liver.

    Args:
        liver_mask: ``(Z, Y, X)`` bool, not empty.
        grid: of the mask.
    """
    world = grid.world(np.argwhere(liver_mask))
    half = np.abs(grid.affine[:3, :3]).sum(axis=1) / 2
    low, high = world.min(axis=0) - half, world.max(axis=0) + half
    spacing = (high - low)[::-1] / (np.array(SHAPE) - 2)
    return Grid.axial(SHAPE, spacing, low - 0.5 * spacing[::-1])


def shares(masks: list[Mask], grid: Grid, lattice: Grid) -> Float4:
    """How much of each cell each mask fills, ``(C, Z, Y, X)`` float32.

    Args:
        masks: on one grid.
        grid: theirs.
        lattice: of :func:`box_of`.
    """
    box = around(lattice, grid)
    small = grid.crop([one.start for one in box], tuple(one.stop - one.start for one in box))  # type: ignore[arg-type]
    # a cell holds many voxels: what a point of it sees is their mean
    sigma = [
        0.5 * to / step if to > step else 0.0 for to, step in zip(lattice.spacing_mm, grid.spacing_mm, strict=True)
    ]
    found = [
        resample_array(ndimage.gaussian_filter(one[box].astype(np.float32), sigma, truncate=3.0), small, lattice)
        for one in masks
    ]
    return np.stack(found)


def around(lattice: Grid, grid: Grid) -> Box:
    """The part of a grid that a lattice covers."""
    corners = np.array(np.meshgrid(*[(-1, n) for n in lattice.shape], indexing="ij")).reshape(3, -1).T
    index = grid.index(lattice.world(corners))
    low = np.clip(np.floor(index.min(axis=0)), 0, np.array(grid.shape) - 1).astype(int)
    high = np.clip(np.ceil(index.max(axis=0)) + 1, low + 1, grid.shape).astype(int)
    return slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2])


def channels(liver: Float4, vessels: Float4 | None) -> Float4:
    """What the net sees, ``(6, Z, Y, X)``: liver, vessels, whether these are known, and each cell's place from -1 to 1.

    Args:
        liver: ``(Z, Y, X)`` shares.
        vessels: the same of vessels; None where there are none.
    """
    known = np.full(SHAPE, 0.0 if vessels is None else 1.0, np.float32)
    shown = np.zeros(SHAPE, np.float32) if vessels is None else vessels
    ways = [(2 * np.arange(n, dtype=np.float32) + 1) / n - 1 for n in SHAPE]
    z, y, x = np.meshgrid(*ways, indexing="ij")
    return np.stack([liver, shown, known, x, y, z]).astype(np.float32)
