"""One patient's readings followed along every candidate: how well it explains them, and where it leads.

The logarithm of a lesion's size is its curve plus a random walk (what the law does not know), read with noise. Along a
given curve that is a Kalman filter in one dimension, whose gain does not depend on the curve: all candidates are
followed at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.forecast import reading
from limner.forecast.population import Population
from limner.forecast.series import Series

Array = NDArray[np.float64]

START_SD = 0.15
"""Of the logarithm of the first size about its reading, before that is taken into account."""
STRAY, STRAY_TIMES = 0.02, 4.0
"""Weight of readings that stray, and how many times wider they scatter."""
_FLOOR = 1e-6
_SHORTEST_DAYS = 1.0


@dataclass(frozen=True, eq=False)
class Followed:
    """What readings say of candidates.

    Args:
        evidence: (kinds of wandering, candidates), log likelihood of the readings.
        log_sizes: (asked days, kinds, candidates), mean of the logarithm of the true size in mm.
        variances: (asked days, kinds), about those means.
    """

    evidence: Array
    log_sizes: Array
    variances: Array


def follow(series: Series, population: Population) -> Followed:
    """Filters the readings of a patient along all candidates, and leads each to the asked days.

    Source: Kalman, J Basic Eng 82:35, 1960 (scalar, the walk's variance grows with the days between).
    """
    sizes = reading.size_mm(series.volumes_ml)
    logs, noise = reading.log_size(sizes), reading.noise_variance(sizes)
    known = len(sizes)
    days = np.concatenate([series.days, series.asked]) - series.days[0]
    curves = population.log_sizes(days) + logs[0]
    kinds = len(population.wander)
    evidence = np.zeros((kinds, curves.shape[0]))
    ahead = np.empty((len(series.asked), kinds, curves.shape[0]))
    variances = np.empty((len(series.asked), kinds))
    for kind, wander in enumerate(population.wander):
        off, variance = np.zeros(curves.shape[0]), START_SD**2
        for place in range(known):
            if place:
                variance += wander**2 * max(days[place] - days[place - 1], _SHORTEST_DAYS)
            here = curves[:, place] + off
            evidence[kind] += log_likelihood(sizes[place], here, variance)
            gain = variance / (variance + noise[place])
            off = off + gain * (logs[place] - here)
            variance *= 1.0 - gain
        ahead[:, kind] = (curves[:, known:] + off[:, None]).T
        gaps = np.maximum(days[known:] - days[known - 1], _SHORTEST_DAYS)
        variances[:, kind] = variance + wander**2 * gaps
    return Followed(evidence, ahead, variances)


def log_likelihood(size: float, log_sizes: Array, variance: float | Array) -> Array:
    """Log likelihood of one reading.

    Args:
        size: read, in mm; 0 where the lesion was not seen.
        log_sizes: expected logarithm of the size, any shape.
        variance: of the true logarithm about it; the reading's noise comes on top.
    """
    gone = reading.unseen(log_sizes)
    if size == 0:
        return np.log(gone)
    spread = variance + reading.noise_variance(size)
    squared = (np.log(size) - log_sizes) ** 2 / spread
    density = np.exp(-0.5 * squared) + STRAY / STRAY_TIMES * np.exp(-0.5 * squared / STRAY_TIMES**2)
    return np.asarray(np.log((1.0 - gone) * density / np.sqrt(spread) + _FLOOR))
