"""How sure a clearance is: the needle may land elsewhere, and borders may lie elsewhere.

The needle is shifted as a whole by draws v of the registration error, N(0, e²/3) along each axis (e: root mean square
in 3-D), and each structure's border by a draw of its own, N(0, s²):

    clearance_k(v, z) = d_k + [min over the path of D_k(p + v) − min over the path of D_k(p)] + s_k z_k

with d_k measured on voxels and D_k the distance field. The ends of the interval are quantiles of these. The least value
along a path falls when a needle is moved in a narrow gap, whatever the direction; so the value as drawn is not the
middle, and may be the upper end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.scene.lattice import Lattice
from limner.scene.needles.fields import REACH_MM, Distance
from limner.scene.needles.rules import NeedleRules

Vector = NDArray[np.float64]
DRAWS = 128
"""Each is used with both signs."""
EVERY_MM = 2.0


def draws(rng: np.random.Generator, structures: int) -> tuple[Vector, Vector]:
    """Shifts of the needle and of the borders, in standard deviations: ``(2 · DRAWS, 3)`` and ``(2 · DRAWS, K)``."""
    needle, borders = rng.standard_normal((DRAWS, 3)), rng.standard_normal((DRAWS, structures))
    # the same needle with borders either way, and the mirrored needle
    return np.concatenate([needle, -needle]), np.concatenate([borders, -borders])


def clearance_draws(
    distances: tuple[Distance, ...],
    lattice: Lattice,
    line_mm: tuple[Vector, Vector],
    values_mm: Vector,
    rules: NeedleRules,
    drawn: tuple[Vector, Vector],
) -> Vector:
    """Clearances of every structure in every draw, ``(2 · DRAWS, K)`` mm.

    Args:
        distances: of the structures.
        lattice: of their cells.
        line_mm: entry and tip, world.
        values_mm: ``(K,)`` clearances as drawn, on voxels.
        rules: the registration error.
        drawn: of :func:`draws`.
    """
    entry, target = line_mm
    count = max(2, int(np.ceil(float(np.linalg.norm(target - entry)) / EVERY_MM)) + 1)
    points = entry + np.linspace(0, 1, count)[:, None] * (target - entry)
    axis_mm = rules.registration_error_mm / np.sqrt(3)
    moved = lattice.work.index(points[None] + axis_mm * drawn[0][:, None])
    plain = lattice.work.index(points)
    out = np.empty((len(drawn[0]), len(distances)))
    for k, one in enumerate(distances):
        if values_mm[k] < REACH_MM - 3 * axis_mm:
            still = float(_at(one, plain).min())
            change = _at(one, moved).min(axis=1) - still
        else:  # beyond the field a structure is so far that its direction hardly turns along the path
            change = axis_mm * drawn[0][:, 0]
        out[:, k] = values_mm[k] + change + one.obstacle.surface_mm * drawn[1][:, k]
    return np.maximum(out, 0.0)


def interval(values: Vector, mean: float, confidence: float) -> tuple[float, float]:
    """Ends of the interval of draws, never without the value as drawn."""
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return min(float(low), mean), max(float(high), mean)


def _at(one: Distance, index: Vector) -> Vector:
    """The field at fractional indices of the whole lattice, trilinear."""
    start = np.array([part.start for part in one.box])
    local = index - start
    inside = ((local >= 0) & (local <= np.array(one.array.shape) - 1)).all(axis=-1)
    out = np.full(index.shape[:-1], REACH_MM)
    out[inside] = ndimage.map_coordinates(one.array, local[inside].T, order=1, mode="nearest", prefilter=False)
    return out
