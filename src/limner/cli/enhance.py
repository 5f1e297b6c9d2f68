"""``limner enhance``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli import show
from limner.cli.options import Debug, Engine, Force, Json, MaxMemory, Output


def enhance(
    pack: Annotated[str, typer.Argument(help="Name or folder of the model pack.")],
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT", help="A DICOM folder or archive, or NIfTI.")],
    out: Output,
    modality: Annotated[
        str | None, typer.Option(metavar="CT|MR", help="What a NIfTI file holds, where its values do not tell.")
    ] = None,
    engine: Engine = "auto",
    max_memory: MaxMemory = None,
    force: Force = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make an image sharper: thin slices of thick ones, each with how far it may be off.

    The result is marked as made by a net. Downsampling it gives the input back, which is measured on what was written.
    """
    from limner.infer import load_pack
    from limner.infer.enhance import How
    from limner.infer.enhance import enhance as enhance_inputs

    with show.progress_bar() as progress:
        how = How(engine, max_memory, modality)
        told = enhance_inputs(load_pack(pack), inputs, out, how, force=force, progress=progress)
    show.enhanced(told, out, as_json)
