"""The flat cuts that take least: every direction at once, each at the offset that keeps the margin exactly.

A plane with normal n (towards the tumour) keeps a tumour T at least m away where its offset c is at most the lowest
value of n · x over T, less m: the support function of T widened by a ball of m, in closed form from the corners of T's
convex hull. So each direction has one best plane, and only directions are searched: points of a Fibonacci sphere, then
a cubic fitted to the resected volume around the best of them.

Source: support functions of Minkowski sums, Schneider R, Convex Bodies, 2nd ed., section 1.7; Fibonacci lattice,
González Á, Mathematical Geosciences 42:49-64, 2010.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.scene.resection.case import Case, Lesion
from limner.scene.resection.cuts import Plane

Float = NDArray[np.float64]
DIRECTIONS = 800
APART_DEG = 25.0
CONES_DEG = (20.0, 25.0, 25.0)
WORSE = 1.01
"""A fit that takes this much more than its start has misled: the liver is no smooth body."""


@dataclass(frozen=True, eq=False)
class Flat:
    """A plane and what it takes.

    Args:
        plane: the cut.
        resected_ml: functional liver, on the lattice of the search.
    """

    plane: Plane
    resected_ml: float


def fibonacci_sphere(count: int) -> Float:
    """Unit vectors spread evenly over the sphere, ``(count, 3)``."""
    k = np.arange(count) + 0.5
    z = 1 - 2 * k / count
    around = np.pi * (1 + 5**0.5) * k
    ring = np.sqrt(1 - z * z)
    return np.stack([ring * np.cos(around), ring * np.sin(around), z], axis=1)


def best_planes(
    case: Case, lesions: Sequence[Lesion], margin_mm: float, count: int = 6, *, refine: bool = True
) -> list[Flat]:
    """Planes that hold some lesions with their margin and take the least, in directions that differ.

    Args:
        case: the liver.
        lesions: all of them lie on the side that is taken out.
        margin_mm: between their surface and the plane.
        count: of directions at most, 25° apart.
        refine: each to the least around it; else they stay within some 4° of it.

    Returns:
        By rising resected volume.
    """
    corners = np.concatenate([one.hull_mm for one in lesions])
    normals = fibonacci_sphere(DIRECTIONS)
    taken = resected_ml(case, normals, offsets(corners, normals, margin_mm))
    chosen: list[int] = []
    for k in np.argsort(taken, kind="stable"):
        if all(normals[k] @ normals[one] < np.cos(np.radians(APART_DEG)) for one in chosen):
            chosen.append(int(k))
        if len(chosen) == count:
            break
    better = _refined if refine else _flat
    found = [better(case, corners, normals[k], margin_mm) for k in chosen]
    kept: list[Flat] = []
    for one in sorted(found, key=lambda one: one.resected_ml):
        if all(one.plane.normal @ other.plane.normal < np.cos(np.radians(APART_DEG)) for other in kept):
            kept.append(one)  # several starts may have gone down to one least
    return kept


def offsets(corners: Float, normals: Float, margin_mm: float) -> Float:
    """The offset of each direction's plane that keeps the margin exactly, ``(K,)``."""
    return (corners @ normals.T).min(axis=0) - margin_mm


def resected_ml(case: Case, normals: Float, offset_mm: Float, *, fine: bool = False) -> Float:
    """Functional liver beyond many planes at once, ``(K,)`` ml.

    Args:
        case: the liver.
        normals: ``(K, 3)``.
        offset_mm: ``(K,)``.
        fine: on every block, instead of on blocks of eight.
    """
    points, ml, width = case.lattice.coarse
    if fine:
        points, ml, width = case.lattice.points_mm, case.functional, case.lattice.width_mm()
    found = np.empty(len(normals))
    offset = (offset_mm / width - 0.5).astype(np.float32)
    for k, normal in enumerate((normals / width).astype(np.float32)):  # a direction at a time stays in the cache
        share = points @ normal
        share -= offset[k]
        np.maximum(share, 0, out=share)
        np.minimum(share, 1, out=share)
        found[k] = ml @ share
    return found


def plane_at(normal: Float, offset_mm: float, near_mm: Float) -> Plane:
    """The plane of a normal and an offset; its point is the one nearest to another point."""
    return Plane(near_mm + normal * (offset_mm - near_mm @ normal), normal)


def _refined(case: Case, corners: Float, normal: Float, margin_mm: float) -> Flat:
    """The bottom of a cubic fitted to the resected volume in a cone around a direction.

    The volume is flat around its least, and the voxels of the tumour make its support rough by tenths of a millimetre:
    a fit over a wide cone averages that out, where the lowest sample would be some degrees off.
    """
    start = _flat(case, corners, normal, margin_mm)
    for degrees, fine in zip(CONES_DEG, (False, False, True), strict=True):
        u, v = _beside(normal)
        around = _disc(np.radians(degrees))
        tried = normal + around[:, :1] * u + around[:, 1:] * v
        tried /= np.linalg.norm(tried, axis=1, keepdims=True)
        taken = resected_ml(case, tried, offsets(corners, tried, margin_mm), fine=fine)
        step = _bottom(around / np.radians(degrees), taken) * np.radians(degrees)
        normal = normal + step[0] * u + step[1] * v
        normal = normal / np.linalg.norm(normal)
    found = _flat(case, corners, normal, margin_mm)
    return found if found.resected_ml < WORSE * start.resected_ml else start


def _flat(case: Case, corners: Float, normal: Float, margin_mm: float) -> Flat:
    offset = offsets(corners, normal[None], margin_mm)
    taken = resected_ml(case, normal[None], offset)
    return Flat(plane_at(normal, float(offset[0]), corners.mean(axis=0)), float(taken[0]))


def _beside(normal: Float) -> tuple[Float, Float]:
    """Two unit vectors that make a right-handed frame with a third."""
    axis = np.eye(3)[int(np.abs(normal).argmin())]
    u = np.cross(axis, normal)
    u /= np.linalg.norm(u)
    return u, np.cross(normal, u)


def _disc(radius: float) -> Float:
    """Places on a disc, ``(61, 2)``: its middle and five rings."""
    rings = [np.zeros((1, 2))]
    for k in range(1, 6):
        angles = (np.arange(12) + k / 2) * np.pi / 6
        rings.append(radius * k / 5 * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    return np.concatenate(rings)


def _bottom(places: Float, values: Float) -> Float:
    """Where a cubic fitted to values on the unit disc is least, on the disc."""

    def terms(x: Float, y: Float) -> Float:
        return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y, x**3, x * x * y, x * y * y, y**3], axis=-1)

    fitted = np.linalg.lstsq(terms(*places.T), values, rcond=None)[0]
    lowest = places[int((terms(*places.T) @ fitted).argmin())]
    from scipy.optimize import minimize  # a tenth of a second, for those who only set rules

    found = minimize(lambda at: float(terms(*at) @ fitted), lowest, method="Nelder-Mead", options={"xatol": 1e-4}).x
    return np.asarray(found / max(1.0, float(np.linalg.norm(found))))
