"""Where a pack is weakest, from its own figures: what a reader must know beside every answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from limner.packs.spec import PackSpec


@dataclass(frozen=True)
class Weakness:
    """One figure that a pack reached on cases that it did not learn from.

    Args:
        measure: ``accuracy``, ``sensitivity``, ``specificity`` or ``dice``.
        region: a class of the pack, or ``all``.
        value: the mean over cases.
        low: of its 95 % interval, None where it has none.
        high: of the same.
        n: cases.
        data: what they are, and their split.
        baseline: of accuracy, what always saying the commonest class reaches; None elsewhere.
    """

    measure: str
    region: str
    value: float
    low: float | None
    high: float | None
    n: int
    data: str
    baseline: float | None = None


def weaknesses(spec: PackSpec) -> tuple[Weakness, ...]:
    """The figures that a reader must know; none where the pack holds none.

    Of a classifier its accuracy beside the majority's, and the class that it misses most; of outlines the region that
    it draws worst; of a detector how many it finds and how many it clears.
    """
    rows = [row for row in spec.figures if "explain" not in row]
    whole = [row for row in rows if row["region"] == "all"]
    each = [row for row in rows if row["region"] in (*spec.classes, *spec.groups)]
    if spec.task == "classify":
        found = [_figure(row, "accuracy") for row in whole[:1]] + _worst(each, "sensitivity")
    elif spec.task == "segment":
        found = _worst(each, "dice")
    elif spec.task == "detect":
        found = [_figure(row, measure) for row in whole[:1] for measure in ("sensitivity", "specificity")]
    else:
        found = []
    return tuple(one for one in found if one is not None)


def _worst(rows: list[dict[str, Any]], measure: str) -> list[Weakness | None]:
    some = [one for row in rows if (one := _figure(row, measure)) is not None]
    return [min(some, key=lambda one: one.value)] if some else []


def _figure(row: dict[str, Any], measure: str) -> Weakness | None:
    reached = row["metrics"].get(measure) or {}
    if reached.get("value") is None:
        return None
    baseline = row["baseline"].get(measure) if measure == "accuracy" else None
    return Weakness(
        measure, row["region"], reached["value"], reached.get("low"), reached.get("high"), row["n"], row["data"],
        baseline if isinstance(baseline, (int, float)) else None,
    )  # fmt: skip
