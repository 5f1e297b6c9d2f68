"""From a seed to now: the profile of a round tumour of a given size, and its age.

In lengths of ``λ = √(D/ρ)`` and times of ``1/ρ`` the model has no parameter left, so one run from a point-like seed,
solved once along the radius, is every round tumour: its rim's profile depends on its radius over λ alone. A patient's
tumour is given that profile along the signed distance from its drawn contour; so the state now has the drawn shape, the
rim that such a tumour has at that size, and two unknowns, not a seed's place and date.

Source: Murray, Mathematical Biology II, 11.4 (from a seed to detection); Konukoglu et al., IEEE Trans. Med. Imaging
29:77, 2010 (a state from the visible contour, by the front's profile).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

Float = NDArray[np.float64]
_STEP, _REACH, _TIME_STEP, _UNTIL = 0.1, 130.0, 0.05, 62.0
_SEED_PEAK, _BESIDE = 0.5, 45.0
_SEEDS = (-5.5, -3.75, -2.0, -0.25, 1.5)
SEED_MEAN, SEED_SPREAD = -2.3, 1.4
"""What is believed of a seed's logarithm: between a few cells and a knot of 3 mm."""


@dataclass(frozen=True, eq=False)
class Profiles:
    """Round tumours from seeds of one size on, seen from the contour at one threshold.

    Args:
        radii: ``(ages,)``: of that contour, in λ, rising.
        ages: ``(ages,)``: since the seed, in 1/ρ.
        offsets: ``(n,)``: distance outward from the contour, in λ.
        values: ``(ages, n)``: c there.
    """

    radii: Float
    ages: Float
    offsets: Float
    values: Float

    def at(self, distance: Float, radius: float) -> Float:
        """C at distances outward from the contour, in λ; beyond the table's ends the nearest profile is taken."""
        low, share = self._between(radius)
        profile = (1 - share) * self.values[low] + share * self.values[low + 1]
        return np.interp(distance, self.offsets, profile)

    def age(self, radius: float) -> float:
        """Since the seed, in 1/ρ."""
        low, share = self._between(radius)
        return float((1 - share) * self.ages[low] + share * self.ages[low + 1])

    def _between(self, radius: float) -> tuple[int, float]:
        radius = float(np.clip(radius, self.radii[0], self.radii[-1]))
        low = int(np.clip(np.searchsorted(self.radii, radius) - 1, 0, len(self.radii) - 2))
        return low, (radius - self.radii[low]) / (self.radii[low + 1] - self.radii[low])


@dataclass(frozen=True)
class Now:
    """The tumour now, as far as its drawn contour does not say it.

    Args:
        width_mm: ``λ = √(D/ρ)``.
        radius_mm: of a ball (a disc) of the tumour's volume (area).
        seed: logarithm of ``peak (width / λ)³`` of the Gaussian that it came from.
        threshold: c on the contour.
        dimensions: 2 or 3.
    """

    width_mm: float
    radius_mm: float
    seed: float = SEED_MEAN
    threshold: float = 0.16
    dimensions: int = 3

    def at(self, distance_mm: Float) -> Float:
        """C at signed distances from the contour, negative inside; of the shape of ``distance_mm``.

        >>> float(Now(width_mm=3.0, radius_mm=20.0).at(np.array(0.0)).round(2))
        0.16
        """
        (first, second), share = self._tables()
        scaled, radius = distance_mm / self.width_mm, self.radius_mm / self.width_mm
        return (1 - share) * first.at(scaled, radius) + share * second.at(scaled, radius)

    def age_days(self, growth: float) -> float:
        """Since the seed, at ρ = ``growth`` 1/day."""
        (first, second), share = self._tables()
        radius = self.radius_mm / self.width_mm
        return ((1 - share) * first.age(radius) + share * second.age(radius)) / growth

    def _tables(self) -> tuple[tuple[Profiles, Profiles], float]:
        place = float(np.clip(np.interp(self.seed, _SEEDS, range(len(_SEEDS))), 0, len(_SEEDS) - 1))
        low = min(int(place), len(_SEEDS) - 2)
        tables = [profiles(_SEEDS[k], self.threshold, self.dimensions) for k in (low, low + 1)]
        return (tables[0], tables[1]), place - low


@lru_cache(maxsize=64)
def profiles(seed: float, threshold: float, dimensions: int) -> Profiles:
    """The table of one seed and one threshold of c, in 2 or 3 dimensions."""
    ages, centres, states = _from_seed(seed, dimensions)
    radii = np.array([_radius(state, centres, threshold) for state in states])
    lost = np.flatnonzero(np.isnan(radii))
    first = int(lost[-1]) + 1 if len(lost) else 0
    first += int(np.argmin(radii[first:]))  # a seed spreads below the threshold before it grows
    kept = [first]
    for k in range(first + 1, len(radii)):
        if radii[k] > radii[kept[-1]] + 0.2:
            kept.append(k)
    offsets = np.arange(-_BESIDE, _BESIDE + _STEP / 2, _STEP)
    values = np.stack([np.interp(radii[k] + offsets, centres, states[k]) for k in kept])
    return Profiles(radii[kept], ages[kept], offsets, values)


def _radius(state: Float, centres: Float, threshold: float) -> float:
    """Where a falling profile passes the threshold, between centres by its logit; NaN where it is nowhere above."""
    above = np.flatnonzero(state >= threshold)
    if not len(above) or above[-1] + 1 >= len(state):
        return float("nan")
    k = int(above[-1])
    a, b = (_logit(state[j]) for j in (k, k + 1))
    return float(centres[k] + (a - _logit(threshold)) / (a - b) * (centres[k + 1] - centres[k]))


def _logit(c: float) -> float:
    c = min(max(float(c), 1e-300), 1 - 1e-12)
    return float(np.log(c) - np.log1p(-c))


@lru_cache(maxsize=8)
def _from_seed(seed: float, dimensions: int) -> tuple[Float, Float, Float]:
    """Ages, radii of the shells and the states, ``(ages, shells)``, every fifth step: shells are finite volumes."""
    edges = np.arange(0, _REACH + _STEP / 2, _STEP)
    centres = (edges[1:] + edges[:-1]) / 2
    volume = np.diff(edges**dimensions) / dimensions
    flux = edges[1:-1] ** (dimensions - 1) / _STEP
    upper, lower = np.zeros(len(centres)), np.zeros(len(centres))
    upper[1:], lower[:-1] = flux / volume[:-1], flux / volume[1:]  # as solve_banded wants them: a column each
    leaves = np.zeros(len(centres))
    leaves[:-1] += flux / volume[:-1]
    leaves[1:] += flux / volume[1:]
    a = _TIME_STEP / 2
    matrix = np.stack([-a * upper, 1 + a * leaves, -a * lower])
    grow = np.exp(_TIME_STEP / 2)
    width = (np.exp(seed) / _SEED_PEAK) ** (1 / 3)
    c = _SEED_PEAK * np.exp(-(centres**2) / (2 * width**2))
    ages, states = [], []
    for step in range(1, round(_UNTIL / _TIME_STEP) + 1):
        c = c * grow / (1 + c * (grow - 1))
        c = np.maximum(2 * solve_banded((1, 1), matrix, c) - c, 0.0)
        c = c * grow / (1 + c * (grow - 1))
        if step % 5 == 0:
            ages.append(step * _TIME_STEP)
            states.append(c)
    return np.array(ages), centres, np.stack(states)
