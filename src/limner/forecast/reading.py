"""How a volume comes to be read: from whole millimetres, with noise, and not at all where the lesion is too small.

Lesions are thought of by their *size*: the diameter in mm of the ball that trials compute volumes from. Noise of
readings is even in the logarithm of the size, beside the rounding of a ruler.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

BALL = 0.52e-3
"""ml per mm³ of size cubed: π / 6, as RECIST trials round it (Laleh et al., PLoS Comput Biol 18:e1009822, 2022)."""

RULER_MM = 0.5
"""Standard deviation of a reading from the ruler alone: about that of rounding to whole mm at both ends."""
READER = 0.03
"""Relative standard deviation of a size between readers and scans, beside the ruler's."""
UNSEEN_MM, UNSEEN_WIDTH_MM = 4.0, 0.8
"""At this size a lesion is found in half of the scans; the width is that of the logistic curve."""
LOST = 0.012
"""Of lesions of any size, how many are called gone: fused with another, resected, or not measured."""
GONE_MM, GONE_NOISE = 3.0, 0.3
"""What stands for the size of a lesion that was not seen, and the standard deviation of its logarithm."""


def size_mm(volume_ml: ArrayLike) -> Array:
    """Size of a volume.

    >>> float(size_mm(0.52).round(3))
    10.0
    """
    return np.asarray(np.cbrt(np.asarray(volume_ml, dtype=np.float64) / BALL))


def volume_ml(size: ArrayLike) -> Array:
    """Volume of a size in mm; the inverse of :func:`size_mm`."""
    return np.asarray(BALL * np.asarray(size, dtype=np.float64) ** 3)


def log_size(sizes_mm: Array) -> Array:
    """Natural logarithm of read sizes; a lesion that was not seen counts as ``GONE_MM``."""
    return np.log(np.where(sizes_mm > 0, sizes_mm, GONE_MM))


def noise_variance(sizes_mm: ArrayLike) -> Array:
    """Variance of the logarithm of a reading, by its size; of one that was not seen ``GONE_NOISE``²."""
    sizes = np.asarray(sizes_mm, dtype=np.float64)
    seen = (RULER_MM / np.maximum(sizes, 1.0)) ** 2 + READER**2
    return np.asarray(np.where(sizes > 0, seen, GONE_NOISE**2))


def unseen(log_sizes: ArrayLike) -> Array:
    """Chance that a lesion is read as gone, by the logarithm of its true size in mm."""
    sizes = np.exp(np.clip(log_sizes, -3.0, 8.0))
    return np.asarray(LOST + (1.0 - LOST) / (1.0 + np.exp(np.clip((sizes - UNSEEN_MM) / UNSEEN_WIDTH_MM, -30, 30))))
