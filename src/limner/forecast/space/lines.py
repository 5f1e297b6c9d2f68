"""Diffusion along one axis: implicit line solves, all lines of a volume at once.

Along an axis with faces ``k`` (1/mm², 0 where a face is closed) the finite-volume operator of a line is
``(A u)_i = k_{i+½}(u_i − u_{i+1}) + k_{i−½}(u_i − u_{i−1})``, so what leaves a cell enters its neighbour and the sum
over a line never changes. Crank and Nicolson's step of ``D h`` mm² is ``(I + aA)⁻¹(I − aA) = 2(I + aA)⁻¹ − I`` with ``a
= D h / 2``: one solve, no explicit half. ``I + aA = L E Lᵀ`` (symmetric, tridiagonal) is factored once.

Source: Crank and Nicolson, Proc. Camb. Phil. Soc. 43:50, 1947; Golub and Van Loan, Matrix Computations, 4.3.6 (LDLᵀ).
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Lines:
    """The factors of ``I + aA`` for all lines along one axis.

    Args:
        axis: 0, 1 or 2 of ``(Z, Y, X)``.
        lower: ``(n, ., .)``, the axis first: what a cell takes over from the one before it.
        twice: ``(n, ., .)``: 2 over the pivots, so that a solve gives ``2(I + aA)⁻¹u``.
    """

    axis: int
    lower: Float
    twice: Float


def factor(faces: Float, axis: int, a: float) -> Lines:
    """Factors ``I + aA``.

    Args:
        faces: ``(Z, Y, X)`` with one entry fewer along the axis: conductances in 1/mm².
        axis: along which the lines run.
        a: ``D h / 2`` in mm².
    """
    k = a * np.ascontiguousarray(np.moveaxis(faces, axis, 0))
    shape = (k.shape[0] + 1, *k.shape[1:])
    lower, twice = np.zeros(shape), np.empty(shape)
    pivot = 1 + (k[0] if len(k) else np.zeros(shape[1:]))
    twice[0] = 2 / pivot
    for i in range(1, shape[0]):
        lower[i] = k[i - 1] / pivot
        pivot = 1 + k[i - 1] * (1 - lower[i])
        if i < len(k):
            pivot += k[i]
        twice[i] = 2 / pivot
    return Lines(axis, lower, twice)


def twice_solved(lines: Lines, values: Float, pool: Executor | None = None) -> Float:
    """``2(I + aA)⁻¹ values``.

    Args:
        lines: from :func:`factor`.
        values: ``(..., Z, Y, X)``; left as they are.
        pool: does slabs beside each other where given; numpy lets go of the interpreter's lock.

    Returns:
        The same shape; a view whose memory runs along other axes for the last axis.
    """
    ahead = np.moveaxis(values, values.ndim - 3 + lines.axis, 0)  # (n, ..., ., .)
    out: Float = np.empty(ahead.shape)
    if pool is None:
        _sweep(lines.lower, lines.twice, ahead, out)
    else:
        cut = ahead.shape[-2] // 2
        halves = (slice(None, cut), slice(cut, None))
        jobs = [
            pool.submit(_sweep, lines.lower[:, s], lines.twice[:, s], ahead[..., s, :], out[..., s, :]) for s in halves
        ]
        for job in jobs:
            job.result()
    return np.moveaxis(out, 0, values.ndim - 3 + lines.axis)


def _sweep(lower: Float, twice: Float, values: Float, out: Float) -> None:
    """Down and up all lines, plane by plane: ``y_i = u_i + l_i y_{i-1}``, then ``w_i = 2y_i/e_i + l_{i+1} w_{i+1}``."""
    np.copyto(out, values)
    room = np.empty(out.shape[1:])
    for i in range(1, len(out)):
        np.multiply(out[i - 1], lower[i], out=room)
        out[i] += room
    out[-1] *= twice[-1]
    for i in range(len(out) - 2, -1, -1):
        out[i] *= twice[i]
        np.multiply(out[i + 1], lower[i + 1], out=room)
        out[i] += room
