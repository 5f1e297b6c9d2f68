"""Planes of any size as pictures of one size, in bytes: so that a net on pictures sees every pixel as it is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def as_bytes(plane: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """``low`` becomes 0 and ``high`` 255."""
    share = (plane.astype(np.float32) - np.float32(low)) / np.float32(max(high - low, 1e-6))
    return np.asarray(np.clip(share * 255 + 0.5, 0, 255), np.uint8)


def tiles(plane: NDArray[np.uint8], size: tuple[int, ...]) -> NDArray[np.uint8]:
    """``(Y, X)`` cut into ``(N, 1, *size)``; what is left at the ends is dropped, what is missing repeats the border.

    >>> tiles(np.zeros((300, 60), np.uint8), (128, 128)).shape
    (2, 1, 128, 128)
    """
    missing = [(0, max(0, want - have)) for want, have in zip(size, plane.shape, strict=True)]
    whole = np.pad(plane, missing, mode="edge")
    rows, columns = (have // want for want, have in zip(size, whole.shape, strict=True))
    cut = whole[: rows * size[0], : columns * size[1]].reshape(rows, size[0], columns, size[1])
    return np.ascontiguousarray(cut.transpose(0, 2, 1, 3)).reshape(-1, 1, *size)
