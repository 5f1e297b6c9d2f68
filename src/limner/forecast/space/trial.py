"""Simulated tumours with noise, where the truth is known: what the fit recovers and how honest its intervals are.

A tumour grows from a seed with drawn D and ρ on a fine grid, round cysts and a wall in its way. It is seen twice, its
outer contour (c > 0.16) and its core (c > 0.8) drawn with errors: the whole contour a little too large or too small, its
parts moved by a smooth random field, all cut into voxels of a coarser grid. The fit sees those masks alone. Then: D and
ρ against the truth, the tumour at twice the volume against the forecast, and whether intervals hold what they say.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from limner.forecast.space.contour import level_distance, signed_distance, soft_volume_ml
from limner.forecast.space.ensemble import Start, draw_normals, futures
from limner.forecast.space.fit import CORE, OUTER, Contour, Settings, Sight, fit
from limner.forecast.space.medium import Medium
from limner.forecast.space.prior import Prior, rates
from limner.forecast.space.solver import Rates, Steps, grow

Float = NDArray[np.float64]
Progress = Callable[[str, float], None]
_FINE, _COARSE, _SIDE = 1.0, 2.0, 96
_FIRST_MM, _ADVANCE = (17.0, 22.0), (1.2, 1.4)
_WIDTH_MM, _SPEED = (1.5, 2.2), (0.03, 0.12)
WIDE = Prior(speed_mm_per_day=0.06, speed_spread=0.8, width_mm=2.0, width_spread=0.5)
"""What the fit believes before it looks: far wider than what is drawn."""


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


@dataclass(frozen=True)
class Trial:
    """What to simulate.

    Args:
        cases: how many tumours.
        seed: of their draw.
        dimensions: 2 (a slice: quick) or 3.
        noise: of the contours.
        futures: drawn for each forecast.
        core: whether the core is drawn, too; without it D/ρ comes from the prior.
        twice: whether it is seen twice.
    """

    cases: int = 20
    seed: int = 0
    dimensions: int = 3
    noise: Noise = Noise()
    futures: int = 32
    core: bool = True
    twice: bool = True


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


@dataclass(frozen=True)
class Row:
    """One tumour: relative errors of D and ρ, overlap at twice the volume, the volume's place among the futures (0 to 1)."""

    diffusion_error: float
    growth_error: float
    diffusion_in_80: bool
    growth_in_80: bool
    dice: float
    still_dice: float
    volume_rank: float
    volume_in_80: bool
    volume_error: float


@dataclass(frozen=True)
class Outcome:
    """All rows of a trial."""

    trial: Trial
    rows: tuple[Row, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: medians, shares and how many."""
        one = {name: np.array([getattr(row, name) for row in self.rows], float) for name in vars(self.rows[0])}
        return {
            "n": len(self.rows),
            "dimensions": self.trial.dimensions,
            "seed": self.trial.seed,
            "noise": vars(self.trial.noise),
            "diffusion_error_median": float(np.median(np.abs(one["diffusion_error"]))),
            "growth_error_median": float(np.median(np.abs(one["growth_error"]))),
            "diffusion_error_mean": float(np.mean(one["diffusion_error"])),
            "growth_error_mean": float(np.mean(one["growth_error"])),
            "both_within_15_percent": float(
                np.mean((np.abs(one["diffusion_error"]) <= 0.15) & (np.abs(one["growth_error"]) <= 0.15))
            ),
            "dice_median": float(np.median(one["dice"])),
            "dice_least": float(one["dice"].min()),
            "dice_of_no_growth_median": float(np.median(one["still_dice"])),
            "volume_error_median": float(np.median(np.abs(one["volume_error"]))),
            "volume_coverage_80": float(one["volume_in_80"].mean()),
            "diffusion_coverage_80": float(one["diffusion_in_80"].mean()),
            "growth_coverage_80": float(one["growth_in_80"].mean()),
        }


def run_trial(trial: Trial, settings: Settings | None = None, progress: Progress | None = None) -> Outcome:
    """Simulates, fits and forecasts each tumour of a trial."""
    rng = np.random.default_rng(trial.seed)
    rows = []
    for number in range(trial.cases):
        if progress:
            progress("tumours", number / trial.cases)
        rows.append(_row(simulate(rng, trial.dimensions), trial, rng, settings))
    return Outcome(trial, tuple(rows))


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
        drawn = [
            _drawn(state, threshold, truth.fine, noise, rng)
            if threshold == OUTER or (core and state.max() > CORE)
            else None
            for threshold in (OUTER, CORE)
        ]
        outer = drawn[0]
        assert outer is not None
        sights.append(Sight(day, outer, drawn[1]))
    return sights if twice else sights[1:]


def coarse(medium: Medium) -> Medium:
    """The medium on the grid that is fitted on: a cell is open where half of it is."""
    share = _blocks(medium.open.astype(np.float64))
    return Medium(share >= 0.5, _coarse_mm(medium.open.shape))


def _row(truth: Truth, trial: Trial, rng: np.random.Generator, settings: Settings | None) -> Row:
    medium = coarse(truth.fine)
    sights = draw_sights(truth, trial.noise, rng, core=trial.core, twice=trial.twice)
    known = fit(medium, sights, WIDE, settings)
    ahead = truth.days[2] - truth.days[1]
    coming = futures(Start(medium, sights[-1].outer, known), [ahead], draw_normals(trial.futures, trial.seed))
    now = soft_volume_ml(truth.states[1], OUTER, truth.fine)
    then = soft_volume_ml(truth.states[2], OUTER, truth.fine)
    assert now > 0
    true_mask = (_blocks(level_distance(truth.states[2], OUTER, truth.fine.spacing_mm)) < 0) & medium.open
    volumes = coming.volumes_ml[:, 0]
    low, high = np.percentile(volumes, [10, 90], method="hazen")
    d, g = known.interval("diffusion"), known.interval("growth")
    return Row(
        d[1] / truth.rates.diffusion - 1,
        g[1] / truth.rates.growth - 1,
        d[0] <= truth.rates.diffusion <= d[2],
        g[0] <= truth.rates.growth <= g[2],
        dice(coming.probability[0] > 0.5, true_mask),
        dice(sights[-1].outer.distance_mm < 0, true_mask),
        float((volumes < then).mean()),
        bool(low <= then <= high),
        float(np.median(volumes) / then - 1),
    )


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Overlap of two masks."""
    return 2 * float((a & b).sum()) / float(a.sum() + b.sum())


def _until(medium: Medium, start: Float, own: Rates, sizes: list[float]) -> tuple[list[float], list[Float]]:
    """Days at which the visible tumour reaches sizes in cells, and the states there."""
    days, states, day, current = [], [], 0.0, start
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


def _blocks(values: Float) -> Float:
    """Means of blocks of 2 cells along each long axis."""
    for axis in range(3):
        if values.shape[axis] > 1:
            ahead = np.moveaxis(values, axis, 0)
            values = np.moveaxis((ahead[::2] + ahead[1::2]) / 2, 0, axis)
    return values


def _drawn(state: Float, threshold: float, medium: Medium, noise: Noise, rng: np.random.Generator) -> Contour:
    shape = medium.open.shape
    width = [noise.correlation_mm / math.sqrt(2) / _FINE if n > 1 else 0 for n in shape]
    smooth = ndimage.gaussian_filter(rng.standard_normal(shape), width, mode="wrap")
    smooth *= noise.local_mm / smooth.std()
    moved = level_distance(state, threshold, medium.spacing_mm) + smooth + rng.normal(0, noise.whole_mm)
    open_ = coarse(medium).open
    mask = _largest((_blocks(moved) < 0) & open_)
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
