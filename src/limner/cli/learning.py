"""``limner predict``, ``evaluate`` and ``train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli import show
from limner.cli.options import Debug, Engine, Json, MaxMemory, MaybeOutput

Pack = Annotated[str, typer.Argument(help="Name or folder of the model pack.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one setting.")]


def predict(
    pack: Pack,
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT", help="Studies, volumes or images.")],
    out: MaybeOutput = None,
    engine: Engine = "auto",
    max_memory: MaxMemory = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Run a pack on inputs, one row of answers each."""
    from limner.infer import load_pack, predict_inputs

    rows = predict_inputs(load_pack(pack), inputs, out, engine=engine, max_memory_gb=max_memory)
    show.rows(rows, as_json)


def evaluate(
    pack: Pack,
    cohort: Annotated[Path, typer.Argument(help="A CSV or JSONL with a row per case.")],
    split: Annotated[str, typer.Option(help="The rows to use: test, val, train or all.")] = "test",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare a pack with the truth: metrics with confidence intervals, per class and per site."""
    from limner.infer import load_pack
    from limner.infer.evaluate import evaluate as evaluate_pack

    show.evaluation(evaluate_pack(load_pack(pack), cohort, split=split).model_dump(mode="json"), as_json)


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe, YAML.")],
    overrides: Overrides = None,
    out: MaybeOutput = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last good state of the run.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Train a model pack by a recipe."""
    from limner.train import train as train_recipe

    show.run(train_recipe(recipe, overrides or [], out, resume), as_json)
