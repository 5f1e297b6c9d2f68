"""The filter along a candidate, beside the joint normal distribution that it stands for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from limner.forecast import reading
from limner.forecast.follow import START_SD, follow, log_likelihood
from limner.forecast.growth import gompertz
from limner.forecast.population import Population
from limner.forecast.series import Series

SERIES = Series("a", np.array([-10.0, 30.0, 75.0, 120.0]), np.array([9.0, 10.5, 8.0, 11.0]), (160.0, 300.0))
RATE, LIMIT, WANDER = 0.006, 0.9, 0.02


def test_means_and_variances_are_those_of_the_joint_normal_distribution() -> None:
    population = Population({"gompertz": np.array([[RATE, LIMIT]])}, np.array([[1.0]]), (WANDER,))
    found = follow(SERIES, population)

    days = np.concatenate([SERIES.days, SERIES.asked]) + 10.0
    sizes = reading.size_mm(SERIES.volumes_ml)
    mean = np.log(sizes[0]) + gompertz(days, RATE, LIMIT) / 3
    walk = START_SD**2 + WANDER**2 * np.minimum(days[:, None], days[None, :])
    seen = walk[:4, :4] + np.diag(reading.noise_variance(sizes))
    gain = walk[4:, :4] @ np.linalg.inv(seen)
    assert found.log_sizes[:, 0, 0] == pytest.approx(mean[4:] + gain @ (np.log(sizes) - mean[:4]))
    assert found.variances[:, 0] == pytest.approx(np.diag(walk[4:, 4:] - gain @ walk[:4, 4:]))
    joint = multivariate_normal(mean[:4], seen).logpdf(np.log(sizes)) + 2 * np.log(2 * np.pi)
    assert found.evidence[0, 0] == pytest.approx(joint, abs=0.1)  # beside it: strays, and the chance of being missed


def test_nearer_candidates_have_more_evidence() -> None:
    grown = Series("a", np.array([0.0, 60.0, 120.0]), 5 * np.exp(0.01 * np.array([0.0, 60.0, 120.0])))
    population = Population({"exponential": np.array([[-0.01], [0.0], [0.01]])}, np.full((1, 3), 1 / 3), (0.01,))
    assert np.argmax(follow(grown, population).evidence[0]) == 2


def test_a_reading_of_nothing_is_likely_for_small_lesions_only() -> None:
    likelihood = np.exp(log_likelihood(0.0, np.log(np.array([1.0, 4.0, 30.0])), 0.01))
    assert likelihood[0] > 0.95 and likelihood[1] == pytest.approx(0.5, abs=0.02) and likelihood[2] < 0.02


@pytest.mark.parametrize("volumes", [[0.0, 0.0], [5.0, 0.0], [0.0, 3.0]])
def test_lesions_that_go_and_come_have_finite_evidence(volumes: list[float]) -> None:
    population = Population({"exponential": np.array([[0.0], [0.02]])}, np.full((1, 2), 0.5), (0.01,))
    found = follow(Series("a", np.array([0.0, 40.0]), np.array(volumes), (80.0,)), population)
    assert np.isfinite(found.evidence).all() and np.isfinite(found.log_sizes).all()
