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
    count: Annotated[
        int | None, typer.Option("-n", "--count", min=1, help="How many pictures, or seeds; 8 if not given.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of the first picture; the others follow. 0 if not given.")
    ] = None,
    between: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="Pictures on the way from one to the other: two seeds, or paths of pictures."),
    ] = None,
    direction: Annotated[
        str | None, typer.Option(help="A direction of the pack, e.g. size: pictures of each seed along it.")
    ] = None,
    frames: Annotated[
        int | None, typer.Option(min=2, help="Of a way; 60 between two seeds and 7 along a direction if not given.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--class", help="Only pictures of this class of the pack.")] = None,
    labels: Annotated[Path | None, typer.Option(help="A label map (PNG) to make the pictures from.")] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An attribute: size=0.05 (share of the picture), x=0.3."),
    ] = None,
    truncation: Annotated[
        float, typer.Option(min=0.0, max=1.5, help="Below 1: nearer to the middle, less strange and less varied.")
    ] = 1.0,
    dicom: Annotated[bool, typer.Option(help="Also as DICOM: a series of Secondary Captures, in dicom/.")] = False,
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
        between=between and (_end(between[0]), _end(between[1])),
        direction=direction,
        frames=frames,
        kind=kind,
        labels=labels,
        truncation=truncation,
        values=_values(values or []),
        dicom=dicom,
    )
    with show.progress_bar() as progress:
        made = make(open_generator(load_pack(pack), engine), out, options, force=force, progress=progress)
    if as_json:
        show.as_json(made.told)
        return
    typer.echo(
        f"{len(made.told['images'])} synthetic pictures are in {made.folder}; look at {made.folder / 'sheet.png'}."
    )
    if options.of_somebody:
        typer.echo("They resemble whoever the given pictures show. Not for clinical use.")
    else:
        typer.echo("They show nobody, and are marked so. Not for clinical use.")


def _end(text: str) -> int | Path:
    """A seed, or the path of a picture (``./7`` where its name is a number)."""
    return int(text) if text.isdecimal() else Path(text)  # a "²" is a digit, and no number


def _values(given: list[str]) -> dict[str, float]:
    """``NAME=VALUE`` as a table.

    Raises:
        typer.BadParameter: one without ``=`` or a number behind it.
    """
    found: dict[str, float] = {}
    for one in given:
        name, _, value = one.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            raise typer.BadParameter(f"--set is NAME=VALUE, such as size=0.05; got {one!r}.") from None
    return found
