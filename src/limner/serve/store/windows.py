"""Windows: which values are shown from black to white, and which of them a series opens with.

Source: DICOM PS3.3 C.11.2.1.2 (window centre and width). CT presets are those that textbooks and viewers share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from limner.image import Image

_SAMPLED = 1 << 20
_LUNG_HU = (-950, -650)
_LUNG_SHARE = 0.25
"""Of the middle of a slice (half its width and height: no table, no clothes): above it the slice shows lungs."""


@dataclass(frozen=True)
class Window:
    """Values from ``center − width / 2`` (black) to ``center + width / 2`` (white)."""

    name: str
    center: float
    width: float

    def as_dict(self) -> dict[str, Any]:
        """As pages read it."""
        return {"name": self.name, "center": self.center, "width": self.width}


CT = (
    Window("abdomen", 50, 400),
    Window("liver", 80, 160),
    Window("lung", -600, 1500),
    Window("bone", 400, 1800),
    Window("brain", 40, 80),
    Window("soft-tissue", 40, 350),
)


def windows_of(image: Image) -> tuple[Window, ...]:
    """What the keys 1 to 7 give: tissues for CT, shares of the values that occur for anything else."""
    sample = _sample(image)
    low, high = float(sample.min()), float(sample.max())
    full = Window("full", (low + high) / 2, max(high - low, 1.0))
    if image.unit == "HU":
        return (*CT, full)
    lit = sample[sample > low]  # the air around the patient would otherwise decide
    body = lit if lit.size else sample
    ends = {"middle": (1, 99), "narrow": (10, 90), "bright": (50, 99.9), "dark": (0.5, 60)}
    shares = [_between(name, *np.percentile(body, percent)) for name, percent in ends.items()]
    return (*shares, full)


def opening_window(image: Image, windows: Sequence[Window]) -> Window:
    """The first; of a CT most of whose slices show lungs, the lungs'."""
    if image.unit == "HU":
        _, rows, columns = image.grid.shape
        middle = image.array[:, rows // 4 : rows - rows // 4 : 4, columns // 4 : columns - columns // 4 : 4]
        shares = ((middle > _LUNG_HU[0]) & (middle < _LUNG_HU[1])).mean(axis=(1, 2))
        if (shares > _LUNG_SHARE).mean() > 0.5:
            return next(one for one in windows if one.name == "lung")
    return windows[0]


def _between(name: str, low: float, high: float) -> Window:
    return Window(name, round((low + high) / 2, 4), round(max(high - low, 1e-3), 4))


def _sample(image: Image) -> np.ndarray:
    apart = max(1, round((image.array.size / _SAMPLED) ** (1 / 3)))
    return image.array[::apart, ::apart, ::apart]
