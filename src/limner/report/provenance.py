"""Where the drawing comes from: the rows about pack, engine, steps and the geometry self-test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from limner.report import catalogue
from limner.report.content import ReportContent, Told

_UNITS = ("mm", "ml")
_FAILURES = 6  # told in full for one file


@dataclass(frozen=True)
class Step:
    """One step of the run, ready to read."""

    name: str
    seconds: str
    peak_mb: str


@dataclass(frozen=True)
class FileCheck:
    """The geometry self-test of one file, ready to read.

    Args:
        file: which file.
        passed: whether all of its comparisons hold.
        text: how many hold, and the largest deviation in each unit.
        failures: a sentence for each that does not, the first few in full and the rest counted.
    """

    file: str
    passed: bool
    text: str
    failures: tuple[str, ...]


def study_facts(content: ReportContent, lang: str) -> list[tuple[str, str]]:
    """What the head of a page says about the study; no name and no id of the patient."""
    say = catalogue.words(lang)
    study, pack, grid = content.drawing.study, content.drawing.pack, content.image.grid
    z, y, x = grid.shape
    sz, sy, sx = (f"{one:.3g}" for one in grid.spacing_mm)
    return [
        (say["modality"], study.modality),
        (say["date"], study.date or say["unknown"]),
        (say["grid"], say["grid_value"].format(x=x, y=y, z=z, sx=sx, sy=sy, sz=sz)),
        (say["pack"], f"{pack.name} {pack.version}"),
        (say["study_uid"], study.uid),
        *((say[f"channel.{name}"], text) for name, text in study.channels.items()),
    ]


def run_facts(content: Told, lang: str) -> list[tuple[str, str]]:
    """Pack, hash, engine, software, machine and cost; a row for each that the run wrote down."""
    say, run, pack = catalogue.words(lang), content.run, content.drawing.pack
    rows = [(say["pack"], f"{pack.name} {pack.version}"), (say["pack_hash"], pack.sha256)]
    if "engine" in run:
        rows.append((say["engine"], str(run["engine"])))
    versions = {"Limner": run["limner"], **run.get("versions", {})} if "limner" in run else run.get("versions", {})
    if versions:
        rows.append((say["software"], ", ".join(f"{name} {version}" for name, version in versions.items())))
    machine: Mapping[str, Any] = run.get("machine", {})
    if machine:
        parts = [machine.get("system"), machine.get("processor")]
        cores = [say["cores"].format(n=machine["cores"])] if machine.get("cores") else []
        rows.append((say["machine"], ", ".join([*(str(one) for one in parts if one), *cores])))
    return rows


def steps(content: Told, lang: str) -> list[Step]:
    """Seconds and peak memory of every step, then the total; empty where the run wrote none."""
    say, run = catalogue.words(lang), content.run
    found = [_step(say.get(f"step.{one['name']}", str(one["name"])), one) for one in run.get("steps", ())]
    return [*found, _step(say["total"], run)] if found else []


def geometry(content: Told, lang: str) -> list[FileCheck]:
    """The geometry self-test, file by file (each comparison as :class:`limner.io.Check` has it)."""
    by_file: dict[str, list[Mapping[str, Any]]] = {}
    for check in content.run.get("geometry", ()):
        by_file.setdefault(str(check.get("file", "")), []).append(check)
    return [_file_check(file, checks, lang) for file, checks in by_file.items()]


def files(content: Told, lang: str) -> list[tuple[str, str]]:
    """``(path, what it is)`` of the files beside the page, the page itself left out."""
    say = catalogue.words(lang)
    return [
        (path, say.get(f"file.{path}", say.get(f"file.{key}", key)))
        for key, path in content.drawing.files.items()
        if key != "report"
    ]


def _step(name: str, cost: Mapping[str, Any]) -> Step:
    return Step(name, _figure(cost.get("seconds"), 1), _figure(cost.get("peak_mb"), 0))


def _file_check(file: str, checks: Sequence[Mapping[str, Any]], lang: str) -> FileCheck:
    say = catalogue.words(lang)
    failed = [one for one in checks if not one["ok"]]
    failures = [
        say["comparison_failed"].format(
            what=one.get("what", ""), expected=_values(one.get("expected")), got=_values(one.get("got"))
        )
        + (f" {one['hint']}" if one.get("hint") else "")
        for one in failed[:_FAILURES]
    ]
    if len(failed) > _FAILURES:
        failures.append(say["more_failures"].format(n=len(failed) - _FAILURES))
    text = say["comparisons"].format(n=len(checks) - len(failed), total=len(checks))
    largest = [f"{value:.3g} {unit}" for unit in _UNITS for value in _largest(checks, unit)]
    text += say["deviation"].format(largest=say["comma"].join(largest)) if largest else ""
    return FileCheck(file, not failed, text, tuple(failures))


def _largest(checks: Sequence[Mapping[str, Any]], unit: str) -> list[float]:
    """The largest deviation of the comparisons in a unit, in a list that is empty where none has it."""
    found = [
        round(abs(expected - got), 4)
        for one in checks
        if str(one.get("what", "")).endswith(f"({unit})")
        for expected, got in zip(one.get("expected", ()), one.get("got", ()), strict=False)
    ]
    return [max(found)] if found else []


def _values(value: object) -> str:
    return ", ".join(f"{one:.6g}" for one in value) if isinstance(value, (list, tuple)) else str(value)


def _figure(value: object, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, (int, float)) else ""
