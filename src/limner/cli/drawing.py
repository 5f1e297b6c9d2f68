"""``limner demo``, ``inspect`` and ``draw``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli import show
from limner.cli.options import Channel, Debug, Engine, Force, Json, Lang, Language, MaxMemory, Output, channels


def demo(
    out: Output = Path("demo"),
    force: Force = False,
    lang: Lang = Language.en,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Draw the built-in study, a real CT of the abdomen, and say where to look."""
    from limner.draw import DrawOptions
    from limner.draw import draw as draw_study
    from limner.samples import DEMO_CITATION, demo_study

    options = DrawOptions(force=force, lang=lang.value, citations=(DEMO_CITATION,))
    with show.progress_bar() as progress:
        drawing = draw_study(demo_study(), out, options=options, progress=progress)
    show.drawing(drawing, out, as_json)


def inspect(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", help="Folders and files of DICOM, archives of DICOM, NIfTI, or pictures."),
    ],
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show what is in there: patients, studies, series, geometry, problems, and whether an image is synthetic."""
    from limner.io import look

    show.summary(look(paths), as_json)


def draw(
    out: Output,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Folders and files of one patient's study, or one picture."),
    ] = None,
    pack: Annotated[
        str | None, typer.Option(help="Name or folder of the model pack; abdomen-ct for a scan, asked of a picture.")
    ] = None,
    channel: Channel = None,
    engine: Engine = "auto",
    max_memory: MaxMemory = None,
    explain: Annotated[
        str,
        typer.Option(
            help="Why: auto, none, grad-cam, lime, both, attributes or all. Of a scan auto only measures the shape of "
            "lesions; the others take minutes a lesion."
        ),
    ] = "auto",
    lang: Lang = Language.en,
    force: Force = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Draw a study or a picture: what was found, where, how sure and why, with reports, in one folder."""
    from limner.draw import DrawOptions
    from limner.draw import draw as draw_study

    named = channels(channel)
    if not paths and not named:
        raise typer.BadParameter("Give a study or a picture: PATH, or --channel NAME=PATH for each series.")
    options = DrawOptions(
        pack=pack, engine=engine, max_memory_gb=max_memory, force=force, lang=lang.value, explain=explain,
        channels=named,
    )  # fmt: skip
    with show.progress_bar() as progress:
        drawing = draw_study(paths or [], out, options=options, progress=progress)
    show.drawing(drawing, out, as_json)
