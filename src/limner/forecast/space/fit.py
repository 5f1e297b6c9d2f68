"""D and ρ of one tumour, seen once or twice: Gauss and Newton's fit, with what it does not know.

**What is seen.** A contour is where c passes a threshold: c = 0.16 for the abnormal signal on T2 or FLAIR, 0.8 for the
enhancing core (Swanson et al. 2008). Seen twice, the outer contour's advance tells the front's speed ``2√(Dρ)``; the
distance from core to outer contour tells its width ``√(D/ρ)``. One outer contour alone tells neither: both then come
from the prior. Two outer contours without cores tell the product Dρ, hardly the ratio.

**What is asked.** Of each contour one number: how far, on average over the rim, the model's contour lies from the drawn
one, in mm. Drawn contours err, and neighbouring voxels err alike, so how unsure the mean is comes from the scatter
along the rim. Because the state starts from a drawn contour, that contour's error is an unknown of its own, and so is
the last one's, from which the forecast starts. Unknowns: ``log v, log λ``, the two offsets (mm) and the seed's
logarithm.

**How.** The state at the first time is the profile of a round tumour of this size along the signed distance from the
drawn contour (:mod:`radial`); it is grown to the second time with its tangents; each unknown has a Gaussian prior; the
answer is the most probable value and the inverse of the Gauss–Newton matrix (Laplace's approximation).

Source: Swanson, Rostomily and Alvord, Br J Cancer 98:113, 2008 (0.80 and 0.16; D/ρ from two contours); Nocedal and
Wright, Numerical Optimization, 10.3; MacKay, Neural Comput. 4:448, 1992 (Laplace).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from limner.forecast.space.medium import Medium
from limner.forecast.space.prior import Prior, rates
from limner.forecast.space.question import Question, Settings, Sight
from limner.forecast.space.radial import SEED_MEAN, SEED_SPREAD
from limner.forecast.space.solver import Rates
from limner.forecast.space.start import ball_radius_mm

Float = NDArray[np.float64]
OUTER, CORE = 0.16, 0.8


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known after looking: a Gaussian over :data:`limner.forecast.space.start.UNKNOWNS`.

    Args:
        mean: ``(5,)``.
        covariance: ``(5, 5)``.
        radius_mm: of a ball of the last contour's volume.
        noise_mm: standard deviation of one voxel of a contour; None where one contour was seen.
        told_by: what informed it, for people.
        dimensions: 2 or 3.
    """

    mean: Float
    covariance: Float
    radius_mm: float
    noise_mm: float | None
    told_by: tuple[str, ...]
    dimensions: int

    @property
    def rates(self) -> Rates:
        """The most probable D and ρ."""
        return rates(self.mean[0], self.mean[1])

    def interval(self, which: str, z: float = 1.2816) -> tuple[float, float, float]:
        """Low, middle and high of ``diffusion``, ``growth``, ``speed`` or ``width``; 80 % with the default z."""
        weights = {"diffusion": (1, 1), "growth": (1, -1), "speed": (1, 0), "width": (0, 1)}[which]
        factor = {"diffusion": 0.5, "growth": 0.5, "speed": 1.0, "width": 1.0}[which]
        w = np.array(weights, float)
        middle, spread = float(w @ self.mean[:2]), math.sqrt(float(w @ self.covariance[:2, :2] @ w))
        low, mid, high = (factor * math.exp(middle + k * z * spread) for k in (-1, 0, 1))
        return low, mid, high

    def sample(self, normal: Float) -> Float:
        """Draws: standard normal ``(n, 5)`` to values ``(n, 5)``."""
        values, vectors = np.linalg.eigh(self.covariance)
        order = np.argsort(-values)  # the first columns of a quasi-random draw are the most even
        root = vectors[:, order] * np.sqrt(np.maximum(values[order], 0.0))
        return self.mean + normal @ root.T

    def moved(self, growth: float, diffusion: float) -> Posterior:
        """What it would be were ρ and D multiplied by factors: another genotype."""
        shift = np.zeros(len(self.mean))
        shift[0], shift[1] = 0.5 * math.log(growth * diffusion), 0.5 * math.log(diffusion / growth)
        return replace(self, mean=self.mean + shift)


def fit(medium: Medium, sights: Sequence[Sight], prior: Prior, settings: Settings | None = None) -> Posterior:
    """What one or two sights tell of a tumour.

    Args:
        medium: where it can go.
        sights: one, or two in the order of time.
        prior: of its speed and width.
        settings: of the fit.

    Raises:
        ValueError: no sight, more than two, or the second not after the first.
    """
    settings = settings or Settings()
    if len(sights) not in (1, 2) or (len(sights) == 2 and not sights[1].day > sights[0].day):
        raise ValueError("One sight, or two in the order of time, are expected.")
    start = np.array([math.log(prior.speed_mm_per_day), math.log(prior.width_mm), 0.0, 0.0, SEED_MEAN])
    spreads = np.array([prior.speed_spread, prior.width_spread, 1.0, 1.0, SEED_SPREAD])
    question = Question(medium, tuple(sights), settings)
    found, inverse = start, np.diag(spreads**2)
    for _ in range(settings.iterations):
        spreads = _noticed(question, found, spreads)
        residual, slope = question.ask(found)
        weights = 1 / question.spreads_mm
        pull = slope.T * weights**2
        matrix = pull @ slope + np.diag(1 / spreads**2)
        step = np.linalg.solve(matrix, -pull @ residual - (found - start) / spreads**2)
        step[:2] = np.clip(step[:2], -0.7, 0.7)
        found, inverse = np.asarray(found + step, np.float64), np.asarray(np.linalg.inv(matrix), np.float64)
        if np.abs(step / np.sqrt(np.diag(inverse))).max() < 0.02:
            break
    last = sights[-1].outer
    return Posterior(
        found,
        inverse,
        ball_radius_mm(last.distance_mm, medium),
        question.noise_mm,
        question.told_by,
        question.dimensions,
    )


def _noticed(question: Question, found: Float, spreads: Float) -> Float:
    """The offsets' priors, once the scatter along the rims is known."""
    question.look(found)
    spreads = spreads.copy()
    spreads[2] = spreads[3] = question.offset_mm
    return spreads
