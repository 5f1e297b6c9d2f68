"""Label maps of nobody: smooth shapes of the sizes and places that were learned from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.packs import ShapeSpec

WAVES = 5
"""Harmonics of an outline."""


def draw_shapes(rng: np.random.Generator, seen: ShapeSpec, size: tuple[int, int]) -> NDArray[np.float32]:
    """One smooth outline filled, or nothing as often as nothing was marked.

    Args:
        rng: all chance is drawn from it.
        seen: sizes and places.
        size: along Y, X.
    """
    empty = rng.random() < seen.empty
    area = float(np.interp(rng.random(), np.linspace(0, 1, len(seen.area)), seen.area))
    center = np.array(seen.center[:2]) + np.array(seen.center[2:]) * rng.normal(size=2)
    stretch, turn = np.exp(rng.normal() * 0.25), rng.random() * np.pi
    waves = rng.normal(size=(WAVES, 2)) * 0.3 / np.arange(2, WAVES + 2)[:, None]
    if empty:
        return np.zeros(size, np.float32)
    y, x = np.meshgrid(*[(np.arange(n) + 0.5) / n for n in size], indexing="ij")
    y, x = y - center[0], x - center[1]
    along, across = np.cos(turn) * x + np.sin(turn) * y, -np.sin(turn) * x + np.cos(turn) * y
    along, across = along / stretch, across * stretch
    angle = np.arctan2(across, along)
    outline = 1.0 + sum(a * np.cos(k * angle) + b * np.sin(k * angle) for k, (a, b) in enumerate(waves, 2))
    reach = np.hypot(along, across) / np.maximum(outline, 0.2)
    radius = np.sqrt(area / (np.pi * np.mean(np.maximum(outline, 0.2) ** 2)))
    return (reach < radius).astype(np.float32)
