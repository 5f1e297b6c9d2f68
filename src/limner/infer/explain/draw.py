"""Pictures of an explanation: heat over the source with a colour bar; attributes with what their loss does."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.image import Picture
from limner.infer.explain.explanation import AttributeTable, Explanation, HeatMap
from limner.infer.explain.heat import hottest
from limner.infer.explain.slices import planes_of
from limner.infer.explain.source import PictureSource
from limner.infer.explain.words import METHOD_NAMES

LONGEST = 900
"""Pixels of the source that a panel shows at most, along its longer side."""

Gray = NDArray[np.uint8]


def heat_png(explanation: Explanation, made: HeatMap) -> bytes:
    """The source beside itself under the heat.

    Of a volume, three planes through its hottest voxel; of a finding of a scan, three planes through it.
    """
    if drawn := planes_of(explanation, made):
        return drawn
    picture, heat = _picture(explanation), made.values
    at = hottest(heat)
    planes = [None] if heat.ndim == 2 else [0, 1, 2]
    figure, axes = _figure(len(planes), 2, right=0.86, bottom=0.02)
    peak = float(np.abs(made.weights).max()) if made.weights else 1.0
    bar = None
    for row, axis in zip(axes, planes, strict=True):
        shown = _panel(picture.array, axis, at)
        warm = _cut(heat, axis, at)
        aspect = _aspect(picture, axis)
        for one in row:
            one.imshow(shown, interpolation="nearest", aspect=aspect)
            one.set_axis_off()
        bar = _overlay(row[1], warm, made, peak, aspect)
        if made.segments is not None:
            _edges(row[1], _cut(made.segments, axis, at))
        if axis is not None:
            row[0].set_title(f"{'zyx'[axis]} = {at[axis]}", fontsize=9)
    title = f"{METHOD_NAMES[made.kind]}: {explanation.name} ({explanation.probability:.2f})"
    axes[0][1].set_title(title, fontsize=9)
    label = "change of the probability when shown" if made.weights else "evidence for the answer, relative"
    bar_axes = figure.colorbar(bar, cax=figure.add_axes((0.885, 0.12, 0.018, 0.72)))
    bar_axes.set_label(label, fontsize=8)
    bar_axes.ax.tick_params(labelsize=8)
    return _png(figure)


def attributes_png(explanation: Explanation, table: AttributeTable) -> bytes:
    """The outline that was measured, the picture without what speaks for the answer, and a bar per attribute."""
    if drawn := planes_of(explanation):
        return drawn
    figure, [[left, *between, right]] = _figure(1, 2 if table.edited is None else 3, right=0.985, bottom=0.14)
    mask = table.mask
    at = tuple(int(i) for i in np.argwhere(mask).mean(0)) if mask.any() else tuple(n // 2 for n in mask.shape)
    axis = None if mask.ndim == 2 else 0
    shown, outline = _panel(_picture(explanation).array, axis, at), _cut(mask, axis, at)
    left.imshow(shown, aspect="equal")
    for colour, width in (("white", 2.0), ("black", 0.7)):
        left.contour(outline, levels=[0.5], colors=[colour], linewidths=[width])
    left.set_title(f"outline ({table.mask_from})", fontsize=9)
    if table.edited is not None:
        at_work = tuple(int(i * m / n) for i, n, m in zip(at, mask.shape, table.edited.shape[1:], strict=True))
        between[0].imshow(_panel(table.edited, axis, at_work), aspect="equal")
        between[0].set_title(f"without {', '.join(table.removed)}: {table.all_without:.2f}", fontsize=9)
    for one in (left, *between):
        one.set_axis_off()
    box = right.get_position()
    right.set_position((box.x0 + 0.28 * box.width, box.y0, 0.72 * box.width, box.height))  # room for its labels
    _bars(right, explanation, table)
    return _png(figure)


def _bars(axes: Any, explanation: Explanation, table: AttributeTable) -> None:
    """How far the probability moves when one attribute is taken out."""
    effects = table.effects[::-1]
    change = [(one.without or 0.0) - explanation.probability for one in effects]
    axes.barh(range(len(effects)), change, color=["#b2182b" if c < 0 else "#2166ac" for c in change], height=0.6)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(range(len(effects)), [_label(one) for one in effects], fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    reach = max(0.05, 1.15 * max(abs(c) for c in change))
    axes.set_xlim(-reach, reach)
    axes.set_xlabel(f"change from {explanation.probability:.2f} without it", fontsize=8)
    axes.set_title(explanation.name, fontsize=9)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _label(effect: Any) -> str:
    unit = f" {effect.unit}" if effect.unit else ""
    return f"{effect.name}\n{effect.value:.3g}{unit.rstrip('s') if effect.value == 1 else unit}"


def _figure(rows: int, columns: int, right: float, bottom: float) -> tuple[Any, Any]:
    """A figure and its panels ``(rows, columns)``, placed by hand: a layout engine takes longer than the drawing."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(3.4 * columns + 0.6, 3.2 * rows),
        dpi=120,
        facecolor="white",
    )
    FigureCanvasAgg(figure)
    where = {
        "left": 0.01,
        "right": right,
        "bottom": bottom,
        "top": 1 - 0.25 / (3.2 * rows),
        "wspace": 0.05,
        "hspace": 0.1,
    }
    return figure, figure.subplots(rows, columns, squeeze=False, gridspec_kw=where)


def _png(figure: Any) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": "Limner"})
    return out.getvalue()


def _panel(array: NDArray[np.uint8], axis: int | None, at: tuple[Any, ...]) -> Gray:
    """``(C, *size)`` as ``(rows, columns, 3)``; of a volume the plane at a voxel."""
    flat = array if axis is None else np.take(array, int(at[axis]), axis + 1)
    rgb = np.repeat(flat, 3, 0) if len(flat) != 3 else flat
    return _fewer(np.moveaxis(rgb[:3], 0, -1))


def _cut(values: NDArray[Any], axis: int | None, at: tuple[Any, ...]) -> NDArray[Any]:
    return _fewer(values if axis is None else np.take(values, int(at[axis]), axis))


def _fewer(plane: NDArray[Any]) -> NDArray[Any]:
    """Every n-th pixel, so that a photograph fits a panel."""
    step = max(1, -(-max(plane.shape[:2]) // LONGEST))
    return plane[::step, ::step]


def _picture(explanation: Explanation) -> Picture:
    assert isinstance(explanation.source, PictureSource)
    return explanation.source.picture


def _aspect(picture: Picture, axis: int | None) -> float:
    """Height of a pixel over its width."""
    spacing = picture.spacing_mm
    if spacing is None:
        return 1.0
    rows, columns = [s for k, s in enumerate(spacing) if k != axis]
    return float(rows / columns)


def _overlay(axes: Any, warm: NDArray[Any], made: HeatMap, peak: float, aspect: float) -> Any:
    """Heat, the stronger the less transparent, so that the picture is seen where there is none."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    signed = bool(made.weights)
    norm = Normalize(-peak, peak) if signed else Normalize(0, 1)
    mapped = ScalarMappable(norm, "RdBu_r" if signed else "inferno")
    rgba = mapped.to_rgba(warm * peak)
    rgba[..., 3] = 0.75 * np.clip(np.abs(warm), 0, 1) ** 0.7
    axes.imshow(rgba, interpolation="nearest", aspect=aspect)
    return mapped


def _edges(axes: Any, labels: NDArray[Any]) -> None:
    """The borders of the superpixels."""
    edge = np.zeros(labels.shape, bool)
    edge[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    edge[1:] |= labels[1:] != labels[:-1]
    rgba = np.zeros((*labels.shape, 4), np.float32)
    rgba[edge] = (1, 1, 1, 0.35)
    axes.imshow(rgba, interpolation="nearest")
