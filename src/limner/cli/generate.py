"""``limner generate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli import show
from limner.cli.options import Debug, Engine, Force, Json, Output


def generate(
    pack: Annotated[str, typer.Argument(help="Name or folder of a generative model pack.")],
    out: Output,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many pictures.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Of the first picture; the others follow.")] = 0,
    between: Annotated[
        tuple[int, int] | None,
        typer.Option(metavar="A B", help="Two seeds: pictures on the way from one to the other."),
    ] = None,
    direction: Annotated[
        str | None, typer.Option(help="A direction of the pack, e.g. size: pictures of each seed along it.")
    ] = None,
    frames: Annotated[
        int | None, typer.Option(min=2, help="Of a way; 60 between two seeds and 7 along a direction if not given.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--class", help="Only pictures of this class of the pack.")] = None,
    labels: Annotated[Path | None, typer.Option(help="A label map (PNG) to make the pictures from.")] = None,
    truncation: Annotated[
        float, typer.Option(min=0.0, max=1.5, help="Below 1: nearer to the middle, less strange and less varied.")
    ] = 1.0,
    engine: Engine = "auto",
    force: Force = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make pictures of nobody from a generative pack; each is marked as synthetic."""
    from limner.infer import load_pack
    from limner.infer.generate import GenerateOptions, open_generator
    from limner.infer.generate import generate as make

    options = GenerateOptions(
        count=count,
        seed=seed,
        between=between,
        direction=direction,
        frames=frames,
        kind=kind,
        labels=labels,
        truncation=truncation,
    )
    with show.progress_bar() as progress:
        made = make(open_generator(load_pack(pack), engine), out, options, force=force, progress=progress)
    if as_json:
        show.as_json(made.told)
        return
    typer.echo(
        f"{len(made.told['images'])} synthetic pictures are in {made.folder}; look at {made.folder / 'sheet.png'}."
    )
    typer.echo("They show nobody, and are marked so. Not for clinical use.")
