"""Many pictures on one sheet."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from limner.image import Picture

GAP = 4


def sheet(pictures: NDArray[np.float32], most: int = 64, columns: int | None = None) -> Picture:
    """Pictures ``(N, C, H, W)`` in 0–1 in rows of ``columns``; of more than ``most`` evenly chosen ones."""
    if columns is None and len(pictures) > most:
        pictures = pictures[np.linspace(0, len(pictures) - 1, most).round().astype(int)]
    count, channels, height, width = pictures.shape
    columns = columns or math.ceil(math.sqrt(count * height / width * 1.5))
    rows = math.ceil(count / columns)
    page = np.ones((channels, rows * (height + GAP) - GAP, columns * (width + GAP) - GAP), np.float32)
    for number, picture in enumerate(pictures):
        y, x = number // columns * (height + GAP), number % columns * (width + GAP)
        page[:, y : y + height, x : x + width] = picture
    enlarged = max(1, round(128 / max(height, width)))
    values = np.rint(page * 255).astype(np.uint8).repeat(enlarged, 1).repeat(enlarged, 2)
    return Picture(np.ascontiguousarray(values))
