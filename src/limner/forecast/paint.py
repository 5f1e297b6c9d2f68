"""The pictures of a forecast: the patient's own slice as it may look, the course of the volume, a film."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.errors import InputError
from limner.forecast.anatomy import Scene
from limner.image import Grid, Image, Picture, resample
from limner.image.anatomy import named

Float = NDArray[np.float64]
_AROUND_MM = 45.0
_BLUR_MM = 3.0
_DPI = 100
_LINES = ("#c0392b", "#2471a3", "#7d3c98", "#117a65")


@dataclass(frozen=True, eq=False)
class Slice:
    """One axial slice to paint on, in square pixels.

    Args:
        gray: ``(rows, columns)``, 0 black to 1 white.
        index: ``(3, rows, columns)``: where its pixels lie on the label map's grid.
        lesion: share of today's tumour, ``(rows, columns)``.
        pixel_mm: side of a pixel.
        real: whether the gray values are the patient's image.
    """

    gray: Float
    index: Float
    lesion: Float
    pixel_mm: float
    real: bool

    def sample(self, values: NDArray[Any]) -> Float:
        """A volume on the label map's grid, in this slice."""
        return np.asarray(ndimage.map_coordinates(values, self.index, output=np.float64, order=1, mode="nearest"))

    def painted(self, share: Float) -> Float:
        """The slice with a future's tumour.

        Where it comes, brightness moves to the tumour's own; where it goes, to the tissue's around. Texture stays.
        """
        ring = ndimage.binary_dilation(self.lesion > 0.5, iterations=max(1, round(2 * _BLUR_MM / self.pixel_mm)))
        inside, beside = self.gray[self.lesion > 0.5], self.gray[ring & (self.lesion < 0.1)]
        if not self.real or not inside.size or not beside.size:
            return self.gray
        come, gone = np.clip(share - self.lesion, 0, 1), np.clip(self.lesion - share, 0, 1)
        smooth = ndimage.gaussian_filter(self.gray, _BLUR_MM / self.pixel_mm)
        moved = come * (float(np.median(inside)) - smooth) + gone * (float(np.median(beside)) - smooth)
        return np.clip(self.gray + moved, 0, 1)


def slice_of(scene: Scene, image: Image | None, reach_mm: float) -> Slice:
    """The axial slice with the most tumour, around it.

    Args:
        scene: the drawing.
        image: on the label map's grid; the labels themselves are shown where None.
        reach_mm: how far around the tumour's middle it shows.
    """
    grid = scene.labels.grid
    z = int(scene.lesion.sum(axis=(1, 2)).argmax())
    where = np.argwhere(scene.lesion[z])
    middle = where.mean(axis=0)
    radius = float(np.ptp(where, axis=0).max()) / 2 * max(grid.spacing_mm[1:])
    half = max(_AROUND_MM, radius + reach_mm)
    pixel = min(grid.spacing_mm[1:])
    pixel = max(pixel, 2 * half / 420)
    count = round(2 * half / pixel)
    steps = (np.arange(count) - (count - 1) / 2) * pixel
    rows = middle[0] + steps / grid.spacing_mm[1]
    columns = middle[1] + steps / grid.spacing_mm[2]
    index = np.stack([np.full((count, count), float(z)), *np.meshgrid(rows, columns, indexing="ij")])
    lesion = ndimage.map_coordinates(scene.lesion[z].astype(np.float32), index[1:], order=1)
    if image is not None:
        values = ndimage.map_coordinates(image.array[z].astype(np.float32), index[1:], order=1, mode="constant")
        low, high = _window(image)
        gray = np.clip((values - low) / (high - low), 0, 1)
    else:
        gray = _of_labels(scene, index)
    return Slice(gray.astype(np.float64), index, lesion.astype(np.float64), float(pixel), image is not None)


def _window(image: Image) -> tuple[float, float]:
    if image.unit == "HU":
        return -60.0, 180.0
    inside = image.array[image.array > image.array.min()]
    low, high = np.percentile(inside if inside.size else image.array, [1, 99.5])
    return float(low), float(max(high, low + 1e-6))


def _of_labels(scene: Scene, index: Float) -> Float:
    """Label maps as gray: brightness of each structure's colour."""
    values = ndimage.map_coordinates(scene.labels.array, index, order=0, mode="constant")
    table = np.zeros(int(scene.labels.array.max()) + 1)
    for one in scene.drawing.findings:
        if one.label < len(table) and one.kind != "lesion":
            table[one.label] = 0.35 * np.mean(named(one.name, one.label, one.kind).color) / 255 + 0.1
    for one in scene.drawing.findings:  # a tumour lies in its organ
        if one.label < len(table) and one.kind == "lesion":
            table[one.label] = table.max()
    return ndimage.gaussian_filter(table[values], 0.7)


def image_on(path: Path, grid: Grid) -> Image:
    """A NIfTI file or a DICOM folder as an image on the label map's grid.

    Raises:
        InputError: it covers another part of the world.
    """
    from limner.io import open_studies, read_nifti

    path = Path(path)
    if path.name.lower().endswith((".nii", ".nii.gz")):
        found = read_nifti(path)
        if float(found.array.min()) < -200:
            found = Image(found.array, found.grid, "CT", "HU")
        candidates = [found]
    else:
        series = [one for study in open_studies([path]) for one in study.series if one.grid is not None]
        series.sort(key=lambda one: not (one.grid is not None and one.grid.same_as(grid)))
        candidates = [series[0].load()] if series else []
    for one in candidates:
        corners = one.grid.index(grid.world(np.array([[0, 0, 0], np.array(grid.shape) - 1])))
        inside = (corners > -2).all() and (corners < np.array(one.grid.shape) + 1).all()
        if inside:
            return one if one.grid.same_as(grid) else resample(one, grid)
    raise InputError(
        f"The image {path.name!r} does not cover the drawing's label map: they lie in different parts of the world. "
        "Give the scan that was drawn."
    )


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of a row: today's slice painted with a future, its outline and today's."""

    title: str
    share: Float


def panels_picture(base: Slice, panels: Sequence[Panel], foot: str) -> Picture:
    """Panels beside each other: the future's outline in red, today's in yellow."""
    wide = len(panels)
    figure = _figure(3.0 * wide, 3.55, "black")
    for k, one in enumerate(panels):
        axes = figure.add_axes((k / wide + 0.005, 0.1, 1 / wide - 0.01, 0.8))
        _show(axes, base, one.share)
        axes.set_title(one.title, color="white", fontsize=9)
    figure.text(0.01, 0.02, foot, color="#cccccc", fontsize=7)
    return _picture(figure)


def frame_picture(base: Slice, share: Float, title: str) -> Picture:
    """One picture of a film."""
    figure = _figure(3.6, 3.9, "black")
    axes = figure.add_axes((0.01, 0.01, 0.98, 0.9))
    _show(axes, base, share)
    axes.set_title(title, color="white", fontsize=9)
    return _picture(figure)


def _show(axes: Any, base: Slice, share: Float) -> None:
    axes.imshow(base.painted(share), cmap="gray", vmin=0, vmax=1, interpolation="bilinear")
    if not base.real:
        axes.imshow(
            np.dstack(
                [np.ones_like(share), np.full_like(share, 0.6), np.zeros_like(share), 0.45 * np.clip(share, 0, 1)]
            )
        )
    for values, colour, style in ((base.lesion, "#f7dc6f", "dashed"), (share, "#ff5544", "solid")):
        if values.max() > 0.5 > values.min():
            axes.contour(values, [0.5], colors=[colour], linewidths=1.1, linestyles=[style])
    axes.set_axis_off()


def growth_picture(
    days: Sequence[float], bands: tuple[Float, Float, Float], lines: Sequence[tuple[str, Float]], words: tuple[str, str]
) -> Picture:
    """Volume against days: 80 % band, median, and the medians of what-ifs.

    Args:
        days: from today.
        bands: 10th, 50th and 90th percentile in ml.
        lines: name and median of each what-if.
        words: title and foot.
    """
    figure = _figure(6.4, 4.2, "white")
    axes = figure.add_axes((0.11, 0.16, 0.86, 0.74))
    axes.fill_between(days, bands[0], bands[2], color="#f5b7b1", label="80 % of the futures", linewidth=0)
    axes.plot(days, bands[1], color=_LINES[0], linewidth=2, label="median")
    for (name, values), colour in zip(lines, _LINES[1:] * 2, strict=False):
        axes.plot(days, values, color=colour, linestyle="--", label=f"median {name}")
    axes.set_xlabel("days from the drawing")
    axes.set_ylabel("volume (ml)")
    axes.set_ylim(bottom=0)
    axes.set_xlim(days[0], days[-1])
    axes.legend(frameon=False, fontsize=8)
    axes.set_title(words[0], fontsize=10)
    figure.text(0.01, 0.015, words[1], fontsize=7, color="#555555")
    return _picture(figure)


def _figure(wide: float, high: float, colour: str) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(wide, high), dpi=_DPI, facecolor=colour)
    FigureCanvasAgg(figure)
    return figure


def _picture(figure: Any) -> Picture:
    from PIL import Image as Pillow

    file = io.BytesIO()
    figure.savefig(file, format="png")
    array = np.asarray(Pillow.open(file).convert("RGB"))
    return Picture(np.ascontiguousarray(np.moveaxis(array, -1, 0)))
