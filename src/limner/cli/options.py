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
MaxMemory = Annotated[float | None, typer.Option("--max-memory", metavar="GB", help="What inference may hold at most.")]
Lang = Annotated[Language, typer.Option(help="Language of the reports.")]
Label = Annotated[str, typer.Option(help="Of a cohort: the column that names the class, or several joined by |.")]
SkipDamaged = Annotated[
    bool,
    typer.Option("--skip-damaged", help="Of a cohort of pictures: leave out those missing or damaged, and name them."),
]
