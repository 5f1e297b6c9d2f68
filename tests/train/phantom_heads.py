"""Pictures of round heads, some with a bright disc of known size and place, and of two shades."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 32


def write_heads(folder: Path, count: int = 120) -> Path:
    """A cohort with masks; label ``dark`` or ``light`` is the head's shade. One head in six has no disc."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    at = (np.arange(SIDE) + 0.5) / SIDE
    rows = ["id,image,mask,label,split"]
    for k in range(count):
        light = k % 2
        wide, high = rng.uniform(0.36, 0.46, 2)
        head = ((at[:, None] - 0.5) / high) ** 2 + ((at[None] - 0.5) / wide) ** 2 < 1
        y, x = rng.uniform(0.3, 0.7, 2)
        radius = rng.uniform(0.08, 0.17) * (k % 6 != 5)
        disc = np.hypot(at[:, None] - y, at[None] - x) < radius
        pixels = np.where(disc, 240, np.where(head, 130 if light else 60, 5)) + rng.normal(0, 3, head.shape)
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / f"p{k}.png")
        Image.fromarray(disc.astype(np.uint8)).save(folder / f"m{k}.png")
        rows.append(f"p{k},p{k}.png,m{k}.png,{'light' if light else 'dark'},{'val' if k % 10 == 9 else 'train'}")
    (folder / "cohort.csv").write_text("\n".join(rows) + "\n")
    return folder / "cohort.csv"


def measured(picture: NDArray[np.float32], least: float = 0.72) -> tuple[float, float, float]:
    """Area and middle (y, x), as shares, of what is bright in a picture ``(1, H, W)`` in 0–1."""
    bright = picture[0] > least
    if not bright.any():
        return 0.0, 0.5, 0.5
    y, x = (np.argwhere(bright).mean(0) + 0.5) / bright.shape
    return float(bright.mean()), float(y), float(x)
