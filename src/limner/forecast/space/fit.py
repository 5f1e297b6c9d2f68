"""D and ρ of one tumour, seen once or twice: Gauss and Newton's fit, with what it does not know.

**What is seen.** A contour is where c passes a threshold: c = 0.16 for the abnormal signal on T2 or FLAIR, 0.8 for the
enhancing core (Swanson et al. 2008). Seen twice, the outer contour's advance tells the front's speed ``2√(Dρ)``; the
distance from core to outer contour tells its width ``√(D/ρ)``. One outer contour alone tells neither: both then come from
the prior. Two outer contours without cores tell the product Dρ, hardly the ratio.

**What is asked.** Of each contour one number: how far, on average over the rim, the model's contour lies from the drawn
one, in mm. Drawn contours err, and neighbouring voxels err alike, so how unsure the mean is comes from the scatter along
the rim. Because the state starts from a drawn contour, that contour's error is an unknown of its own, and so is the last
one's, from which the forecast starts. Unknowns: ``log v, log λ``, the two offsets (mm) and the seed's logarithm.

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

from limner.forecast.space.contour import level_distance, rim_of, soft_inside
from limner.forecast.space.medium import Medium
from limner.forecast.space.prior import Prior, rates
from limner.forecast.space.radial import SEED_MEAN, SEED_SPREAD, Now
from limner.forecast.space.solver import Rates, Tangent, grow

Float = NDArray[np.float64]
OUTER, CORE = 0.16, 0.8
UNKNOWNS = ("log speed", "log width", "first offset, mm", "last offset, mm", "seed")
_NARROW = 0.75
"""Fronts narrower than this share of a voxel are not resolved; the width is held there and the speed kept."""


@dataclass(frozen=True, eq=False)
class Contour:
    """A drawn contour on the working grid.

    Args:
        threshold: c that it marks.
        distance_mm: ``(Z, Y, X)``: signed distance, negative inside; see :func:`contour.signed_distance`.
    """

    threshold: float
    distance_mm: Float


@dataclass(frozen=True, eq=False)
class Sight:
    """What was drawn on one day.

    Args:
        day: on any scale.
        outer: the tumour's outline.
        core: of its enhancing core, where there is one.
    """

    day: float
    outer: Contour
    core: Contour | None = None


@dataclass(frozen=True)
class Settings:
    """How the fit is led.

    Args:
        correlation_mm: over how far a contour's errors are alike.
        rater_mm: by how much a whole contour may be drawn too large or too small (standard deviation).
        model_mm: error of a mean distance that the scheme itself makes.
        iterations: at most.
    """

    correlation_mm: float = 8.0
    rater_mm: float = 0.2
    model_mm: float = 0.1
    iterations: int = 10


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known after looking: a Gaussian over :data:`UNKNOWNS`.

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
    question = _Question(medium, tuple(sights), settings)
    here, spreads = _noticed(question, start, spreads)
    found, inverse = here, np.diag(spreads**2)
    for _ in range(settings.iterations):
        here, spreads = _noticed(question, found, spreads)
        residual, slope = question.ask(found)
        weights = 1 / question.spreads_mm
        pull = slope.T * weights**2
        matrix = pull @ slope + np.diag(1 / spreads**2)
        step = np.linalg.solve(matrix, -pull @ residual - (found - start) / spreads**2)
        step[:2] = np.clip(step[:2], -0.7, 0.7)
        found, inverse = found + step, np.linalg.inv(matrix)
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


def _noticed(question: _Question, found: Float, spreads: Float) -> tuple[Float, Float]:
    """The offsets' priors, once the scatter along the rims is known."""
    question.look(found)
    spreads = spreads.copy()
    spreads[2] = spreads[3] = question.offset_mm
    return found, spreads


def ball_radius_mm(distance_mm: Float, medium: Medium) -> float:
    """Radius of the ball (of the disc, on one slice) whose front bends as this one does.

    By volume; or, where a wall took the place of a part of the front, by ``3V/A`` (``2A/L`` on a slice) with A the free
    front's area: half a ball against a wall is as ripe as the whole ball.
    """
    long = [s for s, n in zip(medium.spacing_mm, distance_mm.shape, strict=True) if n > 1]
    voxel, size = float(np.prod(long)), float(np.mean(long))
    inside = [
        voxel * float((soft_inside(distance_mm + move, size) * medium.open).sum())
        for move in (-size / 2, 0.0, size / 2)
    ]
    volume, front = inside[1], max((inside[0] - inside[2]) / size, 1e-9)
    by_volume = math.sqrt(volume / math.pi) if len(long) == 2 else (3 * volume / (4 * math.pi)) ** (1 / 3)
    return max(by_volume, min(0.95 * len(long) * volume / front, 2 * by_volume))  # 0.95: a drawn front is rougher


def resolved(log_width: float, medium: Medium) -> float:
    """The log width that the grid can hold."""
    return max(log_width, math.log(_NARROW * _coarsest(medium)))


def on_grid(log_speed: float, log_width: float, medium: Medium) -> tuple[Rates, float]:
    """The rates with which a front runs on a grid as it does in space.

    Second differences of an edge that falls by ``e`` over λ are too large by ``q = (h/λ)²/12 · Σnᵢ⁴`` (Taylor), which
    would make the front too fast; Σnᵢ⁴ is 3/5 on average over directions n in space, 3/4 in the plane. D is divided by
    ``1 + q``.

    Returns:
        The rates, and how log D changes with log λ.
    """
    held = resolved(log_width, medium)
    dimensions = sum(n > 1 for n in medium.open.shape)
    q = (0.75 if dimensions == 2 else 0.6) / 12 * (_coarsest(medium) / math.exp(held)) ** 2
    plain = rates(log_speed, held)
    free = 0.0 if held > log_width else 1.0
    return replace(plain, diffusion=plain.diffusion / (1 + q)), free * (1 + 2 * q / (1 + q))


def _coarsest(medium: Medium) -> float:
    return max(s for s, n in zip(medium.spacing_mm, medium.open.shape, strict=True) if n > 1)


def state_now(medium: Medium, contour: Contour, unknowns: Float, offset_mm: float, radius_mm: float) -> Float:
    """C at the time of a contour.

    Args:
        medium: where the tumour can be.
        contour: as drawn.
        unknowns: see :data:`UNKNOWNS`.
        offset_mm: how far the true contour lies inside the drawn one.
        radius_mm: of a ball of its volume.
    """
    dimensions = sum(n > 1 for n in medium.open.shape)
    width = math.exp(resolved(unknowns[1], medium))
    now = Now(width, max(radius_mm - offset_mm, 1e-3), float(unknowns[4]), contour.threshold, dimensions)
    return now.at(contour.distance_mm + offset_mm) * medium.open


class _Question:
    """Mean distances between the model's contours and the drawn ones, with their slopes."""

    def __init__(self, medium: Medium, sights: tuple[Sight, ...], settings: Settings) -> None:
        self.medium, self.sights, self.settings = medium, sights, settings
        self.dimensions = sum(n > 1 for n in medium.open.shape)
        self.radius = ball_radius_mm(sights[0].outer.distance_mm, medium)
        asked: list[tuple[int, Contour, bool]] = []
        if sights[0].core is not None:
            asked.append((0, sights[0].core, False))
        if len(sights) == 2:
            asked.append((1, sights[1].outer, True))
            if sights[1].core is not None:
                asked.append((1, sights[1].core, False))
        self.asked = [(when, one, outer, rim_of(one.distance_mm, medium)) for when, one, outer in asked]
        self.offset_mm = math.hypot(settings.rater_mm, 0.2)
        self.spreads_mm = np.zeros(0)
        self.noise_mm: float | None = None

    @property
    def told_by(self) -> tuple[str, ...]:
        names = [
            f"{'outer contour' if outer else 'core'} of the {'second' if when else 'first'} time"
            for when, _, outer, _ in self.asked
        ]
        return tuple(names)

    def look(self, unknowns: Float) -> None:
        """Learns the noise of contours from how the distances scatter along each rim."""
        fields = self._fields(unknowns, ())
        spreads, locals_, offsets = [], [], []
        for (when, one, outer, rim), c in zip(self.asked, (fields[k][0] for k, *_ in self.asked), strict=True):
            apart = self._apart(c, one, rim.index) - rim.distance_mm
            local, mean = rim.mean_noise_mm(apart, self.settings.correlation_mm)
            # Two contours, the first and this one, share the scatter.
            own = math.hypot(mean / math.sqrt(2), self.settings.rater_mm)
            locals_.append(local / math.sqrt(2))
            spreads.append(self.settings.model_mm if outer else math.hypot(own, self.settings.model_mm))
            if outer:
                offsets.append(own)
        self.spreads_mm = np.array(spreads)
        if offsets:
            self.offset_mm = offsets[-1]
        if locals_:
            self.noise_mm = float(np.mean(locals_))

    def ask(self, unknowns: Float) -> tuple[Float, Float]:
        """Residuals in mm, ``(m,)``, and their slopes, ``(m, 5)``."""
        if not self.asked:
            return np.zeros(0), np.zeros((0, 5))
        fields = self._fields(unknowns, (0, 1, 2, 4))
        residuals, slopes = [], []
        for when, one, outer, rim in self.asked:
            c, tangents = fields[when]
            residuals.append(float((self._apart(c, one, rim.index) - rim.distance_mm).mean()))
            slope = np.zeros(5)
            for k, direction in enumerate((0, 1, 2, 4)):
                step = 1e-4  # of the distance's formula alone; c's own slope is exact
                there = c + step * tangents[k]
                slope[direction] = float(
                    (self._apart(there, one, rim.index) - self._apart(c, one, rim.index)).mean() / step
                )
            if outer:
                residuals[-1] -= unknowns[3]
                slope[3] = -1.0
            slopes.append(slope)
        return np.array(residuals), np.stack(slopes)

    def _apart(self, c: Float, contour: Contour, index: NDArray[np.int64]) -> Float:
        return level_distance(c, contour.threshold, self.medium.spacing_mm)[tuple(index)]

    def _fields(self, unknowns: Float, wanted: tuple[int, ...]) -> list[tuple[Float, Float]]:
        """C and its tangents at each sight."""
        first, medium = self.sights[0].outer, self.medium
        start = state_now(medium, first, unknowns, unknowns[2], self.radius)
        going, by_width = on_grid(unknowns[0], unknowns[1], medium)
        held = resolved(unknowns[1], medium) > unknowns[1]
        directions = []
        for k in wanted:
            if k == 0:
                directions.append(Tangent(None, 1.0, 1.0))
                continue
            step = np.zeros(5)
            step[k] = 1e-3
            up, down = (
                state_now(medium, first, unknowns + s * step, (unknowns + s * step)[2], self.radius) for s in (1, -1)
            )
            moves = k == 1 and not held
            directions.append(Tangent((up - down) / 2e-3, by_width if moves else 0.0, -1.0 if moves else 0.0))
        shape = medium.open.shape
        tangents = (
            np.stack([np.zeros(shape) if one.start is None else one.start for one in directions])
            if directions
            else np.zeros((0, *shape))
        )
        fields = [(start, tangents)]
        if len(self.sights) == 2:
            span = self.sights[1].day - self.sights[0].day
            for state in grow(medium, start, going, [span], directions):
                fields.append((state.full(shape), state.full_tangents(shape)))
        return fields
