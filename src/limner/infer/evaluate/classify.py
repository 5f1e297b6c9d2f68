"""A classifier held against a cohort."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.examples import class_indices, read_examples
from limner.infer.classify import open_classifier
from limner.infer.evaluate.figures import EvaluateOptions, Evaluation, Interval, interval_of, view_of
from limner.packs import Calibration, Pack
from limner.tasks import classify as figures
from limner.tasks.consistency import Believable, of_answers

Metric = Callable[[NDArray[Any], NDArray[Any]], float]
SPECIFICITY = 0.9
"""Sensitivity is also given where this share of the negatives is left alone."""
AT_SPECIFICITY = f"sensitivity_at_{round(100 * SPECIFICITY)}_specificity"


def evaluate_classes(
    pack: Pack, cohort: Path, options: EvaluateOptions, progress: Callable[[str, float], None] | None = None
) -> Evaluation:
    """See :func:`limner.infer.evaluate.evaluate`."""
    spec = pack.main.picture
    view = view_of(spec, options)
    examples = read_examples(cohort, view, options.split, progress)
    values = dict(zip(pack.spec.class_values or pack.spec.classes, pack.spec.classes, strict=True))
    used = {row.label for row in examples.rows if row.label is not None}
    labels = class_indices(examples, known_values(values, used))
    classifier = open_classifier(pack, options.engine)
    logits = classifier.logits(examples.stack(), progress=progress)
    calibration = pack.spec.calibration or Calibration()
    p = figures.softmax(logits, calibration.temperature)
    patients = np.unique([row.patient for row in examples.rows], return_inverse=True)[1]
    sites = np.array([row.site or "unknown" for row in examples.rows])
    draws = Draws(patients, options)
    confident = p.max(1) >= calibration.abstain_below
    curve = figures.risk_coverage(p, labels)
    believable = of_answers(p.max(1), p.argmax(1) == labels, patients, options.seed)
    over_all = _overall(p.shape[1])
    return Evaluation(
        task="classify",
        pack=f"{pack.name} {pack.version}",
        n=len(labels),
        metrics=draws.all(over_all, p, labels),
        per_class=_per_class(pack, p, labels, draws),
        per_site={
            site: Draws(patients[sites == site], options).all(over_all, p[sites == site], labels[sites == site])
            for site in np.unique(sites).tolist()
        },
        calibration={
            **believable.told(),
            "ece_uncalibrated": _round(figures.ece(figures.softmax(logits), labels)),
            "temperature": round(calibration.temperature, 4),
            "answered": _round(float(confident.mean())),
            "accuracy_of_answered": _round(figures.accuracy(p[confident], labels[confident]))
            if confident.any()
            else 0.0,
            "risk_coverage_area": _round(curve.area),
        },
        baseline={
            "accuracy": round(figures.majority(labels), 4),
            "balanced_accuracy": round(1 / len(np.unique(labels)), 4),
        },
        reliability=reliability_rows(p, labels, believable),
        risk_coverage=curve_rows(curve),
        per_case=[
            {
                "id": row.id,
                "label": pack.spec.classes[k],
                **{c: _round(float(v)) for c, v in zip(pack.spec.classes, one, strict=True)},
            }
            for row, k, one in zip(examples.rows, labels, p, strict=True)
        ],
        problems=[f"{id}: {why}" for id, why in examples.left_out],
    )


def known_values(values: dict[str, str], labels: set[str]) -> dict[str, str]:
    """A cohort may call the classes by the pack's values, by its names, or by their numbers."""
    for names in (values, {name: name for name in values.values()}, {str(k): n for k, n in enumerate(values.values())}):
        if labels <= set(names):
            return dict(names)
    return values


def reliability_rows(p: NDArray[Any], labels: NDArray[Any], believable: Believable) -> list[dict[str, float]]:
    """The bins of confidence that occur; ``low`` and ``high``: where a calibrated net's accuracy would lie."""
    found = figures.reliability(p, labels)
    return [
        {
            "confidence": _round(float(found.confidence[k])),
            "accuracy": _round(float(found.right[k])),
            "share": _round(float(found.count[k] / len(labels))),
            "low": _round(float(believable.bars[0, k])),
            "high": _round(float(believable.bars[1, k])),
        }
        for k in np.flatnonzero(found.count)
    ]


def curve_rows(curve: figures.RiskCoverage, most: int = 101) -> list[dict[str, float]]:
    """A curve with a point a case, as at most so many points, the first and the last among them."""
    n = len(curve.coverage)
    places = np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))
    return [{"coverage": _round(float(curve.coverage[k])), "risk": _round(float(curve.risk[k]))} for k in places]


def _overall(classes: int) -> dict[str, Metric]:
    """Over all cases; of two classes also how many of the second are found where most of the first are left alone."""
    return {
        "accuracy": figures.accuracy,
        "balanced_accuracy": figures.balanced_accuracy,
        "auc": figures.auc,
        "sensitivity": lambda p, y: _mean_over_classes(p, y, "sensitivity"),
        "specificity": lambda p, y: _mean_over_classes(p, y, "specificity"),
        **({AT_SPECIFICITY: _found_at_specificity} if classes == 2 else {}),
    }


def _found_at_specificity(p: NDArray[Any], labels: NDArray[Any]) -> float:
    return figures.at_specificity(p[:, 1], labels == 1, SPECIFICITY).sensitivity


def _mean_over_classes(p: NDArray[Any], labels: NDArray[Any], what: str) -> float:
    """Of the likeliest class, one against the rest; of class 1 where there are two."""
    called = p.argmax(1)
    classes = [1] if p.shape[1] == 2 else np.unique(labels).tolist()
    found = [getattr(figures.operate((called == k).astype(float), labels == k), what) for k in classes]
    return float(np.nanmean(found)) if not np.isnan(found).all() else math.nan


def _per_class(pack: Pack, p: NDArray[Any], labels: NDArray[Any], draws: Draws) -> dict[str, dict[str, Interval]]:
    names = list(pack.spec.classes)
    rows: dict[str, dict[str, Interval]] = {}
    for k, name in enumerate(names):
        called = (p.argmax(1) == k).astype(float)
        rows[name] = draws.all(one_against_rest(), np.stack([p[:, k], called], 1), (labels == k).astype(int))
    for name, members in pack.spec.groups.items():
        inside = [names.index(one) for one in members]
        score = p[:, inside].sum(1)
        rows[name] = draws.all(
            one_against_rest(), np.stack([score, (score >= 0.5).astype(float)], 1), np.isin(labels, inside).astype(int)
        )
    return rows


def one_against_rest() -> Mapping[str, Metric]:
    """Of one class or group: column 0 its probability, column 1 whether it was called."""
    return {
        "auc": lambda s, y: figures.auc_of(s[:, 0], y == 1),
        "accuracy": lambda s, y: float(((s[:, 1] > 0.5) == (y == 1)).mean()),
        "sensitivity": lambda s, y: figures.operate(s[:, 1], y == 1).sensitivity,
        "specificity": lambda s, y: figures.operate(s[:, 1], y == 1).specificity,
        AT_SPECIFICITY: lambda s, y: figures.at_specificity(s[:, 0], y == 1, SPECIFICITY).sensitivity,
    }


class Draws:
    """Resamples of the patients, the same for every metric. Source: Efron, 1979 (percentile interval)."""

    def __init__(self, patients: NDArray[Any], options: EvaluateOptions) -> None:
        self._numbers = numbers = np.unique(patients, return_inverse=True)[1]
        members = np.split(np.argsort(numbers, kind="stable"), np.cumsum(np.bincount(numbers))[:-1])
        rng = np.random.default_rng(options.seed)
        count = min(options.bootstrap, 300)  # a ranking of thousands takes its time
        drawn = rng.integers(len(members), size=(count, len(members)))
        if len(members) == len(patients):
            order = np.concatenate(members)
            self._rows = [order[one] for one in drawn]
        else:
            self._rows = [np.concatenate([members[k] for k in one]) for one in drawn]

    def all(self, metrics: Mapping[str, Metric], p: NDArray[Any], labels: NDArray[Any]) -> dict[str, Interval]:
        """Every metric with its interval; null where it cannot be measured."""
        out = {}
        for name, metric in metrics.items():
            value = metric(p, labels)
            if math.isnan(value):
                out[name] = Interval(value=None)
                continue
            found = [metric(p[rows], labels[rows]) for rows in self._rows]
            found = [one for one in found if not math.isnan(one)]
            out[name] = interval_of(value, found, self._counted(name, labels, two=p.shape[1] == 2))
        return out

    def _counted(self, name: str, labels: NDArray[Any], *, two: bool) -> int:
        """Patients who count in a share, of a mean over classes those of the rarest; 0 where the metric is no share."""
        some = [rows for rows in _counting(name, labels, two=two) if rows.any()]
        return min((len(np.unique(self._numbers[rows])) for rows in some), default=0)


def _counting(name: str, labels: NDArray[Any], *, two: bool) -> list[NDArray[np.bool_]]:
    """The examples ``(N,)`` that a metric is a share of, class by class; none where it is no share.

    Args:
        labels: ``(N,)`` class indices, or ``(N, K)`` of classes that may be there at once.
        two: there are two classes, and the second is what is looked for.
    """
    several = labels.ndim == 2
    there = [one == 1 for one in labels.T] if several else [labels == k for k in np.unique(labels)]
    wanted = [labels == 1] if two and not several else there
    if name in ("accuracy", "exact"):
        return [np.ones(len(labels), bool)]
    if name == "balanced_accuracy":
        return [*there, *(~one for one in there)] if several else there
    if name == "specificity":
        return [~one for one in wanted]
    return wanted if name.startswith("sensitivity") else []


def _round(value: float) -> float:
    return round(value, 4)
