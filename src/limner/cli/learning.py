"""``limner predict``, ``evaluate`` and ``train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli import show
from limner.cli.options import (
    Channel,
    Debug,
    Engine,
    Force,
    Json,
    Label,
    MaxMemory,
    MaybeOutput,
    Output,
    SkipDamaged,
    channels,
)

Pack = Annotated[str, typer.Argument(help="Name or folder of the model pack.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one setting.")]
Regions = Annotated[
    list[str] | None,
    typer.Option("--region", metavar="NAME=VALUES", help="Mask values of a region, in place of regions.json."),
]


def predict(
    pack: Pack,
    inputs: Annotated[list[Path] | None, typer.Argument(metavar="INPUT", help="Studies, volumes or images.")] = None,
    out: Output = Path("predictions"),
    channel: Channel = None,
    engine: Engine = "auto",
    max_memory: MaxMemory = None,
    uncertainty: Annotated[
        bool, typer.Option("--uncertainty", help="Also write how unsure each voxel or pixel of a segmentation is.")
    ] = False,
    force: Force = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Run a pack on inputs, one row of answers each."""
    from limner.infer import load_pack
    from limner.infer.inputs import predict_inputs

    with show.progress_bar() as progress:
        rows = predict_inputs(
            load_pack(pack), inputs or [], out, engine=engine, max_memory_gb=max_memory, force=force,
            uncertainty=uncertainty, channels=channels(channel), progress=progress,
        )  # fmt: skip
    show.rows(rows, as_json)


def evaluate(
    pack: Pack,
    cohort: Annotated[Path, typer.Argument(help="A CSV or JSONL with a row per case.")],
    split: Annotated[str | None, typer.Option(help="Only the rows of this split.")] = None,
    mask: Annotated[str, typer.Option(help="The column that names the masks.")] = "mask",
    regions: Regions = None,
    label: Label = "label",
    skip_damaged: SkipDamaged = False,
    features: Annotated[
        str | None, typer.Option(metavar="PACK", help="Of packs that make images: the pack whose net compares them.")
    ] = None,
    engine: Engine = "auto",
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="A folder to make: evaluation.json, and curves of classifiers and lesions."
        ),
    ] = None,
    force: Force = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare a pack with the truth: metrics with confidence intervals, per class and per site."""
    from limner.infer import load_pack
    from limner.infer.evaluate import EvaluateOptions
    from limner.infer.evaluate import evaluate as evaluate_pack
    from limner.infer.evaluate.write import refuse_existing, write_evaluation

    if out is not None:
        refuse_existing(out, force)
    options = EvaluateOptions(
        split=split,
        mask=mask,
        regions=_regions(regions),
        engine=engine,
        label=label,
        skip_damaged=skip_damaged,
        features=features,
    )
    with show.progress_bar() as progress:
        found = evaluate_pack(load_pack(pack), cohort, options, progress)
    if out is not None:
        write_evaluation(found, out, force=force)
    show.evaluation(found.model_dump(mode="json"), as_json)


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe, YAML.")],
    overrides: Overrides = None,
    out: MaybeOutput = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last good state of the run.")] = False,
    find_rate: Annotated[bool, typer.Option("--find-rate", help="Only look for a learning rate, and draw it.")] = False,
    folds: Annotated[int | None, typer.Option(metavar="N", help="Cross-validate: patients are never split.")] = None,
    search: Annotated[Path | None, typer.Option(metavar="YAML", help="Search settings: space, trials, set.")] = None,
    add: Annotated[
        str | None,
        typer.Option(metavar="synthetic:SHARE[:PACK]", help="Learn from generated pictures, too: that share of all."),
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Train a model pack by a recipe; or look for a rate, cross-validate, or search settings with it."""
    if sum((find_rate, folds is not None, search is not None, add is not None)) > 1:
        raise typer.BadParameter("--find-rate, --folds, --search and --add are four things; give one of them.")
    if find_rate:
        _find_rate(recipe, overrides or [], out, as_json)
        return
    if folds is not None:
        _folds(recipe, overrides or [], folds, out, resume, as_json)
        return
    if search is not None:
        _search(recipe, overrides or [], search, out, resume, as_json)
        return
    from limner.reproduce import reproduce

    show.run(reproduce(recipe, overrides or [], out, resume, add=add), as_json)


def _find_rate(recipe: Path, overrides: list[str], out: Path | None, as_json: bool) -> None:
    from limner.train import check_installed

    check_installed()
    from limner.train.run import run_find_rate

    found, picture = run_find_rate(recipe, overrides, out)
    if as_json:
        show.as_json({"rate": found.suggested, "diverged": found.diverged, "picture": str(picture)})
        return
    broke = f" It breaks away at {found.diverged:.1e}." if found.diverged else ""
    typer.echo(f"The loss falls fastest at a rate of {found.suggested:.1e}.{broke} The curve is in {picture}.")
    typer.echo(f"Train with it: limner train {recipe} --set train.rate={found.suggested:.2e}")


def _folds(recipe: Path, overrides: list[str], folds: int, out: Path | None, resume: bool, as_json: bool) -> None:
    from limner.reproduce import cross_validate

    found = cross_validate(recipe, overrides, folds, out, resume)
    if as_json:
        show.as_json({"run": str(found.folder), "patients": found.patients, "folds": found.per_fold,
                      "mean": found.mean, "sd": found.sd})  # fmt: skip
        return
    table = [
        {
            "figure": name,
            **{f"fold {k + 1}": f"{one[name]:.3f}" for k, one in enumerate(found.per_fold)},
            "mean ± sd": f"{mean:.3f} ± {found.sd[name]:.3f}" if name in found.sd else f"{mean:.3f}",
        }
        for name, mean in found.mean.items()
    ]
    show.rows(table, False)
    typer.echo(
        f"{found.patients} patients in {len(found.per_fold)} folds, none in two. The runs are in {found.folder}."
    )


def _search(recipe: Path, overrides: list[str], spec: Path, out: Path | None, resume: bool, as_json: bool) -> None:
    from limner.train import check_installed

    check_installed()
    from limner.train.search import read_search, search

    found = search(recipe, overrides, read_search(spec), out, resume)
    if as_json:
        show.as_json({"run": str(found.folder), "score": found.score, "best": found.best, "trials": found.trials})
        return
    told = ", ".join(f"{count} {name}" for name, count in found.trials.items() if count)
    typer.echo(f"Best of {told}: {found.score:.4f} on the check split.")
    typer.echo(f"limner train {recipe} {found.settings}")
    typer.echo(f"The same as a recipe: {found.folder / 'best.yaml'}.")


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
