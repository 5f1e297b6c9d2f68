"""``limner forecast``: volumes of a table, or a drawing in space."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli import show, show_forecast
from limner.cli.options import Debug, Force, Json, MaybeOutput
from limner.errors import InputError


def forecast(
    path: Annotated[Path, typer.Argument(metavar="DRAWING|SERIES.csv", help="A drawing, or a table of volumes.")],
    out: MaybeOutput = None,
    genes: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Of a drawing: the tumour's genes, which set the prior.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Of a drawing: how many days ahead.")] = None,
    force: Force = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """How a lesion may go on, with its doubt.

    A table has the columns patient, day, volume_ml; a row whose volume is empty is forecast.
    """
    if path.suffix.lower() != ".csv":
        from limner.forecast.drawing import forecast_drawing

        with show.progress_bar() as progress:
            drawn = forecast_drawing(
                path, genes=genes, days=days, out=out or Path("forecast"), force=force, progress=progress
            )
        show_forecast.drawing(drawn.as_dict(), drawn.folder, as_json)
        return
    if genes is not None or days is not None:
        option = "--genes" if genes is not None else "--days"
        raise InputError(
            f"{option} belongs to the forecast of a drawing, and {path.name!r} is a table: its forecast knows volumes "
            "only, and its rows with an empty volume_ml say the days. Leave it out, or give a drawing."
        )
    from limner.forecast.volumes import forecast_volumes

    with show.progress_bar() as progress:
        found = forecast_volumes(path, out, force=force, progress=progress)
    show_forecast.volumes(found, out, as_json)
