"""``limner plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli import show, show_plan
from limner.cli.options import Debug, Force, Json, Lang, Language


def plan(
    drawing: Annotated[Path, typer.Argument(help="The folder that `limner draw` made.")],
    out: Annotated[Path, typer.Option("-o", "--output", help="The folder to make.")] = Path("plan"),
    target: Annotated[
        str | None, typer.Option(help="Id of a lesion (tumor-2), or a label's name; the largest if not given.")
    ] = None,
    image: Annotated[
        Path | None,
        typer.Option(help="The study that was drawn: slices along each needle, and bowel that is seen by its gas."),
    ] = None,
    settings: Annotated[
        Path | None, typer.Option(help="plan.yaml: thresholds in place of the defaults. A plan writes one.")
    ] = None,
    probes: Annotated[
        Path | None, typer.Option(help="JSON: ablation zones by probe and power, in place of the shipped table.")
    ] = None,
    resection: Annotated[bool, typer.Option(help="Also propose resections of a liver.")] = True,
    lang: Lang = Language.en,
    force: Force = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Search needle paths and resections: ranked, with the reason each other way was refused.

    Every skin point and every rule of plan.yaml is asked. Clearances and volumes are intervals. A drawing without
    vessels or bowel is planned all the same, and the plan says what it is blind to.
    """
    from limner.plan import PlanOptions
    from limner.plan import plan as make_plan

    options = PlanOptions(
        target=target, image=image, settings=settings, probes=probes, resection=resection, lang=lang.value, force=force
    )  # fmt: skip
    with show.progress_bar() as progress:
        made = make_plan(drawing, out, options=options, progress=progress)
    show_plan.plan(made, out, as_json)
