"""The solver held against exact solutions: its order in space and time, its balance of mass, its seconds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.forecast.space.medium import Medium
from limner.forecast.space.solver import Rates, Steps, grow

Float = NDArray[np.float64]
Progress = Callable[[str, float], None]
_FINE = 1e9  # no limit on a step but the one that is asked for


def check_solver(side: int = 128, days: int = 365, progress: Progress | None = None) -> dict[str, Any]:
    """Orders of convergence, balance of mass, and seconds to a day on a cube.

    Args:
        side: cells of the cube, of 1 mm.
        days: until when it is run.
        progress: is told the step and its share.

    Returns:
        ``order_space``, ``order_time`` (both 2 for a second-order scheme; of the travelling wave and of a mode in space
        with a tensor), ``mass_balance`` (relative), ``seconds`` and ``cells``.
    """
    say = progress or (lambda step, share: None)
    say("orders", 0.0)
    found: dict[str, Any] = {
        "order_space": {"wave": order(wave_error, (2.0, 1.0), "space"), "mode": order(mode_error, (10, 20), "space")},
        "order_time": {"wave": order(wave_error, (8.0, 4.0), "time"), "mode": order(mode_error, (8.0, 4.0), "time")},
    }
    say("cube", 0.3)
    return {**found, **cube(side, days)}


def order(error: Callable[..., float], sizes: tuple[float, float], which: str) -> float:
    """Binary logarithm of the ratio of errors where the step is halved."""
    coarse, fine = (error(**{which: size}) for size in sizes)
    return math.log2(coarse / fine)


def wave_error(space: float = 0.08, time: float = 0.05) -> float:
    """Largest error on a travelling wave of the whole equation, which is known in closed form.

    ``c = (1 + exp((x − vt)/(√6 λ)))⁻²`` with ``v = 5/√6 √(Dρ)``.

    Args:
        space: of cells, in mm; λ is 2 mm.
        time: of steps, in days; ρ is 0.05 1/day.

    Source: Ablowitz and Zeppetella, Bull. Math. Biol. 41:835, 1979.
    """
    rates, width, day = Rates(0.2, 0.05), 2.0, 40.0
    n = round(120 / space)
    x = (np.arange(n) + 0.5) * space
    speed = 5 / math.sqrt(6) * math.sqrt(rates.diffusion * rates.growth)

    def exact(t: float) -> Float:
        return ((1 + np.exp((x - 50 - speed * t) / (math.sqrt(6) * width))) ** -2)[None, None, :]

    medium = Medium(np.ones((1, 1, n), bool), (1.0, 1.0, space))
    state = next(grow(medium, exact(0.0), rates, [day], steps=Steps(_FINE, _FINE, time, whole=True, threads=1)))
    return float(np.abs(state.c - exact(day))[..., n // 6 : -n // 6].max())


def mode_error(space: float = 20, time: float = 0.05) -> float:
    """Largest error on a cosine in a box without flux, by a tensor D: pure diffusion, three axes.

    Args:
        space: cells along each axis of a box of 40 mm.
        time: of steps, in days; from a day on, what the grid itself makes wrong is taken out.
    """
    n, length, day = round(space), 40.0, 40.0
    ease = np.broadcast_to(np.array([0.5, 1.0, 2.0]).reshape(3, 1, 1, 1), (3, n, n, n)).copy()
    x = (np.arange(n) + 0.5) / n
    pitch = length / n
    slow = math.pi / length if time < 1 else 2 / pitch * math.sin(math.pi * pitch / (2 * length))
    waves = np.cos(np.pi * x)[:, None, None] * np.cos(np.pi * x)[None, :, None] * np.cos(np.pi * x)[None, None, :]
    medium = Medium(np.ones((n, n, n), bool), (length / n,) * 3, ease)
    rates = Rates(1.0, 0.0)
    steps = Steps(_FINE, _FINE, time, whole=True, threads=1)
    state = next(grow(medium, 0.5 + 0.4 * waves, rates, [day], steps=steps))
    fall = math.exp(-(0.5 + 1.0 + 2.0) * slow**2 * day)
    return float(np.abs(state.c - 0.5 - 0.4 * fall * waves).max())


def cube(side: int = 128, days: int = 365, threads: int | None = None) -> dict[str, Any]:
    """A tumour from a seed in a cube with blocked balls: seconds, and whether mass balances.

    The balance holds what is there at the end against what was there, plus what growth added step by step; diffusion
    must neither add nor take.
    """
    axis = np.arange(side) - (side - 1) / 2
    z, y, x = axis[:, None, None], axis[None, :, None], axis[None, None, :]
    open_ = ((z - 15) ** 2 + y**2 + x**2 > 6**2) & (z**2 + (y + 20) ** 2 + x**2 > 8**2)
    medium = Medium(open_, (1.0, 1.0, 1.0))
    start = 0.8 * np.exp(-(z**2 + y**2 + x**2) / (2 * 2.5**2)) * open_
    began = time.perf_counter()
    state = next(grow(medium, start, Rates(0.15, 0.025), [days], steps=Steps(threads=threads)))
    seconds = time.perf_counter() - began
    balance = abs(float(state.c.sum()) - float(start.sum()) - state.grown) / float(state.c.sum())
    return {"mass_balance": balance, "seconds": round(seconds, 2), "cells": side**3, "days": days}
