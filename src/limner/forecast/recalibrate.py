"""What candidates do not know, learned from how wrong they were: a shift, a spread, how often a reading is repeated.

Trials end at growth, so a last reading tends to be larger than a law would say, the more so where few came before; long
horizons are less sure than a random walk says; readers repeat what they measured last. All three are small regressions
on what a series shows: how many readings, how far ahead, how large, how often repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import norm

from limner.forecast import reading
from limner.forecast.predictive import Predictive
from limner.forecast.series import Series

Array = NDArray[np.float64]

MOVED_BY = ("constant", "one reading", "two", "three", "four", "readings", "horizon")
"""What shift and spread depend on."""
SAME_BY = ("constant", "readings", "repeated last", "share repeated", "size", "horizon", "gone", "one reading")
"""What the chance of a repetition depends on."""
RIDGE_MOVED, RIDGE_SAME = 2.0, 0.6
_MOST = 1.5


@dataclass(frozen=True)
class Recalibration:
    """Coefficients of three regressions, in the order of ``MOVED_BY`` (shift, log spread) and ``SAME_BY`` (logit)."""

    shift: tuple[float, ...] = (0.0,) * len(MOVED_BY)
    spread: tuple[float, ...] = (0.0,) * len(MOVED_BY)
    same: tuple[float, ...] = (-30.0, *(0.0,) * (len(SAME_BY) - 1))

    def of(self, series: Series, day: float, raw: Predictive) -> Predictive:
        """The distribution of a reading on ``day``, recalibrated."""
        moved, same = moved_by(series, day), same_by(series, day)
        spread = float(np.exp(np.clip(moved @ self.spread, -_MOST, _MOST)))
        return raw.recalibrated(float(moved @ self.shift), spread, _logistic(float(same @ self.same)))


def moved_by(series: Series, day: float) -> Array:
    """Features of shift and spread: (7,)."""
    known = len(series.days)
    if known == 1:
        return np.array([0.0, 1, 0, 0, 0, 0, 0])
    return np.array([1.0, 0, known == 2, known == 3, known == 4, np.log(known / 5), _horizon(series, day)])


def same_by(series: Series, day: float) -> Array:
    """Features of the logit of a repetition: (8,)."""
    known = len(series.days)
    steps = np.diff(series.volumes_ml) == 0
    last = float(reading.size_mm(series.volumes_ml[-1]))
    return np.array(
        [
            known > 1,
            np.log(known / 5) if known > 1 else 0.0,
            bool(len(steps) and steps[-1]),
            float(steps.mean()) if len(steps) else 0.0,
            np.log(max(last, reading.GONE_MM) / 30),
            _horizon(series, day),
            last == 0,
            known == 1,
        ],
        dtype=np.float64,
    )


def _horizon(series: Series, day: float) -> float:
    return float(np.log(np.clip(day - series.days[-1], 10.0, 200.0) / 45.0))


def fit(series: Sequence[Series], raw: Sequence[Predictive], came_mm: Array) -> Recalibration:
    """Coefficients under which the readings that came are likeliest, drawn gently towards none.

    A reading is likely by the mass within half a mm of it, since sizes are read so.

    Args:
        series: each asks for one day.
        raw: the distributions of candidates for those days, none of which learned from what came.
        came_mm: sizes that were read then.
    """
    moved = np.array([moved_by(one, one.asked[0]) for one in series])
    same = np.array([same_by(one, one.asked[0]) for one in series])
    last = np.array([one.last_mm for one in raw])
    upper = _probit(np.array([one.cdf(size + 0.5) for one, size in zip(raw, came_mm, strict=True)]))
    lower = np.array([one.cdf(size - 0.5) if size > 0 else 0.0 for one, size in zip(raw, came_mm, strict=True)])
    lower = np.where(came_mm > 0, _probit(lower), -np.inf)
    repeated = np.abs(came_mm - last) < 0.5
    first, second = moved.shape[1], 2 * moved.shape[1]

    def loss(coefficients: Array) -> float:
        shift, spread, logit = np.split(coefficients, [first, second])
        scale = np.exp(np.clip(moved @ spread, -_MOST, _MOST))
        by_law = norm.cdf((upper - moved @ shift) / scale) - norm.cdf((lower - moved @ shift) / scale)
        again = 1.0 / (1.0 + np.exp(-(same @ logit)))
        likelihood = -np.log((1.0 - again) * np.maximum(by_law, 0.0) + again * repeated + 1e-7).sum()
        ridge = RIDGE_MOVED * (np.square(shift[2:]).sum() + np.square(spread[2:]).sum())
        return float(likelihood + ridge + RIDGE_SAME * np.square(logit[1:-1]).sum())

    start = np.zeros(second + same.shape[1])
    start[second] = start[-1] = -2.0
    found = np.split(minimize(loss, start, method="L-BFGS-B").x, [first, second])
    return Recalibration(*(tuple(round(float(one), 4) for one in part) for part in found))


def _probit(share: Array) -> Array:
    return np.asarray(norm.ppf(np.clip(share, 1e-6, 1 - 1e-6)))


def _logistic(logit: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30))))
