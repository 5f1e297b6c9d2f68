"""Label maps of nobody: smooth shapes of the sizes and places that were learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.packs import ShapeSpec

WAVES = 5
"""Harmonics of an outline."""

NUMBERS = ("size", "y", "x")
"""What can be set of a shape: the share of the picture that it covers, and its middle as shares of the side."""


@dataclass(frozen=True)
class Place:
    """How large something is and where: an area of 0 is nothing."""

    area: float
    y: float
    x: float

    @property
    def numbers(self) -> NDArray[np.float32]:
        """As a net takes it: the radius of a disc as large, and the middle."""
        return np.array([np.sqrt(self.area / np.pi), self.y, self.x], np.float32)


def draw_place(rng: np.random.Generator, seen: ShapeSpec, values: Mapping[str, float]) -> Place:
    """A size and a place as they were seen, or nothing as often as nothing was.

    Args:
        rng: all chance is drawn from it, the same numbers whatever is set.
        seen: sizes and places.
        values: what is set, of :data:`NUMBERS`; something is there where anything is set.
    """
    empty = rng.random() < seen.empty and not values
    area = float(np.interp(rng.random(), np.linspace(0, 1, len(seen.area)), seen.area))
    y, x = np.array(seen.center[:2]) + np.array(seen.center[2:]) * rng.normal(size=2)
    area = 0.0 if empty else values.get("size", area)
    return Place(0.0, 0.5, 0.5) if area <= 0 else Place(area, values.get("y", float(y)), values.get("x", float(x)))


def place_of(marked: NDArray[np.float32]) -> Place:
    """Of a map ``(H, W)`` of what is marked, 0–1."""
    area = float(marked.mean())
    if area <= 0:
        return Place(0.0, 0.5, 0.5)
    at = [(np.arange(n) + 0.5) / n for n in marked.shape]
    y, x = (float((marked.mean(1 - axis) * at[axis]).sum() / marked.mean(1 - axis).sum()) for axis in (0, 1))
    return Place(area, y, x)


def draw_shapes(
    rng: np.random.Generator, seen: ShapeSpec, size: tuple[int, int], values: Mapping[str, float]
) -> NDArray[np.float32]:
    """One smooth outline filled, or nothing as often as nothing was marked.

    Args:
        rng: all chance is drawn from it.
        seen: sizes and places.
        size: along Y, X.
        values: see :func:`draw_place`.
    """
    place = draw_place(rng, seen, values)
    stretch, turn = np.exp(rng.normal() * 0.25), rng.random() * np.pi
    waves = rng.normal(size=(WAVES, 2)) * 0.3 / np.arange(2, WAVES + 2)[:, None]
    if place.area <= 0:
        return np.zeros(size, np.float32)
    y, x = np.meshgrid(*[(np.arange(n) + 0.5) / n for n in size], indexing="ij")
    y, x = y - place.y, x - place.x
    along, across = np.cos(turn) * x + np.sin(turn) * y, -np.sin(turn) * x + np.cos(turn) * y
    along, across = along / stretch, across * stretch
    angle = np.arctan2(across, along)
    outline = 1.0 + sum(a * np.cos(k * angle) + b * np.sin(k * angle) for k, (a, b) in enumerate(waves, 2))
    reach = np.hypot(along, across) / np.maximum(outline, 0.2)
    radius = np.sqrt(place.area / (np.pi * np.mean(np.maximum(outline, 0.2) ** 2)))
    return (reach < radius).astype(np.float32)
