"""The five growth laws, each fitted to one patient alone by least squares: what forecasts are held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from limner.forecast import reading
from limner.forecast.growth import CLASSICAL
from limner.forecast.series import Series

Array = NDArray[np.float64]

OFFSET_ML = 0.05
"""Added before logarithms are taken: a lesion that is gone has none."""
BOUNDS = {"rate": (0.0, 0.05), "limit": (-8.0, 8.0), "exponent": (-1.0, 1.5)}
"""Of parameters; the rate of the exponential law may also be negative. The first volume is fitted, too."""
_EVALUATIONS = 60


@dataclass(frozen=True, eq=False)
class Fit:
    """A law fitted to one patient: logarithm of the first volume in ml, parameters, and Akaike's criterion."""

    law: str
    start: float
    parameters: Array
    aic: float

    def volume_ml(self, days: Array) -> Array:
        """Volumes on days since the first reading."""
        logs = self.start + CLASSICAL[self.law].curve(days, *self.parameters)
        return np.asarray(np.exp(np.clip(logs, -20.0, 20.0)))


def fit(series: Series, law: str, *, logs: bool) -> Fit:
    """Fits a law by least squares from several beginnings, and keeps the best.

    With two readings the laws of three parameters pass through both in many ways; the beginnings then decide: a lesion
    that grew is led towards a limit above, one that shrank towards one below.

    Args:
        series: of one patient.
        law: one of :data:`limner.forecast.growth.CLASSICAL`.
        logs: residuals of log(V + ``OFFSET_ML``) in place of volumes in ml.
    """
    names = CLASSICAL[law].parameters
    days, volumes = series.days - series.days[0], series.volumes_ml
    largest = max(float(volumes.max()), OFFSET_ML)
    first = float(np.log(max(volumes[0], OFFSET_ML)))
    slope = float(np.log(max(volumes[-1], OFFSET_ML)) - first) / max(float(days[-1]), 1.0)

    def residuals(values: Array) -> Array:
        expected = Fit(law, values[0], values[1:], 0.0).volume_ml(days)
        if logs:
            return np.asarray(np.log(expected + OFFSET_ML) - np.log(volumes + OFFSET_ML))
        return np.asarray((expected - volumes) / largest)

    low, high = (np.array([end, *(BOUNDS[name][place] for name in names)]) for place, end in enumerate((-8.0, 12.0)))
    if law == "exponential":
        low[1], beginnings = -0.05, [{"rate": slope}]
    else:
        rate = max(abs(slope), 0.003)
        above, below = np.log(largest) + 1.0 - first, np.log(max(volumes[-1], 0.01)) - 0.3 - first
        beginnings = [{"rate": rate, "limit": above, "exponent": 0.5}, {"rate": rate, "limit": below, "exponent": 0.5}]
    found = []
    for beginning in beginnings:
        start = np.clip([first, *(beginning[name] for name in names)], low + 1e-6, high - 1e-6)
        found.append(least_squares(residuals, start, bounds=(low, high), max_nfev=_EVALUATIONS))
    best = min(found, key=lambda one: one.cost).x
    return Fit(law, float(best[0]), best[1:], _akaike(law, best, days, volumes))


def _akaike(law: str, values: Array, days: Array, volumes: Array) -> float:
    """Akaike's criterion with the variance of readings known, so that two readings have one, too."""
    expected = Fit(law, values[0], values[1:], 0.0).volume_ml(days)
    squared = (np.log(expected + OFFSET_ML) - np.log(volumes + OFFSET_ML)) ** 2
    variance = 9.0 * reading.noise_variance(reading.size_mm(volumes))  # a volume is a size cubed
    return float((squared / variance).sum() + 2 * len(values))
