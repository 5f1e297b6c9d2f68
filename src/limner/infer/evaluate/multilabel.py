"""A classifier whose classes may be there at once, held against a cohort."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.examples import class_truths, labels_of, read_examples
from limner.infer.classify import open_classifier
from limner.infer.evaluate.classify import Draws, Metric, curve_rows, known_values, one_against_rest, reliability_rows
from limner.infer.evaluate.figures import EvaluateOptions, Evaluation, Interval, view_of
from limner.packs import Calibration, Pack
from limner.tasks import classify
from limner.tasks import multilabel as figures
from limner.tasks.consistency import of_answers

OVERALL: Mapping[str, Metric] = {
    "accuracy": figures.accuracy,
    "balanced_accuracy": figures.balanced_accuracy,
    "auc": figures.auc,
    "sensitivity": figures.sensitivity,
    "specificity": figures.specificity,
    "exact": figures.exact,
}
"""Means over the classes; ``exact``: share of the examples of which every class is right."""


def evaluate_multilabel(
    pack: Pack, cohort: Path, options: EvaluateOptions, progress: Callable[[str, float], None] | None = None
) -> Evaluation:
    """See :func:`limner.infer.evaluate.evaluate`.

    A class is called where its probability is 0.5 or more. An empty label says that none is there. The ECE is over all
    decisions, one per example and class; the baseline always says of each class what is commoner.
    """
    spec = pack.main.picture
    view = view_of(spec, options, multi_label=True)
    examples = read_examples(cohort, view, options.split, progress)
    names = list(pack.spec.classes)
    values = dict(zip(pack.spec.class_values or names, names, strict=True))
    none = {figures.NONE, *pack.spec.none_values}
    used = {one for row in examples.rows for one in labels_of(row.label)} - none
    there = class_truths(examples, known_values(values, used), none)
    logits = open_classifier(pack, options.engine).logits(examples.stack(), progress=progress)
    calibration = pack.spec.calibration or Calibration()
    p = figures.sigmoid(logits, calibration.temperature)
    patients = np.unique([row.patient for row in examples.rows], return_inverse=True)[1]
    sites = np.array([row.site or "unknown" for row in examples.rows])
    draws = Draws(patients, options)
    confident = figures.sureness(p) >= calibration.abstain_below
    curve = classify.risk_coverage(*figures.answers(p, there))
    two, came = figures.decisions(p, there)
    each = (patients[:, None] * len(names) + np.arange(len(names))).ravel()  # classes of one patient are not one answer
    believable = of_answers(two.max(1), two.argmax(1) == came, patients.repeat(len(names)), options.seed, each)
    return Evaluation(
        task="classify",
        pack=f"{pack.name} {pack.version}",
        n=len(there),
        metrics=draws.all(OVERALL, p, there),
        per_class=_per_class(pack, p, there, draws),
        per_site={
            site: Draws(patients[sites == site], options).all(OVERALL, p[sites == site], there[sites == site])
            for site in np.unique(sites).tolist()
        },
        calibration={
            **believable.told(),
            "ece_uncalibrated": round(figures.ece(figures.sigmoid(logits), there), 4),
            "temperature": round(calibration.temperature, 4),
            "answered": round(float(confident.mean()), 4),
            "accuracy_of_answered": round(figures.accuracy(p[confident], there[confident]), 4)
            if confident.any()
            else 0.0,
            "risk_coverage_area": round(curve.area, 4),
        },
        baseline={"accuracy": round(figures.majority(there), 4), "balanced_accuracy": 0.5},
        reliability=reliability_rows(two, came, believable),
        risk_coverage=curve_rows(curve),
        per_case=[
            {
                "id": row.id,
                "label": "|".join(name for name, one in zip(names, true, strict=True) if one) or figures.NONE,
                **{name: round(float(v), 4) for name, v in zip(names, said, strict=True)},
            }
            for row, true, said in zip(examples.rows, there, p, strict=True)
        ],
        problems=[*_unmeasured(names, there), *(f"{id}: {why}" for id, why in examples.left_out)],
    )


def _per_class(
    pack: Pack, p: NDArray[np.float64], there: NDArray[np.bool_], draws: Draws
) -> dict[str, dict[str, Interval]]:
    """Of each class and group what is told over all, and the sensitivity at a specificity."""
    metrics = {
        **one_against_rest(),
        "balanced_accuracy": lambda s, y: figures.balanced_of(s[:, 0], np.asarray(y == 1)),
    }
    names = list(pack.spec.classes)
    asked = {name: [k] for k, name in enumerate(names)}
    asked |= {group: [names.index(one) for one in some] for group, some in pack.spec.groups.items()}
    rows: dict[str, dict[str, Interval]] = {}
    for name, members in asked.items():
        score = figures.group_probability(p, members, multi_label=True)
        called: NDArray[Any] = np.stack([score, score >= figures.PRESENT], 1)
        rows[name] = draws.all(metrics, called, there[:, members].any(1).astype(int))
    return rows


def _unmeasured(names: list[str], there: NDArray[np.bool_]) -> list[str]:
    """Classes of which a mean over the classes cannot say all."""
    never = [name for k, name in enumerate(names) if not there[:, k].any()]
    always = [name for k, name in enumerate(names) if there[:, k].all()]
    told = [f"{', '.join(never)}: in no case, so AUC and sensitivity leave it out."] if never else []
    return told + ([f"{', '.join(always)}: in every case, so AUC and specificity leave it out."] if always else [])
