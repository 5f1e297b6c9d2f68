"""Masks of pictures: read beside their image, and turned from a cohort's values into classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.errors import CohortError


def read_mask(path: Path, size: tuple[int, ...], who: str) -> NDArray[np.uint8]:
    """The values of a mask ``(Y, X)``.

    Args:
        path: of the mask.
        size: of its image.
        who: the case, for messages.

    Raises:
        CohortError: it has another size than its image. NotAnImageError: it cannot be read.
    """
    from limner import io

    values = io.read_picture_labels(path)
    if values.shape != size:
        raise CohortError(
            f"Case {who!r}: the mask {path.name!r} has {_size(values.shape)} pixels, its image {_size(size)}. "
            "A mask must lie on its image's grid."
        )
    return values


def by_value(classes: Mapping[str, str]) -> bool:
    """Whether classes are told by the mask's values; by the case's label, for all of its mask, where not.

    >>> by_value({"0": "background", "255": "tumour"}), by_value({"normal": "background", "benign": "benign lesion"})
    (True, False)
    """
    return all(key.isdigit() for key in classes)


def unnamed(mask: NDArray[np.uint8], classes: Mapping[str, str]) -> list[int]:
    """Values of a mask that classes told by values do not name.

    >>> unnamed(np.array([[0, 255]], np.uint8), {"0": "background", "1": "tumour"})
    [255]
    """
    return sorted(set(np.unique(mask).tolist()) - {int(key) for key in classes if key.isdigit()})


def marked_or_not(classes: Mapping[str, str]) -> bool:
    """Whether masks only say what is marked: a background, value 0, and one thing.

    >>> marked_or_not({"0": "background", "1": "tumour"}), marked_or_not({"0": "background", "1": "a", "2": "b"})
    (True, False)
    """
    return by_value(classes) and len(classes) == 2 and next(iter(classes)) == "0"


def class_mask(
    mask: NDArray[np.uint8] | None, label: str | None, classes: Mapping[str, str], who: str, as_marked: bool = False
) -> NDArray[np.uint8]:
    """Class indices of a mask.

    Args:
        mask: values.
        label: of the case; what a mask is where the classes are named by labels, such as benign or malignant.
        classes: value or label → name; the first is background.
        who: the case, for messages.
        as_marked: take values that the two classes do not name, such as 255 where they are 0 and 1, as the one thing
            that there is (:func:`marked_or_not`) instead of refusing them.

    Raises:
        CohortError: there is no mask, or a value or label is unknown.
    """
    if mask is None:
        raise CohortError(f"Case {who!r} has no mask. Draw an empty one where there is nothing, or leave the case out.")
    keys = list(classes)
    if by_value(classes):
        strange = unnamed(mask, classes)
        if strange and as_marked and marked_or_not(classes):
            return (mask > 0).astype(np.uint8)
        if strange:
            held = ", ".join(map(str, strange[:5]))
            raise CohortError(f"Case {who!r}: the mask holds {held}; known values are {', '.join(keys)}.")
        table = np.zeros(256, np.uint8)
        for index, key in enumerate(keys):
            table[int(key)] = index
        return table[mask]
    if label is None or label not in classes:
        raise CohortError(f"Case {who!r}: the label {label!r} is unknown; known are {', '.join(keys)}.")
    index = keys.index(label)
    if index == 0 and mask.any():
        raise CohortError(f"Case {who!r} is {label!r}, and something is marked in its mask.")
    return np.where(mask > 0, index, 0).astype(np.uint8)


def _size(size: tuple[int, ...]) -> str:
    return " × ".join(map(str, size))
