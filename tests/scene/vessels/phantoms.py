"""Tubes with known axes and radii, painted into masks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from limner.image import Grid


@dataclass(frozen=True)
class Tube:
    """A capsule: from one point to another (LPS mm), with a radius at either end."""

    start: tuple[float, float, float]
    stop: tuple[float, float, float]
    radius: float
    thin: float | None = None

    @property
    def length(self) -> float:
        return float(np.linalg.norm(np.subtract(self.start, self.stop)))


def painted(grid: Grid, tubes: Iterable[Tube]) -> np.ndarray:
    """Voxels whose centres lie in a tube."""
    world = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1))
    mask = np.zeros(grid.shape, bool)
    for one in tubes:
        way = np.subtract(one.stop, one.start)
        share = np.clip((world - one.start) @ way / (way @ way), 0, 1)
        radius = one.radius + ((one.radius if one.thin is None else one.thin) - one.radius) * share
        mask |= np.linalg.norm(world - one.start - share[..., None] * way, axis=-1) <= radius
    return mask


def ball(grid: Grid, center: tuple[float, float, float], radii: tuple[float, float, float]) -> np.ndarray:
    world = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1))
    return np.asarray((((world - center) / radii) ** 2).sum(axis=-1) <= 1)


FORK = (
    Tube((0.0, 0.0, -55.0), (0.0, 0.0, -10.0), 6.0),
    Tube((0.0, 0.0, -10.0), (-30.0, 0.0, 20.0), 4.0),
    Tube((0.0, 0.0, -10.0), (30.0, 0.0, 20.0), 4.0),
    Tube((-30.0, 0.0, 20.0), (-42.0, 20.0, 40.0), 2.5),
    Tube((-30.0, 0.0, 20.0), (-30.0, -20.0, 40.0), 2.5),
)
"""A trunk, its two branches, and two branches of the first."""


def room(spacing_mm: tuple[float, float, float]) -> Grid:
    """120 × 100 × 110 mm around :data:`FORK`."""
    z, y, x = (round(size / step) for size, step in zip((120, 100, 110), spacing_mm, strict=True))
    return Grid.axial((z, y, x), spacing_mm, (-55.0, -50.0, -65.0))
