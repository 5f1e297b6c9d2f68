"""What pictures are generated from: classes, label maps, or nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.data.examples import Examples, class_indices
from limner.data.mask_cases import class_masks
from limner.train.recipe_data import PictureData


def conditions_of(examples: Examples, data: PictureData) -> NDArray[np.uint8]:
    """Of each example: ``(M, K)`` one-hot classes, ``(M, K, H, W)`` label maps, or ``(M, 0)``."""
    if data.condition == "label":
        return np.eye(len(data.classes), dtype=np.uint8)[class_indices(examples, data.classes)]
    if data.condition == "mask":
        masks = class_masks(examples, data.classes)
        return np.stack([masks == value for value in range(1, len(data.classes))], 1).astype(np.uint8)
    return np.zeros((len(examples.rows), 0), np.uint8)
