"""Reformatted slices along a needle: what the tip would pass, in two planes that cross in its axis."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from limner.image import Image, LabelMap
from limner.image.oblique import Oblique, cut

WINDOW_HU = (-160.0, 240.0)
SHAPE = (460, 400)
BEYOND_MM = 35.0
"""What is shown past both ends of the needle."""
_DPI = 100
_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))
_NEEDLE, _TARGET = "#ffd84a", "#ff5a4d"
_PLAIN = {"body": 0.30, "bones": 0.85, "lung": 0.08}


def needle_view(
    image: Image | None, labels: LabelMap, entry_mm: ArrayLike, target_mm: ArrayLike, *, margin_mm: float = 0.0
) -> bytes:
    """Two planes through a needle, the skin above and the target below.

    The left one is as near to an axial slice as the needle allows, the right one stands across it.

    Args:
        image: the scan; where None the label map alone is shown, in flat tones.
        labels: the label map, whose outlines are drawn.
        entry_mm: where the needle enters, LPS.
        target_mm: where its tip ends.
        margin_mm: half width of a band around the needle that is drawn beside it, 0 for none.

    Returns:
        A PNG; the same bytes for the same input.
    """
    entry, target = np.asarray(entry_mm, float), np.asarray(target_mm, float)
    length = float(np.linalg.norm(target - entry))
    pixel = (length + 2 * BEYOND_MM) / SHAPE[0]
    figure = Figure(figsize=(2 * SHAPE[1] / _DPI + 0.04, SHAPE[0] / _DPI), dpi=_DPI, facecolor="black")
    FigureCanvasAgg(figure)
    for place, across in enumerate(_across((target - entry) / length)):
        plane = Oblique.along(entry, target, across, SHAPE, pixel)
        axes = figure.add_axes((place * 0.5 + 0.002 * place, 0.0, 0.498, 1.0))
        _background(axes, image, labels, plane)
        _outlines(axes, labels, plane)
        _needle(axes, plane, entry, target, margin_mm)
        _marks(axes, plane)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
    return file.getvalue()


def _across(along: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What lies to the right in the picture: within the axial plane as far as possible, then across both."""
    flat = np.cross(along, (0.0, 0.0, 1.0))
    first = flat if np.linalg.norm(flat) > 0.1 else np.array([1.0, 0.0, 0.0])
    first = first / np.linalg.norm(first)
    if first[int(np.abs(first).argmax())] < 0:
        first = -first
    second = np.cross(along, first)
    return first, second if second[2] >= 0 else -second


def _background(axes: Any, image: Image | None, labels: LabelMap, plane: Oblique) -> None:
    rows, columns = plane.shape
    axes.set_axis_off()
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    if image is not None:
        gray = cut(image.array, image.grid, plane, outside=WINDOW_HU[0])
        low, high = WINDOW_HU if image.modality == "CT" or image.unit == "HU" else np.percentile(gray, (1, 99))
        gray = (gray - low) / max(1e-6, high - low)
    else:
        values = cut(labels.array, labels.grid, plane, order=0).astype(int)
        tones = np.zeros(int(max(values.max(), *(one.value for one in labels.labels), 0)) + 1)
        for one in labels.labels:
            tones[one.value] = next((tone for word, tone in _PLAIN.items() if word in one.name), 0.5)
        gray = tones[values]
    axes.imshow(np.clip(gray, 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="bilinear", aspect="auto")


def _outlines(axes: Any, labels: LabelMap, plane: Oblique) -> None:
    values = cut(labels.array, labels.grid, plane, order=0)
    for one in labels.labels:
        share = np.pad((values == one.value).astype(float), 1)
        if not share.any() or one.name == "body":
            continue
        rows, columns = plane.shape
        bright = np.array(one.color) / 255
        axes.contour(
            np.arange(-1, columns + 1), np.arange(-1, rows + 1), share, levels=[0.5],
            colors=[tuple(bright + (1 - bright) * 0.2)], linewidths=1.6 if one.kind == "lesion" else 1.0,
        )  # fmt: skip


def _needle(axes: Any, plane: Oblique, entry: NDArray[np.float64], target: NDArray[np.float64], margin: float) -> None:
    (top, x), (bottom, _) = plane.pixel([entry, target])
    dark = [withStroke(linewidth=4.0, foreground="black", alpha=0.6)]
    axes.plot([x, x], [0.15 * top, top], color=_NEEDLE, linewidth=3.2, alpha=0.9, path_effects=dark)
    axes.plot([x, x], [top, bottom], color=_NEEDLE, linewidth=1.5, path_effects=dark)
    axes.plot([x], [bottom], marker="+", color=_TARGET, markersize=13, markeredgewidth=2.0, path_effects=dark)
    if margin:
        for side in (-1, 1):
            at = x + side * margin / plane.pixel_mm
            axes.plot([at, at], [top, bottom], color=_NEEDLE, linewidth=0.7, linestyle=(0, (4, 4)), alpha=0.8)


def _marks(axes: Any, plane: Oblique) -> None:
    """The patient's sides, tilted with the plane, and a scale."""
    outline = [withStroke(linewidth=2.2, foreground="black")]
    style: dict[str, Any] = {"color": "white", "size": 10, "path_effects": outline, "transform": axes.transAxes}
    for x, y, way in (
        (0.04, 0.5, -plane.right), (0.96, 0.5, plane.right), (0.5, 0.965, -plane.down), (0.5, 0.035, plane.down),
    ):  # fmt: skip
        axes.text(x, y, side_letters(way), ha="center", va="center", weight="bold", **style)
    rows, columns = plane.shape
    mm = 50 if 50 / plane.pixel_mm < 0.4 * columns else 20
    stop, y = 0.97 * columns, 0.965 * rows
    axes.plot([stop - mm / plane.pixel_mm, stop], [y, y], color="white", linewidth=2, path_effects=outline)
    axes.text(
        stop / columns - mm / plane.pixel_mm / columns / 2, 1 - y / rows + 0.012, f"{mm} mm", ha="center", **style
    )


def side_letters(way: Sequence[float] | NDArray[np.float64]) -> str:
    """The sides that a direction points to, the nearest first; at most two.

    >>> side_letters((1, 0, 0)), side_letters((-0.8, -0.6, 0)), side_letters((0.1, 0, -1))
    ('L', 'RA', 'F')
    """
    order = np.argsort(-np.abs(np.asarray(way, float)), kind="stable")
    some = [int(one) for one in order[:2] if abs(way[one]) > 0.35 * abs(way[order[0]])]
    return "".join(_LETTERS[one][0 if way[one] > 0 else 1] for one in some)
