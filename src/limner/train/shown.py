"""Real pictures that generated ones are held against while a generator learns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.train.conditions import conditions_of
from limner.train.pictures import Learned
from limner.train.recipe_data import PictureData

LEAST = 20
"""Pictures of the check split below which they say less than those that are learned from."""
Pictures = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@dataclass(frozen=True)
class Shown:
    """Pictures ``(M, C, H, W)`` that are learned from, with their conditions, and those that are not.

    Args:
        images: that are learned from.
        conditions: of them, see :func:`limner.train.conditions.conditions_of`.
        learned: both splits.
        data: of the recipe.
        most: pictures that are shown of each.
    """

    images: NDArray[np.uint8]
    conditions: NDArray[np.uint8]
    learned: Learned
    data: PictureData
    most: int = 400

    def known(self) -> Pictures:
        """Some that are learned from."""
        return self._some(self.images, self.conditions)

    def held(self) -> Pictures:
        """Some of the check split; of the others where it has fewer than :data:`LEAST`."""
        check = self.learned.check
        if len(check.rows) < LEAST:
            return self.known()
        return self._some(check.stack(), conditions_of(check, self.data))

    def _some(self, images: NDArray[np.uint8], conditions: NDArray[np.uint8]) -> Pictures:
        chosen = np.random.default_rng(0).permutation(len(images))[: self.most]
        return images[chosen], conditions[chosen]
