"""What the commands print: tables and a progress bar for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from limner.findings import Drawing, Finding
    from limner.infer import Pack
    from limner.reproduce import Reproduction

NOTE = "Not for clinical use."


def as_json(data: Any) -> None:
    """Prints JSON and nothing else."""
    typer.echo(json.dumps(data, indent=1, ensure_ascii=False, default=str))


@contextmanager
def progress_bar() -> Iterator[Callable[[str, float], None] | None]:
    """A bar on a terminal, None where there is none; it leaves no trace when it is done."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<9}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        task = bar.add_task("open", total=1.0)
        yield lambda step, fraction: bar.update(task, description=step, completed=fraction)


def drawing(drawn: Drawing, out: Path, json_wanted: bool) -> None:
    """What was found, what is wrong with the study, and where to look."""
    if json_wanted:
        typer.echo(drawn.model_dump_json(by_alias=True, indent=1))
        return
    flat = "image" in drawn.files
    size, unit = ("area", "") if flat else ("volume", " (ml)")
    table = table_of("finding", f"{size}{unit}", "longest" if flat else "longest (mm)", "probability")
    for finding in drawn.findings:
        probability = "" if finding.probability is None else f"{finding.probability:.2f}"
        name = f"not sure, likeliest {finding.name}" if finding.abstained else finding.name
        table.add_row(name, _value(finding, size, flat), _value(finding, "longest", flat), probability)
    print_table(table)
    if drawn.abstained:
        from limner.report import catalogue

        typer.echo(catalogue.words("en")["picture.abstained_all" if flat else "abstained_all"])
    for problem in drawn.problems:
        typer.echo(f"{problem.severity}: {problem.text}")
    typer.echo(f"The drawing is in {out}. Open {out / drawn.files['report']} in a browser. {NOTE}")


def summary(found: Mapping[str, Any], json_wanted: bool) -> None:
    """Patients, studies, series, pictures, and what is synthetic among them."""
    if json_wanted:
        as_json(found)
        return
    for study in found["studies"]:
        typer.echo(f"Study of {study['date'] or 'unknown date'}, patient {study['patient']} of {found['patients']}")
        table = table_of("series", "files", "voxels (Z, Y, X)", "spacing (mm)", "axes", "drawable")
        for series in study["series"]:
            name = f"{series['modality'] or series['format']} {series['description']}".strip()
            shape, spacing = (" × ".join(map(str, series[key] or ())) for key in ("shape", "spacing_mm"))
            table.add_row(
                name, str(series["files"]), shape, spacing, series["axes"], "yes" if series["drawable"] else "no"
            )
        print_table(table)
        for line in _acquired(study["series"]):
            typer.echo(line)
        for problem in study["problems"]:
            typer.echo(f"{problem['severity']}: {problem['text']}")
        for series in study["series"]:
            for problem in series["problems"]:
                whose = f"{series['description'] or 'no description'}: " if problem["code"] == "synthetic-input" else ""
                typer.echo(f"{problem['severity']}: {whose}{problem['text']}")
    if found["pictures"]:
        table = table_of("picture", "pixels (Y, X)", "channels", "synthetic")
        for one in found["pictures"]:
            size = " × ".join(map(str, one["size"]))
            table.add_row(one["file"], size, str(one["channels"]), "yes" if one["marks"]["synthetic"] else "no mark")
        print_table(table)
        for one in found["pictures"]:
            for problem in one["problems"]:
                typer.echo(f"{problem['severity']}: {one['file']}: {problem['text']}")


def _acquired(series: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each MR series: what it seems to be, and how it was acquired."""
    from limner.image.mr import SEQUENCES, MRFacts

    for one in series:
        if "mr" in one:
            facts = {name: value for name, value in one["mr"].items() if name != "sequence"}
            sequence = one["mr"]["sequence"]
            seems = SEQUENCES.get(sequence, "T1") if sequence else "another sequence"
            told = MRFacts(**facts).told() or "nothing said"
            yield f"{one['description'] or 'no description'}: {seems} ({told})"


def rows(found: Sequence[Mapping[str, Any]], json_wanted: bool) -> None:
    """A table with a row per mapping."""
    if json_wanted:
        as_json(list(found))
        return
    names = list(dict.fromkeys(name for row in found for name in row if name not in _LINES))
    table = table_of(*names)
    for row in found:
        table.add_row(*(str(row.get(name, "")) for name in names))
    print_table(table)
    for row in found:
        for name, series in row.get("channels", {}).items():
            typer.echo(f"{row['id']}: {name} is {series}")
        for problem in row.get("problems", ()):
            typer.echo(f"warning: {row['id']}: {problem}")


_LINES = ("channels", "problems")
"""What a row says in sentences, below its table."""


def evaluation(found: Mapping[str, Any], json_wanted: bool) -> None:
    """Metrics with intervals: over all, per class, per site; then calibration, baseline and problems."""
    if json_wanted:
        as_json(found)
        return
    typer.echo(f"{found['pack']}, {found['task']}, n = {found['n']}")
    table = table_of("of", "metric", "value", "95 % interval")
    for group, metrics in {"all": found["metrics"], **found["per_class"], **found["per_site"]}.items():
        for name, metric in metrics.items():
            if metric["value"] is not None:
                ends = [metric[end] for end in ("low", "high")]
                interval = "" if None in ends else "{:.3f} to {:.3f}".format(*ends)
                table.add_row(group, name, f"{metric['value']:.3f}", interval)
    for group in ("calibration", "baseline"):
        for name, value in found[group].items():
            if not name.endswith(("_low", "_high")):
                ends = [found[group].get(f"{name}_{end}") for end in ("low", "high")]
                table.add_row(group, name, f"{value:.3f}", "" if None in ends else "{:.3f} to {:.3f}".format(*ends))
    print_table(table)
    for problem in found["problems"]:
        typer.echo(f"warning: {problem}")


def enhanced(found: Mapping[str, Any], out: Path, json_wanted: bool) -> None:
    """What was made, how far it may be off, and where it lies."""
    if json_wanted:
        as_json({"out": str(out), **found})
        return
    for name in ("input", "output"):
        shape, spacing = (" × ".join(f"{one:g}" for one in found[name][key]) for key in ("shape", "spacing_mm"))
        typer.echo(f"{name}: {shape} voxels of {spacing} mm (Z, Y, X)")
    if "consistency_hu" in found:
        known, what = found["consistency_hu"], "pixels" if found.get("plane") == "in" else "slices"
        typer.echo(
            f"Its {what}, averaged again, differ from the input by {known['mean']:.2f} HU on average, "
            f"{known['max']:.1f} at most."
        )
    if "uncertainty_hu" in found:
        typer.echo(f"Voxels may be off by {found['uncertainty_hu']['mean']:.0f} HU on average (uncertainty.nii.gz).")
    for name, acquired in found.get("channels", {}).items():
        typer.echo(f"{name}: {acquired}")
    for warning in found["warnings"]:
        typer.echo(f"warning: {warning}")
    typer.echo(f"The image is in {out}. It was made by a net, and carries a mark that says so. {NOTE}")


def packs(found: Sequence[Pack], json_wanted: bool) -> None:
    """A row per pack."""
    rows([_pack_row(pack) for pack in found], json_wanted)


def pack(found: Pack, json_wanted: bool) -> None:
    """The pack's card; with JSON, all of ``pack.json``."""
    if json_wanted:
        as_json(found.spec.model_dump(mode="json", by_alias=True))
        return
    typer.echo((found.folder / "CARD.md").read_text())


def run(result: Reproduction, json_wanted: bool) -> None:
    """Where a training run lies, and what it reached of what its recipe expects."""
    if json_wanted:
        as_json({"run": str(result.folder), "pack": str(result.pack), "expected": result.expected})
        return
    if result.expected:
        rows(result.expected, False)
    typer.echo(f"The pack is in {result.pack}.")


def _pack_row(found: Pack) -> dict[str, Any]:
    spec = found.spec
    terms = "non-commercial data" if spec.non_commercial else ""
    return {
        "name": spec.name,
        "version": spec.version,
        "task": spec.task,
        "licence": spec.licence,
        "learned from": terms,
    }


def _value(finding: Finding, name: str, with_unit: bool = False) -> str:
    measured = next((one for one in finding.measurements if one.name.startswith(name)), None)
    if measured is None:
        return ""
    interval = "" if measured.low is None or measured.high is None else f" ({measured.low:.0f} to {measured.high:.0f})"
    return f"{measured.value:.1f}{interval}" + (f" {measured.unit}" if with_unit else "")


def table_of(*columns: str) -> Table:
    """A table, numbers to the right."""
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(box=SIMPLE, pad_edge=False)
    for position, column in enumerate(columns):
        table.add_column(column, justify="left" if position == 0 else "right", overflow="fold")
    return table


def print_table(table: Table) -> None:
    """To the terminal, as wide as it is."""
    from rich.console import Console

    Console().print(table)
