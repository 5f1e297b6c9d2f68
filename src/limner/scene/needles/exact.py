"""Clearances on voxels: from a straight needle to the nearest voxel of an obstacle, box for box."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.scene.lattice import Lattice
from limner.scene.needles.fields import Distance

Vector = NDArray[np.float64]
SAMPLES = np.linspace(-1, 1, 17)
ROUNDS = 3
"""Of a bracket of at most 20 mm, the least is found to 0.005 mm along the needle."""


def clearance_mm(
    one: Distance, lattice: Lattice, entry_mm: Vector, target_mm: Vector, enough_mm: float = np.inf
) -> tuple[float, Vector]:
    """The shortest distance between a needle's axis and the voxels of an obstacle.

    A voxel is a box. Cells say which voxels can be nearest: one lies within half a cell's diagonal of the middle of its
    cell, so cells that are farther than the nearest one by two of these hold none.

    Args:
        one: field of the obstacle.
        lattice: of cells and voxels.
        entry_mm: ``(3,)`` world.
        target_mm: ``(3,)`` world.
        enough_mm: what is surely farther than this is not measured; a bound is given.

    Returns:
        Millimetres (0 where the needle goes through), and the middle of the nearest voxel; for a bound, of any cell of
        the obstacle.
    """
    half = lattice.half_diagonal_mm
    low, high = one.corners
    first, last = np.minimum(entry_mm, target_mm), np.maximum(entry_mm, target_mm)
    apart = float(np.linalg.norm(np.maximum(np.maximum(low - last, first - high), 0)))
    if apart - half >= enough_mm:  # the boxes around both tell already
        return apart - half, one.surface[0]
    away = _from_line(one.surface, one.square, entry_mm, target_mm)
    least = float(away.min())
    if least - half >= enough_mm:
        return least - half, one.surface[int(away.argmin())]
    near = one.cells[away <= least + 2 * half + 1e-3]
    voxels = lattice.voxels(near)
    inside = voxels - one.obstacle.start
    boxed = np.flatnonzero(((inside >= 0) & (inside < one.obstacle.mask.shape)).all(axis=1))
    voxels = voxels[boxed[one.obstacle.mask[tuple(inside[boxed].T)]]]
    size = np.array(lattice.fine.spacing_mm)
    # in the frame of the voxels' axes a box is a box
    start, end = lattice.fine.index(entry_mm) * size, lattice.fine.index(target_mm) * size
    centers = voxels * size
    middle = _from_line(centers, np.einsum("ij,ij->i", centers, centers), start, end)
    keep = middle <= middle.min() + float(np.linalg.norm(size)) + 1e-6
    found = segment_to_boxes(start, end, centers[keep], size / 2)
    best = int(found.argmin())
    return float(found[best]), lattice.fine.world(voxels[keep][best])


def segment_to_boxes(start: Vector, end: Vector, centers: Vector, half: Vector) -> Vector:
    """Distances from a straight piece to boxes of one size, ``(N,)``.

    The distance from a point of the piece to a convex body is convex along the piece: its least value lies between the
    neighbours of the least of some samples, where samples are taken anew. The first ones surround the point that is
    nearest to the middle of the box: beyond √(2mδ + δ²) from there, m the distance of the middle from the line and δ
    what the box's corner is farther from its middle than its face, the box is farther.

    >>> boxes = np.array([[0.0, 0, 3], [0, 0, 0]])
    >>> segment_to_boxes(np.array([-5.0, 0, 0]), np.array([5.0, 0, 0]), boxes, np.full(3, 0.5)).round(6).tolist()
    [2.5, 0.0]
    """
    line = end - start
    length = max(float(np.linalg.norm(line)), 1e-9)
    toward = line / length
    along = np.clip((centers - start) @ toward, 0, length)
    apart = np.linalg.norm(centers - start - along[:, None] * toward, axis=1)
    spare = float(np.linalg.norm(half) - half.min())
    reach = np.sqrt(2 * apart * spare + spare**2) + 1e-6
    best = np.full(len(centers), np.inf)
    for _ in range(ROUNDS):
        at = np.clip(along[:, None] + reach[:, None] * SAMPLES, 0, length)
        beyond = np.abs(start + at[..., None] * toward - centers[:, None]) - half
        np.maximum(beyond, 0, out=beyond)
        away = np.einsum("ijk,ijk->ij", beyond, beyond)
        least = away.argmin(axis=1)
        best = np.minimum(best, away[np.arange(len(best)), least])
        along = at[np.arange(len(best)), least]
        reach = reach * (SAMPLES[1] - SAMPLES[0])
    return np.sqrt(best)


def _from_line(points: Vector, square: Vector, start: Vector, end: Vector) -> Vector:
    """Distances of points, with their squared lengths, from a straight piece, ``(N,)``.

    With s along the piece: |p − a|² − 2 s c + s², c the part of p − a along it and s that part held on the piece. Two
    products with all points, no copy of them.
    """
    length = max(float(np.linalg.norm(end - start)), 1e-9)
    toward = (end - start) / length
    both = points @ np.stack([toward, start], axis=1)
    along = both[:, 0] - float(start @ toward)
    held = np.clip(along, 0, length)
    found = square + float(start @ start) - 2 * both[:, 1] + held * (held - 2 * along)
    return np.sqrt(np.maximum(found, 0))
