"""Hairs over dermoscopy: thin dark curves, sampled as three points and a width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Hair:
    """A quadratic curve through three points ``(y, x)`` as shares of the side; width likewise; how dark (0–1)."""

    points: tuple[tuple[float, float], ...]
    width: float
    darkness: float


def sample_hairs(rng: np.random.Generator) -> tuple[Hair, ...]:
    """One to eight hairs."""
    return tuple(
        Hair(
            tuple((float(y), float(x)) for y, x in rng.uniform(-0.1, 1.1, (3, 2))),
            float(rng.uniform(0.004, 0.012)),
            float(rng.uniform(0.4, 0.9)),
        )
        for _ in range(int(rng.integers(1, 9)))
    )


def draw_hairs(x: Tensor, hairs: Sequence[Sequence[Hair]]) -> Tensor:
    """Draws each picture's hairs on a batch ``(N, C, Y, X)`` in 0–1."""
    height, width = x.shape[2:]
    x = x.clone()
    t = np.linspace(0, 1, 2 * max(height, width))[:, None]
    for number, some in enumerate(hairs):
        for hair in some:
            a, b, c = (np.array(p) for p in hair.points)
            path = (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c
            reach = max(0, round(hair.width * height / 2))
            rows = np.rint(path[:, 0] * (height - 1)).astype(int)
            columns = np.rint(path[:, 1] * (width - 1)).astype(int)
            for dy in range(-reach, reach + 1):
                for dx in range(-reach, reach + 1):
                    y, z = rows + dy, columns + dx
                    inside = (y >= 0) & (y < height) & (z >= 0) & (z < width)
                    keep = np.unique(np.stack([y[inside], z[inside]]), axis=1)
                    place = torch.from_numpy(keep)
                    x[number, :, place[0], place[1]] = torch.minimum(
                        x[number, :, place[0], place[1]], torch.tensor(1 - hair.darkness, dtype=x.dtype)
                    )
    return x
