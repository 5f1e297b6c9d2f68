"""Explanations held to account: does the answer go where the heat is taken, and does the heat depend on the net?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.infer.explain.ask import Question
from limner.infer.explain.explanation import Check
from limner.infer.explain.heat import hottest

Heat = NDArray[np.floating]
DrawHeat = Callable[[np.random.Generator], Heat]

STEPS = 16
"""Points of a deletion or insertion curve, after the first."""
ORDERS = 4
"""Random orders that a curve is compared with."""
SPEARMAN_LIMIT = 0.5
"""A map of a net with shuffled weights must correlate less than this with the true net's."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Probability of the answer over the share of the picture that was changed."""

    share: NDArray[np.float64]
    probability: NDArray[np.float64]

    @property
    def area(self) -> float:
        """Area under it, 0 to 1."""
        return float(np.trapezoid(self.probability, self.share))


def deletion(question: Question, heat: Heat, steps: int = STEPS) -> Curve:
    """The hottest pixels are replaced first, by what the question hides with: the sooner the answer goes, the better.

    Args:
        question: to the net.
        heat: ``(*size)`` on the net's grid.
        steps: of equal numbers of pixels.

    Source: Petsiuk, Das & Saenko, *RISE*, BMVC 2018, section 4.2.
    """
    return _curve(question, heat, question.image, question.blank, steps)


def insertion(question: Question, heat: Heat, steps: int = STEPS) -> Curve:
    """The hottest pixels are the first to come back into a blurred picture: the sooner the answer comes, the better.

    Source: Petsiuk, Das & Saenko, *RISE*, BMVC 2018, section 4.2.
    """
    from scipy import ndimage

    sigma = [0.0] + [n / 10 for n in heat.shape]
    blurred = ndimage.gaussian_filter(question.image.astype(np.float32), sigma, mode="nearest")
    blurred = blurred.astype(question.image.dtype)
    return _curve(question, heat, blurred, question.image, steps)


def _curve(question: Question, heat: Heat, start: NDArray[Any], end: NDArray[Any], steps: int) -> Curve:
    """From one picture to another, pixel by pixel, in the order of the heat."""
    inside = np.zeros(heat.shape, bool)
    inside[question.source.inner] = True
    places = np.flatnonzero(inside)
    order = places[np.argsort(-heat.ravel()[places], kind="stable")]
    ranks = np.full(heat.size, len(order), np.int64)
    ranks[order] = np.arange(len(order))
    rank = ranks.reshape(heat.shape)
    share = np.linspace(0, 1, steps + 1)
    changed = (np.where(rank < round(s * len(order)), end, start) for s in share)
    return Curve(share, question.ask(changed))


def faithful(
    question: Question,
    heat: Heat,
    random_heat: DrawHeat,
    rng: np.random.Generator,
    steps: int = STEPS,
    orders: int = ORDERS,
) -> tuple[Check, Check]:
    """Deletion and insertion area, each against random heat of the same grain.

    Args:
        question: to the net.
        heat: ``(*size)``.
        random_heat: gives heat of the same shape without knowledge, with patches as large as the method's.
        rng: for it.
        steps: of a curve.
        orders: random ones.
    """
    others = [random_heat(rng) for _ in range(orders)]
    checks = []
    for name, curve, lower in (("deletion_auc", deletion, True), ("insertion_auc", insertion, False)):
        baseline = float(np.mean([curve(question, one, steps).area for one in others]))
        checks.append(
            Check(name, curve(question, heat, steps).area, baseline, lower, "Petsiuk et al., RISE, BMVC 2018")
        )
    return checks[0], checks[1]


def points_inside(heat: Heat, mask: NDArray[np.bool_]) -> bool:
    """Pointing game: the hottest point lies in the lesion; a map without heat points nowhere.

    Source: Zhang et al., *Top-down neural attention by excitation backprop*, IJCV 126:1084, 2018, section 4.1
    (without its tolerance of 15 pixels).
    """
    return bool((heat > 0).any() and mask[hottest(heat)])


def center_inside(mask: NDArray[np.bool_]) -> bool:
    """The baseline of the pointing game: the middle of the picture lies in the lesion."""
    return bool(mask[tuple(n // 2 for n in mask.shape)])


def energy_inside(heat: Heat, mask: NDArray[np.bool_]) -> Check:
    """Share of the positive heat that lies in the lesion, against the lesion's share of the picture.

    Source: Wang et al., *Score-CAM*, CVPR workshops 2020, section 4.3 (energy-based pointing game).
    """
    warm = np.maximum(heat, 0)
    total = float(warm.sum())
    share = float(warm[mask].sum()) / total if total > 0 else 0.0
    return Check("energy_inside", share, float(mask.mean()), False, "Wang et al., Score-CAM, CVPR workshops 2020")


def spearman(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Rank correlation; 0 where one of them is constant."""
    from scipy.stats import rankdata

    ranks = [rankdata(one.ravel()) for one in (a, b)]
    if any(one.std() == 0 for one in ranks):
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])


def depends_on_weights(heat: Heat, shuffled: Sequence[Heat]) -> Check:
    """Mean rank correlation with the maps of nets whose weights were shuffled: a map that stays explains no net.

    Source: Adebayo et al., *Sanity checks for saliency maps*, NeurIPS 2018, section 3 (model parameter randomisation).
    """
    mean = float(np.mean([spearman(heat, one) for one in shuffled]))
    return Check("randomisation", mean, SPEARMAN_LIMIT, True, "Adebayo et al., Sanity checks, NeurIPS 2018")
