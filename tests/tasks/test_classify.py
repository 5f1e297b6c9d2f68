import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.tasks import classify as c


def _slow_auc(scores, positive):
    """Every pair of a positive and a negative, counted."""
    won = [float(a > b) + 0.5 * float(a == b) for a in scores[positive] for b in scores[~positive]]
    return float(np.mean(won))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=4, max_size=30))
def test_auc_is_the_share_of_pairs_in_order(rows):
    scores, positive = np.array([s for s, _ in rows], float), np.array([p for _, p in rows])
    if positive.all() or not positive.any():
        assert np.isnan(c.auc_of(scores, positive))
    else:
        assert c.auc_of(scores, positive) == pytest.approx(_slow_auc(scores, positive))


def test_a_majority_is_accurate_and_not_balanced():
    labels = np.array([0] * 9 + [1])
    p = np.tile([0.9, 0.1], (10, 1))
    assert c.accuracy(p, labels) == pytest.approx(0.9) == c.majority(labels)
    assert c.balanced_accuracy(p, labels) == pytest.approx(0.5)
    assert c.auc(p, labels) == pytest.approx(0.5)


def test_the_threshold_at_a_specificity_leaves_that_many_negatives_alone():
    rng = np.random.default_rng(0)
    positive = rng.random(400) < 0.3
    scores = rng.normal(size=400) + positive
    found = c.at_specificity(scores, positive, 0.9)
    assert found.specificity >= 0.9
    assert c.operate(scores, positive, found.threshold - 0.05).specificity < found.specificity + 1e-9
    assert found.sensitivity == pytest.approx((scores[positive] >= found.threshold).mean())


def test_temperature_mends_a_net_that_is_too_sure():
    rng = np.random.default_rng(1)
    true_logits = rng.normal(0, 1.5, (4000, 4))
    p = c.softmax(true_logits)
    labels = np.array([rng.choice(4, p=one) for one in p])
    too_sure = true_logits * 3
    t = c.fit_temperature(too_sure, labels)
    assert t == pytest.approx(3.0, rel=0.12)
    assert c.ece(c.softmax(too_sure), labels) > 0.15
    assert c.ece(c.softmax(too_sure, t), labels) < 0.03


def test_a_few_right_answers_do_not_make_a_net_surer():
    logits = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.5], [0.5, 0.0], [0.0, 0.2]])
    right = np.array([0, 0, 1, 0, 1])
    assert c.fit_temperature(logits, right, trust=100.0) < 0.06  # what the five alone would say
    assert c.fit_temperature(logits, right) > 0.5
    many = np.repeat(logits, 200, 0), np.repeat(right, 200)
    assert c.fit_temperature(*many) < 0.25  # a thousand are believed


def test_abstaining_lowers_the_risk_to_what_was_asked():
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 2, (3000, 3))
    p = c.softmax(logits)
    labels = np.array([rng.choice(3, p=one) for one in p])
    asked = 0.5 * (1 - c.accuracy(p, labels))
    threshold = c.abstain_below(p, labels, asked)
    answered = p.max(1) >= threshold
    assert 0 < answered.mean() < 1
    assert 1 - c.accuracy(p[answered], labels[answered]) <= asked + 1e-9
    curve = c.risk_coverage(p, labels)
    assert curve.risk[-1] == pytest.approx(1 - c.accuracy(p, labels))
    assert 0 < curve.area < curve.risk[-1]


def test_a_risk_that_no_threshold_reaches_answers_nothing():
    p, labels = np.tile([0.6, 0.4], (5, 1)), np.ones(5, int)
    assert c.abstain_below(p, labels, 0.1) == 1.0


def test_reliability_counts_every_example_once():
    p = np.array([[0.95, 0.05], [0.55, 0.45], [0.55, 0.45]])
    found = c.reliability(p, np.array([0, 0, 1]))
    assert found.count.sum() == 3
    assert found.ece == pytest.approx((abs(0.95 - 1) + 2 * abs(0.55 - 0.5)) / 3)
