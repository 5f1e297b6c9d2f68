"""An organ's mask as a coarse net would give it: its border moved, a neighbour taken for it, a part of it missed.

A net that is shown a mask learns to copy its border. It must therefore learn on masks that are as wrong as those that
it will be given.
"""

from __future__ import annotations

from dataclasses import dataclass

import edt
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Spacing = tuple[float, float, float]


@dataclass(frozen=True)
class LocatedParams:
    """How a mask is wrong; lengths in mm.

    Args:
        offset_mm: by which all of the border is moved outward.
        roughness_mm: standard deviation of the border's smooth, random displacement.
        added, missed: ``(place, radius_mm)`` of balls at the border; place is a share of the border's voxels.
        seed: of the displacement.
    """

    offset_mm: float
    roughness_mm: float
    added: tuple[tuple[float, float], ...]
    missed: tuple[tuple[float, float], ...]
    seed: int


def sample_located(rng: np.random.Generator) -> LocatedParams:
    """Draws how wrong a coarse net is: mostly by a voxel or two, now and then by a heart or a kidney."""

    def balls(chance: float) -> tuple[tuple[float, float], ...]:
        count = int(rng.integers(1, 3)) if rng.random() < chance else 0
        return tuple((float(rng.random()), float(rng.uniform(6, 28))) for _ in range(count))

    return LocatedParams(
        offset_mm=float(np.clip(rng.normal(0.8, 1.8), -4, 6)),
        roughness_mm=float(rng.uniform(0.3, 4.0)),
        added=balls(0.4),
        missed=balls(0.3),
        seed=int(rng.integers(2**31)),
    )


def as_located(organ: NDArray[np.bool_], params: LocatedParams, spacing_mm: Spacing) -> NDArray[np.bool_]:
    """The wrong mask, ``(Z, Y, X)``; an organ that is not there, or fills all, stays as it is."""
    if not organ.any() or organ.all():
        return organ
    outward = edt.edt(organ, anisotropy=spacing_mm) - edt.edt(~organ, anisotropy=spacing_mm)
    border = np.argwhere(np.abs(outward) < 1.5 * max(spacing_mm))
    outward += _bumps(organ.shape, params.seed, spacing_mm) * params.roughness_mm + params.offset_mm
    for sign, balls in ((1.0, params.added), (-1.0, params.missed)):
        for place, radius in balls:
            center = border[int(place * len(border))]
            far = sum(
                (((np.arange(n) - c) * mm) ** 2).reshape([-1 if k == axis else 1 for k in range(3)])
                for axis, (n, c, mm) in enumerate(zip(organ.shape, center, spacing_mm, strict=True))
            )
            ball = radius - np.sqrt(far)
            outward = np.maximum(outward, ball) if sign > 0 else np.minimum(outward, -ball)
    return np.asarray(outward > 0)


def _bumps(shape: tuple[int, ...], seed: int, spacing_mm: Spacing, width_mm: float = 18.0) -> NDArray[np.float32]:
    """A smooth random field of standard deviation about 1: one knot per ``width_mm``, linear between."""
    knots = [max(3, round(n * mm / width_mm) + 1) for n, mm in zip(shape, spacing_mm, strict=True)]
    coarse = np.random.default_rng(seed).standard_normal(knots).astype(np.float32)
    factors = [n / k for n, k in zip(shape, knots, strict=True)]
    return np.asarray(ndimage.zoom(coarse, factors, order=1, grid_mode=True, mode="nearest"))
