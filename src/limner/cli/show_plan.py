"""What ``limner plan`` prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from limner.cli.show import NOTE, print_table, table_of

if TYPE_CHECKING:
    from limner.findings import Cut, Interval, Plan


def plan(made: Plan, out: Path, json_wanted: bool) -> None:
    """Ranked paths, what was refused and why, the resections, and where to look."""
    if json_wanted:
        typer.echo(made.model_dump_json(by_alias=True, indent=1))
        return
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
            f"A first path would appear with {relax.rule} = {relax.needed:g} {relax.unit} (now {relax.given:g}), all "
            "other rules kept."
        )
    if made.refused:
        table = table_of("refused entries", "because")
        for refusal in made.refused:
            table.add_row(str(refusal.count), refusal.reason)
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
        table.add_row(
            one.id,
            ", ".join(f"{value:.0f}" for value in one.entry_mm),
            f"{one.length_mm:.0f}",
            _interval(one.clearance_mm) + only,
            one.nearest.name,
            f"{one.angle_deg:.0f}°",
            f"{one.scores.get('total', float('nan')):.2f}",
        )
    print_table(table)


def _ablation(made: Plan) -> None:
    if made.ablation is None:
        return
    done = made.ablation
    typer.echo(
        f"Ablation: {len(done.zones)} zone(s) cover {done.covered_percent:.0f} % of the target with "
        f"{done.margin_mm:g} mm around it; {done.missed_ml:.1f} ml are missed."
    )
    for sink in done.heat_sinks:
        typer.echo(f"heat sink: {sink.name}, {sink.mm:.1f} mm from a zone")


def _resection(made: Plan) -> None:
    from limner.findings import Cut

    cuts: list[Cut] = [Cut.model_validate(one) for one in (made.resection or {}).get("proposals", ())]
    if not cuts:
        return
    table = table_of("resection", "margin (mm)", "resected (ml)", "remnant (ml)", "remnant (%)", "enough")
    for one in cuts:
        table.add_row(
            f"{one.id}, {one.kind}",
            _interval(one.margin_mm),
            _interval(one.resected_ml, 0),
            _interval(one.remnant_ml, 0),
            _interval(one.remnant_percent, 0),
            "yes" if one.enough else f"no, under {one.threshold_percent:g} %",
        )
    print_table(table)


def _interval(one: Interval, digits: int = 1) -> str:
    return f"{one.value:.{digits}f} ({one.low:.{digits}f}–{one.high:.{digits}f})"
