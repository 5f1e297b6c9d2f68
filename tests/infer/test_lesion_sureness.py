"""What the probabilities of lesions are worth, as an evaluation tells it."""

from __future__ import annotations

import numpy as np
import pytest

from limner.image import Grid, LabelMap
from limner.image.anatomy import label
from limner.infer import Prediction
from limner.infer.evaluate.lesions import lesion_answers, sureness


def test_each_lesion_answers_with_its_probability_and_its_truth() -> None:
    grid = Grid.axial((12, 12, 12), (3.0, 3.0, 3.0))
    array, confidence, truth = np.zeros((3, *grid.shape), np.uint8)
    for z, p, real in ((1, 0.9, True), (5, 0.6, False)):
        array[z : z + 2, 2:6, 2:6] = 2
        confidence[z : z + 2, 2:6, 2:6] = round(255 * p)
        truth[z, 5:8, 5:8] = real
    found = Prediction(LabelMap(array, grid, (label("liver tumor", 2),)), confidence, {}, {}, "none", {})
    answers = sorted(lesion_answers(found, truth > 0, "liver tumor"))
    assert [right for _, right in answers] == [False, True]
    assert [p for p, _ in answers] == pytest.approx([0.6, 0.9], abs=0.005)
    assert lesion_answers(found, truth > 0, "liver") == []


def test_the_threshold_leaves_half_the_errors_among_the_sure() -> None:
    answers = [(0.95, True), (0.9, True), (0.85, False), (0.8, True), (0.7, False), (0.6, False)]
    told, curve = sureness(answers, abstain_below=0.9)
    assert told["lesions_marked"] == 6
    assert told["sure_from"] == 0.8  # 1 of 4 is wrong from there on, 3 of 6 in all
    assert (told["answered"], told["accuracy_of_answered"]) == (pytest.approx(2 / 6, abs=1e-4), 1.0)
    assert curve[0]["risk"] == 0 and curve[-1] == {"coverage": 1.0, "risk": 0.5}
    assert sureness([], 0.5) == ({}, [])
    assert "answered" not in sureness(answers, 0.0)[0]
