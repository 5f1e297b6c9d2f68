"""Tumours painted into healthy liver: sampled, then applied.

Few scans hold large or many tumours; a net that saw none of those misses them. The recipe is Hu et al.,
*Label-Free Liver Tumor Segmentation*, CVPR 2023: a deformed ellipsoid, a texture of smoothed noise, an attenuation
below the liver's, a soft border, now and then a rim.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter


@dataclass(frozen=True)
class TumorParams:
    """One tumour. Lengths in mm, attenuation differences in HU, ``seed`` for shape and texture."""

    center: tuple[int, int, int]
    radii_mm: tuple[float, float, float]
    difference_hu: float
    texture_hu: float
    rim_hu: float
    roughness: float
    seed: int


def sample_tumors(
    rng: np.random.Generator, organ: NDArray[np.bool_], spacing_mm: tuple[float, float, float]
) -> tuple[TumorParams, ...]:
    """Draws none to several tumours with centres in an organ.

    Args:
        organ: ``(Z, Y, X)`` voxels where a centre may lie.
    """
    inside = np.flatnonzero(organ)
    if inside.size < 200:
        return ()
    # Sizes as in LiTS: mostly small, a few that fill a lobe.
    count = int(rng.choice([1, 2, 3, 6, 10], p=[0.4, 0.25, 0.15, 0.12, 0.08]))
    largest = 45.0 if count < 3 else 22.0
    tumors = []
    for _ in range(count):
        center = np.unravel_index(int(rng.choice(inside)), organ.shape)
        radius = float(np.exp(rng.uniform(np.log(3.0), np.log(largest))))
        stretch = rng.uniform(0.75, 1.3, 3)
        tumors.append(
            TumorParams(
                center=(int(center[0]), int(center[1]), int(center[2])),
                radii_mm=(radius * stretch[0], radius * stretch[1], radius * stretch[2]),
                difference_hu=float(rng.uniform(-75, -15) if rng.random() < 0.92 else rng.uniform(15, 50)),
                texture_hu=float(rng.uniform(2, 14)),
                rim_hu=float(rng.choice([0.0, rng.uniform(-20, 30)], p=[0.65, 0.35])),
                roughness=float(rng.uniform(0.05, 0.35)),
                seed=int(rng.integers(2**31)),
            )
        )
    return tuple(tumors)


def paint_tumors(
    image: NDArray[np.float32],
    organ: NDArray[np.bool_],
    tumors: tuple[TumorParams, ...],
    spacing_mm: tuple[float, float, float],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The image in HU with tumours, and where they are.

    Args:
        image: ``(Z, Y, X)`` HU.
        organ: tumours stay inside it.

    Returns:
        A new image, and the tumour mask ``(Z, Y, X)``.
    """
    image = image.copy()
    mask = np.zeros(image.shape, bool)
    spacing = np.array(spacing_mm)
    for one in tumors:
        reach = np.ceil(np.array(one.radii_mm) * 1.6 / spacing).astype(int) + 2
        start = np.maximum(np.array(one.center) - reach, 0)
        stop = np.minimum(np.array(one.center) + reach + 1, image.shape)
        box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
        rng = np.random.default_rng(one.seed)
        axes = [
            (np.arange(a, b) - c) * s / r
            for a, b, c, s, r in zip(start, stop, one.center, spacing, one.radii_mm, strict=True)
        ]
        zz, yy, xx = np.meshgrid(*axes, indexing="ij", sparse=True)
        size = stop - start
        mean_radius = float(np.mean(one.radii_mm))
        bumps = gaussian_filter(rng.standard_normal(size).astype(np.float32), 0.35 * mean_radius / spacing)
        bumps *= one.roughness / max(float(bumps.std()), 1e-6)
        distance = np.sqrt(zz**2 + yy**2 + xx**2).astype(np.float32) + bumps  # 1 on the border
        # The border is about 1.5 mm soft, as the scanner's point spread makes it.
        share = np.clip(0.5 - (distance - 1.0) * mean_radius / 3.0, 0.0, 1.0) * organ[box]
        texture = gaussian_filter(rng.standard_normal(size).astype(np.float32), np.maximum(2.0 / spacing, 0.6))
        texture *= one.texture_hu / max(float(texture.std()), 1e-6)
        rim = one.rim_hu * np.exp(-(((distance - 0.95) * mean_radius / 2.0) ** 2))
        image[box] += share * (one.difference_hu + texture) + rim * (organ[box] & (distance < 1.3))
        mask[box] |= (share >= 0.5) & organ[box]
    return image, mask
