"""Soft opacities painted into chest radiographs, with their boxes: few radiographs come with boxes, many without.

Sampled first, then applied. A cloud of smoothed noise inside an ellipse makes the lung denser: it takes away part of
what a pixel lacks to white, so that bone and heart, which are bright already, hardly change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


@dataclass(frozen=True)
class Opacity:
    """One opacity: centre and radii ``(y, x)`` in pixels, strength 0–1, and the seed of its cloud."""

    center: tuple[float, float]
    radii: tuple[float, float]
    strength: float
    seed: int


def sample_opacities(rng: np.random.Generator, image: NDArray[np.floating]) -> tuple[Opacity, ...]:
    """Draws one or two, centred where the picture is dark as lung is, away from its edges.

    Args:
        image: ``(Y, X)`` 0–1.
    """
    height, width = image.shape
    smooth = ndimage.gaussian_filter(image.astype(np.float32), 0.02 * height)
    inner = np.zeros(image.shape, bool)
    inner[int(0.15 * height) : int(0.8 * height), int(0.12 * width) : int(0.88 * width)] = True
    low, middle = np.percentile(smooth[inner], [5, 50])
    places = np.argwhere(inner & (smooth <= middle) & (smooth >= min(low, 0.08)))
    if not len(places):
        return ()
    found = []
    for _ in range(int(rng.choice([1, 2], p=[0.7, 0.3]))):
        y, x = places[int(rng.integers(len(places)))]
        size = float(np.exp(rng.uniform(np.log(0.07), np.log(0.2))))
        tall = float(np.exp(rng.normal(0.1, 0.3)))
        radii = (size * height * tall, size * width / tall)
        found.append(Opacity((float(y), float(x)), radii, float(rng.uniform(0.18, 0.55)), int(rng.integers(2**31))))
    return tuple(found)


def paint_opacities(
    image: NDArray[np.float32], opacities: tuple[Opacity, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The picture with opacities, and their boxes.

    Args:
        image: ``(C, Y, X)`` 0–1.

    Returns:
        A new picture, and ``(N, 4)`` boxes ``(y0, x0, y1, x1)``, cut at its edge.
    """
    image = image.copy()
    size = image.shape[1:]
    boxes = []
    for one in opacities:
        rng = np.random.default_rng(one.seed)
        y, x = (
            (np.arange(n, dtype=np.float32) + 0.5 - c) / r for n, c, r in zip(size, one.center, one.radii, strict=True)
        )
        away = np.sqrt(y[:, None] ** 2 + x[None, :] ** 2)
        wide = min(one.radii)
        cloud = ndimage.gaussian_filter(rng.standard_normal(size).astype(np.float32), 0.3 * wide)
        fine = ndimage.gaussian_filter(rng.standard_normal(size).astype(np.float32), max(1.0, 0.08 * wide))
        cloud = cloud / max(float(cloud.std()), 1e-6) + 0.5 * fine / max(float(fine.std()), 1e-6)
        share = np.clip(1.15 - away**2 + 0.18 * cloud, 0, 1) * np.clip(1.0 + 0.2 * cloud, 0.3, 1.4)
        share = ndimage.gaussian_filter(share * (away < 1.25), 0.06 * wide)
        image += one.strength * share * (1 - image) * 0.9
        low = [max(0.0, c - r) for c, r in zip(one.center, one.radii, strict=True)]
        high = [min(float(n), c + r) for n, c, r in zip(size, one.center, one.radii, strict=True)]
        boxes.append([*low, *high])
    return np.clip(image, 0, 1).astype(np.float32), np.array(boxes, np.float32).reshape(-1, 4)
