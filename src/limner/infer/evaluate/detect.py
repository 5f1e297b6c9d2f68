"""A detector held against a cohort: boxes in pictures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.box_truth import Truth, truth_of
from limner.data.examples import Example, Examples, read_examples
from limner.errors import CohortError
from limner.infer.detect import open_detector
from limner.infer.evaluate.classify import reliability_rows
from limner.infer.evaluate.figures import EvaluateOptions, Evaluation, Interval, interval_of, view_of
from limner.packs import Pack
from limner.tasks import classify as classified
from limner.tasks import detect as figures
from limner.tasks.boxes import Marks
from limner.tasks.consistency import of_answers
from limner.tasks.detect import Held, hold, inside, overlaps

Metric = Callable[[Sequence[Any]], float]

BOX_METRICS: Mapping[str, Callable[[Sequence[Held]], float]] = {
    "froc": figures.froc_score,
    "sensitivity_at_half_false": lambda held: figures.sensitivity_at(held, 0.5),
    "sensitivity_at_1_false": lambda held: figures.sensitivity_at(held, 1.0),
    "sensitivity_at_2_false": lambda held: figures.sensitivity_at(held, 2.0),
    "sensitivity_at_4_false": lambda held: figures.sensitivity_at(held, 4.0),
}


CRITERIA = {"center": inside, "iou30": overlaps(0.3), "iou50": overlaps(0.5)}
"""When a mark counts as a true box."""


@dataclass(frozen=True)
class _Case:
    """One picture.

    Args:
        held: criterion → its marks under it; None where something is there and its places are not known.
        by_class: the same for each class alone, without the background.
        there: ``(K,)`` the classes that are in it, without the background.
        p: ``(K + 1,)`` what the pack says of the background and of each class.
    """

    id: str
    patient: str
    site: str
    held: Mapping[str, Held | None]
    by_class: tuple[Mapping[str, Held | None], ...]
    there: NDArray[np.bool_]
    p: NDArray[np.float64]

    @property
    def label(self) -> int:
        """The class that is there, 0 where none is; of several the one that the pack is surest of."""
        if not self.there.any():
            return 0
        return int(np.where(self.there, self.p[1:], -1.0).argmax()) + 1


def evaluate_boxes(
    pack: Pack, cohort: Path, options: EvaluateOptions, progress: Callable[[str, float], None] | None = None
) -> Evaluation:
    """See :func:`limner.infer.evaluate.evaluate`.

    FROC counts a true box as found where a mark's centre lies in the ellipse that fills it; average precision is at
    IoU 0.5 and 0.3. A mark finds boxes of its own class only; figures per class are of its marks and boxes alone.
    Pictures whose label says that something is there without a box count for presence only; boxes of classes that the
    pack does not know are left out and counted. Of a picture with several classes the pack's answer is right where it
    is one of them.

    Raises:
        CohortError: no picture has a box, or labels are unknown to the pack.
    """
    spec = pack.main.picture
    view = view_of(spec, options, boxes="boxes")
    examples = read_examples(cohort, view, options.split, progress)
    names = pack.spec.classes
    truth = truth_of(examples, dict(zip(pack.spec.class_values or names, names, strict=True)), strict=False)
    if not any(len(some) for some in truth.boxes):
        raise CohortError(
            f"No picture of {Path(cohort).name!r} (split {options.split or 'any'}) has a box to find of a class that "
            f"pack {pack.name!r} knows ({', '.join(names[1:])}).{_left_out(truth)}"
        )
    cases = _cases(pack, examples, truth, options, progress)
    labels = np.array([one.label for one in cases])
    p = np.stack([one.p for one in cases])
    believable = of_answers(p.max(1), p.argmax(1) == labels, [one.patient for one in cases], options.seed)
    notes = []
    if unknown := sum(one.held["center"] is None for one in cases):
        notes.append(f"{unknown} picture(s) say that something is there and not where: they count for presence only.")
    if truth.left_out:
        notes.append(_left_out(truth).strip())
    return Evaluation(
        task="detect",
        pack=f"{pack.name} {pack.version}",
        n=len(cases),
        metrics=intervals(_metrics(), cases, options),
        per_class={
            name: intervals({**_marks(k - 1), **_presence(k)}, cases, options)
            for k, name in enumerate(names[1:], start=1)
        },
        per_site={
            site: intervals(_metrics(), [one for one in cases if one.site == site], options)
            for site in sorted({one.site for one in cases})
        },
        calibration=believable.told(),
        baseline={
            "accuracy": round(classified.majority(labels), 4),
            "balanced_accuracy": round(1 / len(np.unique(labels)), 4),
        },
        reliability=reliability_rows(p, labels, believable),
        per_case=[
            {
                "id": one.id,
                "label": "|".join(n for n, there in zip(names[1:], one.there, strict=True) if there) or names[0],
                **{name: round(float(v), 4) for name, v in zip(names, one.p, strict=True)},
                **_found(one.held["center"]),
            }
            for one in cases
        ],
        problems=[*notes, *(f"{id}: {why}" for id, why in examples.left_out)],
    )


def _left_out(truth: Truth) -> str:
    """Boxes that the pack was not asked for, as a sentence."""
    if not truth.left_out:
        return ""
    some = ", ".join(f"{name} ({count})" for name, count in sorted(truth.left_out.items()))
    return f" Boxes of classes that the pack does not know were left out: {some}."


def _found(held: Held | None) -> dict[str, float | None]:
    """How many boxes there are, and how many of them some mark finds."""
    if held is None:
        return {"boxes": None, "found": None}
    return {"boxes": float(held.truths), "found": float((held.hits >= 0).sum())}


def _cases(
    pack: Pack,
    examples: Examples,
    truth: Truth,
    options: EvaluateOptions,
    progress: Callable[[str, float], None] | None,
) -> list[_Case]:
    detector = open_detector(pack, options.engine)
    unplaced = truth.unplaced
    cases = []
    for number, row in enumerate(examples.rows):
        if progress:
            progress(row.id, number / len(examples.rows))
        seen = detector.see(row.image)
        there = detector.presence(seen.presence)
        boxes, kinds, missing = truth.boxes[number], truth.kinds[number], unplaced[number]
        by_class = tuple(
            _held(seen.marks.take(seen.marks.classes == k), boxes[kinds == k], kinds[kinds == k], row, missing[k])
            for k in range(len(there))
        )
        cases.append(
            _Case(
                id=row.id,
                patient=row.patient,
                site=row.site or "unknown",
                held=_held(seen.marks, boxes, kinds, row, missing.any()),
                by_class=by_class,
                there=truth.there[number],
                p=np.concatenate([[1 - there.max()], there]),
            )
        )
    return cases


def _held(
    marks: Marks, boxes: NDArray[np.float32], kinds: NDArray[np.int64], row: Example, unplaced: np.bool_
) -> Mapping[str, Held | None]:
    """Marks under each criterion; None where something is there and its place is not known."""
    if unplaced:
        return dict.fromkeys(CRITERIA)
    return {name: hold(marks, boxes, kinds, close, row.patient) for name, close in CRITERIA.items()}


def _marks(kind: int | None) -> dict[str, Metric]:
    """How well boxes of one class are found; of all for None."""

    def of(criterion: str, metric: Callable[[Sequence[Held]], float]) -> Metric:
        def over(cases: Sequence[_Case]) -> float:
            found = [(one.held if kind is None else one.by_class[kind])[criterion] for one in cases]
            return metric([one for one in found if one is not None])

        return over

    found = {name: of("center", metric) for name, metric in BOX_METRICS.items()}
    found["ap50"] = of("iou50", figures.average_precision)
    found["ap30"] = of("iou30", figures.average_precision)
    return found


def _metrics() -> dict[str, Metric]:
    found = _marks(None)
    answers: dict[str, Callable[[NDArray[Any], NDArray[Any]], float]] = {
        "accuracy": classified.accuracy,
        "balanced_accuracy": classified.balanced_accuracy,
    }
    for name, metric in answers.items():
        found[name] = lambda cases, metric=metric: metric(  # type: ignore[misc]
            np.stack([one.p for one in cases]), np.array([one.label for one in cases])
        )
    return {**found, **_presence(None)}


def _presence(kind: int | None) -> dict[str, Metric]:
    """Whether one class is there; whether any is for None."""

    def scores(cases: Sequence[_Case]) -> tuple[NDArray[Any], NDArray[Any]]:
        if kind is None:
            return np.array([1 - one.p[0] for one in cases]), np.array([one.there.any() for one in cases])
        return np.array([one.p[kind] for one in cases]), np.array([one.there[kind - 1] for one in cases])

    return {
        "auc": lambda cases: classified.auc_of(*scores(cases)),
        "sensitivity": lambda cases: classified.operate(*scores(cases)).sensitivity,
        "specificity": lambda cases: classified.operate(*scores(cases)).specificity,
    }


def intervals(metrics: Mapping[str, Metric], cases: Sequence[Any], options: EvaluateOptions) -> dict[str, Interval]:
    """Every metric with its 95 % interval: patients, not pictures, are drawn again. Source: Efron, 1979.

    Args:
        cases: each with ``patient``.
    """
    members: dict[str, list[Any]] = {}
    for one in cases:
        members.setdefault(one.patient, []).append(one)
    patients = list(members.values())
    rng = np.random.default_rng(options.seed)
    draws = rng.integers(len(patients), size=(min(options.bootstrap, 300), len(patients)))
    samples = [[one for k in row for one in patients[k]] for row in draws]
    out = {}
    for name, metric in metrics.items():
        value = metric(cases)
        if math.isnan(value):
            out[name] = Interval(value=None)
            continue
        found = [one for one in map(metric, samples) if not math.isnan(one)]
        out[name] = interval_of(value, found, _counted(name, metric, patients))
    return out


def _counted(name: str, metric: Metric, patients: Sequence[Sequence[Any]]) -> int:
    """Patients who count in a share, of a mean over classes those of the rarest; 0 where the metric is no share."""
    if name == "balanced_accuracy":
        return min(Counter(label for some in patients for label in {one.label for one in some}).values())
    if name in ("accuracy", "specificity", "froc") or name.startswith("sensitivity"):
        return sum(not math.isnan(metric(some)) for some in patients)  # alone, a patient who does not count has none
    return 0
