"""Detection figures against cases counted by hand."""

import numpy as np
import pytest

from limner.tasks.boxes import Marks
from limner.tasks.detect import (
    AGAIN,
    FALSE,
    Held,
    average_precision,
    fit_platt,
    froc,
    hold,
    inside,
    overlaps,
    presence_logits,
)


def _held(scores, hits, truths):
    return Held("p", np.array(scores, float), np.array(hits), truths)


def test_froc_by_hand():
    # two scans, three lesions: true .9, false .8, true .7 (scan 1); true .6, false .5 (scan 2)
    curve = froc([_held([0.9, 0.8, 0.7], [0, FALSE, 1], 2), _held([0.6, 0.5], [0, FALSE], 1)])
    assert curve.at(0.125) == pytest.approx(1 / 3)
    assert curve.at(0.5) == pytest.approx(1.0)
    assert curve.threshold(0.5) == 0.6
    assert curve.score == pytest.approx((2 * (1 / 3) + 5 * 1.0) / 7)


def test_marks_of_one_score_are_shown_together():
    curve = froc([_held([0.5, 0.5], [0, FALSE], 1)])
    assert curve.at(0.5) == 0.0
    assert curve.at(1.0) == 1.0


def test_nothing_to_find_is_refused():
    with pytest.raises(ValueError, match="nothing to find"):
        froc([_held([0.5], [FALSE], 0)])
    assert np.isnan(average_precision([_held([0.5], [FALSE], 0)]))


def test_average_precision_by_hand():
    # true, false, true of two: precision 1 up to recall 1/2, then 2/3
    assert average_precision([_held([0.9, 0.8, 0.7], [0, FALSE, 1], 2)]) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_a_second_mark_counts_neither_way_in_froc_and_is_false_in_precision():
    marks = Marks(
        np.array([[0, 0, 10, 10], [1, 1, 9, 9], [50, 50, 60, 60.0]]), np.array([0.9, 0.8, 0.7]), np.zeros(3, int)
    )
    held = hold(marks, np.array([[0, 0, 10, 10.0]]), np.zeros(1, int), inside, "p")
    assert held.hits.tolist() == [0, AGAIN, FALSE]
    assert froc([held]).false[-1] == 1
    once = _held([0.9, 0.7], [0, FALSE], 1)
    both = _held([0.9, 0.95, 0.7], [0, AGAIN, FALSE], 1)
    assert average_precision([both]) < average_precision([once])


def test_a_mark_finds_only_its_own_class():
    marks = Marks(np.array([[0, 0, 10, 10.0]]), np.array([0.9]), np.array([1]))
    assert hold(marks, np.array([[0, 0, 10, 10.0]]), np.zeros(1, int), overlaps(0.5), "p").hits.tolist() == [FALSE]


@pytest.mark.parametrize(("least", "hit"), [(0.3, 0), (0.5, FALSE)])
def test_overlap_decides(least, hit):
    marks = Marks(np.array([[0, 5, 10, 15.0]]), np.array([0.9]), np.zeros(1, int))  # a third overlaps
    assert hold(marks, np.array([[0, 0, 10, 10.0]]), np.zeros(1, int), overlaps(least), "p").hits.tolist() == [hit]


def test_platt_brings_shifted_logits_back():
    rng = np.random.default_rng(0)
    z = rng.normal(0, 2, 4000)
    positive = rng.random(4000) < 1 / (1 + np.exp(-z))
    platt = fit_platt(3 * z + 5, positive)
    assert platt.temperature == pytest.approx(3, rel=0.1)
    assert platt.bias == pytest.approx(-5 / 3, rel=0.15)


def test_few_cases_move_the_temperature_little():
    assert 0.3 < fit_platt(np.array([3.0, -3.0]), np.array([True, False])).temperature < 3.0


def test_presence_is_the_mean_of_the_surest_cells():
    assert presence_logits(np.array([[[1.0, 5.0], [3.0, 2.0]]]), 2).tolist() == [4.0]
