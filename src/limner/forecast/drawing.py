"""The forecast of one drawn tumour, as a folder: the function behind ``limner forecast DRAWING``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limner.errors import InputError
from limner.forecast.run import compute
from limner.forecast.sights import Asked
from limner.forecast.write import MARKER, write_forecast
from limner.io.folder import check_output, new_folder

Progress = Callable[[str, float], None]
DAYS, MOST_DAYS = 180, 3650
"""How far ahead a forecast looks when nobody says, and at most."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """A forecast that was written.

    Args:
        folder: where it lies.
        told: what ``forecast.json`` holds.
    """

    folder: Path
    told: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return self.told


def forecast_drawing(
    drawing: Path,
    *,
    genes: Path | None = None,
    days: int | None = None,
    out: Path,
    force: bool = False,
    asked: Asked | None = None,
    progress: Progress | None = None,
) -> Forecast:
    """Forecasts a drawing's tumour in space and writes the answer.

    Args:
        drawing: folder with ``drawing.json``.
        genes: file with genes, grade and age (:func:`genotype.read_genotype`).
        days: how far ahead; 180 where None.
        out: folder to write, whole or not at all.
        force: replace a forecast that is there.
        asked: everything else.
        progress: is told the step and its share.

    Raises:
        InputError: days below 1 or past ten years, no drawing, a lesion outside its organ, time that runs backwards,
            unknown genes or treatments, an image elsewhere in space.
        NothingFoundError: no tumour in the drawing.
    """
    asked = asked or Asked()
    ahead = _checked_days(days)
    inputs = [one for one in (drawing, asked.earlier, asked.image) if one is not None]
    check_output(Path(out), force=force, marker=MARKER, inputs=inputs)
    run = compute(Path(drawing), genes, ahead, asked, progress)
    with new_folder(Path(out), force=force, marker=MARKER) as folder:
        told = write_forecast(run, folder, asked.image, progress)
    return Forecast(Path(out), told)


def _checked_days(days: int | None) -> int:
    if days is None:
        return DAYS
    if not 1 <= days <= MOST_DAYS:
        raise InputError(f"A forecast reaches from 1 to {MOST_DAYS} days ahead; got {days}. Give --days, as 180.")
    return int(days)
