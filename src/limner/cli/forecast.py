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
    target: Annotated[str | None, typer.Option(help="Of a drawing: id of a lesion; the largest if not given.")] = None,
    earlier: Annotated[
        Path | None, typer.Option(help="An earlier drawing of the same tumour: how fast it grew is then seen.")
    ] = None,
    days_between: Annotated[
        float | None, typer.Option(min=0, help="From the earlier drawing to this one; by their dates if not given.")
    ] = None,
    treatment: Annotated[
        str | None, typer.Option(help="Of a drawing: a treatment from today on, such as temozolomide.")
    ] = None,
    image: Annotated[
        Path | None, typer.Option(help="The study that was drawn: what it may look like is painted on it.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """How a lesion may go on, with its doubt.

    A table has the columns patient, day, volume_ml; a row whose volume is empty is forecast. A drawing's tumour grows
    in the patient's own anatomy, under what genes and treatment change, each with its source.
    """
    if path.suffix.lower() != ".csv":
        from limner.forecast.drawing import forecast_drawing
        from limner.forecast.sights import Asked

        asked = Asked(target, earlier, days_between, treatment, image)
        with show.progress_bar() as progress:
            drawn = forecast_drawing(
                path, genes=genes, days=days, out=out or Path("forecast"), force=force, asked=asked, progress=progress
            )
        show_forecast.drawing(drawn.as_dict(), drawn.folder, as_json)
        return
    given = {
        "--genes": genes, "--days": days, "--target": target, "--earlier": earlier, "--days-between": days_between,
        "--treatment": treatment, "--image": image,
    }  # fmt: skip
    option = next((name for name, value in given.items() if value is not None), None)
    if option:
        raise InputError(
            f"{option} belongs to the forecast of a drawing, and {path.name!r} is a table: its forecast knows volumes "
            "only, and its rows with an empty volume_ml say the days. Leave it out, or give a drawing."
        )
    from limner.forecast.volumes import forecast_volumes

    with show.progress_bar() as progress:
        found = forecast_volumes(path, out, force=force, progress=progress)
    show_forecast.volumes(found, out, as_json)
