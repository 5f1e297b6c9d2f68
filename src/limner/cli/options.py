"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Language(StrEnum):
    """What reports are written in."""

    en = "en"
    zh = "zh"


Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show where an error came from.")]
Force = Annotated[bool, typer.Option("--force", help="Replace an older output, once the new one is whole.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="The folder to make.")]
MaybeOutput = Annotated[Path | None, typer.Option("-o", "--output", help="The folder to make.")]
Engine = Annotated[str, typer.Option(help="auto, openvino, onnxruntime or torch.")]
MaxMemory = Annotated[
    float | None,
    typer.Option("--max-memory", metavar="GB", help="Of scans: what inference may hold at most; windows shrink."),
]
Lang = Annotated[Language, typer.Option(help="Language of the reports.")]
Label = Annotated[str, typer.Option(help="Of a cohort: the column that names the class, or several joined by |.")]
SkipDamaged = Annotated[
    bool,
    typer.Option("--skip-damaged", help="Of a cohort of pictures: leave out those missing or damaged, and name them."),
]
Channel = Annotated[
    list[str] | None,
    typer.Option(
        "--channel",
        metavar="NAME=SERIES",
        help="Of a pack on several MR series: a path, or words of a series' description (flair=scan.nii.gz).",
    ),
]


def channels(given: list[str] | None) -> dict[str, str]:
    """``NAME=SERIES`` as a table.

    Raises:
        typer.BadParameter: one without ``=``, or a name that comes twice.
    """
    found: dict[str, str] = {}
    for one in given or []:
        name, equals, what = one.partition("=")
        if not (equals and name and what):
            raise typer.BadParameter(f"--channel is NAME=SERIES, such as flair=scan.nii.gz; got {one!r}.")
        if name in found:
            raise typer.BadParameter(f"--channel {name} is given twice.")
        found[name] = what
    return found
