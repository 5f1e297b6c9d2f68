"""``limner bench``: what things cost on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli import show
from limner.cli.options import Debug, Engine, Json, MaxMemory

app = typer.Typer(help="What things cost on this machine.", no_args_is_help=True)


@app.callback()
def _bench() -> None: ...


@app.command(epilog="Example: limner bench draw study/ --slices 600")
def draw(
    path: Annotated[Path | None, typer.Argument(help="A study; the built-in one when it is not given.")] = None,
    slices: Annotated[
        int | None, typer.Option("--slices", "--repeat-slices", help="Repeat or leave out slices to make so many.")
    ] = None,
    pack: Annotated[str, typer.Option(help="Name or folder of the model pack.")] = "abdomen-ct",
    engine: Engine = "auto",
    max_memory: MaxMemory = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Draw a study in a process of its own: seconds and peak memory of each step."""
    from limner.bench import DrawBench, bench_draw

    show.bench(bench_draw(DrawBench(path, slices, pack, engine, max_memory)), as_json)
