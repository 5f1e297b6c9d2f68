"""A picture of made images beside the training images nearest to them: what a check for copies found, for the eye."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError


@dataclass(frozen=True)
class Beside:
    """A row: a made image turned as its neighbour lies, the neighbour, and what is said of them.

    Args:
        made: ``(C, Y, X)``, uint8.
        train: of the same shape.
        text: above the row.
        copied: whether it counts as a copy; its frame is red then.
    """

    made: NDArray[np.uint8]
    train: NDArray[np.uint8]
    text: str
    copied: bool


def write_pairs(path: Path, rows: Sequence[Beside], title: str, columns: int = 3) -> None:
    """Draws pairs as PNG: made on the left, real on the right.

    The real images are in the picture: it may be passed on only where they may.

    Args:
        path: the file.
        rows: the most suspicious first.
        title: above all.
        columns: pairs side by side.

    Raises:
        InputError: no pair.
    """
    if not rows:
        raise InputError("There is no pair to draw.")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    lines = -(-len(rows) // columns)
    figure = Figure(figsize=(3.6 * columns, 2.15 * lines + 0.6), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=11)
    grid = figure.subplots(lines, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, row in zip(grid.flat, rows, strict=False):
        gap = np.full((*row.made.shape[:2], max(2, row.made.shape[2] // 16)), 255, np.uint8)
        joined = np.concatenate([row.made, gap, row.train], axis=2)
        axes.imshow(joined[0] if len(joined) == 1 else np.moveaxis(joined, 0, -1), cmap="gray", vmin=0, vmax=255)
        axes.set_title(row.text, fontsize=8, color="#a12622" if row.copied else "#1d2126")
        if row.copied:
            size = joined.shape[2] - 1, joined.shape[1] - 1
            axes.add_patch(Rectangle((0, 0), *size, fill=False, edgecolor="#a12622", linewidth=3))
    figure.savefig(path, dpi=110, format="png")
