"""Branching tubes: vessels and airways of phantoms, sampled first, then painted with soft edges."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from limner.image import Grid

Points = NDArray[np.float64]
Inside = Callable[[Points], NDArray[np.bool_]]
"""Which of some points ``(N, 3)``, mm LPS, a tree may grow to."""

TRIES = 8
"""Directions that a segment tries, ever farther from its own, until one stays inside."""


def grow(
    rng: np.random.Generator,
    root_mm: Points,
    direction: Points,
    radius_mm: float,
    inside: Inside,
    least_mm: float = 0.5,
    most: int = 6000,
) -> NDArray[np.float32]:
    """A tree of straight segments that thins at every fork and stays inside.

    Args:
        rng: of every fork.
        root_mm: where it starts, LPS.
        direction: in which.
        radius_mm: at the root.
        inside: where it may go.
        least_mm: radius at which it ends.
        most: segments.

    Returns:
        ``(N, 7)``: start, end (LPS mm), radius.

    Source: Murray C.D., *The physiological principle of minimum work*, PNAS 12:207, 1926: the cubes of the radii of the
    branches add up to that of the stem.
    """
    start = np.asarray(root_mm, float)[None]
    along = _unit(np.asarray(direction, float))[None]
    radius = np.array([radius_mm])
    rows: list[NDArray[np.float64]] = []
    spread = np.linspace(0.3, 3.5, TRIES)[None, :, None]
    while len(start) and sum(map(len, rows)) < most:  # a generation at a time
        length = radius * rng.uniform(3.0, 6.0, len(start)) + rng.uniform(2.0, 5.0, len(start))
        tries = _unit(along[:, None] + rng.normal(0, 0.16, (len(start), TRIES, 3)) * spread)
        ends = start[:, None] + tries * length[:, None, None]
        good = inside(ends.reshape(-1, 3)).reshape(-1, TRIES)
        way = tries[np.arange(len(start)), good.argmax(1)]
        larger = radius * rng.uniform(0.72, 0.96, len(start))
        smaller = np.cbrt(radius**3 - larger**3)
        side = _unit(np.cross(way, rng.normal(0, 1, way.shape)))
        bend = np.radians(np.stack([rng.uniform(8, 30, len(start)), -rng.uniform(30, 70, len(start))]))
        end = start + way * length[:, None]
        forks = way * np.cos(bend)[:, :, None] + side * np.sin(bend)[:, :, None]
        goes = good.any(1)
        rows.append(np.concatenate([start, end, radius[:, None]], 1)[goes])
        thin = np.concatenate([larger, smaller])
        kept = np.tile(goes, 2) & (thin >= least_mm)
        start, along, radius = np.tile(end, (2, 1))[kept], _unit(forks.reshape(-1, 3))[kept], thin[kept]
    return np.concatenate(rows)[:most].astype(np.float32) if rows else np.zeros((0, 7), np.float32)


def paint(share: NDArray[np.uint8], grid: Grid, tubes: NDArray[np.floating]) -> None:
    """Puts tubes into an array ``(Z, Y, X)`` of filled shares (0–255), in place; the largest share wins.

    Args:
        share: on ``grid``, which is axial.
        tubes: ``(N, 7)`` as :func:`grow` gives them.
    """
    spacing = np.array(grid.spacing_mm)
    start = grid.index(tubes[:, :3].astype(float))
    stop = grid.index(tubes[:, 3:6].astype(float))
    radius = tubes[:, 6].astype(float)
    reach = (radius[:, None] + spacing) / spacing
    low = np.clip(np.floor(np.minimum(start, stop) - reach).astype(int), 0, grid.shape)
    high = np.clip(np.ceil(np.maximum(start, stop) + reach).astype(int) + 1, 0, grid.shape)
    soft = float(np.cbrt(spacing.prod()))
    for a, b, r, lo, hi in zip(start * spacing, stop * spacing, radius, low, high, strict=True):
        if (hi <= lo).any():
            continue
        z, y, x = (np.arange(lo[k], hi[k]) * spacing[k] - a[k] for k in range(3))
        way = b - a
        length = max(float(way @ way), 1e-9)
        t = z[:, None, None] * way[0] + y[None, :, None] * way[1] + x[None, None, :] * way[2]
        np.clip(t / length, 0, 1, out=t)
        away = (z[:, None, None] - t * way[0]) ** 2 + (y[None, :, None] - t * way[1]) ** 2
        away += (x[None, None, :] - t * way[2]) ** 2
        filled = np.clip(0.5 + (r - np.sqrt(away)) / soft, 0, 1)
        if 2 * r < soft:  # thinner than a voxel: it fills a part of it
            filled *= (2 * r / soft) ** 1.5
        box = tuple(slice(int(p), int(q)) for p, q in zip(lo, hi, strict=True))
        np.maximum(share[box], (filled * 255).astype(np.uint8), out=share[box])


def _unit(vector: Points) -> Points:
    return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9)
