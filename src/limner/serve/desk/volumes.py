"""What the desk answers about volumes over time: a table's forecasts, under priors that are kept at hand."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from limner.forecast.priors import Priors, load_priors
from limner.forecast.series import read_series
from limner.forecast.volumes import forecast_volumes
from limner.serve.desk.shelf import Shelf


def forecast(shelf: Shelf, key: str, *, table: str) -> dict[str, Any]:
    """Forecasts the rows of a table whose volume is empty.

    Args:
        shelf: of the desk.
        key: not used; a table is nobody's folder.
        table: CSV text with the columns ``patient, day, volume_ml``.

    Raises:
        InputError: a table that cannot be used.
    """
    del key
    priors: Priors = shelf.get(("priors",), load_priors)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_text(table, encoding="utf-8")
        found = forecast_volumes(path, priors=priors)
        series = read_series(path).series.values()
    return {
        **found.as_dict(),
        "readings": [
            {"patient": one.patient, "day": float(day), "volume_ml": float(ml)}
            for one in series
            for day, ml in zip(one.days, one.volumes_ml, strict=True)
        ],
        "problems": list(found.problems),
        "learned_from": {"source": priors.source, "patients": priors.patients, "readings": priors.readings},
    }
