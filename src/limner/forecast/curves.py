"""The picture of one patient's volumes: what was read, and the band in which readings to come are likely."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from limner.forecast.predict import Forecast, forecast_series
from limner.forecast.priors import Priors
from limner.forecast.series import Series

_DPI = 130
_INK, _FAINT, _WARM = "#1d4e6b", "#8a97a0", "#b4552d"
_STEPS = 12


def curve_png(series: Series, forecasts: Sequence[Forecast], priors: Priors) -> bytes:
    """Readings, forecasts with their 80 % intervals, and the band between them.

    Args:
        series: of the patient.
        forecasts: of the same patient.
        priors: what the forecasts were made with; the band between asked days is made with them, too.

    Returns:
        A PNG.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.8), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    last_day, last_ml = float(series.days[-1]), float(series.volumes_ml[-1])
    ahead = [one for one in forecasts if one.day > last_day]
    if ahead:
        days = np.linspace(last_day, max(one.day for one in ahead), _STEPS + 1)[1:]
        band = forecast_series(Series(series.patient, series.days, series.volumes_ml, tuple(days.tolist())), priors)
        along = [last_day, *days.tolist()]
        low, high = ([last_ml, *(getattr(one, end) for one in band)] for end in ("p10", "p90"))
        axes.fill_between(along, low, high, color=_WARM, alpha=0.18, linewidth=0, label="80 of 100 readings")
    axes.plot(
        series.days, series.volumes_ml, color=_INK, linewidth=1.4, marker="o", markersize=5, clip_on=False, label="read"
    )
    for number, one in enumerate(forecasts):
        axes.vlines(one.day, one.p10, one.p90, color=_WARM, linewidth=1.6)
        named = None if number else "forecast (p50)"
        axes.plot([one.day], [one.p50], color=_WARM, marker="D", markersize=6, clip_on=False, zorder=3, label=named)
    axes.set(xlabel="day", ylabel="volume (ml)")
    axes.set_ylim(bottom=0)
    axes.set_title(f"{series.patient} · {forecasts[-1].model}, {len(series.days)} reading(s)", loc="left", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=_FAINT, alpha=0.25, linewidth=0.7)
    axes.legend(frameon=False, fontsize=8, loc="best")
    figure.text(0.995, 0.005, "Not for clinical use.", ha="right", va="bottom", fontsize=7, color=_FAINT)
    packed = io.BytesIO()
    figure.savefig(packed, format="png")
    return packed.getvalue()
