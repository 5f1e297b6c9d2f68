"""How far readers agree, from how many of them marked each pixel.

Votes do not say who marked what, so the Dice of one pair of readers is lost. What is left is exact: summed over all
pairs, the overlap is the sum of v(v − 1)/2 over pixels (each pixel with v votes lies in that many pairs), and the two
sizes together are (R − 1) times the sum of v (each reader is in R − 1 pairs). Twice the one over the other is the mean
of the pairs' Dice, each pair weighed by the pixels that it marked:

    sum over pairs of 2 |A ∩ B|  /  sum over pairs of (|A| + |B|)  =  Σ v (v − 1) / ((R − 1) Σ v)

No reader need be like another for this. It differs from the plain mean of the pairs only where readers who mark more
also agree more, or less. In the same way a reader can be held against the majority, and against the majority of the
others, which does not hold his own vote and is the fair ceiling for a net that is held against a majority.

A slice that fewer than two readers marked anywhere is not in such data: agreement on whether there is a nodule at all
is taken for granted, and all of these figures are on the high side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Votes = NDArray[np.integer]


@dataclass(frozen=True)
class Agreement:
    """Dice of readers, weighed by what they marked.

    Args:
        pairwise: two readers with one another.
        majority: a reader with the majority that he is part of.
        others: a reader with the majority of the other readers.
    """

    pairwise: float
    majority: float
    others: float


def agreement(votes: Votes, readers: int = 4, at_least: int = 2) -> Agreement:
    """Readers' agreement on one picture, or on several at once.

    Args:
        votes: of each pixel, 0 to ``readers``.
        readers: how many there were.
        at_least: votes at which a pixel belongs to the majority; of the others' too.

    Returns:
        NaN throughout where nobody marked anything.

    >>> agreement(np.array([4, 4, 0])).pairwise, agreement(np.array([1, 1, 1, 1])).pairwise
    (1.0, 0.0)
    """
    count = np.bincount(np.asarray(votes).ravel(), minlength=readers + 1).astype(float)
    v = np.arange(readers + 1)
    marked = float((count * v).sum())
    if not marked:
        return Agreement(float("nan"), float("nan"), float("nan"))
    pairwise = float((count * v * (v - 1)).sum()) / ((readers - 1) * marked)
    majority = v >= at_least
    with_it = 2 * float((count * v * majority).sum()) / (marked + readers * float((count * majority).sum()))
    # of v marks each sees v − 1 others; of the R − v readers who left the pixel out each sees v
    shared = float((count * v * (v - 1 >= at_least)).sum())
    their_size = shared + float((count * (readers - v) * majority).sum())
    return Agreement(pairwise, with_it, 2 * shared / (marked + their_size))
