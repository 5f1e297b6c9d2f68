"""Drawing over one slice with matplotlib (Agg, no global state): contours, letters, a scale bar."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from limner.report.planes import Frame

_DPI = 100
_WHITE = "#ffffff"
_BARS_MM = (100, 50, 20, 10, 5, 2, 1)


class Ink:
    """One picture in the making; its pixels are those of the frame.

    Args:
        frame: what the picture shows.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        rows, columns = frame.shape
        self._figure = Figure(figsize=(columns / _DPI, rows / _DPI), dpi=_DPI, facecolor="black")
        FigureCanvasAgg(self._figure)
        self._axes = self._figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self._axes.set_axis_off()
        self._axes.set_xlim(-0.5, columns - 0.5)
        self._axes.set_ylim(rows - 0.5, -0.5)
        self._unit = max(7.0, min(rows, columns) / 42)  # text size in points follows the picture

    def slice(self, gray: NDArray[np.floating]) -> None:
        """The slice itself, ``(rows, columns)``, 0 black to 1 white."""
        self._axes.imshow(np.clip(gray, 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect="auto")

    def label(self, share: NDArray[np.floating], color: Sequence[int], tint: float) -> None:
        """A label: its contour at one half, and a tint inside.

        Args:
            share: ``(rows, columns)``, 0 to 1.
            color: sRGB, 0-255.
            tint: opacity of the inside, 0 for none.
        """
        rgb = np.array(color) / 255
        if tint:
            overlay = np.zeros((*share.shape, 4), np.float32)
            overlay[..., :3] = rgb
            overlay[..., 3] = tint * np.clip(share, 0, 1)
            self._axes.imshow(overlay, interpolation="nearest", aspect="auto")
        bright = rgb + (1 - rgb) * 0.25  # a contour must be seen on gray
        framed = np.pad(share, 1)  # closed where it leaves the picture
        rows, columns = share.shape
        at = np.arange(-1, columns + 1), np.arange(-1, rows + 1)
        self._axes.contour(*at, framed, levels=[0.5], colors=[tuple(bright)], linewidths=1.15)

    def ticks(self, point_mm: Sequence[float]) -> None:
        """Short marks at the edges where the other planes cross at a point ``(x, y, z)`` mm."""
        rows, columns = self._frame.shape
        across, along = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}[self._frame.plane]
        x = (point_mm[across] - self._frame.columns_mm[0]) / _span(self._frame.columns_mm) * columns - 0.5
        y = (point_mm[along] - self._frame.rows_mm[0]) / _span(self._frame.rows_mm) * rows - 0.5
        length = 0.025 * max(rows, columns)
        style: dict[str, Any] = {"color": _WHITE, "linewidth": 1.0, "alpha": 0.8}
        for edge, inward in ((0, 1), (columns - 1, -1)):
            self._axes.plot([edge, edge + inward * length], [y, y], **style)
        for edge, inward in ((0, 1), (rows - 1, -1)):
            self._axes.plot([x, x], [edge, edge + inward * length], **style)

    def letters(self, edges: tuple[str, str, str, str]) -> None:
        """Letters for the left, right, upper and lower side of the patient."""
        left, right, top, bottom = edges
        inset = 0.04
        for letter, x, y in (
            (left, inset, 0.5), (right, 1 - inset, 0.5), (top, 0.5, 1 - inset), (bottom, 0.5, inset),
        ):  # fmt: skip
            self._text(x, y, letter, ha="center", va="center", weight="bold", scale=1.25)

    def scale_bar(self) -> int:
        """A bar of a round length at the lower right; returns its length in mm."""
        rows, columns = self._frame.shape
        bar = next((one for one in _BARS_MM if one / self._frame.pixel_mm < 0.3 * columns), _BARS_MM[-1])
        length = bar / self._frame.pixel_mm
        right, y = columns * 0.97, rows - 1 - 1.3 * self._unit
        outline = [withStroke(linewidth=4, foreground="black")]
        self._axes.plot(
            [right - length, right], [y, y], color=_WHITE, linewidth=2, solid_capstyle="butt", path_effects=outline
        )
        self._text(
            (right - length / 2) / columns, 1 - (y - 0.5 * self._unit) / rows, f"{bar} mm", ha="center", va="bottom"
        )
        return bar

    def position(self, text: str) -> None:
        """Where the slice lies, at the lower left."""
        self._text(0.025, 1.0 * self._unit / self._frame.shape[0], text, ha="left", va="bottom")

    def png(self) -> bytes:
        """The picture as a PNG file; the same bytes for the same input."""
        file = io.BytesIO()
        self._figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
        return file.getvalue()

    def _text(self, x: float, y: float, text: str, *, scale: float = 1.0, **style: Any) -> None:
        outline = [withStroke(linewidth=2.2, foreground="black")]
        self._axes.text(
            x,
            y,
            text,
            transform=self._axes.transAxes,
            color=_WHITE,
            size=self._unit * scale,
            path_effects=outline,
            **style,
        )


def _span(edges: tuple[float, float]) -> float:
    return edges[1] - edges[0]
