"""Planes of an enhanced image one above another, as they are: no smoothing by the picture itself."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from limner.image import Picture
from limner.infer.enhance.made import Panel

_WIDTH, _HIGHEST, _TITLE, _DPI = 560, 480, 26, 100


def side_by_side(panels: Sequence[Panel]) -> Picture:
    """Two panels a row, titles above them; a scale beside those in colour."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image as Pillow

    height = min(_HIGHEST, round(_WIDTH * max(one.array.shape[0] / one.array.shape[1] for one in panels)))
    rows = -(-len(panels) // 2)
    wide, high = 2 * _WIDTH + 80, rows * (height + _TITLE)
    figure = Figure(figsize=(wide / _DPI, high / _DPI), dpi=_DPI, facecolor="black")
    FigureCanvasAgg(figure)
    for number, one in enumerate(panels):
        left, top = (number % 2) * _WIDTH, high - (number // 2) * (height + _TITLE) - _TITLE
        axes = figure.add_axes((left / wide, (top - height) / high, _WIDTH / wide, height / high))
        axes.set_axis_off()
        shown = axes.imshow(
            one.array,
            cmap="inferno" if one.heat else "gray",
            vmin=one.window[0],
            vmax=one.window[1],
            interpolation="nearest",
        )
        figure.text((left + 6) / wide, (top + 6) / high, one.title, color="white", fontsize=11)
        if one.heat:
            scale = figure.add_axes((2 * _WIDTH / wide + 0.01, (top - 0.9 * height) / high, 0.012, 0.8 * height / high))
            bar = figure.colorbar(shown, cax=scale)
            bar.ax.tick_params(colors="white", labelsize=8)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    array = np.asarray(Pillow.open(file).convert("RGB"))
    return Picture(np.ascontiguousarray(np.moveaxis(array, -1, 0)))
