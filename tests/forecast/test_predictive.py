"""Distributions of a reading: quantiles undo the distribution function, and mixtures are what sampling gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner.forecast import reading
from limner.forecast.follow import follow
from limner.forecast.population import Population
from limner.forecast.predictive import MIDDLE_FROM, MIDDLE_TO, Predictive, predictive
from limner.forecast.series import Series

POPULATION = Population(
    {"exponential": np.array([[-0.02], [0.0], [0.006]])}, np.array([[0.2, 0.1, 0.2], [0.1, 0.2, 0.2]]), (0.01, 0.03)
)


@pytest.fixture(scope="module")
def raw() -> Predictive:
    series = Series("a", np.array([0.0, 40.0]), np.array([14.0, 15.0]), (90.0,))
    return predictive(follow(series, POPULATION), POPULATION.weights, 0, float(reading.size_mm(15.0)))


@given(level=st.floats(0.01, 0.99), same=st.floats(0.0, 0.6))
def test_a_quantile_undoes_the_distribution(raw: Predictive, level: float, same: float) -> None:
    one = replace(raw, same=same)
    size = one.quantile(level)
    assert float(one.cdf(size)) >= level - 1e-6
    if size > 0:
        assert float(one.cdf(size - 1e-6)) <= level + 1e-6


def test_the_mixture_is_what_sampling_gives(raw: Predictive) -> None:
    rng = np.random.default_rng(0)
    series = Series("a", np.array([0.0, 40.0]), np.array([14.0, 15.0]), (90.0,))
    followed = follow(series, POPULATION)
    drawn = rng.choice(6, 100_000, p=POPULATION.weights.ravel())
    logs, kind = followed.log_sizes[0].ravel()[drawn], drawn // 3
    noise = reading.noise_variance(np.exp(logs))
    sizes = np.exp(logs + rng.normal(size=len(drawn)) * np.sqrt(followed.variances[0][kind] + noise))
    sizes[rng.random(len(drawn)) < reading.unseen(logs)] = 0
    for level in (0.1, 0.25, 0.5, 0.75, 0.9):  # readings that stray make the tails a little longer
        assert raw.quantile(level) == pytest.approx(float(np.quantile(sizes, level)), rel=0.03)


def test_recalibration_without_shift_and_spread_changes_nothing(raw: Predictive) -> None:
    same = raw.recalibrated(0.0, 1.0, 0.0)
    assert same.quantile(0.9) == pytest.approx(raw.quantile(0.9), rel=1e-3)
    assert raw.recalibrated(0.5, 1.0, 0.0).quantile(0.5) > raw.quantile(0.5)
    wider = raw.recalibrated(0.0, 1.5, 0.0)
    assert wider.quantile(0.9) > raw.quantile(0.9) and wider.quantile(0.1) < raw.quantile(0.1)


@pytest.mark.parametrize("same", [0.0, 0.3])
@pytest.mark.parametrize("whole", [True, False])
def test_the_middle_lies_in_the_middle_half(raw: Predictive, same: float, whole: bool) -> None:
    one = replace(raw, same=same)
    assert one.quantile(MIDDLE_FROM) <= one.middle(whole) <= one.quantile(MIDDLE_TO)


def test_a_likely_repetition_is_the_middle(raw: Predictive) -> None:
    assert replace(raw, same=0.6).middle(whole=False) == raw.last_mm
