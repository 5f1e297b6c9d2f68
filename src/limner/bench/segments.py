"""How well the liver's segments are told, on livers with segments drawn by others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.cases import read_image
from limner.data.cohort import Case, Cohort, read_cohort
from limner.errors import CohortError
from limner.image import Grid
from limner.infer import load_pack, predict
from limner.infer.evaluate import EvaluateOptions, Interval
from limner.infer.evaluate.figures import mean_interval
from limner.io.nifti import read_nifti_labels
from limner.scene.vessels import SEGMENTS, couinaud, liver_box

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class SegmentsBench:
    """What to measure.

    Args:
        cohort: CSV or JSONL with the columns ``mask`` (the liver), ``couinaud`` (1 to 8), ``vessels`` (may be empty).
        split: only this split; every row where None.
        pack: draws the vessels of cases that have none; None: these are told without.
        engine: that runs it.
        learn: learn anew from the split train, keep the weights there, and measure those.
        weights: measure these; those that come with Limner where None.
    """

    cohort: Path
    split: str | None = "test"
    pack: str | None = "abdomen-ct"
    engine: str = "auto"
    learn: Path | None = None
    weights: Path | None = None


@dataclass(frozen=True)
class SegmentsRow:
    """One case: where its vessels are from (``given``, ``drawn``, ``none``), and the Dice of each segment.

    A segment that neither has is left out. ``without`` is the mean Dice of the same liver without vessels.
    """

    id: str
    patient: str
    vessels: str
    dice: dict[int, float]
    mean: float
    without: float
    confidence: float


@dataclass(frozen=True)
class SegmentsResult:
    """Rows, and intervals over patients: of the mean, of each segment, of the mean without any vessels."""

    split: str | None
    rows: tuple[SegmentsRow, ...]
    mean: Interval
    without_vessels: Interval
    per_segment: dict[int, Interval]
    by_vessels: dict[str, Interval]
    learned_from: int = field(default=0)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "split": self.split,
            "n": len(self.rows),
            "learned_from": self.learned_from,
            "metrics": {"dice": self.mean.model_dump(), "dice_without_vessels": self.without_vessels.model_dump()},
            "per_class": {f"segment {k}": {"dice": one.model_dump()} for k, one in self.per_segment.items()},
            "by_vessels": {name: one.model_dump() for name, one in self.by_vessels.items()},
            "per_case": [vars(row) for row in self.rows],
        }


@dataclass(frozen=True, eq=False)
class _Liver:
    case: Case
    liver: NDArray[np.bool_]
    vessels: NDArray[np.bool_] | None
    vessels_from: str
    truth: NDArray[np.uint8]
    grid: Grid


def bench_segments(bench: SegmentsBench, progress: Progress | None = None) -> SegmentsResult:
    """Tells the segments of every liver of a split, and holds them against those drawn.

    Raises:
        CohortError: no case has segments; a learning run on the split that it is measured on.
    """
    cohort = read_cohort(bench.cohort)
    weights, learned = bench.weights, 0
    if bench.learn is not None:
        weights, learned = bench.learn, _learn(bench, cohort, bench.learn, progress)
    rows = [_row(one, weights) for one in _livers(bench, cohort.split(bench.split), progress)]
    options = EvaluateOptions()
    return SegmentsResult(
        bench.split,
        tuple(rows),
        mean_interval(_by_patient(rows, lambda row: row.mean), options),
        mean_interval(_by_patient(rows, lambda row: row.without), options),
        {k: mean_interval(_by_patient(rows, partial(_dice_of, segment=k)), options) for k in SEGMENTS},
        {
            kind: mean_interval(
                _by_patient([row for row in rows if row.vessels == kind], lambda row: row.mean), options
            )
            for kind in dict.fromkeys(row.vessels for row in rows)
        },
        learned,
    )


def _learn(bench: SegmentsBench, cohort: Cohort, out: Path, progress: Progress | None) -> int:
    if bench.split in (None, "train"):
        raise CohortError(
            f"What was learned from the split train cannot be measured on {bench.split or 'every split'}: "
            "give --split val or --split test."
        )
    from limner.train.liver_segments import Lesson, Lessons, learn_segments, save_segments

    lessons = []
    for one in _livers(bench, cohort.split("train"), progress):
        lattice = liver_box.box_of(one.liver, one.grid)
        masks = [one.liver, *(one.truth == k for k in SEGMENTS)]
        found = liver_box.shares(masks + ([] if one.vessels is None else [one.vessels]), one.grid, lattice)
        lessons.append(Lesson(found[0], None if one.vessels is None else found[9], found[1:9]))
    note = {
        "task": "Couinaud segments 1 to 8 of a liver on a lattice around it",
        "learned_from": f"{len(lessons)} livers of the split train of {bench.cohort.parent.name}",
        "settings": str(Lessons()),
    }
    save_segments(learn_segments(lessons, Lessons(), progress), out, note)
    return len(lessons)


def _livers(bench: SegmentsBench, cohort: Cohort, progress: Progress | None) -> Iterator[_Liver]:
    cases = [case for case in cohort.cases if case.path("couinaud") is not None]
    if not cases:
        raise CohortError(
            f"Segments are measured on cases with the column couinaud; {cohort.path.name!r} has none in this split."
        )
    values = (cohort.regions or {}).get("liver")
    for number, case in enumerate(cases):
        if progress:
            progress("read", number / len(cases))
        mask = _needed(case, "mask")
        truth = read_nifti_labels(_needed(case, "couinaud"))
        marks = read_nifti_labels(mask).array
        liver = marks > 0 if values is None else np.isin(marks, values)
        given = case.path("vessels")
        vessels, origin = None, "none"
        if given is not None:
            vessels, origin = read_nifti_labels(given).array > 0, "given"
        elif bench.pack is not None:
            vessels, origin = _drawn(case, bench.pack, bench.engine) & liver, "drawn"
        if vessels is not None and not (vessels & liver).any():
            vessels, origin = None, "none"
        yield _Liver(case, liver, vessels, origin, truth.array.astype(np.uint8), truth.grid)


def _needed(case: Case, column: str) -> Path:
    path = case.path(column)
    if path is None:
        raise CohortError(f"Case {case.id!r} leaves the column {column!r} empty; it names the file to compare with.")
    return path


def _drawn(case: Case, name: str, engine: str) -> NDArray[np.bool_]:
    image = read_image(case.image, case.hu_window)
    found = predict(load_pack(name), image, engine=engine)
    return found.labels.mask("liver vessels")


def _row(one: _Liver, weights: Path | None) -> SegmentsRow:
    ours = couinaud(one.liver, one.grid, one.vessels, weights=weights)
    dice = _dice(ours.array, one.truth)
    bare = dice if one.vessels is None else _dice(couinaud(one.liver, one.grid, weights=weights).array, one.truth)
    mean, without = (float(np.mean(list(found.values()))) for found in (dice, bare))
    return SegmentsRow(one.case.id, one.case.patient, one.vessels_from, dice, mean, without, ours.confidence)


def _dice(ours: NDArray[np.uint8], truth: NDArray[np.uint8]) -> dict[int, float]:
    found = {}
    for k in SEGMENTS:
        a, b = ours == k, truth == k
        if total := int(a.sum() + b.sum()):
            found[k] = float(2 * np.count_nonzero(a & b) / total)
    return found


def _dice_of(row: SegmentsRow, segment: int) -> float | None:
    return row.dice.get(segment)


def _by_patient(rows: list[SegmentsRow], value: Callable[[SegmentsRow], float | None]) -> list[list[float]]:
    found: dict[str, list[float]] = {}
    for row in rows:
        if (number := value(row)) is not None:
            found.setdefault(row.patient, []).append(number)
    return list(found.values())
