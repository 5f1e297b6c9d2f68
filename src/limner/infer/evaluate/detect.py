"""A detector held against a cohort: boxes in pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.examples import Examples, View, class_indices, read_examples
from limner.errors import CohortError
from limner.infer.detect import open_detector
from limner.infer.evaluate.figures import EvaluateOptions, Evaluation, Interval
from limner.packs import Pack
from limner.tasks import classify as classified
from limner.tasks import detect as figures
from limner.tasks.detect import Held, hold, inside, overlaps

Metric = Callable[[Sequence[Any]], float]

BOX_METRICS: Mapping[str, Callable[[Sequence[Held]], float]] = {
    "froc": figures.froc_score,
    "sensitivity_at_half_false": lambda held: figures.sensitivity_at(held, 0.5),
    "sensitivity_at_1_false": lambda held: figures.sensitivity_at(held, 1.0),
    "sensitivity_at_2_false": lambda held: figures.sensitivity_at(held, 2.0),
    "sensitivity_at_4_false": lambda held: figures.sensitivity_at(held, 4.0),
}


@dataclass(frozen=True)
class _Case:
    """One picture: its marks under each criterion (None where its places are not known), and its presence."""

    id: str
    patient: str
    site: str
    center: Held | None
    iou30: Held | None
    iou50: Held | None
    label: int
    p: NDArray[np.float64]


def evaluate_boxes(
    pack: Pack, cohort: Path, options: EvaluateOptions, progress: Callable[[str, float], None] | None = None
) -> Evaluation:
    """See :func:`limner.infer.evaluate.evaluate`.

    FROC counts a true box as found where a mark's centre lies in the ellipse that fills it; average precision is at
    IoU 0.5 and 0.3. Pictures whose label says that something is there without a box count for presence only.

    Raises:
        CohortError: no picture has a box, or labels are unknown to the pack.
    """
    spec = pack.main.picture
    view = View(
        spec.size,
        spec.channels,
        options.label,
        boxes="boxes",
        skip_damaged=options.skip_damaged,
        color_constancy=spec.color_constancy,
    )
    examples = read_examples(cohort, view, options.split, progress)
    if not any(row.boxes is not None and len(row.boxes) for row in examples.rows):
        raise CohortError(f"No picture of {Path(cohort).name!r} (split {options.split or 'any'}) has a box to find.")
    cases = _cases(pack, examples, options, progress)
    names = pack.spec.classes
    labels = np.array([one.label for one in cases])
    p = np.stack([one.p for one in cases])
    unknown = sum(one.center is None for one in cases)
    notes = [f"{unknown} picture(s) say that something is there and not where: they count for presence only."]
    return Evaluation(
        task="detect",
        pack=f"{pack.name} {pack.version}",
        n=len(cases),
        metrics=intervals(_metrics(), cases, options),
        per_class={name: intervals(_presence(k), cases, options) for k, name in enumerate(names[1:], start=1)},
        per_site={
            site: intervals(_metrics(), [one for one in cases if one.site == site], options)
            for site in sorted({one.site for one in cases})
        },
        calibration={"ece": round(classified.ece(p, labels), 4)},
        baseline={
            "accuracy": round(classified.majority(labels), 4),
            "balanced_accuracy": round(1 / len(np.unique(labels)), 4),
        },
        per_case=[
            {
                "id": one.id,
                "label": names[one.label],
                **{name: round(float(v), 4) for name, v in zip(names, one.p, strict=True)},
                "boxes": None if one.center is None else float(one.center.truths),
                "found": None if one.center is None else float((one.center.hits >= 0).sum()),
            }
            for one in cases
        ],
        problems=[*(notes if unknown else []), *(f"{id}: {why}" for id, why in examples.left_out)],
    )


def _cases(
    pack: Pack, examples: Examples, options: EvaluateOptions, progress: Callable[[str, float], None] | None
) -> list[_Case]:
    names = pack.spec.classes
    labels = class_indices(examples, dict(zip(pack.spec.class_values or names, names, strict=True)))
    detector = open_detector(pack, options.engine)
    cases = []
    for number, (row, label) in enumerate(zip(examples.rows, labels.tolist(), strict=True)):
        if progress:
            progress(row.id, number / len(labels))
        seen = detector.see(row.image)
        there = detector.presence(seen.presence)
        p = np.concatenate([[1 - there.max()], there])
        true = np.zeros((0, 2 * len(row.image.shape[1:]))) if row.boxes is None else row.boxes
        kinds = np.full(len(true), label - 1)
        known = label == 0 or len(true) > 0
        held = [
            hold(seen.marks, true, kinds, close, row.patient) if known else None
            for close in (inside, overlaps(0.3), overlaps(0.5))
        ]
        cases.append(_Case(row.id, row.patient, row.site or "unknown", held[0], held[1], held[2], label, p))
    return cases


def _metrics() -> dict[str, Metric]:
    def of(criterion: str, metric: Callable[[Sequence[Held]], float]) -> Metric:
        return lambda cases: metric([h for h in (getattr(one, criterion) for one in cases) if h is not None])

    found = {name: of("center", metric) for name, metric in BOX_METRICS.items()}
    found["ap50"] = of("iou50", figures.average_precision)
    found["ap30"] = of("iou30", figures.average_precision)
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
            return np.array([1 - one.p[0] for one in cases]), np.array([one.label > 0 for one in cases])
        return np.array([one.p[kind] for one in cases]), np.array([one.label == kind for one in cases])

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
        low, high = np.percentile(found, [2.5, 97.5]) if found else (value, value)
        out[name] = Interval(value=round(value, 4), low=round(float(low), 4), high=round(float(high), 4))
    return out
