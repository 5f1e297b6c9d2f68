"""The forecast of a table, end to end: read, forecast, and, where asked, a folder with rows and pictures."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limner.forecast.predict import Forecast, forecast_table
from limner.forecast.priors import Priors, load_priors
from limner.forecast.series import Series, SeriesTable, read_series
from limner.io.folder import check_output, new_folder

MARKER = "forecasts.json"
PICTURES = 24
"""Patients that get a picture, from the first of the table on."""
FIELDS = ("patient", "day", "p10", "p50", "p90", "model", "readings", "median")


@dataclass(frozen=True)
class VolumeForecasts:
    """Forecasts in the order of the asked rows, and what a reader of the table should know."""

    forecasts: tuple[Forecast, ...]
    problems: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """What ``limner forecast SERIES.csv --json`` prints."""
        return {"forecasts": [one.as_dict() for one in self.forecasts]}


def forecast_volumes(
    path: Path,
    out: Path | None = None,
    *,
    force: bool = False,
    priors: Priors | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> VolumeForecasts:
    """Forecasts the rows of a table whose volume is empty.

    Args:
        path: CSV with the columns ``patient, day, volume_ml``; see :func:`limner.forecast.series.read_series`.
        out: a folder to make with ``forecasts.json``, ``forecasts.csv`` and a picture of each of the first patients.
        force: replace an older ``out``, once the new one is whole.
        priors: the shipped ones where None.
        progress: is told a step and how much is done.

    Raises:
        InputError: a table that cannot be used, or an output that may not be written.
    """
    path = Path(path)
    if out is not None:
        check_output(out, force=force, marker=MARKER, inputs=[path])
    priors = priors or load_priors()
    table = read_series(path)
    found = tuple(forecast_table(table, priors, progress))
    forecasts = VolumeForecasts(found, (*table.problems, *_doubts(table, priors)))
    if out is not None:
        with new_folder(out, force=force, marker=MARKER) as folder:
            _write(forecasts, table, priors, folder, progress)
    return forecasts


def _doubts(table: SeriesTable, priors: Priors) -> list[str]:
    """What forecasts cannot know, said once for all patients whom it concerns."""
    asking = [one for one in table.series.values() if one.asked]
    single = sum(len(one.days) == 1 for one in asking)
    far = sum(max(one.asked) - one.days[-1] > priors.longest_days for one in asking)
    doubts = []
    if single:
        doubts.append(f"One reading only for {single} patient(s): their forecast is that of the population.")
    if far:
        doubts.append(
            f"Further ahead than what was learned from ({priors.longest_days:.0f} days) for {far} patient(s): there "
            "the intervals follow from the growth laws alone."
        )
    return doubts


def _write(
    forecasts: VolumeForecasts, table: SeriesTable, priors: Priors, folder: Path,
    progress: Callable[[str, float], None] | None,
) -> None:  # fmt: skip
    from limner.forecast.curves import curve_png

    whole = {
        "schema": "limner.forecasts/1",
        **forecasts.as_dict(),
        "problems": list(forecasts.problems),
        "learned_from": {"source": priors.source, "patients": priors.patients, "readings": priors.readings},
        "note": "Not for clinical use.",
    }
    (folder / MARKER).write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    with (folder / "forecasts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(one.as_dict() for one in forecasts.forecasts)
    shown = _shown(table)
    (folder / "curves").mkdir()
    for number, series in enumerate(shown):
        if progress:
            progress("draw", number / len(shown))
        own = [one for one in forecasts.forecasts if one.patient == series.patient]
        (folder / "curves" / f"{number + 1:03d}.png").write_bytes(curve_png(series, own, priors))


def _shown(table: SeriesTable) -> Sequence[Series]:
    return [one for one in table.series.values() if one.asked][:PICTURES]
