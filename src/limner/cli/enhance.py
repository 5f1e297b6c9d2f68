"""``limner enhance``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli import show
from limner.cli.options import Channel, Debug, Engine, Force, Json, MaxMemory, Output, channels


def enhance(
    pack: Annotated[str, typer.Argument(help="Name or folder of the model pack.")],
    out: Output,
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="INPUT", help="A DICOM folder or archive, or NIfTI; to translate, a study's series."),
    ] = None,
    channel: Channel = None,
    modality: Annotated[
        str | None, typer.Option(metavar="CT|MR", help="What a NIfTI file holds, where its values do not tell.")
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(min=2, help="Of a pack with a latent: samples whose spread is the map of uncertainty; 8."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of these samples; 0.")] = None,
    engine: Engine = "auto",
    max_memory: MaxMemory = None,
    force: Force = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make thin slices of thick ones, fine pixels of coarse ones, or a sequence of MR that was not acquired.

    The result is marked as made by a net. Downsampling finer voxels gives the input back, which is measured on what was
    written. In a sequence that was made a lesion may be missing, or be seen where none is.
    """
    from limner.infer import load_pack
    from limner.infer.enhance import How
    from limner.infer.enhance import enhance as enhance_inputs

    with show.progress_bar() as progress:
        how = How(engine, max_memory, modality, channels(channel), samples, seed)
        told = enhance_inputs(load_pack(pack), inputs or [], out, how, force=force, progress=progress)
    show.enhanced(told, out, as_json)
