"""The tumour at the time of a drawn contour, and the rates with which its front runs on a grid as it does in space."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from limner.forecast.space.contour import soft_inside
from limner.forecast.space.medium import Medium
from limner.forecast.space.prior import rates
from limner.forecast.space.radial import Now
from limner.forecast.space.solver import Rates

Float = NDArray[np.float64]
UNKNOWNS = ("log speed", "log width", "first offset, mm", "last offset, mm", "seed")
"""What is fitted: logarithms of mm/day and mm, offsets of contours, the seed's logarithm (:mod:`radial`)."""
_NARROW = 0.75
"""Fronts narrower than this share of a voxel are not resolved; the width is held there and the speed kept."""


@dataclass(frozen=True, eq=False)
class Contour:
    """A drawn contour on the working grid.

    Args:
        threshold: c that it marks.
        distance_mm: ``(Z, Y, X)``: signed distance, negative inside; see :func:`contour.signed_distance`.
    """

    threshold: float
    distance_mm: Float


def ball_radius_mm(distance_mm: Float, medium: Medium) -> float:
    """Radius of the ball (of the disc, on one slice) whose front bends as this one does.

    By volume; or, where a wall took the place of a part of the front, by ``3V/A`` (``2A/L`` on a slice) with A the free
    front's area: half a ball against a wall is as ripe as the whole ball.
    """
    long = [s for s, n in zip(medium.spacing_mm, distance_mm.shape, strict=True) if n > 1]
    voxel, size = float(np.prod(long)), float(np.mean(long))
    inside = [
        voxel * float((soft_inside(distance_mm + move, size) * medium.open).sum())
        for move in (-size / 2, 0.0, size / 2)
    ]
    volume, front = inside[1], max((inside[0] - inside[2]) / size, 1e-9)
    by_volume = math.sqrt(volume / math.pi) if len(long) == 2 else (3 * volume / (4 * math.pi)) ** (1 / 3)
    return max(by_volume, min(0.95 * len(long) * volume / front, 2 * by_volume))  # 0.95: a drawn front is rougher


def resolved(log_width: float, medium: Medium) -> float:
    """The log width that the grid can hold."""
    return max(log_width, math.log(_NARROW * _coarsest(medium)))


def on_grid(log_speed: float, log_width: float, medium: Medium) -> tuple[Rates, float]:
    """The rates with which a front runs on a grid as it does in space.

    Second differences of an edge that falls by ``e`` over λ are too large by ``q = (h/λ)²/12 · Σnᵢ⁴`` (Taylor), which
    would make the front too fast; Σnᵢ⁴ is 3/5 on average over directions n in space, 3/4 in the plane. D is divided by
    ``1 + q``.

    Returns:
        The rates, and how log D changes with log λ.
    """
    held = resolved(log_width, medium)
    dimensions = sum(n > 1 for n in medium.open.shape)
    q = (0.75 if dimensions == 2 else 0.6) / 12 * (_coarsest(medium) / math.exp(held)) ** 2
    plain = rates(log_speed, held)
    free = 0.0 if held > log_width else 1.0
    return replace(plain, diffusion=plain.diffusion / (1 + q)), free * (1 + 2 * q / (1 + q))


def _coarsest(medium: Medium) -> float:
    return max(s for s, n in zip(medium.spacing_mm, medium.open.shape, strict=True) if n > 1)


def state_now(medium: Medium, contour: Contour, unknowns: Float, offset_mm: float, radius_mm: float) -> Float:
    """C at the time of a contour.

    Args:
        medium: where the tumour can be.
        contour: as drawn.
        unknowns: see :data:`UNKNOWNS`.
        offset_mm: how far the true contour lies inside the drawn one.
        radius_mm: of a ball of its volume.
    """
    dimensions = sum(n > 1 for n in medium.open.shape)
    width = math.exp(resolved(unknowns[1], medium))
    now = Now(width, max(radius_mm - offset_mm, 1e-3), float(unknowns[4]), contour.threshold, dimensions)
    return now.at(contour.distance_mm + offset_mm) * medium.open
