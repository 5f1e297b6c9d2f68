"""Weights over candidates: learned from who explains the patients, kept when light candidates are left out."""

from __future__ import annotations

import numpy as np
import pytest

from limner.forecast.growth import LAWS
from limner.forecast.population import Population, draw_candidates, learn_weights


def test_candidates_of_every_law_are_drawn_evenly_weighed_and_again_the_same() -> None:
    drawn, again = (draw_candidates(np.random.default_rng(3), per_law=8) for _ in range(2))
    assert list(drawn.parameters) == list(LAWS) and drawn.weights.sum() == pytest.approx(1.0)
    for law, rows in drawn.parameters.items():
        assert rows.shape == (8, len(LAWS[law].parameters))
        assert np.array_equal(rows, again.parameters[law])
    assert drawn.log_sizes(np.array([0.0, 50.0])).shape == (48, 2)


def test_weights_go_to_the_candidates_that_patients_came_from() -> None:
    rng = np.random.default_rng(0)
    truth = rng.choice(3, 400, p=[0.6, 0.3, 0.1])
    readings = truth[:, None] + rng.normal(size=(400, 4)) * 0.6
    each = -0.5 * ((readings[:, :, None] - np.array([0.0, 1.0, 2.0, 7.0])) / 0.6) ** 2
    weights = learn_weights(each[:, :3].sum(axis=1), each[:, 3], np.full(4, 0.25), whole=100, ahead=0)
    assert weights[:3] == pytest.approx([0.6, 0.3, 0.1], abs=0.06) and weights[3] < 1e-3


def test_rounds_raise_the_likelihood_of_what_followed() -> None:
    rng = np.random.default_rng(1)
    known, following = rng.normal(size=(60, 12)), rng.normal(size=(60, 12))

    def of(weights: np.ndarray) -> float:
        before = np.exp(known) * weights
        return float(np.log((before * np.exp(following)).sum(axis=1) / before.sum(axis=1)).sum())

    start = np.full(12, 1 / 12)
    scores = [of(learn_weights(known, following, start, whole=5, ahead=ahead)) for ahead in (0, 5, 20)]
    assert scores[0] < scores[1] < scores[2]


def test_light_candidates_are_left_out_and_the_rest_keep_their_places() -> None:
    population = Population(
        {"exponential": np.array([[0.1], [0.2]]), "gompertz": np.array([[0.3, 1.0]])},
        np.full((2, 3), 1 / 6),
        (0.01, 0.02),
    )
    kept = population.with_weights(np.array([[0.5, 0.0, 0.1], [0.3, 0.0, 0.1]]), least=0.02)
    assert kept.laws == ["exponential", "gompertz"] and kept.parameters["exponential"].tolist() == [[0.1]]
    assert kept.weights.tolist() == [[0.5, 0.1], [0.3, 0.1]]
