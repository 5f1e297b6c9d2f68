"""Tumours whose truth is known: grown from a seed on a fine grid, seen twice, drawn with errors on a coarse one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from limner.forecast.space.contour import level_distance, signed_distance, soft_volume_ml
from limner.forecast.space.fit import CORE, OUTER
from limner.forecast.space.medium import Medium
from limner.forecast.space.prior import rates
from limner.forecast.space.question import Sight
from limner.forecast.space.solver import Rates, Steps, grow
from limner.forecast.space.start import Contour

Float = NDArray[np.float64]
_FINE, _COARSE, _SIDE = 1.0, 2.0, 96
_FIRST_MM, _ADVANCE = (17.0, 22.0), (1.2, 1.4)
_WIDTH_MM, _SPEED = (1.5, 2.2), (0.03, 0.12)
_LEAST = 12
"""Voxels of a contour that a rater would draw."""


@dataclass(frozen=True)
class Noise:
    """How contours are drawn wrongly.

    Args:
        local_mm: standard deviation of a smooth field that moves their parts.
        correlation_mm: of that field.
        whole_mm: standard deviation by which a whole contour is too large or too small.
    """

    local_mm: float = 0.8
    correlation_mm: float = 8.0
    whole_mm: float = 0.2


@dataclass(frozen=True, eq=False)
class Truth:
    """A simulated tumour.

    Args:
        rates: its own.
        fine: where it grew.
        days: of the two sights and of twice the last volume, the first 0.
        states: c at these days, on the fine grid.
    """

    rates: Rates
    fine: Medium
    days: tuple[float, float, float]
    states: tuple[Float, Float, Float]


def simulate(rng: np.random.Generator, dimensions: int = 3) -> Truth:
    """One tumour from a seed to twice the volume of its second sight."""
    low, high = _WIDTH_MM
    own = rates(math.log(rng.uniform(*_SPEED)), math.log(rng.uniform(low, high)))
    shape = (_SIDE,) * 3 if dimensions == 3 else (1, _SIDE, _SIDE)
    medium = Medium(_terrain(rng, shape), (_FINE,) * 3)
    where = [(n - 1) / 2 + rng.uniform(-3, 3) if n > 1 else 0.0 for n in shape]
    squares = _squares(shape, where)
    start = rng.uniform(0.3, 0.9) * np.exp(-squares / (2 * rng.uniform(1.2, 2.0) ** 2))
    first_mm = rng.uniform(*_FIRST_MM)
    second_mm = first_mm * rng.uniform(*_ADVANCE)
    third_mm = second_mm * 2 ** (1 / dimensions)
    sizes = [_size(radius, dimensions) for radius in (first_mm, second_mm, third_mm)]
    days, states = _until(medium, start, own, sizes)
    first, second, third = days
    return Truth(own, medium, (0.0, second - first, third - first), (states[0], states[1], states[2]))


def draw_sights(truth: Truth, noise: Noise, rng: np.random.Generator, *, core: bool, twice: bool) -> list[Sight]:
    """What a rater would draw, on the coarse grid."""
    sights = []
    for day, state in list(zip(truth.days, truth.states, strict=True))[:2]:
        outer = _drawn(state, OUTER, truth.fine, noise, rng)
        inner = _drawn(state, CORE, truth.fine, noise, rng) if core else None
        if outer is None:
            raise ValueError("The tumour is nowhere visible.")
        sights.append(Sight(day, outer, inner))
    return sights if twice else sights[1:]


def coarse(medium: Medium) -> Medium:
    """The medium on the grid that is fitted on: a cell is open where half of it is."""
    share = blocks(medium.open.astype(np.float64))
    return Medium(share >= 0.5, _coarse_mm(medium.open.shape))


def _until(medium: Medium, start: Float, own: Rates, sizes: list[float]) -> tuple[list[float], list[Float]]:
    """Days at which the visible tumour reaches sizes in cells, and the states there."""
    days: list[float] = []
    states: list[Float] = []
    day, current = 0.0, start
    size_before = 0.0
    step = 1.0 / own.speed_mm_per_day  # a millimetre
    while len(days) < len(sizes):
        new = next(grow(medium, current, own, [step], steps=Steps(threads=1))).full(medium.open.shape)
        size = soft_volume_ml(new, OUTER, medium) / medium.voxel_ml
        while len(days) < len(sizes) and size >= sizes[len(days)] > size_before:
            share = (sizes[len(days)] - size_before) / (size - size_before)
            part = next(grow(medium, current, own, [share * step], steps=Steps(threads=1)))
            days.append(day + share * step)
            states.append(part.full(medium.open.shape))
        size_before, current, day = size, new, day + step
    return days, states


def _terrain(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Open but for a few round cysts off the middle, and a wall (bone) on one side."""
    open_ = np.ones(shape, bool)
    middle = [(n - 1) / 2 for n in shape]
    for _ in range(rng.integers(1, 4)):
        towards = rng.normal(size=3) * [n > 1 for n in shape]
        towards *= rng.uniform(20, 34) / np.linalg.norm(towards)
        open_ &= _squares(shape, np.add(middle, towards)) > rng.uniform(3, 7) ** 2
    wall = int(rng.integers(8, 22))
    return open_ & (np.arange(shape[2]) >= wall)


def _squares(shape: tuple[int, ...], centre: ArrayLike) -> Float:
    """Squared distance of each cell from a point, in cells."""
    found = np.zeros(shape)
    for axis, (n, c) in enumerate(zip(shape, np.asarray(centre), strict=True)):
        found += ((np.arange(n) - c) ** 2).reshape([n if k == axis else 1 for k in range(3)])
    return found


def _size(radius_mm: float, dimensions: int) -> float:
    return math.pi * radius_mm**2 if dimensions == 2 else 4 / 3 * math.pi * radius_mm**3


def blocks(values: Float) -> Float:
    """Means of blocks of 2 cells along each long axis."""
    for axis in range(3):
        if values.shape[axis] > 1:
            ahead = np.moveaxis(values, axis, 0)
            values = np.moveaxis((ahead[::2] + ahead[1::2]) / 2, 0, axis)
    return values


def _drawn(state: Float, threshold: float, medium: Medium, noise: Noise, rng: np.random.Generator) -> Contour | None:
    shape = medium.open.shape
    width = [noise.correlation_mm / math.sqrt(2) / _FINE if n > 1 else 0 for n in shape]
    smooth = ndimage.gaussian_filter(rng.standard_normal(shape), width, mode="wrap")
    smooth *= noise.local_mm / smooth.std()
    moved = level_distance(state, threshold, medium.spacing_mm) + smooth + rng.normal(0, noise.whole_mm)
    open_ = coarse(medium).open
    mask = _largest((blocks(moved) < 0) & open_)
    if mask.sum() < _LEAST:
        return None
    return Contour(threshold, signed_distance(mask, _coarse_mm(shape), open_))


def _coarse_mm(shape: tuple[int, ...]) -> tuple[float, float, float]:
    """A slice stays as thick as it is."""
    z, y, x = (_COARSE if n > 1 else _FINE for n in shape)
    return z, y, x


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    parts, count = ndimage.label(mask)
    if count <= 1:
        return mask
    return parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
