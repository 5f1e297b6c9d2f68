"""``limner bench`` of plans and forecasts: what is found beside what is known, and how fast."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from limner.cli import show, show_bench, show_forecast
from limner.cli.options import Debug, Engine, Force, Json


def plan(
    path: Annotated[
        Path | None,
        typer.Argument(help="A drawing, or a label map with labels.json beside it; a phantom when it is not given."),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="For the search of many paths.")] = 2,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Search needle paths: paths a second, the first answer, a what-if; and walk every offered path again.

    Every lesion over 10 mm is a target. A liver is also cut, and a cut is moved.
    """
    from limner.bench import bench_plan

    with show.progress_bar() as progress:
        result = bench_plan(path, threads, progress)
    show_bench.plan(result, as_json)


def click(
    cohort: Annotated[
        Path | None,
        typer.Argument(help="CSV or JSONL with the column mask and regions.json beside it; phantoms if not given."),
    ] = None,
    split: Annotated[str, typer.Option(help="Only this split.")] = "val",
    organ: Annotated[str, typer.Option(help="Region that is drawn before the first click.")] = "liver",
    lesion: Annotated[str, typer.Option(help="Region that is clicked on, each of its parts.")] = "liver tumor",
    clicks: Annotated[int, typer.Option(min=1, help="Of each lesion.")] = 5,
    smallest: Annotated[float, typer.Option(min=0, help="Millilitres; lesions below are left out.")] = 0.2,
    pack: Annotated[str | None, typer.Option(help="Ask its net, too; the image alone is cut if not given.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Click on every lesion as a patient person would, in the middle of the largest error: Dice after each click."""
    from limner.bench import ClickBench, bench_click

    with show.progress_bar() as progress:
        result = bench_click(ClickBench(cohort, split, organ, lesion, clicks, smallest, pack), progress)
    show_bench.click(result, as_json)


def segments(
    cohort: Annotated[Path, typer.Argument(help="CSV or JSONL with the columns mask, couinaud and vessels.")],
    split: Annotated[str, typer.Option(help="Only this split.")] = "test",
    pack: Annotated[str, typer.Option(help="Draws the vessels of cases that have none; 'none': they go without.")] = (
        "abdomen-ct"
    ),
    learn: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Learn anew from the split train, keep the weights there.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Measure these; Limner's own where none are given.")] = None,
    engine: Engine = "auto",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell the liver's eight segments apart, and hold them against those that others drew: Dice per segment."""
    from limner.bench import SegmentsBench, bench_segments

    asked = SegmentsBench(cohort, split, None if pack == "none" else pack, engine, learn, weights)
    with show.progress_bar() as progress:
        result = bench_segments(asked, progress)
    show_bench.segments(result, as_json)


def forecast(
    table: Annotated[Path, typer.Argument(help="CSV with patient, day, volume_ml; or the folder of Laleh et al.")],
    split: Annotated[str | None, typer.Option(help="Only this split; several joined by a comma.")] = None,
    learn: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Learn priors from the lesions, and write them here.")
    ] = None,
    priors: Annotated[Path | None, typer.Option(metavar="FILE", help="Forecast with these, not the shipped.")] = None,
    folds: Annotated[
        int, typer.Option(min=0, help="Cross-validate: each part is forecast by what the other parts teach.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of resampling and folds; of --learn, the candidates.")] = 0,
    force: Force = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Hide each lesion's last reading and forecast it: beside the five growth laws fitted alone, and "stays the same".

    With --learn nothing is forecast: the lesions teach priors, as the shipped ones were made.
    """
    if learn is not None:
        from limner.forecast.learn import learn_file

        with show.progress_bar() as progress:
            made = learn_file(table, learn, split, seed=seed, force=force, progress=progress)
        told = {"priors": str(learn), "lesions": made.patients, "readings": made.readings}
        if as_json:
            show.as_json(told)
            return
        typer.echo("{priors}: learned from {lesions} lesions and {readings} readings.".format(**told))
        return
    from limner.forecast.compare import bench_forecast
    from limner.forecast.priors import load_priors

    with show.progress_bar() as progress:
        given = load_priors(priors) if priors else None
        found = bench_forecast(table, split, priors=given, folds=folds, seed=seed, progress=progress)
    show_forecast.compared(found, as_json)


def forecast_space(
    cases: Annotated[int, typer.Option(min=1, help="Simulated tumours.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Of their draw.")] = 0,
    dimensions: Annotated[int, typer.Option(min=2, max=3, help="2 is a slice, and quick.")] = 2,
    core: Annotated[bool, typer.Option(help="Whether the core's contour is drawn, too.")] = True,
    twice: Annotated[bool, typer.Option(help="Whether each tumour is seen twice.")] = True,
    solver: Annotated[bool, typer.Option("--solver", help="Ask the solver instead: orders, mass, seconds.")] = False,
    genes: Annotated[bool, typer.Option("--genes", help="Ask what was learned of genes instead.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Simulate tumours whose growth is known, draw them with errors, and forecast them: D, rho, Dice, coverage.

    With --solver the equation's solver is held against exact solutions; with --genes the chance of glioblastoma is held
    against tumours that it was not learned from.
    """
    told: Mapping[str, Any]
    with show.progress_bar() as progress:
        if solver:
            from limner.forecast.space.check import check_solver

            told = check_solver(progress=progress)
        elif genes:
            from limner.forecast.learned import check_chance

            told = check_chance(seed)
        else:
            from limner.forecast.space.trial import Trial, run_trial

            trial = Trial(cases, seed, dimensions, core=core, twice=twice)
            told = run_trial(trial, progress=progress).as_dict()
    if as_json:
        show.as_json(told)
        return
    show_forecast.facts(told)
