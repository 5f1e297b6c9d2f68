"""The distribution of one reading to come: chance of gone, chance of the very same reading, and a density of sizes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from limner.forecast import reading
from limner.forecast.follow import STRAY, STRAY_TIMES, Followed

Array = NDArray[np.float64]

STEP = 0.02
EDGES = np.arange(np.log(1.0), np.log(600.0), STEP)
"""Logarithms of sizes in mm at which distributions are kept; under the first a lesion counts as gone."""
WHOLE_MM = np.arange(0.0, 601.0)
MIDDLE_ML, MIDDLE_RATIO = 4.0, 0.3
"""How near is near, for the middle: in ml, and as a logarithm of the ratio."""
MIDDLE_FROM, MIDDLE_TO = 0.25, 0.75
"""Quantiles between which the middle lies: never outside the middle half."""
OFFSET_ML = 0.1
"""Added to volumes before ratios are taken: a lesion that is gone has no logarithm."""


@dataclass(frozen=True, eq=False)
class Predictive:
    """Distribution of a reading.

    Args:
        below: (edges,), chance of a reading at or below each of ``EDGES``, if it is not a repetition.
        gone: chance of 0, likewise.
        last_mm: size of the last reading.
        same: chance that the last reading is repeated.
    """

    below: Array
    gone: float
    last_mm: float
    same: float = 0.0

    def recalibrated(self, shift: float, spread: float, same: float) -> Predictive:
        """Probabilities p become Φ((Φ⁻¹(p) − shift) / spread): later where shift > 0, less sure where spread > 1."""

        def moved(share: ArrayLike) -> Array:
            return np.asarray(norm.cdf((norm.ppf(np.clip(share, 1e-6, 1 - 1e-6)) - shift) / spread))

        return replace(self, below=moved(self.below), gone=float(moved(self.gone)), same=same)

    def cdf(self, sizes_mm: ArrayLike) -> Array:
        """Chance of a reading at or below sizes in mm; negative sizes have none."""
        sizes = np.asarray(sizes_mm, dtype=np.float64)
        rest = np.interp(np.log(np.maximum(sizes, 1e-9)), EDGES, self.below, left=self.gone)
        rest = np.where(sizes < 0, 0.0, rest)
        return np.asarray((1.0 - self.same) * rest + self.same * (sizes >= self.last_mm))

    def quantile(self, level: float) -> float:
        """The size in mm at or below which a share of readings lies; 0 where so many are gone."""
        rest = 1.0 - self.same
        upto = float(self.cdf(self.last_mm))
        if upto - self.same < level <= upto:
            return self.last_mm
        level = (level if level <= upto else level - self.same) / rest
        if level <= self.gone:
            return 0.0
        return float(np.exp(np.interp(level, self.below, EDGES)))

    def middle(self, whole: bool) -> float:
        """The size in mm about which readings gather: p50.

        It shall be near for as many patients as can be, in ml and as a ratio. The median of a distribution that is wide
        and leans to one side is near few readings; so, of the sizes between two quantiles (``MIDDLE_FROM``,
        ``MIDDLE_TO``), that one is taken about which most readings are: the greatest product of the chance of being
        near in ml and of being near as a ratio, each by a Gaussian kernel.

        Args:
            whole: the patient's sizes are whole mm, and so is the answer.
        """
        low, high = self.quantile(MIDDLE_FROM), self.quantile(MIDDLE_TO)
        masses = np.diff(np.concatenate([[0.0], self.cdf(WHOLE_MM + 0.5)]))
        masses[0] = float(self.cdf(0.0))
        masses[1] = float(self.cdf(1.5)) - masses[0]
        step = 1.0 if whole else 0.25
        tried = np.arange(step * np.floor(low / step), high + step, step)
        tried = np.concatenate([tried[(tried >= low) & (tried <= high)], [low, high]])
        if low <= self.last_mm <= high:
            tried = np.append(tried, self.last_mm)
        volumes, others = reading.volume_ml(tried)[:, None], reading.volume_ml(WHOLE_MM)[None, :]
        in_ml = _kernel((volumes - others) / MIDDLE_ML) @ masses
        as_ratio = _kernel(np.log((volumes + OFFSET_ML) / (others + OFFSET_ML)) / MIDDLE_RATIO) @ masses
        return float(tried[np.argmax(in_ml * as_ratio)])


def predictive(followed: Followed, weights: Array, day: int, last_mm: float) -> Predictive:
    """The mixture over candidates for one of the asked days.

    Args:
        weights: (kinds, candidates), posterior; they sum to 1.
        day: place of the day among those asked.
        last_mm: size of the last reading.
    """
    below = np.zeros(len(EDGES))
    gone = 0.0
    reach = 100  # bins beyond both ends, so that what lies outside is counted where it belongs
    for kind, own in enumerate(weights):
        logs = followed.log_sizes[day, kind]
        unseen = reading.unseen(logs)
        gone += float(own @ unseen)
        place = np.clip(np.rint((logs - EDGES[0]) / STEP).astype(int), -reach, len(EDGES) + reach) + reach
        mass = np.bincount(place, own * (1.0 - unseen), minlength=len(EDGES) + 2 * reach + 1)
        filled = np.flatnonzero(mass > 1e-9)
        means = EDGES[0] + (filled - reach) * STEP
        noise = reading.noise_variance(np.clip(np.exp(means), 2.0, 600.0))
        z = (EDGES[None, :] - means[:, None]) / np.sqrt(followed.variances[day, kind] + noise)[:, None]
        below += mass[filled] @ ((norm.cdf(z) + STRAY * norm.cdf(z / STRAY_TIMES)) / (1.0 + STRAY))
    return Predictive(np.minimum(gone + below, 1.0), gone, last_mm)


def _kernel(z: Array) -> Array:
    return np.asarray(np.exp(-0.5 * z * z))
