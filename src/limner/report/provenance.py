"""Where the drawing comes from: the rows about pack, engine, steps and the geometry self-test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from limner.report import catalogue
from limner.report.content import ReportContent

_SKIPPED = {"name", "passed", "ok", "file", "detail", "text", "unit"}


@dataclass(frozen=True)
class Step:
    """One step of the run, ready to read."""

    name: str
    seconds: str
    peak_mb: str


@dataclass(frozen=True)
class GeometryCheck:
    """One comparison of the geometry self-test, ready to read."""

    name: str
    passed: bool
    text: str


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
    ]


def run_facts(content: ReportContent, lang: str) -> list[tuple[str, str]]:
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


def steps(content: ReportContent, lang: str) -> list[Step]:
    """Seconds and peak memory of every step, then the total; empty where the run wrote none."""
    say, run = catalogue.words(lang), content.run
    found = [
        Step(say.get(f"step.{one['name']}", str(one["name"])), _figure(one.get("seconds"), 1), _figure(one.get("peak_mb"), 0))
        for one in run.get("steps", ())
    ]
    if found:
        found.append(Step(say["total"], _figure(run.get("seconds"), 1), _figure(run.get("peak_mb"), 0)))
    return found


def geometry(content: ReportContent) -> list[GeometryCheck]:
    """The comparisons of the geometry self-test."""
    return [_check(one) for one in content.run.get("geometry", ())]


def files(content: ReportContent, lang: str) -> list[tuple[str, str]]:
    """``(path, what it is)`` of the files beside the page, the page itself left out."""
    say = catalogue.words(lang)
    return [(path, say.get(f"file.{key}", key)) for key, path in content.drawing.files.items() if key != "report"]


def _check(one: Mapping[str, Any]) -> GeometryCheck:
    passed = bool(one.get("passed", one.get("ok", False)))
    name = " · ".join(str(one[key]) for key in ("file", "name") if one.get(key))
    unit = f" {one['unit']}" if one.get("unit") else ""
    figures = [f"{key.replace('_', ' ')} {_value(value)}{unit}" for key, value in one.items() if key not in _SKIPPED]
    words = [str(one[key]) for key in ("detail", "text") if one.get(key)]
    return GeometryCheck(name, passed, ", ".join([*words, *figures]))


def _value(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _figure(value: object, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, (int, float)) else ""
