"""Two curves that say how far probabilities can be believed: reliability, and the risk at each share of answers."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_DPI = 130
_INK, _FAINT, _WARM = "#1d4e6b", "#8a97a0", "#b4552d"


def reliability_png(bins: Sequence[Mapping[str, float]], ece: float) -> bytes:
    """A reliability diagram: how often answers are right, by how sure they were, and how many were so sure.

    Args:
        bins: ``confidence`` (mean of the bin), ``accuracy`` and ``share`` of the answers, each 0 to 1; ``low`` and
            ``high``, where a calibrated net's accuracy would lie (a bar), may be missing.
        ece: expected calibration error.

    Returns:
        A PNG.

    Source: DeGroot & Fienberg, The Statistician 32:12, 1983; Guo et al., ICML 2017, figure 1; the bars: Broecker &
    Smith, Weather and Forecasting 22:651, 2007.
    """
    figure, axes = _figure("how sure the answer was", "share that was right")
    confidence, accuracy, share = (np.array([one[key] for one in bins]) for key in ("confidence", "accuracy", "share"))
    axes.plot([0, 1], [0, 1], color=_FAINT, linestyle="--", linewidth=1, label="as sure as right")
    if bins and "low" in bins[0]:
        low, high = (np.array([one[key] for one in bins]) for key in ("low", "high"))
        axes.vlines(confidence, low, high, color=_FAINT, linewidth=5, alpha=0.35, label="a calibrated net, 95 %")
    axes.vlines(confidence, np.minimum(confidence, accuracy), np.maximum(confidence, accuracy), color=_WARM, alpha=0.5)
    axes.plot(confidence, accuracy, color=_INK, linewidth=1.4)
    axes.scatter(confidence, accuracy, s=18 + 260 * share, color=_INK, alpha=0.85, label="answers (area: how many)")
    axes.set(xlim=(0, 1.03), ylim=(0, 1.03))
    axes.set_title(f"Reliability; expected calibration error {ece:.3f}", loc="left", fontsize=10)
    for handle in axes.legend(frameon=False, fontsize=8, loc="upper left").legend_handles:
        if hasattr(handle, "set_sizes"):
            handle.set_sizes([40])
    return _png(figure)


def risk_coverage_png(
    curve: Sequence[Mapping[str, float]], area: float, answered: float | None = None, risk: float | None = None
) -> bytes:
    """How often answers are wrong when only the surest are given.

    Args:
        curve: ``coverage`` (share of the examples answered) and ``risk`` (share of wrong ones among them), 0 to 1.
        area: under the curve.
        answered: share that the pack answers at its own threshold; not shown where None.
        risk: share of wrong ones among those.

    Returns:
        A PNG.

    Source: El-Yaniv & Wiener, JMLR 11:1605, 2010.
    """
    figure, axes = _figure("share of the cases answered, the surest first", "share of the answers that was wrong")
    coverage, wrong = (np.array([one[key] for one in curve]) for key in ("coverage", "risk"))
    axes.plot(coverage, wrong, color=_INK, linewidth=1.6, label="answers given")
    axes.axhline(wrong[-1], color=_FAINT, linestyle="--", linewidth=1, label="answering always")
    if answered and risk is not None:
        axes.scatter([answered], [risk], color=_WARM, zorder=3, s=36, label="the pack's own threshold")
    top = max(float(wrong.max()), float(wrong[-1]), 0.01)
    axes.set(xlim=(0, 1.03), ylim=(-0.03 * top, 1.25 * top))
    axes.set_title(f"Risk and coverage; area {area:.3f}", loc="left", fontsize=10)
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    return _png(figure)


def _figure(x: str, y: str) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 4.4), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: Any) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
    return file.getvalue()
