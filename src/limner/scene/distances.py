"""Distances between structures, surface to surface, to a fraction of a voxel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from limner.image import Grid
from limner.scene.diameters import Points
from limner.scene.field import crossings, reduced, shape_field
from limner.scene.parts import Box, Mask, Part

COARSE_MM = 2.5
CELLS = 1e6


@dataclass(frozen=True, eq=False)
class Target:
    """A structure that distances are measured to.

    Args:
        part: the structure.
        grid: of the label map that it was cut from.
    """

    part: Part
    grid: Grid

    @cached_property
    def _coarse(self) -> tuple[cKDTree, float]:
        """Its border on a coarse lattice, and how far a true border point may be from there."""
        spacing = self.part.grid.spacing_mm
        block = [max(1, int(COARSE_MM / step + 0.25)) for step in spacing]
        # any voxel counts: a thin vessel must not get lost
        small = np.logical_or.reduceat(self.part.mask, np.arange(0, self.part.mask.shape[0], block[0]), axis=0)
        small = np.logical_or.reduceat(small, np.arange(0, small.shape[1], block[1]), axis=1)
        small = np.logical_or.reduceat(small, np.arange(0, small.shape[2], block[2]), axis=2)
        # where the image ends, a structure goes on: that is no border
        ends = [(one.start > 0, one.stop < size) for one, size in zip(self.part.box, self.grid.shape, strict=True)]
        outside = np.pad(~small, [(1, 1)] * 3)
        for axis, sides in enumerate(ends):
            for free, end in zip(sides, (0, -1), strict=True):
                outside[(slice(None),) * axis + (end,)] = free
        border = small & ndimage.binary_dilation(outside)[1:-1, 1:-1, 1:-1]
        index = np.argwhere(border) * block + (np.array(block) - 1) / 2
        slack = float(np.linalg.norm(np.array(block) * spacing))
        return cKDTree(self.part.grid.world(index)), slack

    def candidates(self, points: Points) -> tuple[Points, Points, float]:
        """Where the nearest pair may be.

        Returns:
            Those of the points that may be nearest to the structure, coarse border points of the structure that may be
            nearest to them, and how far from these the true border may be.
        """
        tree, slack = self._coarse
        most = float(tree.query(points[:: max(1, len(points) // 1000)])[0].min()) + 2 * slack
        own = points[tree.query(points, distance_upper_bound=most)[0] <= most]
        there = np.asarray(tree.data)
        return own, there[cKDTree(own).query(there, distance_upper_bound=most)[0] <= most], slack


def distance_mm(lesion: Part, target: Target, surface_mm: Points, *, inside: bool = False) -> float:
    """The shortest distance from a lesion's surface to the surface of another structure.

    Args:
        lesion: from here.
        target: to there.
        surface_mm: points on the lesion's surface, ``(N, 3)`` world mm
            (:func:`limner.scene.diameters.surface_points`).
        inside: the lesion lies in the structure, and the way goes outward to its surface (a capsule). Where the
            image cuts the structure off there is no surface.

    Returns:
        Millimetres; 0 where the two touch (a common voxel face), or where the lesion breaks through the surface.
        Infinity where an organ has no surface within reach in the image.
    """
    if _touch(lesion, target, inside):
        return 0.0
    own, there, slack = target.candidates(surface_mm)
    other = _points_near(there, target, slack) if len(there) else there
    if not len(other):
        return float("inf")
    return float(cKDTree(other).query(own)[0].min())


def _touch(lesion: Part, target: Target, inside: bool) -> bool:
    box = _grown(lesion.box, (1, 1, 1), target.grid.shape)
    ring = ndimage.binary_dilation(_placed(lesion, box))
    there = _placed(target.part, box)
    return bool((ring & (~there if inside else there)).any())


def _points_near(there: Points, target: Target, slack_mm: float) -> Points:
    """Surface points of the target around some points, ``(N, 3)`` world mm."""
    spacing = target.grid.spacing_mm
    index = target.grid.index(there)
    margin = slack_mm / np.array(spacing) + 2
    low = np.clip(np.floor(index.min(axis=0) - margin), 0, None).astype(int)
    high = np.minimum(np.ceil(index.max(axis=0) + margin).astype(int) + 1, target.grid.shape)
    box = slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2])
    mask = _placed(target.part, box)
    box_mm3 = float(np.prod([size * step for size, step in zip(mask.shape, spacing, strict=True)]))
    aim = max(min(spacing), (box_mm3 / CELLS) ** (1 / 3))
    small, factors = reduced(mask, spacing, aim)
    z, y, x = (step * factor for step, factor in zip(spacing, factors, strict=True))
    field = shape_field(small, (z, y, x), aim, 0.7 * aim, closed=False, faithful=True)
    found = crossings(field) * factors + (np.array(factors) - 1) / 2 + low
    return target.grid.world(found)


def _placed(part: Part, box: Box) -> Mask:
    """A part's mask inside another box of the same label map."""
    out = np.zeros([one.stop - one.start for one in box], bool)
    starts = [max(a.start, b.start) for a, b in zip(part.box, box, strict=True)]
    stops = [min(a.stop, b.stop) for a, b in zip(part.box, box, strict=True)]
    if all(stop > start for start, stop in zip(starts, stops, strict=True)):
        here = tuple(slice(i - b.start, j - b.start) for i, j, b in zip(starts, stops, box, strict=True))
        there = tuple(slice(i - a.start, j - a.start) for i, j, a in zip(starts, stops, part.box, strict=True))
        out[here] = part.mask[there]
    return out


def _grown(box: Box, margin: NDArray[np.int_] | list[int] | tuple[int, ...], shape: tuple[int, int, int]) -> Box:
    z, y, x = (
        slice(max(0, one.start - by), min(size, one.stop + by))
        for one, by, size in zip(box, margin, shape, strict=True)
    )
    return z, y, x


def near_labels(lesion: Part, values: NDArray[np.unsignedinteger], grid: Grid, within_mm: float) -> set[int]:
    """The label values in a lesion's box grown by a distance."""
    margin = [int(np.ceil(within_mm / step)) for step in grid.spacing_mm]
    counts = np.bincount(values[_grown(lesion.box, margin, grid.shape)].ravel())
    return {int(value) for value in np.nonzero(counts)[0]}
