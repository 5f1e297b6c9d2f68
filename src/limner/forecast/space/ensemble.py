"""Many futures of one tumour, drawn from what is known of it: volumes with intervals, and where it may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, qmc

from limner.forecast.space.contour import visible
from limner.forecast.space.fit import Posterior
from limner.forecast.space.medium import Medium
from limner.forecast.space.solver import State, Steps, grow
from limner.forecast.space.start import Contour, ball_radius_mm, on_grid, state_now

Float = NDArray[np.float64]
Progress = Callable[[str, float], None]
Treatment = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, eq=False)
class Futures:
    """What may come.

    Args:
        days: from the contour on.
        volumes_ml: ``(futures, days)``: of what would be seen.
        probability: ``(days, Z, Y, X)``: how many of the futures show tumour in a voxel; float32.
        draws: ``(futures, 5)``: the unknowns of each.
    """

    days: tuple[float, ...]
    volumes_ml: Float
    probability: NDArray[np.float32]
    draws: Float

    def percentile(self, q: float) -> Float:
        """Of the volume at each day, in ml."""
        return np.percentile(self.volumes_ml, q, axis=0, method="hazen")

    def nearest(self, q: float) -> int:
        """The future whose last volume is nearest to a percentile."""
        return int(np.abs(self.volumes_ml[:, -1] - self.percentile(q)[-1]).argmin())


def draw_normals(count: int, seed: int = 0) -> Float:
    """``(count, 5)`` standard normal numbers, evenly spread (Sobol's sequence, scrambled), by a seed."""
    sobol = qmc.Sobol(5, scramble=True, seed=np.random.default_rng(seed))
    power = int(np.ceil(np.log2(count)))
    points = sobol.random_base2(power)[:count]
    return norm.ppf(np.clip(points, 1e-6, 1 - 1e-6))


@dataclass(frozen=True, eq=False)
class Start:
    """From where futures run.

    Args:
        medium: where the tumour can go.
        contour: as drawn last.
        posterior: what is known of it.
    """

    medium: Medium
    contour: Contour
    posterior: Posterior

    def run(self, unknowns: Float, days: Sequence[float], treatment: Treatment = ()) -> Iterator[State]:
        """The tumour at each day of one future."""
        medium = self.medium
        radius = ball_radius_mm(self.contour.distance_mm, medium)
        start = state_now(medium, self.contour, unknowns, unknowns[3], radius)
        going = replace(on_grid(unknowns[0], unknowns[1], medium)[0], treatment=treatment)
        return grow(medium, start, going, days, steps=Steps(threads=1))

    def seen(self, state: State) -> Float:
        """The share of each voxel that is visibly tumour, on the whole grid."""
        share = np.zeros(self.medium.open.shape)
        share[state.box] = visible(state.c, self.contour.threshold, self.medium, state.box)
        return share


def futures(
    start: Start,
    days: Sequence[float],
    normals: Float,
    kills: Sequence[Treatment] | None = None,
    *,
    threads: int = 1,
    progress: Progress | None = None,
) -> Futures:
    """Runs a future for each draw.

    Args:
        start: from where.
        days: rising, from 0 on.
        normals: from :func:`draw_normals`.
        kills: the treatment of each future; none where None.
        threads: futures beside each other.
        progress: is told the step and its share.
    """
    draws = start.posterior.sample(normals)
    medium = start.medium
    volumes = np.zeros((len(draws), len(days)))
    there = np.zeros((len(days), *medium.open.shape), np.float32)

    def one(k: int) -> tuple[int, list[NDArray[np.float32]]]:
        states = start.run(draws[k], days, kills[k] if kills is not None else ())
        return k, [start.seen(state).astype(np.float32) for state in states]

    def take(result: tuple[int, list[NDArray[np.float32]]], done: int) -> None:
        k, shares = result
        volumes[k] = [float(share.sum(dtype=np.float64)) * medium.voxel_ml for share in shares]
        for row, share in zip(there, shares, strict=True):
            row += share
        if progress:
            progress("futures", done / len(draws))

    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            for done, result in enumerate(pool.map(one, range(len(draws))), 1):
                take(result, done)
    else:
        for k in range(len(draws)):
            take(one(k), k + 1)
    return Futures(
        tuple(float(day) for day in days), volumes, (there / np.float32(len(draws))).astype(np.float32), draws
    )
