import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.tasks import classify
from limner.tasks import multilabel as m


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_figures_over_all_are_means_of_the_classes(seed, classes):
    rng = np.random.default_rng(seed)
    p, there = rng.random((40, classes)), rng.random((40, classes)) < 0.4
    there[0], there[1] = True, False  # both kinds of every class
    each = [(p[:, k], there[:, k]) for k in range(classes)]
    assert m.auc(p, there) == pytest.approx(np.mean([classify.auc_of(*one) for one in each]))
    two = [(np.stack([1 - s, s], 1), y.astype(int)) for s, y in each]
    assert m.accuracy(p, there) == pytest.approx(np.mean([classify.accuracy(*one) for one in two]))
    assert m.balanced_accuracy(p, there) == pytest.approx(np.mean([classify.balanced_accuracy(*one) for one in two]))
    assert m.majority(there) == pytest.approx(np.mean([classify.majority(y) for _, y in two]))


def test_a_class_without_examples_is_left_out_of_the_mean_and_none_gives_no_auc():
    p = np.array([[0.9, 0.4], [0.2, 0.6], [0.8, 0.1]])
    there = np.array([[True, False], [False, False], [True, False]])
    assert m.auc(p, there) == 1.0
    assert m.sensitivity(p, there) == 1.0
    assert m.balanced_accuracy(p, there) == pytest.approx((1.0 + 2 / 3) / 2)
    assert np.isnan(m.auc(p[:, 1:], there[:, 1:]))


def test_one_temperature_mends_all_classes():
    rng = np.random.default_rng(1)
    true_logits = rng.normal(0, 1.5, (3000, 3))
    there = rng.random((3000, 3)) < m.sigmoid(true_logits)
    t = m.fit_temperature(3 * true_logits, there)
    assert t == pytest.approx(3.0, rel=0.12)
    assert m.ece(m.sigmoid(3 * true_logits), there) > 0.08
    assert m.ece(m.sigmoid(3 * true_logits, t), there) < 0.03


def test_abstaining_by_the_least_sure_class_halves_the_wrong_answers():
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 2.5, (3000, 3))
    p = m.sigmoid(logits)
    there = rng.random(p.shape) < p
    wrong = 1 - m.exact(p, there)
    kept = m.sureness(p) >= classify.abstain_below(*m.answers(p, there), 0.5 * wrong)
    assert 0 < kept.mean() < 1
    assert 1 - m.exact(p[kept], there[kept]) <= 0.5 * wrong + 1e-9


def test_a_group_is_there_where_one_of_its_classes_is():
    p = np.array([[0.7, 0.6, 0.1]])
    assert m.group_probability(p, [0, 1], multi_label=True).tolist() == [0.7]
    assert m.group_probability(p, [0, 1], multi_label=False).tolist() == pytest.approx([1.3])
