"""A tumour that moves and multiplies: Fisher and Kolmogorov's equation on tissue, forward in time.

``∂c/∂t = ∇·(D ∇c) + ρ c (1 − c) − κ(t) c`` with c the share of a cell's capacity that tumour fills, D in mm²/day, ρ and
the treatment's kill rate κ in 1/day, and no flux into what is blocked.

Finite volumes in space. In time Strang's splitting: half a step of growth, exactly; a step of diffusion, itself split
symmetrically into lines (Z/2 Y/2 X Y/2 Z/2), each by Crank and Nicolson; half a step of growth. Second order in both.
Diffusion keeps the sum of c to rounding, and growth is counted as it happens, so the balance of mass closes.

Sensitivities are carried along (the tangent of each step, exactly that of the discrete scheme): how c changes with the
logarithms of D and ρ and with the seed.

Source: Murray, Mathematical Biology II, 11 (the model in glioma); Swanson, Alvord and Murray, Cell Prolif. 33:317,
2000; Strang, SIAM J. Numer. Anal. 5:506, 1968.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from limner.forecast.space.lines import Lines, factor, twice_solved
from limner.forecast.space.medium import Box, Medium, around

Float = NDArray[np.float64]
REACH = 1e-8
"""The box grows when c exceeds this near its rim: tumour that nobody could see."""
_RIM, _ROOM = 2, 10
_LARGE = 300_000
"""Cells from which on two threads pay."""
_GROWTH_STEP, _DIFFUSION_STEP = 0.2, 2.0
"""Largest ρ h, and largest D h / spacing²: errors of a front's speed below one percent, and no overshoot."""


@dataclass(frozen=True)
class Rates:
    """How fast a tumour grows.

    Args:
        diffusion: D in mm²/day, before a medium's ease.
        growth: ρ in 1/day.
        treatment: ``(from_day, to_day, rate)``: cells die at ``rate`` 1/day in between.
    """

    diffusion: float
    growth: float
    treatment: tuple[tuple[float, float, float], ...] = ()

    @property
    def speed_mm_per_day(self) -> float:
        """Of a front in open tissue, in the long run: ``2 √(Dρ)``.

        >>> Rates(0.1, 0.025).speed_mm_per_day
        0.1
        """
        return 2 * math.sqrt(self.diffusion * self.growth)

    @property
    def width_mm(self) -> float:
        """Of a front: ``√(D/ρ)``, over which the tumour's rim thins out."""
        return math.sqrt(self.diffusion / self.growth)

    def kill(self, day: float) -> float:
        """κ at a day, in 1/day."""
        return sum(rate for start, end, rate in self.treatment if start <= day < end)


@dataclass(frozen=True, eq=False)
class Tangent:
    """One direction in which the state is differentiated.

    Args:
        start: how the state at day 0 changes, ``(Z, Y, X)``; not at all where None.
        log_diffusion: how log D changes.
        log_growth: how log ρ changes.
    """

    start: Float | None = None
    log_diffusion: float = 0.0
    log_growth: float = 0.0


@dataclass(frozen=True, eq=False)
class State:
    """A tumour at one day, in the box that it can have reached.

    Args:
        day: since the start.
        box: of the medium's array.
        c: ``(z, y, x)`` of the box, 0 to 1.
        tangents: ``(directions, z, y, x)``: how c changes along each.
        grown: sum over cells of what growth added and treatment took since the start (in cells' capacities).
    """

    day: float
    box: Box
    c: Float
    tangents: Float
    grown: float

    def full(self, shape: tuple[int, int, int]) -> Float:
        """``c`` on the whole grid."""
        out = np.zeros(shape)
        out[self.box] = self.c
        return out

    def full_tangents(self, shape: tuple[int, int, int]) -> Float:
        """The tangents on the whole grid."""
        out = np.zeros((len(self.tangents), *shape))
        out[(slice(None), *self.box)] = self.tangents
        return out


@dataclass(frozen=True)
class Steps:
    """How finely time is cut, and where.

    Args:
        growth: largest ρ h.
        diffusion: largest D h / spacing².
        days: largest h; for tests of convergence.
        whole: the whole grid from the start, not a growing box.
        threads: two for large boxes where None.
    """

    growth: float = _GROWTH_STEP
    diffusion: float = _DIFFUSION_STEP
    days: float = math.inf
    whole: bool = False
    threads: int | None = None


def grow(
    medium: Medium,
    start: Float,
    rates: Rates,
    days: Sequence[float],
    tangents: Sequence[Tangent] = (),
    steps: Steps | None = None,
) -> Iterator[State]:
    """The tumour at each day asked for.

    Args:
        medium: where it can go.
        start: c at day 0, ``(Z, Y, X)``; what lies in blocked cells is dropped.
        rates: D, ρ and treatment.
        days: rising, from 0 on.
        tangents: directions to differentiate along.
        steps: how finely; the defaults hold a front's speed to about a percent.

    Yields:
        A state for each day; its arrays are not touched again.

    Raises:
        ValueError: days that fall, rates that are not positive.
    """
    if any(b < a for a, b in zip([0.0, *days], days, strict=False)):
        raise ValueError(f"Days rise from 0 on; got {list(days)}.")
    if not (rates.diffusion >= 0 and rates.growth >= 0 and math.isfinite(rates.diffusion + rates.growth)):
        raise ValueError(f"D and ρ are finite and not negative; got {rates}.")
    walk = _Walk(medium, start, rates, tangents, steps or Steps())
    with ExitStack() as stack:
        if walk.threads > 1:
            walk.pool = stack.enter_context(ThreadPoolExecutor(walk.threads))
        for day in days:
            walk.go_to(day)
            yield State(day, walk.box, walk.c.copy(), walk.t.copy(), walk.grown)


@dataclass
class _Walk:
    """A tumour on its way; ``c`` and ``t`` change in place."""

    medium: Medium
    start: Float
    rates: Rates
    directions: Sequence[Tangent]
    steps: Steps
    pool: Executor | None = None
    day: float = 0.0
    grown: float = 0.0
    box: Box = field(init=False)
    c: Float = field(init=False)
    t: Float = field(init=False)
    _lines: dict[tuple[int, float], Lines] = field(default_factory=dict)

    def __post_init__(self) -> None:
        medium = self.medium
        there = medium.open & (self.start > 0)
        everything = (slice(0, medium.open.shape[0]), slice(0, medium.open.shape[1]), slice(0, medium.open.shape[2]))
        reached = medium.open & (self.start > REACH)
        self.box = everything if self.steps.whole or not reached.any() else around(reached, _ROOM)
        self.c = np.where(there, self.start, 0.0)[self.box]
        self.t = np.zeros((len(self.directions), *self.c.shape))
        for k, one in enumerate(self.directions):
            if one.start is not None:
                self.t[k] = np.where(medium.open, one.start, 0.0)[self.box]

    @property
    def threads(self) -> int:
        if self.steps.threads is not None:
            return self.steps.threads
        return 2 if self.medium.open.size >= _LARGE and (os.cpu_count() or 1) > 1 else 1

    def go_to(self, day: float) -> None:
        edges = sorted({edge for one in self.rates.treatment for edge in one[:2] if self.day < edge < day})
        for end in [*edges, day]:
            span, kill = end - self.day, self.rates.kill(self.day)
            if span <= 0:
                continue
            count = max(1, math.ceil(span / self._longest(kill) - 1e-9))
            for _ in range(count):
                self._step(span / count, kill)
            self.day = end
            self._lines = {key: one for key, one in self._lines.items() if key[1] == span / count}

    def _longest(self, kill: float) -> float:
        fastest = max(self.rates.growth, abs(self.rates.growth - kill), 1e-12)
        stiff = self.rates.diffusion * self.medium.stiffest
        return min(self.steps.growth / fastest, self.steps.diffusion / max(stiff, 1e-12), self.steps.days)

    def _step(self, h: float, kill: float) -> None:
        self._react(h / 2, kill)
        if self.rates.diffusion > 0:
            for axis, share in ((0, 0.5), (1, 0.5), (2, 1.0), (1, 0.5), (0, 0.5)):
                if self.c.shape[axis] > 1:
                    self._diffuse(axis, share, h)
        self._react(h / 2, kill)
        if not self.steps.whole:
            self._widen()

    def _diffuse(self, axis: int, share: float, h: float) -> None:
        """``c ← 2w − c`` with ``w = (I + aA)⁻¹c``; its derivative by log a is ``2(I + aA)⁻¹(dc − c + w) − dc``."""
        key = (axis * 2 + (share == 1.0), h)
        if key not in self._lines:
            a = self.rates.diffusion * h * share / 2
            self._lines[key] = factor(self.medium.faces(axis, self.box), axis, a)
        solved = twice_solved(self._lines[key], self.c, self.pool)
        if len(self.t):
            right = self.t.copy()
            for k, one in enumerate(self.directions):
                if one.log_diffusion:
                    right[k] += one.log_diffusion * (0.5 * solved - self.c)
            np.subtract(twice_solved(self._lines[key], right, self.pool), self.t, out=self.t)
        np.subtract(solved, self.c, out=self.c)

    def _react(self, h: float, kill: float) -> None:
        """The exact solution of ``c' = (ρ − κ)c − ρc²``: ``E c / (1 + ρ G c)``, ``E = e^{rh}``, ``G = (E − 1)/r``.

        What rounding left below 0 stays: grown, it would run away.
        """
        rho, r = self.rates.growth, self.rates.growth - kill
        if rho == 0 and kill == 0:
            return
        E = math.exp(r * h)
        G = math.expm1(r * h) / r if abs(r * h) > 1e-9 else h
        c = np.maximum(self.c, 0.0)
        below = 1 / (1 + rho * G * c)
        gained = E * c * below - c
        if len(self.t):
            slope = np.where(self.c > 0, E * below**2, 1.0)
            by_r = (h * E - G) / r if abs(r * h) > 1e-4 else h * h / 2 + r * h**3 / 3  # dG/dρ
            by_rho = rho * (h * E * c * below - E * (c * below) ** 2 * (G + rho * by_r))
            for k, one in enumerate(self.directions):
                self.t[k] *= slope
                if one.log_growth:
                    self.t[k] += one.log_growth * by_rho
        self.c += gained
        self.grown += float(gained.sum())

    def _widen(self) -> None:
        """Takes more room where the tumour has come near the box's rim."""
        shape, wider = self.medium.open.shape, []
        for axis, side in enumerate(self.box):
            ahead = np.moveaxis(self.c, axis, 0)
            low, high = side.start, side.stop
            if low > 0 and ahead[:_RIM].max(initial=0.0) > REACH:
                low = max(0, low - _ROOM)
            if high < shape[axis] and ahead[-_RIM:].max(initial=0.0) > REACH:
                high = min(shape[axis], high + _ROOM)
            wider.append(slice(low, high))
        if all(new == old for new, old in zip(wider, self.box, strict=True)):
            return
        new: Box = (wider[0], wider[1], wider[2])
        inner = tuple(slice(o.start - n.start, o.stop - n.start) for o, n in zip(self.box, new, strict=True))
        lengths = [one.stop - one.start for one in new]
        c, t = np.zeros(lengths), np.zeros((len(self.t), *lengths))
        c[inner] = self.c
        t[(slice(None), *inner)] = self.t
        self.c, self.t, self.box, self._lines = c, t, new, {}
