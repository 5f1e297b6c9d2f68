"""Slices in which a missing sequence was replaced by another are found and left out."""

import numpy as np
import pytest

from limner.data.examples import Example, Examples
from limner.data.pairs import copies, whole_pairs
from limner.errors import CohortError

NAMES = ["pre", "flair", "post"]


def example(name: str, *copied: tuple[int, int]) -> Example:
    image = np.random.default_rng(len(name)).integers(0, 255, (3, 8, 8)).astype(np.uint8)
    for source, target in copied:
        image[target] = image[source]
    return Example(name, image, f"patient of {name}")


WHOLE, NO_POST, NO_PRE = example("whole"), example("no post", (1, 2)), example("no pre", (1, 0))


def test_only_copies_are_copies():
    assert copies(WHOLE.image, NAMES) == []
    assert copies(NO_POST.image, NAMES) == [("flair", "post")]
    assert len(copies(example("only flair", (1, 0), (1, 2)).image, NAMES)) == 3


def test_what_is_no_pair_is_left_out_with_the_reason():
    found = whole_pairs(Examples((WHOLE, NO_POST, NO_PRE), (("damaged", "why"),)), NAMES, NAMES)
    assert [row.id for row in found.rows] == ["whole"]
    assert [name for name, _ in found.left_out] == ["damaged", "no post", "no pre"]
    assert "flair and post hold the same pixels" in found.left_out[1][1]


def test_only_what_is_asked_for_must_be_there():
    found = whole_pairs(Examples((WHOLE, NO_POST)), NAMES, ["pre", "flair"])
    assert [row.id for row in found.rows] == ["whole", "no post"]


def test_a_set_without_a_pair_is_refused():
    with pytest.raises(CohortError, match="None of 1 pictures"):
        whole_pairs(Examples((NO_PRE,)), NAMES, NAMES)
