"""What of a cut is kept: the parts that hold a point inside, without holes, and how they stand in the scan."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from limner.image import Grid
from limner.infer.click.clicks import Box, Clicked, Clicks, Mask
from limner.infer.click.look import Look, box_around


def clean(mask: Mask, look: Look) -> Mask:
    """The parts that hold a point inside, and their holes; a hole with a point outside in it stays."""
    mask = _firmly_held(mask, look)
    holes, count = ndimage.label(~mask)
    open_ = {0, *np.unique(np.concatenate([holes[face].ravel() for face in _faces()])).tolist()}
    open_ |= set(holes[tuple(look.outside.T)].tolist())
    closed = np.array([k not in open_ for k in range(count + 1)])
    return np.asarray(mask | closed[holes])


def _firmly_held(mask: Mask, look: Look) -> Mask:
    """What hangs together with the points inside by more than a thread: a neck of two voxels is a leak."""
    core = ndimage.binary_erosion(mask, border_value=1)
    at = np.zeros(mask.shape, np.bool_)
    at[tuple(look.inside.T)] = True
    core |= ndimage.binary_dilation(at, iterations=2) & mask
    parts, _ = ndimage.label(core)
    kept = np.isin(parts, np.unique(parts[at])) & core
    grown = ndimage.binary_dilation(kept, iterations=2) & mask
    parts, _ = ndimage.label(grown)
    return np.asarray(np.isin(parts, np.unique(parts[at])) & grown)


def _faces() -> list[tuple[slice | int, ...]]:
    return [(slice(None),) * axis + (end,) for axis in range(3) for end in (0, -1)]


def fills(mask: Mask, box: Box, shape: Sequence[int]) -> bool:
    """Whether the mask stands at a face of the box that is not the scan's own."""
    for axis, (one, n) in enumerate(zip(box, shape, strict=True)):
        ends = ((0, one.start > 0), (-1, one.stop < n))
        if any(inner and mask[(slice(None),) * axis + (end,)].any() for end, inner in ends):
            return True
    return False


def tight(mask: Mask, look: Look, grid: Grid) -> Box:
    """The box of a mask of blocks with a margin, in voxels of the scan."""
    where = np.argwhere(mask)
    start = np.array([one.start for one in look.box])
    low, high = where.min(0) * look.factors + start, (where.max(0) + 1) * look.factors + start - 1
    return box_around(np.clip([low, high], 0, np.array(grid.shape) - 1), grid, 6.0)


def as_voxels(mask: Mask, look: Look, clicks: Clicks) -> Clicked:
    """Blocks as voxels, with a border that runs between block centres."""
    size = tuple(one.stop - one.start for one in look.box)
    start = np.array([one.start for one in look.box])
    if look.factors != (1, 1, 1):
        axes = [(np.arange(n) - (f - 1) / 2) / f for n, f in zip(size, look.factors, strict=True)]
        there = np.meshgrid(*axes, indexing="ij")
        mask = ndimage.map_coordinates(mask.astype(np.float32), there, order=1, mode="nearest") > 0.5
        for points, state in ((clicks.outside, False), (clicks.inside, True)):
            for point in np.array(points, np.intp).reshape(-1, 3) - start:
                if all(0 <= k < n for k, n in zip(point, size, strict=True)):
                    mask[tuple(point)] = state
    return Clicked((int(start[0]), int(start[1]), int(start[2])), np.asarray(mask))
