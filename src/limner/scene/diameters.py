"""Diameters of a structure, from its surface to a fraction of a voxel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist, squareform

from limner.scene.field import crossings, reduced, shape_field, slice_field
from limner.scene.parts import Part

Points = NDArray[np.float64]
SIGMA = 0.8
"""Smoothing in voxels: it takes the corners off voxels and hardly shrinks."""


@dataclass(frozen=True)
class Axial:
    """The diameters that RECIST reads on one axial slice, mm.

    Args:
        longest_mm: longest in-plane diameter of all slices.
        short_mm: longest diameter perpendicular to it on the same slice.
    """

    longest_mm: float
    short_mm: float


def surface_points(part: Part, cells: float = 4e5) -> Points:
    """Points on the surface of a part to a fraction of a voxel, ``(N, 3)`` world mm.

    Args:
        part: the structure.
        cells: about how many cells the field may have; beyond, it is coarser than the voxels.
    """
    spacing = part.grid.spacing_mm
    box_mm3 = float(np.prod([(size + 4) * step for size, step in zip(part.mask.shape, spacing, strict=True)]))
    target = max(min(spacing), (box_mm3 / cells) ** (1 / 3))
    small, factors = reduced(part.mask, spacing, target)
    z, y, x = (step * factor for step, factor in zip(spacing, factors, strict=True))
    field = shape_field(small, (z, y, x), target, SIGMA * target, faithful=True)
    return part.grid.world(crossings(field) * factors + (np.array(factors) - 1) / 2)


def longest_diameter_mm(points_mm: Points) -> float:
    """The largest distance between two points: between two corners of their convex hull."""
    return float(pdist(_hull(points_mm)).max(initial=0.0))


def axial_diameters(part: Part) -> Axial:
    """RECIST's diameters of a part on the slices nearest to the axial plane.

    Source: Eisenhauer EA et al. New response evaluation criteria in solid tumours (RECIST 1.1). Eur J Cancer
    45:228-247, 2009: the longest diameter in the plane of measurement, and the short axis perpendicular to it.
    """
    slice_axis = int(np.abs(part.grid.direction[2]).argmax())
    in_plane = tuple(axis for axis in range(3) if axis != slice_axis)
    field = slice_field(part.mask, part.grid.spacing_mm, slice_axis, SIGMA)
    points = crossings(field, axes=in_plane)
    slices = np.rint(points[:, slice_axis]).astype(int)
    flat = (points * part.grid.spacing_mm)[:, in_plane]
    best = Axial(0.0, 0.0)
    for one in np.unique(slices):
        found = _calipers(flat[slices == one])
        if found.longest_mm > best.longest_mm:
            best = found
    return best


def _calipers(points: Points) -> Axial:
    corners = _hull(points)
    distances = squareform(pdist(corners))
    if not distances.size:
        return Axial(0.0, 0.0)
    a, b = np.unravel_index(int(distances.argmax()), distances.shape)
    longest = float(distances[a, b])
    if longest == 0:
        return Axial(0.0, 0.0)
    along = (corners[b] - corners[a]) / longest
    return Axial(longest, _widest(corners @ along, corners @ np.array([-along[1], along[0]])))


def _widest(along: NDArray[np.float64], across: NDArray[np.float64]) -> float:
    """The longest chord of a convex polygon across an axis: its width changes slope only at corners."""
    widths = []
    axis = across[[int(along.argmin()), int(along.argmax())]].mean()
    for side in (1, -1):
        here = side * (across - axis) >= 0
        order = np.argsort(along[here])
        widths.append(np.interp(along, along[here][order], side * (across - axis)[here][order], left=0.0, right=0.0))
    return float((widths[0] + widths[1]).max())


def _hull(points: Points) -> Points:
    """The corners of the convex hull; all points where they are too few or flat."""
    try:
        return points[ConvexHull(points).vertices]
    except (QhullError, ValueError):
        return points[:2000]
