"""Bodies with lobes, in two or three dimensions: star-shaped, so that each has an inside; sampled, then drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SHARP = 4.0
"""How narrow a lobe is: it has fallen to a third of its height at 41 degrees from its middle."""
LEAST = 0.45
"""The radius never falls below this share of a ball's."""


@dataclass(frozen=True)
class Lobed:
    """A body around the origin. Lengths are in the unit of the spacing that it is drawn with: mm, or pixels.

    Args:
        radius: of the ball (in two dimensions: the disc) as large.
        stretch: along its own axes; their product is 1.
        axes: its own axes as rows, orthonormal.
        lobes: a row for each: its direction (unit length), and its height as a share of the radius; below 0 a dent.
    """

    radius: float
    stretch: tuple[float, ...]
    axes: tuple[tuple[float, ...], ...]
    lobes: tuple[tuple[float, ...], ...]

    @property
    def reach(self) -> float:
        """No point lies farther from the origin."""
        return float(self._border(_directions(len(self.stretch))).max() * max(self.stretch)) * 1.02

    def draw(self, shape: Sequence[int], center: Sequence[int], spacing: Sequence[float]) -> NDArray[np.bool_]:
        """Where it is on a grid.

        Args:
            shape: ``(Z,) Y, X``.
            center: index of the point where its origin lies.
            spacing: along the same axes.
        """
        steps = np.array(spacing, float)
        far = np.ceil(self.reach / steps).astype(int)
        low, high = np.maximum(np.array(center) - far, 0), np.minimum(np.array(center) + far + 1, shape)
        box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        axes = [(np.arange(a, b) - c) * s for a, b, c, s in zip(low, high, center, steps, strict=True)]
        away = np.stack(np.meshgrid(*axes, indexing="ij"), -1) @ np.array(self.axes).T / np.array(self.stretch)
        length = np.linalg.norm(away, axis=-1)
        found = np.zeros(tuple(shape), bool)
        found[box] = length < self._border(away / np.maximum(length, 1e-9)[..., None])
        return found

    def _border(self, directions: Floats) -> Floats:
        """Distance of the border along unit vectors ``(..., dims)`` of its own axes, before it is stretched."""
        dims = len(self.stretch)
        mean = (_bumps(_directions(dims), self.lobes) ** dims).mean() ** (1 / dims)
        return np.asarray(self.radius * _bumps(directions, self.lobes) / mean)


def sample_lobed(rng: np.random.Generator, radius: float, dims: int) -> Lobed:
    """Draws a body of a size: longer along some axis, with lobes and dents."""
    stretch = np.exp(rng.normal(0, 0.18, dims))
    stretch /= stretch.prod() ** (1 / dims)
    axes, _ = np.linalg.qr(rng.normal(size=(dims, dims)))
    directions = rng.normal(size=(int(rng.integers(4, 9)), dims))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    heights = rng.uniform(-0.25, 0.45, (len(directions), 1))
    return Lobed(
        float(radius), _row(stretch), tuple(map(_row, axes)), tuple(map(_row, np.hstack([directions, heights])))
    )


def _row(values: Floats) -> tuple[float, ...]:
    return tuple(float(one) for one in values)


def _bumps(directions: Floats, lobes: Sequence[Sequence[float]]) -> Floats:
    """1, and each lobe on top of it."""
    rows = np.array(lobes)
    near = np.exp(SHARP * (directions @ rows[:, :-1].T - 1))
    return np.asarray(np.maximum(1 + near @ rows[:, -1], LEAST))


@cache
def _directions(dims: int) -> Floats:
    """Unit vectors that lie evenly."""
    if dims == 2:
        angle = np.arange(256) * 2 * np.pi / 256
        return np.stack([np.sin(angle), np.cos(angle)], 1)
    height = 1 - (2 * np.arange(512) + 1) / 512
    angle = np.arange(512) * np.pi * (3 - np.sqrt(5))  # a Fibonacci lattice
    wide = np.sqrt(1 - height**2)
    return np.stack([height, wide * np.sin(angle), wide * np.cos(angle)], 1)
