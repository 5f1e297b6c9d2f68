"""The forecast of each asked day: quantiles of the reading to come, by what was learned from other patients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.forecast import reading
from limner.forecast.follow import follow
from limner.forecast.population import Population
from limner.forecast.predictive import Predictive, predictive
from limner.forecast.priors import Priors, load_priors
from limner.forecast.series import Series, SeriesTable

LOW, HIGH = 0.1, 0.9
_WHOLE_WITHIN_MM = 0.01


@dataclass(frozen=True)
class Forecast:
    """What a reading may be, in ml: a tenth of readings lies below ``p10``, a tenth above ``p90``.

    Args:
        patient: as the table names it.
        day: asked.
        p10: in ml, like the others.
        p50: the best single guess: about which readings gather, within the middle half (:meth:`Predictive.middle`).
        p90: in ml.
        median: half of readings lie below it.
        model: the law that explains the patient's readings best; ``population`` where there is only one reading.
        readings: of this patient that were used.
    """

    patient: str
    day: float
    p10: float
    p50: float
    p90: float
    model: str
    readings: int
    median: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON: volumes to four decimals, whole days as whole numbers."""
        rounded = {name: round(getattr(self, name), 4) for name in ("p10", "p50", "p90", "median")}
        return {**vars(self), **rounded, "day": int(self.day) if self.day == int(self.day) else self.day}


def forecast_table(
    table: SeriesTable, priors: Priors | None = None, progress: Callable[[str, float], None] | None = None
) -> list[Forecast]:
    """Forecasts every asked row, in the order of the table.

    A day that is already past (see :func:`limner.forecast.series.read_series`) is forecast from what lay before it.

    Args:
        table: as read.
        priors: the shipped ones where None.
        progress: is told a step and how much is done.
    """
    priors = priors or load_priors()
    found: dict[tuple[str, float], Forecast] = {}
    for number, series in enumerate(table.series.values()):
        if progress:
            progress("forecast", number / len(table.series))
        ahead = tuple(day for day in series.asked if day > series.days[-1])
        parts = [Series(series.patient, series.days, series.volumes_ml, ahead)] if ahead else []
        parts += [series.until(day) for day in series.asked if day <= series.days[-1]]
        found.update({(one.patient, one.day): one for part in parts for one in forecast_series(part, priors)})
    return [found[asked] for asked in table.asked]


def forecast_series(series: Series, priors: Priors) -> list[Forecast]:
    """Forecasts the asked days of one patient."""
    distributions, weights = distributions_of(series, priors.population)
    whole = _whole(series)
    law = _likeliest(priors.population, weights) if len(series.days) > 1 else "population"
    forecasts = []
    for day, raw in zip(series.asked, distributions, strict=True):
        final = priors.recalibration.of(series, day, raw)
        sizes = [final.quantile(LOW), final.middle(whole), final.quantile(HIGH), final.quantile(0.5)]
        low, middle, high, median = (float(one) for one in reading.volume_ml(sizes))
        forecasts.append(Forecast(series.patient, day, low, middle, high, law, len(series.days), median))
    return forecasts


def distributions_of(series: Series, population: Population) -> tuple[list[Predictive], NDArray[np.float64]]:
    """Distributions of the asked days by the candidates alone, and the candidates' posterior weights."""
    followed = follow(series, population)
    weights = population.weights * np.exp(followed.evidence - followed.evidence.max())
    weights = weights / weights.sum()
    last = float(reading.size_mm(series.volumes_ml[-1]))
    return [predictive(followed, weights, place, last) for place in range(len(series.asked))], weights


def _likeliest(population: Population, weights: NDArray[np.float64]) -> str:
    shares: dict[str, float] = {}
    for law, share in zip(population.laws, weights.sum(axis=0), strict=True):
        shares[law] = shares.get(law, 0.0) + float(share)
    return max(shares, key=lambda law: shares[law])


def _whole(series: Series) -> bool:
    """Whether all readings come from whole millimetres."""
    sizes = reading.size_mm(series.volumes_ml)
    return bool(np.all(np.abs(sizes - np.rint(sizes)) < _WHOLE_WITHIN_MM))
