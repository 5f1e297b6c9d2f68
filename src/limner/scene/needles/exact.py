"""Clearances on voxels: from a straight needle to the nearest voxel of an obstacle, box for box."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.scene.lattice import Lattice
from limner.scene.needles.fields import Distance

Vector = NDArray[np.float64]
HALVINGS = 24


def clearance_mm(one: Distance, lattice: Lattice, entry_mm: Vector, target_mm: Vector) -> tuple[float, Vector]:
    """The shortest distance between a needle's axis and the voxels of an obstacle.

    A voxel is a box. Cells say which voxels can be nearest: one lies within half a cell's diagonal of the middle of its
    cell, so cells that are farther than the nearest one by two of these hold none.

    Args:
        one: field of the obstacle.
        lattice: of cells and voxels.
        entry_mm: ``(3,)`` world.
        target_mm: ``(3,)`` world.

    Returns:
        Millimetres (0 where the needle goes through), and the middle of the nearest voxel.
    """
    away = _from_line(one.surface, entry_mm.astype(np.float32), target_mm.astype(np.float32))
    least, half = float(away.min()), lattice.half_diagonal_mm
    near = one.cells[away <= least + 2 * half + 1e-3]
    voxels = lattice.voxels(near)
    inside = voxels - one.obstacle.start
    there = ((inside >= 0) & (inside < one.obstacle.mask.shape)).all(axis=1)
    there[there] = one.obstacle.mask[tuple(inside[there].T)]
    voxels = voxels[there]
    size = np.array(lattice.fine.spacing_mm)
    # in the frame of the voxels' axes a box is a box
    start, end = lattice.fine.index(entry_mm) * size, lattice.fine.index(target_mm) * size
    centers = voxels * size
    middle = _from_line(centers, start, end)
    keep = middle <= middle.min() + float(np.linalg.norm(size)) + 1e-6
    found = segment_to_boxes(start, end, centers[keep], size / 2)
    best = int(found.argmin())
    return float(found[best]), lattice.fine.world(voxels[keep][best])


def segment_to_boxes(start: Vector, end: Vector, centers: Vector, half: Vector) -> Vector:
    """Distances from a straight piece to boxes of one size, ``(N,)``.

    The distance from a point of the piece to a convex body is convex along the piece: its least value is found by
    golden sections.

    >>> boxes = np.array([[0.0, 0, 3], [0, 0, 0]])
    >>> segment_to_boxes(np.array([-5.0, 0, 0]), np.array([5.0, 0, 0]), boxes, np.full(3, 0.5)).round(6).tolist()
    [2.5, 0.0]
    """
    ratio = (np.sqrt(5) - 1) / 2
    low, high = np.zeros(len(centers)), np.ones(len(centers))

    def away(t: Vector) -> Vector:
        beyond = np.abs(start + t[:, None] * (end - start) - centers) - half
        return np.linalg.norm(np.maximum(beyond, 0), axis=1)

    first, second = high - ratio * (high - low), low + ratio * (high - low)
    at_first, at_second = away(first), away(second)
    for _ in range(HALVINGS + 6):
        left = at_first <= at_second
        high, low = np.where(left, second, high), np.where(left, low, first)
        first, second = high - ratio * (high - low), low + ratio * (high - low)
        at_first, at_second = away(first), away(second)
    return np.minimum(at_first, at_second)


def _from_line(points: NDArray[np.floating], start: NDArray[np.floating], end: NDArray[np.floating]) -> Vector:
    """Distances of points from a straight piece, ``(N,)``."""
    line = end - start
    along = np.clip((points - start) @ line / max(float(line @ line), 1e-12), 0, 1)
    apart = points - start
    apart -= along[:, None] * line
    return np.sqrt(np.einsum("ij,ij->i", apart, apart))
