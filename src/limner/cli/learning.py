"""``limner predict``, ``evaluate`` and ``train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli import show
from limner.cli.options import Debug, Engine, Force, Json, MaxMemory, MaybeOutput, Output

Pack = Annotated[str, typer.Argument(help="Name or folder of the model pack.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one setting.")]
Regions = Annotated[
    list[str] | None,
    typer.Option("--region", metavar="NAME=VALUES", help="Mask values of a region, in place of regions.json."),
]


def predict(
    pack: Pack,
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT", help="Studies, volumes or images.")],
    out: Output = Path("predictions"),
    engine: Engine = "auto",
    max_memory: MaxMemory = None,
    force: Force = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Run a pack on inputs, one row of answers each."""
    from limner.infer import load_pack
    from limner.infer.inputs import predict_inputs

    with show.progress_bar() as progress:
        rows = predict_inputs(
            load_pack(pack), inputs, out, engine=engine, max_memory_gb=max_memory, force=force, progress=progress
        )
    show.rows(rows, as_json)


def evaluate(
    pack: Pack,
    cohort: Annotated[Path, typer.Argument(help="A CSV or JSONL with a row per case.")],
    split: Annotated[str | None, typer.Option(help="Only the rows of this split.")] = None,
    mask: Annotated[str, typer.Option(help="The column that names the masks.")] = "mask",
    regions: Regions = None,
    engine: Engine = "auto",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare a pack with the truth: metrics with confidence intervals, per class and per site."""
    from limner.infer import load_pack
    from limner.infer.evaluate import EvaluateOptions
    from limner.infer.evaluate import evaluate as evaluate_pack

    options = EvaluateOptions(split=split, mask=mask, regions=_regions(regions), engine=engine)
    with show.progress_bar() as progress:
        found = evaluate_pack(load_pack(pack), cohort, options, progress)
    show.evaluation(found.model_dump(mode="json"), as_json)


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe, YAML.")],
    overrides: Overrides = None,
    out: MaybeOutput = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last good state of the run.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Train a model pack by a recipe."""
    from limner.reproduce import reproduce

    show.run(reproduce(recipe, overrides or [], out, resume), as_json)


def _regions(given: list[str] | None) -> dict[str, tuple[int, ...]] | None:
    """``["liver=1,2"]`` to ``{"liver": (1, 2)}``."""
    if not given:
        return None
    regions = {}
    for one in given:
        name, _, values = one.partition("=")
        if not name or not all(part.strip().isdigit() for part in values.split(",")):
            raise typer.BadParameter(f"--region takes NAME=VALUES, e.g. 'liver=1,2'; got {one!r}.")
        regions[name.strip()] = tuple(int(part) for part in values.split(","))
    return regions
