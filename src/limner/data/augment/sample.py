"""Draws what is done to a batch of pictures: all randomness of :mod:`limner.data.augment.picture` is here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.data.augment.hair import sample_hairs
from limner.data.augment.params import BatchParams, Strength

CONTROL_POINTS = 7
"""Along each axis: four intervals of a cubic B-spline across the picture."""

NO_FOLD = 0.40
"""Largest displacement of a control point, in intervals, at which the spline stays one to one in 2-D and 3-D.

Source: Choi & Lee, *Injectivity conditions of 2D and 3D uniform cubic B-spline functions*, Graphical Models 62 (2000):
1/2.0464 in 2-D, 1/2.4795 in 3-D.
"""

SHRINKS = (1.25, 1.5, 2.0, 2.5)
"""Factors of lost resolution: a few, so that pictures that share one are resampled together."""


def sample_batch(rng: np.random.Generator, n: int, channels: int, axes: int, strength: Strength) -> BatchParams:
    """Draws the changes of a batch.

    Args:
        rng: the only source of randomness: the same state gives the same parameters.
        n: pictures; ``channels`` of each; ``axes`` of space, 2 or 3.
        strength: how far each change may go.
    """
    s = strength
    partner, share, patch = _partners(rng, n, axes, s)
    return BatchParams(
        matrix=_matrices(rng, n, axes, s).astype(np.float32),
        shift=rng.uniform(-2 * s.shift, 2 * s.shift, (n, axes)).astype(np.float32),
        elastic=_displacements(rng, n, axes, s.elastic) if s.elastic else None,
        gain=_spread(rng, (n,), s.contrast),
        offset=(rng.normal(0, 1, n) * s.brightness).astype(np.float32),
        gamma=_spread(rng, (n,), s.gamma),
        color=_spread(rng, (n, channels), s.color),
        noise=(rng.uniform(0, s.noise, n) * (rng.random(n) < 0.5)).astype(np.float32),
        blur=(rng.uniform(0.4, 1.2, n) * (rng.random(n) < s.blur)).astype(np.float32),
        shrink=np.where(rng.random(n) < s.low_resolution, rng.choice(SHRINKS, n), 1.0).astype(np.float32),
        holes=(_boxes(rng, n, axes, 0.02, 0.2) * (rng.random((n, 1)) < s.cutout)).astype(np.float32),
        partner=partner,
        share=share,
        patch=patch,
        carve=np.where(rng.random(n) < s.carve, rng.uniform(0.01, 0.1, n), -1.0).astype(np.float32),
        seed=int(rng.integers(2**31)),
        hairs=sample_hairs(rng, rng.random(n) < s.hair) if s.hair and axes == 2 else None,
        outside=s.outside,
    )


def _matrices(rng: np.random.Generator, n: int, axes: int, s: Strength) -> NDArray[np.float64]:
    """From the result to the source, so that a factor above 1 makes things smaller."""
    matrix = np.tile(np.eye(axes), (n, 1, 1))
    for a, b in [(0, 1)] if axes == 2 else [(0, 1), (0, 2), (1, 2)]:
        angle = np.radians(rng.uniform(-s.rotate_deg, s.rotate_deg, n))
        turn = np.tile(np.eye(axes), (n, 1, 1))
        turn[:, a, a] = turn[:, b, b] = np.cos(angle)
        turn[:, a, b], turn[:, b, a] = -np.sin(angle), np.sin(angle)
        matrix = matrix @ turn
    shear = rng.uniform(-s.shear, s.shear, (n, axes, axes)) * (1 - np.eye(axes))
    matrix = matrix @ (np.eye(axes) + shear) * np.exp(rng.normal(0, 1, (n, 1, 1)) * s.scale)
    may = np.array([name in s.flip for name in "zyx"[-axes:]])
    mirror = np.where((rng.random((n, axes)) < 0.5) & may, -1.0, 1.0)
    return matrix * mirror[:, :, None]


def _displacements(rng: np.random.Generator, n: int, axes: int, size: float) -> NDArray[np.float32]:
    """A strength for each picture, then a displacement for each control point, in units of −1 … 1."""
    knots = rng.normal(0, 1, (n, axes, *(CONTROL_POINTS,) * axes)) * rng.random((n,) + (1,) * (axes + 1))
    most = NO_FOLD * 2 / (CONTROL_POINTS - 3)
    return np.clip(2 * size * knots, -most, most).astype(np.float32)


def _partners(
    rng: np.random.Generator, n: int, axes: int, s: Strength
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32] | None]:
    partner, share, patch = np.arange(n), np.ones(n), None
    if s.mixup or s.cutmix or s.carve:
        partner = rng.permutation(n)
        if rng.random() < s.cutmix:
            patch = _boxes(rng, 1, axes, 0.05, 0.5)[0].astype(np.float32)
            share = np.full(n, 1.0 - float(np.prod(patch[axes:] - patch[:axes])))
        elif s.mixup:
            drawn = rng.beta(s.mixup, s.mixup, n)
            share = np.maximum(drawn, 1 - drawn)  # the first stays the main one
    return partner.astype(np.int64), share.astype(np.float32), patch


def _boxes(rng: np.random.Generator, n: int, axes: int, least: float, most: float) -> NDArray[np.float64]:
    """Boxes (low, high) that cover a share between ``least`` and ``most`` of the picture."""
    volume = rng.uniform(least, most, (n, 1))
    sides = np.minimum(volume ** (1 / axes) * np.exp(rng.normal(0, 0.2, (n, axes))), 0.9)
    low = rng.random((n, axes)) * (1 - sides)
    return np.concatenate([low, low + sides], 1)


def _spread(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> NDArray[np.float32]:
    return np.exp(rng.normal(0, 1, shape) * sigma).astype(np.float32)
