"""Simulated tumours with noise, where the truth is known: what the fit recovers and how honest its intervals are.

A tumour grows from a seed with drawn D and ρ on a fine grid, round cysts and a wall in its way. It is seen twice, its
outer contour (c > 0.16) and its core (c > 0.8) drawn with errors: the whole contour a little too large or too small,
its parts moved by a smooth random field, all cut into voxels of a coarser grid. The fit sees those masks alone. Then: D
and ρ against the truth, the tumour at twice the volume against the forecast, and whether intervals hold what they say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.forecast.space.contour import level_distance, soft_volume_ml
from limner.forecast.space.ensemble import Start, draw_normals, futures
from limner.forecast.space.fit import OUTER, fit
from limner.forecast.space.prior import Prior
from limner.forecast.space.question import Settings
from limner.forecast.space.simulate import Noise, Truth, blocks, coarse, draw_sights, simulate

Float = NDArray[np.float64]
Progress = Callable[[str, float], None]
WIDE = Prior(speed_mm_per_day=0.06, speed_spread=0.8, width_mm=2.0, width_spread=0.5)
"""What the fit believes before it looks: far wider than what is drawn."""


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
    noise: Noise = field(default_factory=Noise)
    futures: int = 32
    core: bool = True
    twice: bool = True


@dataclass(frozen=True)
class Row:
    """One tumour: relative errors, overlap at twice the volume, the volume's place among the futures (0 to 1)."""

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


def _row(truth: Truth, trial: Trial, rng: np.random.Generator, settings: Settings | None) -> Row:
    medium = coarse(truth.fine)
    sights = draw_sights(truth, trial.noise, rng, core=trial.core, twice=trial.twice)
    known = fit(medium, sights, WIDE, settings)
    ahead = truth.days[2] - truth.days[1]
    coming = futures(Start(medium, sights[-1].outer, known), [ahead], draw_normals(trial.futures, trial.seed))
    now = soft_volume_ml(truth.states[1], OUTER, truth.fine)
    then = soft_volume_ml(truth.states[2], OUTER, truth.fine)
    assert now > 0
    true_mask = (blocks(level_distance(truth.states[2], OUTER, truth.fine.spacing_mm)) < 0) & medium.open
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
