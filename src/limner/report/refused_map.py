"""The skin unrolled: where a needle may enter, and why it may not elsewhere."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from limner.report.typeset import CHINESE_FONT

SAFE = "#2a9d6f"
_TONES = (
    "#c9503c", "#8d6bb0", "#e0a030", "#4f7fb5", "#8a5a44", "#b9b04c", "#d68ab0", "#6aa7a0", "#b58863", "#7d7f86",
)  # fmt: skip
_FAR = "#d5d8dc"
_DPI = 130


@dataclass(frozen=True, eq=False)
class SkinMap:
    """Every skin point that was asked, with what was said.

    Args:
        points_mm: ``(N, 3)`` LPS.
        reasons: ``(N,)`` index into ``names``; −1 where a path is safe.
        names: the reasons, the most frequent first.
        entries_mm: ``(M, 3)`` of the offered paths, the best first.
    """

    points_mm: NDArray[np.float64]
    reasons: NDArray[np.intp]
    names: tuple[str, ...]
    entries_mm: NDArray[np.float64]


def unrolled(points_mm: NDArray[np.float64], middle_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Skin points as degrees around the body and mm to the head, ``(N, 2)``.

    The front is at 0, the patient's left at 90, so that the patient's right lies on the left as face to face.

    >>> unrolled(np.array([[0, -9, 5], [9, 0, 5], [-9, 0, 5.0]]), np.zeros(3))[:, 0].tolist()
    [0.0, 90.0, -90.0]
    """
    away = points_mm - middle_mm
    return np.stack([np.degrees(np.arctan2(away[:, 0], -away[:, 1])), points_mm[:, 2]], axis=1)


def refused_map(skin: SkinMap, *, safe: str, title: str, sides: Sequence[str], lang: str = "en") -> bytes:
    """The map as a picture.

    Args:
        skin: what was asked and said.
        safe: what a safe entry is called in the legend.
        title: above the map.
        sides: names of back, right, front, left and back.
        lang: of these words; it chooses the font.

    Returns:
        A PNG; the same bytes for the same input.
    """
    middle = np.array([*(skin.points_mm[:, :2].min(0) + skin.points_mm[:, :2].max(0)) / 2, 0.0])
    flat = unrolled(skin.points_mm, middle)
    figure = Figure(figsize=(7.0, 4.0), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.08, 0.28, 0.90, 0.64))
    size = 9.0 if len(flat) < 6000 else 4.0
    handles = []
    for code in range(len(skin.names) - 1, -1, -1):
        there = skin.reasons == code
        axes.scatter(flat[there, 0], flat[there, 1], s=size, c=_tone(code), marker="s", linewidths=0)
    safe_ones = flat[skin.reasons < 0]
    axes.scatter(safe_ones[:, 0], safe_ones[:, 1], s=size * 1.3, c=SAFE, marker="s", linewidths=0)
    handles.append(_key(SAFE, f"{safe} ({int((skin.reasons < 0).sum())})"))
    handles += [_key(_tone(k), f"{name} ({int((skin.reasons == k).sum())})") for k, name in enumerate(skin.names)]
    for number, (x, y) in enumerate(unrolled(skin.entries_mm.reshape(-1, 3), middle), start=1):
        outline = [withStroke(linewidth=2.2, foreground="black")]
        axes.text(x, y, str(number), color="white", weight="bold", ha="center", va="center", path_effects=outline)
    axes.set_xlim(-180, 180)
    font = _font(lang)
    axes.set_xticks([-180, -90, 0, 90, 180], sides, fontproperties=font, size=8)
    axes.set_ylabel("mm", fontsize=8)
    axes.tick_params(axis="y", labelsize=8)
    axes.set_title(title, loc="left", fontproperties=font, size=9)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.06, 0.205), ncols=3, frameon=False, prop=_sized(font, 8),
        columnspacing=1.2, handletextpad=0.3,
    )  # fmt: skip
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
    return file.getvalue()


def _font(lang: str) -> FontProperties:
    """DejaVu Sans, and for Chinese the font of the reports behind it, which has no Latin letters."""
    if lang != "zh":
        return FontProperties()
    fontManager.addfont(CHINESE_FONT)
    return FontProperties(family=["DejaVu Sans", FontProperties(fname=CHINESE_FONT).get_name()])


def _sized(font: FontProperties, size: float) -> FontProperties:
    other = font.copy()
    other.set_size(size)
    return other


def _tone(code: int) -> str:
    return _TONES[code] if code < len(_TONES) else _FAR


def _key(color: str, text: str) -> Line2D:
    return Line2D([], [], linestyle="", marker="s", markersize=6, color=color, label=text)
