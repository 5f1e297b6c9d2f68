"""Pictures whose channels are sequences of one slice, and those of them that are no pair: a channel is a copy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from limner.data.examples import Example, Examples
from limner.errors import CohortError


def copies(image: NDArray[np.uint8], names: Sequence[str]) -> list[tuple[str, str]]:
    """Channels that hold the same pixels: one was missing, and another was put in its place.

    Args:
        image: ``(C, Y, X)``.
        names: of the channels.

    >>> copies(np.stack([np.zeros((2, 2)), np.eye(2), np.eye(2)]).astype(np.uint8), ["pre", "flair", "post"])
    [('flair', 'post')]
    """
    return [(names[a], names[b]) for a, b in combinations(range(len(names)), 2) if np.array_equal(image[a], image[b])]


def whole_pairs(examples: Examples, names: Sequence[str], asked: Sequence[str]) -> Examples:
    """The examples whose asked channels are all there; the others join those that are left out, with the reason.

    A net that learned from a copy would learn to copy, and a figure on one would be a figure of nothing.

    Args:
        examples: their channels are ``names``, in that order.
        asked: the channels that are needed.

    Raises:
        CohortError: none is left.
    """
    rows: list[Example] = []
    left = list(examples.left_out)
    places = [names.index(one) for one in asked]
    for row in examples.rows:
        same = copies(row.image[places], asked)
        if same:
            told = " and ".join(f"{a} and {b}" for a, b in same)
            left.append((row.id, f"no pair: {told} hold the same pixels, so one of them is missing"))
        else:
            rows.append(row)
    if examples.rows and not rows:
        raise CohortError(
            f"None of {len(examples.rows)} pictures holds {', '.join(asked)} as channels that differ; their channels "
            f"are taken as {', '.join(names)}. Do the channels' names stand in the pictures' order?"
        )
    return Examples(tuple(rows), tuple(left))
