"""Detection: marks held against the truth, and how good they are: FROC, average precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.tasks.boxes import Boxes, Marks, iou
from limner.tasks.classify import TRUST

RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False marks per scan at which LUNA16 reads the sensitivity."""

FALSE, AGAIN = -1, -2


@dataclass(frozen=True)
class Held:
    """The marks of one image against its truth.

    Args:
        patient: whose image it is.
        scores: ``(N,)``.
        hits: ``(N,)`` index of the true box that a mark found first, :data:`FALSE`, or :data:`AGAIN` where a surer
            mark had found it.
        truths: how many true boxes there are.
    """

    patient: str
    scores: NDArray[np.float64]
    hits: NDArray[np.int64]
    truths: int


Close = Callable[[Boxes, Boxes], NDArray[np.float64]]
"""How well each mark ``(N, 2 A)`` fits each true box ``(M, 2 A)``: ``(N, M)``, 0 where it does not."""


def overlaps(least: float) -> Close:
    """Fits by intersection over union, at least so much."""

    def close(marks: Boxes, truths: Boxes) -> NDArray[np.float64]:
        found = iou(marks, truths)
        return np.where(found >= least, found, 0.0)

    return close


def inside(marks: Boxes, truths: Boxes) -> NDArray[np.float64]:
    """Fits where a mark's centre lies in the ellipsoid that fills the true box.

    Source: Setio et al., *LUNA16*, Medical Image Analysis 42:1, 2017, section 4 (distance below the nodule's radius).

    >>> inside(np.array([[4, 4, 6, 6.0], [0, 0, 1, 1.0]]), np.array([[0, 0, 10, 10.0]])).round(2).tolist()
    [[1.0], [0.0]]
    """
    axes = marks.shape[1] // 2
    center = (marks[:, None, :axes] + marks[:, None, axes:]) / 2
    middle = (truths[None, :, :axes] + truths[None, :, axes:]) / 2
    radius = np.maximum((truths[None, :, axes:] - truths[None, :, :axes]) / 2, 1e-6)
    away = (((center - middle) / radius) ** 2).sum(2)
    return np.asarray(np.where(away <= 1, 1.0 - away / 2, 0.0), np.float64)


def hold(marks: Marks, boxes: Boxes, classes: NDArray[np.integer], close: Close, patient: str) -> Held:
    """Holds marks against true boxes, the surest first; each true box is found once.

    Args:
        boxes: ``(M, 2 × axes)`` true boxes.
        classes: ``(M,)`` of them; a mark finds only its own class.
        close: what fits: :func:`overlaps` or :func:`inside`.
    """
    order = np.argsort(-marks.scores, kind="stable")
    hits = np.full(len(order), FALSE, np.int64)
    if len(boxes) and len(order):
        fit = close(marks.boxes, np.asarray(boxes, float)) * (marks.classes[:, None] == np.asarray(classes)[None])
        taken = np.zeros(len(boxes), bool)
        for index in order:
            free = np.where(taken, 0.0, fit[index])
            if free.max() > 0:
                hits[index] = int(free.argmax())
                taken[hits[index]] = True
            elif fit[index].max() > 0:
                hits[index] = AGAIN
    return Held(patient, marks.scores, hits, len(boxes))


@dataclass(frozen=True)
class Froc:
    """Sensitivity against false marks per image, from the surest mark to the least sure; ``scores`` of each step."""

    false: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    scores: NDArray[np.float64]

    def at(self, rate: float) -> float:
        """The highest sensitivity with at most so many false marks per image."""
        good = self.sensitivity[self.false <= rate]
        return float(good.max()) if good.size else 0.0

    def threshold(self, rate: float) -> float:
        """The lowest score with at most so many false marks per image; 1 where none is so."""
        good = self.scores[self.false <= rate]
        return float(good.min()) if good.size else 1.0

    @property
    def score(self) -> float:
        """Mean sensitivity at the seven rates of LUNA16."""
        return float(np.mean([self.at(rate) for rate in RATES]))


def froc(held: Sequence[Held]) -> Froc:
    """The free-response curve; a second mark on one lesion counts neither way.

    Source: Bunch et al., SPIE 127:124, 1977; Setio et al., *LUNA16*, 2017, section 4.

    Raises:
        ValueError: there is nothing to find.
    """
    truths = sum(one.truths for one in held)
    if not truths:
        raise ValueError("froc: there is nothing to find in these images.")
    scores = np.concatenate([one.scores for one in held])
    hits = np.concatenate([one.hits for one in held])
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], hits[order]
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1) if len(scores) else np.zeros(0, int)
    found = np.cumsum(hits >= 0)[last] / truths  # marks of one score are shown together
    false = np.cumsum(hits == FALSE)[last] / len(held)
    return Froc(false.astype(float), found.astype(float), scores[last])


def average_precision(held: Sequence[Held]) -> float:
    """Area under precision against recall; a second mark on one object is false. NaN where there is nothing to find.

    Source: Everingham et al., *The PASCAL VOC challenge*, IJCV 2010, section 4.2, over all points.
    """
    truths = sum(one.truths for one in held)
    if not truths:
        return float("nan")
    scores = np.concatenate([one.scores for one in held])
    right = (np.concatenate([one.hits for one in held]) >= 0)[np.argsort(-scores, kind="stable")]
    recall = np.cumsum(right) / truths
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0.0) * best).sum())


def sensitivity_at(held: Sequence[Held], rate: float) -> float:
    """Share found with at most so many false marks per image; NaN where there is nothing to find."""
    return froc(held).at(rate) if any(one.truths for one in held) else float("nan")


def froc_score(held: Sequence[Held]) -> float:
    """:attr:`Froc.score`; NaN where there is nothing to find."""
    return froc(held).score if any(one.truths for one in held) else float("nan")


@dataclass(frozen=True)
class Platt:
    """A probability from a logit: ``sigmoid(logit / temperature + bias)``."""

    temperature: float = 1.0
    bias: float = 0.0

    def __call__(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """Probabilities of logits of any shape."""
        return sigmoid(np.asarray(logits, np.float64) / self.temperature + self.bias)


def fit_platt(logits: NDArray[np.floating], positive: NDArray[np.bool_], trust: float = TRUST) -> Platt:
    """The temperature and bias that make the answers likeliest, held back where cases are few.

    Args:
        logits: ``(N,)``.
        positive: ``(N,)``.
        trust: width of the prior on the temperature's logarithm; ten times that on the bias.

    Source: Platt, *Probabilistic outputs for support vector machines*, 1999, with his smoothed targets.
    """
    from scipy import optimize

    n, m = int(positive.sum()), int((~positive).sum())
    wanted = np.where(positive, (n + 1) / (n + 2), 1 / (m + 2))
    x = np.asarray(logits, np.float64)

    def loss(given: NDArray[np.float64]) -> float:
        z = x * np.exp(-given[0]) + given[1]
        likely = (wanted * np.logaddexp(0, -z) + (1 - wanted) * np.logaddexp(0, z)).sum()
        return float(likely + 0.5 * (given[0] / trust) ** 2 + 0.5 * (given[1] / (10 * trust)) ** 2)

    found = optimize.minimize(loss, np.zeros(2), method="Nelder-Mead").x
    return Platt(float(np.exp(found[0])), float(found[1]))


def sigmoid(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Probabilities of logits, without overflow.

    >>> sigmoid(np.array([0.0, -800.0])).tolist()
    [0.5, 0.0]
    """
    return np.asarray(np.exp(-np.logaddexp(0, -np.asarray(logits, np.float64))))


def presence_logits(centers: NDArray[np.floating], cells: int) -> NDArray[np.float64]:
    """Whether a class is in an image at all: the mean of its surest cells' logits, ``(K, *cells)`` to ``(K,)``."""
    flat = centers.reshape(len(centers), -1).astype(np.float64)
    return np.sort(flat, axis=1)[:, -min(cells, flat.shape[1]) :].mean(1)
