"""Classification: probabilities from logits, and how good they are.

All take probabilities ``(N, K)`` and labels ``(N,)`` of class indices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.tasks.consistency import BINS, bin_of

Probabilities = NDArray[np.floating]
Labels = NDArray[np.integer]


def softmax(logits: NDArray[np.floating], temperature: float = 1.0) -> NDArray[np.float64]:
    """Probabilities along the last axis.

    >>> softmax(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    scaled = np.asarray(logits, np.float64) / temperature
    e = np.exp(scaled - scaled.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))


def accuracy(p: Probabilities, labels: Labels) -> float:
    """Share of the examples whose likeliest class is right."""
    return float((p.argmax(1) == labels).mean())


def balanced_accuracy(p: Probabilities, labels: Labels) -> float:
    """Mean over the classes that occur of the share of each that is found: what chance or a majority can't raise.

    >>> balanced_accuracy(np.array([[1, 0], [1, 0], [1, 0], [1, 0]]), np.array([0, 0, 0, 1]))
    0.5
    """
    found = p.argmax(1) == labels
    return float(np.mean([found[labels == k].mean() for k in np.unique(labels)]))


def majority(labels: Labels) -> float:
    """Accuracy of always naming the commonest class."""
    return float(np.bincount(labels).max() / len(labels))


def auc_of(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve of one class: how often a positive scores above a negative, ties as half.

    NaN where one side is empty. Source: Hanley & McNeil, Radiology 143:29, 1982 (the Mann-Whitney statistic).
    """
    n, m = int(positive.sum()), int((~positive).sum())
    if not n or not m:
        return float("nan")
    from scipy import stats  # half a second to load, and most who import this module never count ranks

    ranks = stats.rankdata(scores)
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))


def auc(p: Probabilities, labels: Labels) -> float:
    """Mean of the one-against-rest areas of the classes that occur (of class 1 where there are two).

    NaN where one class only occurs.
    """
    if p.shape[1] == 2:
        return auc_of(p[:, 1], labels == 1)
    areas = [auc_of(p[:, k], labels == k) for k in range(p.shape[1])]
    known = [one for one in areas if not np.isnan(one)]
    return float(np.mean(known)) if known else float("nan")


@dataclass(frozen=True)
class Operating:
    """Where a threshold stands: what is found of the positives, what is left alone of the negatives."""

    threshold: float
    sensitivity: float
    specificity: float


def operate(scores: NDArray[np.floating], positive: NDArray[np.bool_], threshold: float = 0.5) -> Operating:
    """Sensitivity and specificity at a threshold; NaN where there is nothing to find or to leave."""
    called = scores >= threshold
    found = float(called[positive].mean()) if positive.any() else float("nan")
    left = float((~called[~positive]).mean()) if (~positive).any() else float("nan")
    return Operating(threshold, found, left)


def at_specificity(scores: NDArray[np.floating], positive: NDArray[np.bool_], specificity: float) -> Operating:
    """The lowest threshold that leaves at least that share of the negatives alone."""
    negatives = np.sort(scores[~positive])
    if not len(negatives):
        return Operating(0.0, float("nan"), float("nan"))
    place = min(int(np.ceil(specificity * len(negatives))) - 1, len(negatives) - 1)
    return operate(scores, positive, float(np.nextafter(negatives[max(place, 0)], np.inf)))


@dataclass(frozen=True)
class Reliability:
    """A reliability diagram: per bin of confidence its mean, the share that is right, and how many; and the ECE."""

    confidence: NDArray[np.float64]
    right: NDArray[np.float64]
    count: NDArray[np.int64]
    ece: float


def reliability(p: Probabilities, labels: Labels) -> Reliability:
    """How far confidence and accuracy part, over equal bins of the likeliest class's probability.

    Source: Guo et al., *On calibration of modern neural networks*, ICML 2017, equation 3.
    """
    confidence, right = p.max(1), p.argmax(1) == labels
    which = bin_of(confidence)
    count = np.bincount(which, minlength=BINS)
    safe = np.maximum(count, 1)
    mean = np.bincount(which, confidence, BINS) / safe
    share = np.bincount(which, right, BINS) / safe
    ece = float((np.abs(mean - share) * count).sum() / max(len(labels), 1))
    return Reliability(mean, share, count.astype(np.int64), ece)


def ece(p: Probabilities, labels: Labels) -> float:
    """Expected calibration error; see :func:`reliability`."""
    return reliability(p, labels).ece


TRUST = 0.5
"""How far the logarithm of a temperature may be expected to lie from 0, where cases say nothing (one deviation)."""


def fit_temperature(logits: NDArray[np.floating], labels: Labels, trust: float = TRUST) -> float:
    """The temperature that makes the labels likeliest, held near 1 where cases are few.

    Six right answers alone would ask for a temperature of almost 0, and the first wrong one after them would cost
    everything. The prior weighs as much as a few cases and is not felt among hundreds. There is no bias per class: it
    would change which class is named. How this was chosen: ``docs/calibration.md``.

    Args:
        logits: ``(N, K)``.
        labels: ``(N,)``.
        trust: deviation of the prior on the temperature's logarithm.

    Source: Guo et al., ICML 2017, section 4.2, with a normal prior on log T (maximum a posteriori).
    """
    rows = np.arange(len(labels))

    def loss(log_t: float) -> float:
        likely = -np.log(softmax(logits, float(np.exp(log_t)))[rows, labels] + 1e-12).sum()
        return float(likely + 0.5 * (log_t / trust) ** 2)

    from scipy import optimize

    return float(np.exp(optimize.minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


@dataclass(frozen=True)
class RiskCoverage:
    """Share of examples answered, the surest first, and the share of wrong answers among them."""

    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]

    @property
    def area(self) -> float:
        """Area under the curve: 0 for a net that knows all its errors and makes none."""
        return float(np.trapezoid(self.risk, self.coverage))


def risk_coverage(p: Probabilities, labels: Labels) -> RiskCoverage:
    """What abstaining buys. Source: El-Yaniv & Wiener, JMLR 11:1605, 2010."""
    order = np.argsort(-p.max(1), kind="stable")
    wrong = (p.argmax(1) != labels)[order]
    n = np.arange(1, len(labels) + 1)
    return RiskCoverage(n / len(labels), np.cumsum(wrong) / n)


def sure_enough(confidence: NDArray[np.floating], wrong: NDArray[np.bool_]) -> float:
    """The confidence from which answers are wrong at most half as often as all of them; 0 where none is wrong.

    >>> sure_enough(np.array([0.9, 0.8, 0.6, 0.55]), np.array([False, False, True, True]))
    0.8
    """
    if not wrong.any():
        return 0.0
    answers = np.stack([confidence, np.zeros_like(confidence)], 1)
    return abstain_below(answers, wrong.astype(int), 0.5 * float(wrong.mean()))


def rounded_down(threshold: float, digits: int = 4) -> float:
    """A least confidence as a pack writes it: the answers that made it must stay above it."""
    return math.floor(threshold * 10**digits) / 10**digits


def abstain_below(p: Probabilities, labels: Labels, risk: float) -> float:
    """The lowest confidence at which the answers given are wrong at most that often; 1 where no threshold does it."""
    curve = risk_coverage(p, labels)
    confidence = np.sort(p.max(1))[::-1]
    good = np.flatnonzero(curve.risk <= risk)
    return float(confidence[good[-1]]) if good.size else 1.0
