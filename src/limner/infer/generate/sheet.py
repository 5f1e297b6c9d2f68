"""Many pictures on one sheet."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

GAP = 4


def sheet(pictures: NDArray[np.float32], most: int = 64) -> bytes:
    """A PNG of pictures ``(N, C, H, W)`` in 0–1, in rows; of more than ``most`` evenly chosen ones."""
    if len(pictures) > most:
        pictures = pictures[np.linspace(0, len(pictures) - 1, most).round().astype(int)]
    count, channels, height, width = pictures.shape
    columns = math.ceil(math.sqrt(count * height / width * 1.5))
    rows = math.ceil(count / columns)
    page = np.ones((channels, rows * (height + GAP) - GAP, columns * (width + GAP) - GAP), np.float32)
    for number, picture in enumerate(pictures):
        y, x = number // columns * (height + GAP), number % columns * (width + GAP)
        page[:, y : y + height, x : x + width] = picture
    values = np.rint(np.moveaxis(page, 0, -1) * 255).astype(np.uint8)
    image = Image.fromarray(values if channels == 3 else values[..., 0])
    enlarged = max(1, round(128 / max(height, width)))
    held = io.BytesIO()
    image.resize((image.width * enlarged, image.height * enlarged), Image.Resampling.NEAREST).save(held, "PNG")
    return held.getvalue()
