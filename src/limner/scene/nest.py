"""Surfaces that lie inside one another without touching.

A tumour at the border of the liver shares its surface with the liver. Two skins in one place flicker where they are
drawn, so the outer one is lifted there by a fraction of a millimetre.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from limner.image import Mesh

GAP_MM = 0.4
REACH_MM = 4.0


def lift(outer: Mesh, inner: Mesh) -> Mesh:
    """The outer surface, moved outward where the inner one touches or pierces it.

    Args:
        outer: of an organ.
        inner: of a lesion in it.

    Returns:
        A mesh with the outer's faces; only vertices within :data:`REACH_MM` of the inner surface moved.
    """
    points = outer.vertices_mm.astype(np.float64)
    low, high = inner.vertices_mm.min(axis=0) - REACH_MM, inner.vertices_mm.max(axis=0) + REACH_MM
    near = np.flatnonzero(((points > low) & (points < high)).all(axis=1))
    if not len(near):
        return outer
    away, nearest = cKDTree(inner.vertices_mm).query(points[near], distance_upper_bound=REACH_MM)
    near, nearest = near[np.isfinite(away)], nearest[np.isfinite(away)]
    if not len(near):
        return outer
    outward, skin = normals(outer)[near], normals(inner)[nearest]
    height = ((points[near] - inner.vertices_mm[nearest]) * skin).sum(axis=1)
    facing = (outward * skin).sum(axis=1)
    short = np.where(facing > 0.3, np.clip(GAP_MM - height, 0.0, REACH_MM / 2), 0.0)
    points[near] += outward * short[:, None]
    return replace(outer, vertices_mm=points.astype(np.float32))


def normals(mesh: Mesh) -> NDArray[np.float64]:
    """Unit normals at the vertices, ``(N, 3)``: every face adds its area times its direction to its corners."""
    points = mesh.vertices_mm.astype(np.float64)
    a, b, c = (points[mesh.faces[:, k]] for k in range(3))
    crosses = np.cross(b - a, c - a)
    sums = np.zeros_like(points)
    for corner in range(3):
        for axis in range(3):
            sums[:, axis] += np.bincount(mesh.faces[:, corner], crosses[:, axis], minlength=len(points))
    return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
