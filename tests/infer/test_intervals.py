"""Intervals of figures: of few patients none may have no width."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from limner.infer.evaluate.classify import Draws
from limner.infer.evaluate.detect import intervals
from limner.infer.evaluate.figures import EvaluateOptions, exact_interval, mean_interval, ratio_interval
from limner.tasks import classify, multilabel

OPTIONS = EvaluateOptions(bootstrap=200)


@pytest.mark.parametrize("right", [0, 1, 7, 12])
def test_the_exact_interval_is_where_the_binomial_law_puts_it(right):
    low, high = exact_interval(right / 12, 12)
    assert low <= right / 12 <= high
    if right:
        assert stats.binom.sf(right - 1, 12, low) == pytest.approx(0.025)
    if right < 12:
        assert stats.binom.cdf(right, 12, high) == pytest.approx(0.025)


def test_it_holds_the_true_share_where_the_bootstrap_does_not():
    rng = np.random.default_rng(0)
    held = {"exact": 0, "bootstrap": 0}
    for found in rng.random((300, 8)) < 0.95:  # mostly all eight are right
        told = mean_interval([[float(one)] for one in found], OPTIONS, share=True)
        plain = mean_interval([[float(one)] for one in found], OPTIONS)
        held["exact"] += told.low <= 0.95 <= told.high
        held["bootstrap"] += plain.low <= 0.95 <= plain.high
    assert held["exact"] > 0.95 * 300 > 2 * held["bootstrap"]


def test_patients_are_the_tries_and_not_their_lesions():
    lesions = ratio_interval(np.array([10, 12, 0]), np.array([10, 12, 0]), OPTIONS, share=True)
    assert (lesions.low, lesions.high) == tuple(round(end, 4) for end in exact_interval(1.0, 2))


def test_what_varies_keeps_its_bootstrap():
    patients = [[1.0], [0.0], [1.0], [1.0], [0.0], [1.0]]
    assert mean_interval(patients, OPTIONS, share=True) == mean_interval(patients, OPTIONS)


def test_a_classifier_that_is_always_right_is_not_certain():
    labels = np.array([0] * 20 + [1] * 5 + [2] * 3)
    found = Draws(np.arange(28), OPTIONS).all(
        {
            "accuracy": classify.accuracy,
            "balanced_accuracy": classify.balanced_accuracy,
            "auc": classify.auc,
        },
        np.eye(3)[labels],
        labels,
    )
    assert found["accuracy"].low == round(exact_interval(1.0, 28)[0], 4)
    assert found["balanced_accuracy"].low == round(exact_interval(1.0, 3)[0], 4)  # the rarest class has three
    assert found["auc"].low == found["auc"].high == 1


def test_sensitivity_counts_those_who_have_it_and_specificity_those_who_have_not():
    labels = np.array([0] * 20 + [1] * 5)
    metrics = {
        "sensitivity": lambda p, y: classify.operate(p[:, 1], y == 1).sensitivity,
        "specificity": lambda p, y: classify.operate(p[:, 1], y == 1).specificity,
    }
    found = Draws(np.arange(25), OPTIONS).all(metrics, np.eye(2)[labels], labels)
    assert found["sensitivity"].low == round(exact_interval(1.0, 5)[0], 4)
    assert found["specificity"].low == round(exact_interval(1.0, 20)[0], 4)


def test_classes_that_may_be_there_at_once():
    there = np.array([[True, False]] * 4 + [[False, True]] * 6)
    found = Draws(np.arange(10), OPTIONS).all(
        {"sensitivity": multilabel.sensitivity, "exact": multilabel.exact}, there.astype(float), there
    )
    assert found["sensitivity"].low == round(exact_interval(1.0, 4)[0], 4)
    assert found["exact"].low == round(exact_interval(1.0, 10)[0], 4)


def test_pictures_with_boxes():
    cases = [SimpleNamespace(patient=str(k // 2), label=int(k < 4)) for k in range(16)]
    metrics = {
        "accuracy": lambda some: 1.0,
        "balanced_accuracy": lambda some: 1.0,
        "sensitivity": lambda some: 1.0 if any(one.label for one in some) else float("nan"),
        "ap50": lambda some: 1.0,
    }
    found = intervals(metrics, cases, OPTIONS)
    assert found["accuracy"].low == round(exact_interval(1.0, 8)[0], 4)
    assert found["sensitivity"].low == found["balanced_accuracy"].low == round(exact_interval(1.0, 2)[0], 4)
    assert found["ap50"].low == 1
