"""Thin slices from thick ones: what gives the thick ones back exactly, and plain interpolation beside it.

Let D be the mean over the thin slices of a thick one (:func:`limner.image.degrade`) and U the repetition of each slice.
D U = 1, so that ``x + U (y − D x)`` is the nearest volume to x whose thick slices are y, whatever x is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.image import degrade, repeat

Field = NDArray[np.float32]


def project(thin: Field, thick: Field, factor: int) -> Field:
    """The nearest volume to ``thin`` whose thick slices are ``thick``.

    Source: Schwab et al., *Deep null space learning for inverse problems*, Inverse Problems 35, 2019, definition 3.2.
    """
    return thin + repeat(thick - degrade(thin, factor), factor)


def whole_numbers(thin: Field, thick: Field, factor: int) -> NDArray[np.int16]:
    """A consistent volume as whole numbers that still add up.

    Rounding each voxel alone would move the means. Here each group of ``factor`` voxels is rounded down, and those
    with the largest remainders go up until the sum is the nearest whole number to that of the thick slice. Where thick
    slices are whole numbers, their means are kept exactly, but where values past 16 bits are cut off at its ends.

    Args:
        thin: ``(factor · Z, …)``, consistent with ``thick``.
        thick: ``(Z, …)``.

    Source: the largest remainder method (Hamilton).
    """
    groups = thin.reshape(len(thick), factor, *thin.shape[1:])
    down = np.floor(groups)
    missing = np.rint(thick * np.float64(factor)) - down.sum(1, dtype=np.float64)
    order = np.argsort(down - groups, axis=1, kind="stable")  # the largest remainder first
    rank = np.empty_like(order)
    places = np.arange(factor).reshape(1, factor, *([1] * (thin.ndim - 1)))
    np.put_along_axis(rank, order, np.broadcast_to(places, order.shape), axis=1)
    up = (rank < missing[:, None]).astype(np.float32)
    kind = np.iinfo(np.int16)
    return np.clip(down + up, kind.min, kind.max).reshape(thin.shape).astype(np.int16)


def consistency(thin: NDArray[Any], thick: Field, factor: int) -> float:
    """Mean absolute difference between the thick slices that a result gives and those it was made from."""
    return float(np.abs(degrade(thin, factor) - thick).mean(dtype=np.float64))


def interpolate(thick: Field, factor: int, order: int) -> Field:
    """Plain interpolation along the first axis: ``order`` 3 is the cubic B-spline, 1 is linear.

    The middle of a thick slice lies in the middle of its thin ones, half a slice inside its face; past the outermost
    middles the outermost slices go on.

    Source: Unser, *Splines*, IEEE Signal Processing Magazine 16, 1999.
    """
    zoom = (factor,) + (1,) * (thick.ndim - 1)
    return ndimage.zoom(thick, zoom, order=order, mode="nearest", grid_mode=True, prefilter=order > 1)
