"""Solids with exact volumes and distances, in world millimetres: what phantoms are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

Points = NDArray[np.float64]
Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid with axes along the world's.

    Args:
        center_mm: LPS.
        radii_mm: along x, y, z.
    """

    center_mm: Vector
    radii_mm: Vector

    @property
    def volume_mm3(self) -> float:
        """4/3 π abc."""
        return float(4 / 3 * np.pi * np.prod(self.radii_mm))

    def box(self) -> tuple[Points, Points]:
        """Lowest and highest corner, LPS mm."""
        return np.subtract(self.center_mm, self.radii_mm), np.add(self.center_mm, self.radii_mm)

    def holds(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Which points lie inside; ``(..., 3)`` LPS mm."""
        return (((points - np.array(self.center_mm, points.dtype)) / np.array(self.radii_mm, points.dtype)) ** 2).sum(
            axis=-1
        ) <= 1

    def depth_mm(self, point: ArrayLike) -> float:
        """From a point inside to the nearest point of the surface.

        Source: Eberly D. Distance from a point to an ellipse, an ellipsoid, or a hyperellipsoid. Geometric Tools, 2013:
        the nearest point is ``e² y / (t + e²)`` at the largest root t of ``Σ (e y / (t + e²))² = 1``.
        """
        away = np.abs(np.subtract(point, self.center_mm))
        radii = np.array(self.radii_mm)
        least = int(radii.argmin())
        away[least] = max(away[least], 1e-9)  # on the middle plane the root is a limit

        def excess(t: float) -> float:
            return float(((radii * away / (t + radii**2)) ** 2).sum() - 1)

        low = -(radii[least] ** 2) + radii[least] * away[least]
        root = brentq(excess, low - 1e-12 * abs(low), float(np.linalg.norm(radii * away)) + 1, xtol=1e-12)
        return float(np.linalg.norm(away - radii**2 * away / (root + radii**2)))


@dataclass(frozen=True)
class Capsule:
    """All points within a radius of a straight line from one end to the other."""

    start_mm: Vector
    end_mm: Vector
    radius_mm: float

    @property
    def volume_mm3(self) -> float:
        """A cylinder and two half balls."""
        length = float(np.linalg.norm(np.subtract(self.end_mm, self.start_mm)))
        return float(np.pi * self.radius_mm**2 * (length + 4 / 3 * self.radius_mm))

    def box(self) -> tuple[Points, Points]:
        """Lowest and highest corner, LPS mm."""
        ends = np.array([self.start_mm, self.end_mm])
        return ends.min(axis=0) - self.radius_mm, ends.max(axis=0) + self.radius_mm

    def holds(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Which points lie inside; ``(..., 3)`` LPS mm."""
        return self.away_mm(points) <= self.radius_mm

    def away_mm(self, points: ArrayLike) -> NDArray[np.floating]:
        """Distance of points ``(..., 3)`` from the line."""
        there = np.asarray(points)
        kind = there.dtype if there.dtype == np.float32 else np.dtype(np.float64)
        start, line = np.array(self.start_mm, kind), np.subtract(self.end_mm, self.start_mm).astype(kind)
        along = np.clip(((there - start) @ line) / float(line @ line), 0, 1)
        return np.asarray(np.linalg.norm(there - start - along[..., None] * line, axis=-1))


@dataclass(frozen=True)
class Cylinder:
    """An elliptic cylinder along z: the trunk.

    Args:
        center_mm: LPS.
        radii_mm: along x and y, and half its length along z.
    """

    center_mm: Vector
    radii_mm: Vector

    @property
    def volume_mm3(self) -> float:
        """π ab · length."""
        return float(2 * np.pi * np.prod(self.radii_mm))

    def box(self) -> tuple[Points, Points]:
        """Lowest and highest corner, LPS mm."""
        return np.subtract(self.center_mm, self.radii_mm), np.add(self.center_mm, self.radii_mm)

    def holds(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Which points lie inside; ``(..., 3)`` LPS mm."""
        part = (points - np.array(self.center_mm, points.dtype)) / np.array(self.radii_mm, points.dtype)
        return np.asarray((part[..., 0] ** 2 + part[..., 1] ** 2 <= 1) & (np.abs(part[..., 2]) <= 1))


Solid = Ellipsoid | Capsule | Cylinder


def resized(solid: Solid, size: float) -> Solid:
    """A solid made larger or smaller around the world's origin."""
    if isinstance(solid, Capsule):
        ends = (vector(np.multiply(solid.start_mm, size)), vector(np.multiply(solid.end_mm, size)))
        return Capsule(*ends, solid.radius_mm * size)
    return replace(
        solid,
        center_mm=vector(np.multiply(solid.center_mm, size)),
        radii_mm=vector(np.multiply(solid.radii_mm, size)),
    )


def vector(values: ArrayLike) -> Vector:
    """Three numbers as a tuple of floats."""
    x, y, z = (float(one) for one in np.asarray(values))
    return x, y, z
