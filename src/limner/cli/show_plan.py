"""What ``limner plan`` prints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from limner.cli.show import NOTE, print_table, table_of

if TYPE_CHECKING:
    from limner.findings import Plan


def plan(made: Plan, out: Path, json_wanted: bool) -> None:
    """Ranked paths, what was refused and why, the resections, and where to look."""
    if json_wanted:
        typer.echo(made.model_dump_json(by_alias=True, indent=1))
        return
    if made.target_segments:
        some = ", ".join(f"{name} ({share:.0%})" for name, share in made.target_segments.items())
        typer.echo(f"{made.target} lies in segment {some} of the liver.")
    for one in made.blind_spots:
        typer.secho(f"not seen: {one.name}. {one.text}", fg="red")
    for problem in made.problems:
        typer.echo(f"{problem.severity}: {problem.text}")
    if made.paths:
        _paths(made)
    else:
        typer.echo(f"No safe needle path to {made.target} was found.")
    for relax in made.relax:
        typer.echo(
            f"A first path would appear with {relax.rule} = {relax.needed:g} (now {relax.now:g}), all other rules kept."
        )
    if made.refused:
        table = table_of("refused entries", "because")
        for refusal in made.refused:
            table.add_row(str(refusal.count), refusal.structure or refusal.reason)
        print_table(table)
    _ablation(made)
    _resection(made)
    typer.echo(f"The plan is in {out}. Open {out / made.files['pdf']}; change {out / made.files['settings']}. {NOTE}")


def _paths(made: Plan) -> None:
    table = table_of(
        "path", "entry (LPS mm)", "length (mm)", f"clearance (mm, {made.confidence:.0%})", "nearest", "angle", "score"
    )
    for one in made.paths:
        only = " only at the mean" if one.safe_only_at_mean else ""
        clearance = one.clearance_mm
        table.add_row(
            one.id,
            ", ".join(f"{value:.0f}" for value in one.entry_mm),
            f"{one.length_mm:.0f}",
            _interval(clearance.value, clearance.low, clearance.high) + only,
            one.nearest.name if one.nearest else "",
            f"{one.angle_deg:.0f}°",
            f"{one.score:.2f}",
        )
    print_table(table)


def _ablation(made: Plan) -> None:
    if made.ablation is None:
        return
    done = made.ablation
    typer.echo(
        f"Ablation: {len(done.zones)} zone(s) cover {done.covered_percent:.0f} % of the target with "
        f"{done.margin_mm:g} mm around it ({done.target_percent:.0f} % of the target alone)"
        + ("." if done.covered else ": not enough by the rules.")
    )
    for sink in done.heat_sinks:
        typer.echo(f"heat sink: {sink.name}, {sink.mm:.1f} mm from the target")


def _resection(made: Plan) -> None:
    if not made.resection:
        return
    table = table_of("resection", "margin (mm)", "resected (ml)", "remnant (ml)", "remnant (%)", "with flow (%)")
    for one in made.resection["resections"]:
        cells = [_told(one[key], digits) for key, digits in _RESECTION.items()]
        table.add_row(one["name"], *cells)
    print_table(table)
    typer.echo(made.resection["sentence"])


_RESECTION = {"margin_mm": 1, "resected_ml": 0, "remnant_ml": 0, "remnant_percent": 0, "remnant_counted_percent": 0}


def _told(one: Mapping[str, Any], digits: int) -> str:
    return "" if one["value"] is None else _interval(one["value"], one["low"], one["high"], digits)


def _interval(value: float, low: float, high: float, digits: int = 1) -> str:
    return f"{value:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"
