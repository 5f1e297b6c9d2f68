"""A label map as a channel for each class, as a net takes what it is to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def inside_of(classes: Sequence[str], regions: Mapping[str, Sequence[str]]) -> dict[int, tuple[int, ...]]:
    """Organ → what lies inside it, as values of a label map.

    >>> inside_of(["background", "liver", "tumor"], {"liver": ["tumor"]})
    {1: (2,)}
    """
    place = {name: number for number, name in enumerate(classes)}
    return {
        place[organ]: tuple(place[one] for one in some if one in place)
        for organ, some in regions.items()
        if organ in place
    }


def label_channels(
    labels: NDArray[np.uint8], classes: int, inside: Mapping[int, Sequence[int]] | None = None
) -> NDArray[np.uint8]:
    """1 where a class is, ``(classes - 1, *size)``; an organ is also where what lies inside it is.

    So a liver stays the same whether its tumours are shown or not.

    Args:
        labels: ``(*size)``, 0 for background.
        classes: with background.
        inside: value of an organ → values that lie inside it.

    >>> label_channels(np.array([0, 1, 2], np.uint8), 3, {1: (2,)}).tolist()
    [[0, 1, 1], [0, 0, 1]]
    """
    known = inside or {}
    each = [np.isin(labels, (value, *known.get(value, ()))) for value in range(1, classes)]
    return np.stack(each).astype(np.uint8) if each else np.zeros((0, *labels.shape), np.uint8)
