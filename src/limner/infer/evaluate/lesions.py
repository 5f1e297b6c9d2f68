"""How far the probabilities of single lesions can be believed: what saying "not sure" costs and gains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from limner.infer.evaluate.classify import curve_rows
from limner.infer.predict import Prediction
from limner.scene import find_parts
from limner.tasks import classify as figures

Answers = list[tuple[float, bool]]
"""Probability of each lesion that was marked, and whether it touches a true one."""


def lesion_answers(found: Prediction, truth: NDArray[np.bool_], name: str) -> Answers:
    """The lesions of one label in a scan, as a drawing would find them.

    Args:
        found: what was predicted.
        truth: ``(Z, Y, X)``, the true lesions of that label.
        name: of the label.
    """
    return [
        (
            found.probability_of(part),
            bool(truth[part.box][part.mask].any()),
        )
        for part in find_parts(found.labels)
        if part.label.name == name
    ]


def sureness(
    answers: Sequence[tuple[float, bool]], abstain_below: float
) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Calibration figures of lesions, and their risk-coverage curve; both empty where none was marked.

    Returns:
        ``lesions_marked``; ``risk_coverage_area``; ``sure_from``, the threshold that these cases would choose (of a
        check split: what a pack's ``abstain_below`` is); with the pack's own threshold ``answered``, the share of the
        lesions that it is sure of, and ``accuracy_of_answered``, the share of those that touch a true one.
    """
    if not answers:
        return {}, []
    p, right = np.array([one for one, _ in answers]), np.array([one for _, one in answers])
    curve = figures.risk_coverage(np.stack([p, np.zeros_like(p)], 1), (~right).astype(int))
    told = {
        "lesions_marked": float(len(p)),
        "risk_coverage_area": round(float(curve.area), 4),
        "sure_from": figures.rounded_down(figures.sure_enough(p, ~right)),
    }
    if abstain_below > 0:
        sure = p >= abstain_below
        told["answered"] = round(float(sure.mean()), 4)
        if sure.any():
            told["accuracy_of_answered"] = round(float(right[sure].mean()), 4)
    return told, curve_rows(curve)
