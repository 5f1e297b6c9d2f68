"""Classification where several classes may be there at once, or none: each class is a question of its own.

All take probabilities ``(N, K)`` and truths ``(N, K)``, true where a class is there. A class that is everywhere or
nowhere among the examples has no AUC: it is left out of the mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from limner.tasks import classify

Probabilities = NDArray[np.floating]
Truths = NDArray[np.bool_]

NONE = "none"
"""What an answer is called in which no class is there."""
PRESENT = 0.5
"""The least probability of a class that is said to be there."""


def sigmoid(logits: NDArray[np.floating], temperature: float = 1.0) -> NDArray[np.float64]:
    """The probability of each class, whatever that of the others.

    >>> sigmoid(np.array([[0.0, 800.0]])).tolist()
    [[0.5, 1.0]]
    """
    scaled = np.asarray(logits, np.float64) / temperature
    return np.asarray(0.5 * (1 + np.tanh(scaled / 2)))


def probabilities(logits: NDArray[np.floating], temperature: float, multi_label: bool) -> NDArray[np.float64]:
    """What a pack's logits mean: one class of all, or each class by itself."""
    return sigmoid(logits, temperature) if multi_label else classify.softmax(logits, temperature)


def group_probability(p: Probabilities, members: Sequence[int], multi_label: bool) -> NDArray[np.float64]:
    """Probability ``(N,)`` of a group of classes.

    Classes of which one is true add up. Classes of their own do not: the likeliest of them stands for the group, which
    is then there where one of its classes is, and is never likelier than it must be.
    """
    some = np.asarray(p[..., list(members)], np.float64)
    return np.asarray(some.max(-1) if multi_label else some.sum(-1))


def named(p: Sequence[float] | Probabilities, names: Sequence[str]) -> tuple[str, ...]:
    """The classes that are there, the likeliest first.

    >>> named([0.2, 0.7, 0.9], ["effusion", "nodule", "mass"])
    ('mass', 'nodule')
    """
    return tuple(names[k] for k in np.argsort(-np.asarray(p), kind="stable") if p[k] >= PRESENT)


def sureness(p: Probabilities) -> NDArray[np.float64]:
    """How sure each answer is: as sure as its least sure class."""
    return np.asarray(np.maximum(p, 1 - p).min(-1), np.float64)


def auc(p: Probabilities, there: Truths) -> float:
    """Mean over the classes of the area under the ROC curve; NaN where no class has examples of both kinds."""
    return _mean([classify.auc_of(p[:, k], there[:, k]) for k in range(p.shape[1])])


def accuracy(p: Probabilities, there: Truths) -> float:
    """Share of all decisions, one per example and class, that are right."""
    return float(((p >= PRESENT) == there).mean())


def balanced_of(p: NDArray[np.floating], there: NDArray[np.bool_]) -> float:
    """Of one class ``(N,)``: mean of sensitivity and specificity; what is known of them where one is not."""
    found = classify.operate(p, there, PRESENT)
    return _mean([found.sensitivity, found.specificity])


def balanced_accuracy(p: Probabilities, there: Truths) -> float:
    """Mean over the classes of :func:`balanced_of`: one half for who always says the commonest.

    >>> balanced_accuracy(np.zeros((4, 1)), np.array([[True], [False], [False], [False]]))
    0.5
    """
    return _mean([balanced_of(p[:, k], there[:, k]) for k in range(p.shape[1])])


def sensitivity(p: Probabilities, there: Truths) -> float:
    """Mean over the classes that occur of the share of each that is found."""
    return _mean([classify.operate(p[:, k], there[:, k], PRESENT).sensitivity for k in range(p.shape[1])])


def specificity(p: Probabilities, there: Truths) -> float:
    """Mean over the classes of the share of examples without each that are left alone."""
    return _mean([classify.operate(p[:, k], there[:, k], PRESENT).specificity for k in range(p.shape[1])])


def exact(p: Probabilities, there: Truths) -> float:
    """Share of the examples of which every class is right."""
    return float(((p >= PRESENT) == there).all(1).mean())


def majority(there: Truths) -> float:
    """Accuracy of always saying of each class what is commoner: mean of the classes' majority rates.

    >>> majority(np.array([[True, False], [False, False], [True, False], [True, False]]))
    0.875
    """
    share = there.mean(0)
    return float(np.maximum(share, 1 - share).mean())


def decisions(p: Probabilities, there: Truths) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Every decision as one of two classes, ``(N × K, 2)`` and ``(N × K,)``, for :mod:`limner.tasks.classify`."""
    one = np.asarray(p, np.float64).ravel()
    return np.stack([1 - one, one], 1), there.ravel().astype(np.int64)


def answers(p: Probabilities, there: Truths) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Every answer as right (0) or wrong (1), as sure as its least sure class: ``(N, 2)`` and ``(N,)``.

    With these :func:`limner.tasks.classify.risk_coverage` and ``abstain_below`` say what abstaining buys.
    """
    sure = sureness(p)
    wrong = ((p >= PRESENT) != there).any(1)
    return np.stack([sure, 1 - sure], 1), wrong.astype(np.int64)


def ece(p: Probabilities, there: Truths) -> float:
    """Expected calibration error over all decisions."""
    return classify.ece(*decisions(p, there))


def fit_temperature(logits: NDArray[np.floating], there: Truths) -> float:
    """The one temperature of all classes that makes the truths likeliest, held near 1 where cases are few.

    Source: Guo et al., ICML 2017, section 4.2, with the likelihood of Bernoulli variables and the prior of
    :func:`limner.tasks.classify.fit_temperature`.
    """
    signed = np.where(there, -1.0, 1.0) * np.asarray(logits, np.float64)

    def loss(log_t: float) -> float:
        likely = np.logaddexp(0.0, signed / float(np.exp(log_t))).sum()
        return float(likely + 0.5 * (log_t / classify.TRUST) ** 2)

    return float(np.exp(optimize.minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def _mean(values: Sequence[float]) -> float:
    known = [one for one in values if not np.isnan(one)]
    return float(np.mean(known)) if known else float("nan")
