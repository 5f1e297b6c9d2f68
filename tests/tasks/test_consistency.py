import numpy as np
import pytest

from limner.tasks import classify
from limner.tasks.consistency import gaps_of, of_answers, of_clusters
from limner.tasks.pixels import ForegroundBins


def _answers(rng, n, shift=0.0):
    """Probabilities of the answer given, and whether it was right; ``shift`` too sure."""
    said = rng.uniform(0.5, 1, n)
    return said, rng.random(n) < np.clip(said - shift, 0, 1)


def _p(rng, count, n, shift=0.0):
    found = [of_answers(*_answers(rng, n, shift), np.arange(n), seed) for seed in range(count)]
    return np.array([one.p for one in found]), found


def test_a_calibrated_net_is_suspected_as_often_as_chance_has_it():
    p, found = _p(np.random.default_rng(0), 120, 19)
    assert 0.38 < p.mean() < 0.62
    assert (p <= 0.05).mean() <= 0.1 and (p <= 0.5).mean() == pytest.approx(0.5, abs=0.15)
    assert np.mean([one.low == 0 for one in found]) > 0.93  # the interval holds the truth, which is 0
    inside = [one.expected_low <= one.ece <= one.expected_high for one in found]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.06)


def test_a_net_that_is_too_sure_is_found_out_where_cases_suffice():
    rng = np.random.default_rng(1)
    assert np.median(_p(rng, 20, 300, 0.15)[0]) < 0.01
    few = _p(rng, 20, 16, 0.15)[0]
    assert np.median(few) > 0.02  # sixteen do not tell


def test_the_error_is_the_one_that_classifiers_are_told():
    rng = np.random.default_rng(2)
    p = rng.dirichlet(np.ones(4), 200)
    labels = rng.integers(4, size=200)
    found = of_answers(p.max(1), p.argmax(1) == labels, np.arange(200))
    assert found.ece == pytest.approx(classify.ece(p, labels))
    assert set(found.told()) >= {"ece", "ece_low", "ece_high", "ece_expected", "p_calibrated"}


def test_bins_are_the_same_everywhere():
    rng = np.random.default_rng(3)
    p = rng.dirichlet([1, 1], 400)
    right = p.argmax(1) == (rng.random(400) < p[:, 1])
    labels = np.where(right, p.argmax(1), 1 - p.argmax(1))
    pixels = ForegroundBins(least=0.0)
    pixels.add(p.max(1), right)
    drawn, believed = classify.reliability(p, labels), gaps_of(p.max(1), right, np.arange(400))
    np.testing.assert_array_equal(drawn.count, believed.count.sum(0))
    np.testing.assert_array_equal(drawn.count, pixels.sums[0, 0])


def test_answers_of_one_patient_are_not_taken_for_many():
    rng = np.random.default_rng(3)
    said = rng.uniform(0.5, 1, 12)
    said, patients = np.repeat(said, 20), np.repeat(np.arange(12), 20)
    came = (rng.random(12)[patients]) < said
    together, apart = of_answers(said, came, patients), of_answers(said, came, np.arange(240))
    assert together.expected > 2 * apart.expected
    assert together.p > 0.05 > apart.p  # taken apart, a calibrated net would be called a liar


def _pixels(rng, patients, shift, scatter):
    """Patients with 500 pixels each, their own shift about a common one."""
    said = rng.uniform(0.1, 0.9, (patients, 500))
    off = shift + rng.normal(0, scatter, (patients, 1))
    came = rng.random(said.shape) < np.clip(said - off, 0, 1)
    return gaps_of(said.ravel(), came.ravel(), np.arange(patients).repeat(500))


def test_pixels_are_judged_by_patient():
    rng = np.random.default_rng(4)
    honest = [of_clusters(_pixels(rng, 16, 0.0, 0.15), seed) for seed in range(60)]
    assert 0.35 < np.mean([one.p for one in honest]) < 0.65
    assert np.mean([one.p <= 0.05 for one in honest]) <= 0.12
    assert np.mean([one.expected for one in honest]) > 0.02  # pixel by pixel it would be below that
    wrong = [of_clusters(_pixels(rng, 16, 0.2, 0.05), seed) for seed in range(20)]
    assert np.median([one.p for one in wrong]) < 0.01
    assert all(one.low > 0 for one in wrong)


def test_bars_hold_the_diagonal():
    rng = np.random.default_rng(5)
    said, came = _answers(rng, 400)
    found = of_answers(said, came, np.arange(400))
    filled = ~np.isnan(found.bars[0])
    middle = (np.arange(15) + 0.5) / 15
    assert filled.sum() == 8  # from one half on
    assert (found.bars[0][filled] <= middle[filled] + 0.04).all()
    assert (found.bars[1][filled] >= middle[filled] - 0.04).all()
