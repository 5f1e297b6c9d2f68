"""The question that a fit asks: how far the model's contours lie from the drawn ones, and how that changes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.forecast.space.contour import level_distance, rim_of
from limner.forecast.space.medium import Medium
from limner.forecast.space.solver import Tangent, grow
from limner.forecast.space.start import Contour, ball_radius_mm, on_grid, resolved, state_now

Float = NDArray[np.float64]


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
    rater_mm: float = 0.25
    model_mm: float = 0.15
    iterations: int = 10


class Question:
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
        """Which contours inform the fit, in words."""
        names = [
            f"{'outer contour' if outer else 'core'} of the {'second' if when else 'first'} time"
            for when, _, outer, _ in self.asked
        ]
        return tuple(names)

    def look(self, unknowns: Float) -> None:
        """Learns the noise of contours from how the distances scatter along each rim."""
        fields = self._fields(unknowns, ())
        spreads, locals_, offsets = [], [], []
        for when, one, outer, rim in self.asked:
            apart = self._apart(fields[when][0], one, rim.index) - rim.distance_mm
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
