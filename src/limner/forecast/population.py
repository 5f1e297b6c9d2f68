"""What many patients taught about growth: a weighted sample of growth laws and their parameters.

A *candidate* is a law with its parameters, and how far lesions wander from it. Candidates are drawn once, widely; what
is learned is their weights (non-parametric empirical Bayes: the mixing distribution is the unknown).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from limner.forecast.growth import LAWS

Array = NDArray[np.float64]

WANDER = (0.005, 0.015, 0.04)
"""Per square root of a day: by how much the logarithm of a size wanders from its curve, of three kinds of lesions."""
PER_LAW = 256
"""Candidates of each law that are drawn."""


@dataclass(frozen=True, eq=False)
class Population:
    """Candidates and their weights.

    Args:
        parameters: law → (n, parameters of the law), as :mod:`limner.forecast.growth` takes them.
        weights: (kinds of wandering, candidates of all laws in order); they sum to 1.
        wander: per square root of a day, one for each row of ``weights``.
    """

    parameters: dict[str, Array]
    weights: Array
    wander: tuple[float, ...] = WANDER

    @property
    def laws(self) -> list[str]:
        """The law of each candidate."""
        return [name for name, rows in self.parameters.items() for _ in rows]

    def log_sizes(self, days: Array) -> Array:
        """(candidates, days): logarithm of the size relative to the first reading's, which is at day 0."""
        curves = []
        for name, rows in self.parameters.items():
            columns = [rows[:, [place]] for place in range(rows.shape[1])]
            curves.append(LAWS[name].curve(days[None, :], *columns))
        # far outside of what sizes can be, curves are cut: a third, since volume goes with size cubed
        return np.clip(np.concatenate(curves) / 3.0, -4.0, 2.5)

    def with_weights(self, weights: Array, least: float = 0.0) -> Population:
        """The same candidates, weighed anew; those that weigh less than ``least`` of an even share are left out."""
        kept = weights.sum(axis=0) > least / weights.shape[1]
        parameters, start = {}, 0
        for name, rows in self.parameters.items():
            own = kept[start : start + len(rows)]
            start += len(rows)
            if own.any():
                parameters[name] = rows[own]
        weights = weights[:, kept]
        return Population(parameters, weights / weights.sum(), self.wander)


def draw_candidates(rng: np.random.Generator, per_law: int = PER_LAW) -> Population:
    """Candidates of every law, evenly weighed, spread as widely as lesions under treatment grow and shrink.

    Rates lie about 0.004 per day (growth) and 0.007 per day (approach to a limit, kill), each within a factor of e;
    limits within a factor of e^1.5 of the first volume; exponents about ⅓.
    """
    parameters = {}
    for name, law in LAWS.items():
        uniform = rng.random((per_law, len(law.parameters)))
        normal = norm.ppf(np.clip(uniform, 1e-6, 1 - 1e-6))
        columns = []
        for place, parameter in enumerate(law.parameters):
            z = normal[:, place]
            columns.append(
                {
                    "rate": 0.005 * z if name == "exponential" else 0.0074 * np.exp(z),
                    "growth": 0.0037 * np.exp(z),
                    "kill": 0.0074 * np.exp(z),
                    "limit": 1.5 * z,
                    "exponent": np.clip(0.3 + 0.5 * z, -1.0, 1.5),
                    "sensitive": uniform[:, place],
                }[parameter]
            )
        parameters[name] = np.column_stack(columns)
    count = per_law * len(parameters)
    return Population(parameters, np.full((len(WANDER), count), 1.0 / (count * len(WANDER))))


def learn_weights(known: Array, following: Array, start: Array, *, whole: int = 20, ahead: int = 10) -> Array:
    """Weights that make what followed likely, given what was known before.

    First ``whole`` rounds of expectation-maximisation for the likelihood of whole series (Laird, J Am Stat Assoc
    73:805, 1978), then ``ahead`` rounds for the likelihood of the last readings given the earlier ones: a candidate
    gains where last readings raise its posterior. Few rounds, since the maximum itself puts all weight on few
    candidates.

    Args:
        known: (patients, candidates), log likelihood of all readings but the last.
        following: same shape, log likelihood of the last reading given those.
        start: (candidates,), weights to begin with.
    """
    before = np.exp(known - known.max(axis=1, keepdims=True))
    both = before * np.exp(np.clip(following, -50.0, 50.0))
    weights = start
    for _ in range(whole):
        weights = _posterior(both, weights).mean(axis=0)
    for _ in range(ahead):
        gain = (_posterior(both, weights).mean(axis=0) + 1e-12) / (_posterior(before, weights).mean(axis=0) + 1e-12)
        weights = weights * gain
        weights = weights / weights.sum()
    return weights


def _posterior(likelihood: Array, weights: Array) -> Array:
    joint = likelihood * weights
    return np.asarray(joint / joint.sum(axis=1, keepdims=True))
