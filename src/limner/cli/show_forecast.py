"""What ``limner forecast`` and ``limner bench forecast`` print."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from limner.cli.show import NOTE, as_json, print_table, table_of

if TYPE_CHECKING:
    from limner.forecast.compare import ForecastBench, Interval
    from limner.forecast.volumes import VolumeForecasts


def volumes(found: VolumeForecasts, out: Path | None, json_wanted: bool) -> None:
    """A row per asked day; what a reader should know goes to standard error."""
    if json_wanted:
        as_json(found.as_dict())
    else:
        table = table_of("patient", "day", "p10 (ml)", "p50 (ml)", "p90 (ml)", "model", "readings")
        for one in found.forecasts:
            values = (f"{value:.2f}" for value in (one.p10, one.p50, one.p90))
            table.add_row(one.patient, f"{one.day:g}", *values, one.model, str(one.readings))
        print_table(table)
        where = f" The forecasts and their curves are in {out}." if out else ""
        typer.echo(
            "p10 to p90 holds 80 of 100 readings of the trials that were learned from; p50 is the best single guess, "
            f"about which most of them gather (the plain median stands in --json). {NOTE}{where}"
        )
    for problem in found.problems:
        typer.echo(f"Note: {problem}", err=True)


def drawing(told: dict[str, Any], folder: Path, json_wanted: bool) -> None:
    """Volumes by day, what genes changed and by which source, and what could not be known.

    Args:
        told: ``forecast.json``.
        folder: where it lies.
        json_wanted: print it as it is.
    """
    if json_wanted:
        as_json(told)
        return
    table = table_of("day", "p10 (ml)", "p50 (ml)", "p90 (ml)")
    quantiles = [told["volume_ml"][name] for name in ("p10", "p50", "p90")]
    for day, *volumes in zip(told["days"], *quantiles, strict=True):
        table.add_row(f"{day:g}", *(f"{volume:.2f}" for volume in volumes))
    print_table(table)
    for gene in told.get("genes", []):
        typer.echo(f"{gene['name']}: {gene['effect']} ({gene['source']})")
    typer.echo(f"{NOTE} The forecast is in {folder}.")
    for warning in told.get("warnings", []):
        typer.echo(f"Note: {warning}", err=True)


def compared(found: ForecastBench, json_wanted: bool) -> None:
    """Median errors of each way, what ours has less, coverage, and study arms."""
    if json_wanted:
        as_json(found.as_dict())
        return
    first = found.rows[0]
    table = table_of("median error", *first.errors)
    for row in found.rows:
        table.add_row(row.name, *(_interval(one) for one in row.errors.values()))
    print_table(table)
    table = table_of("limner less", *first.errors, "how often lower")
    for row in found.rows[1:]:
        shares = " / ".join(f"{share:.0%}" for share in row.ours_lower.values())
        table.add_row(row.name, *(_interval(one, "+") for one in row.ours_less.values()), shares)
    print_table(table)
    if len(found.arms) > 1:
        table = table_of("study arm", "n", "coverage", "limner (ml)", "stays the same", "best law")
        for arm in found.arms:
            values = (f"{value:.2f}" for value in (arm.ours_ml, arm.last_ml, arm.classical_ml))
            table.add_row(arm.arm, str(arm.n), f"{arm.coverage:.1%}", *values)
        print_table(table)
    best = "; ".join(f"{error}: {name}" for error, name in found.best.items())
    coverage = "{:.1%} ({:.1%} to {:.1%})".format(*found.coverage)
    typer.echo(
        f"{found.n} lesions{f' of the split {found.split}' if found.split else ''}, last reading hidden. 80 % "
        f"intervals cover {coverage}; {found.below:.0%} of readings lie below p50, {found.equal:.0%} are it. Best law "
        f"fitted alone, by {best}. In brackets: 95 % intervals over resampled lesions, paired."
    )


def facts(told: Mapping[str, Any]) -> None:
    """Names and figures, a line each."""
    table = table_of("figure", "value")
    for name, value in told.items():
        parts = value.items() if isinstance(value, Mapping) else [("", value)]
        for part, one in parts:
            shown = f"{one:.4g}" if isinstance(one, float) else str(one)
            table.add_row(f"{name} {part}".strip().replace("_", " "), shown)
    print_table(table)


def _interval(found: Interval, sign: str = "") -> str:
    value, low, high = (f"{one:{sign}.2f}" for one in found)
    return f"{value} ({low}…{high})"
