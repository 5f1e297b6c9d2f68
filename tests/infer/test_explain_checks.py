"""The checks of explanations, against answers that are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limner.image import Fit, fit_picture
from limner.infer.explain import checks, heat, lime
from limner.infer.explain.ask import put
from tests.infer.explained import dark_pack, spot


@pytest.fixture
def question(tmp_path: Path):
    picture, mask = spot((32, 32), (12, 20), 7)
    return put(dark_pack(tmp_path / "pack"), picture, "onnxruntime"), mask.astype(np.float32)


def test_the_best_order_deletes_soonest_and_inserts_soonest(question) -> None:
    asked, truth = question
    rng = np.random.default_rng(0)
    for curve, sign in ((checks.deletion, 1), (checks.insertion, -1)):
        best, worst, random = (curve(asked, one).area for one in (truth, -truth, rng.normal(size=truth.shape)))
        assert sign * best < sign * random < sign * worst


def test_curves_run_from_the_whole_picture_to_none_of_it(question) -> None:
    asked, truth = question
    curve = checks.deletion(asked, truth, steps=8)
    assert curve.probability[0] == pytest.approx(asked.probability)
    mean = asked.image.reshape(3, -1).mean(1).astype(np.uint8).reshape(3, 1, 1)
    assert curve.probability[-1] == pytest.approx(float(asked.ask([np.broadcast_to(mean, asked.image.shape)])[0]))
    assert checks.insertion(asked, truth, steps=8).probability[-1] == pytest.approx(asked.probability)


def test_heat_that_knows_beats_random_heat_and_a_lie_does_not(question) -> None:
    asked, truth = question

    def blind(rng: np.random.Generator) -> np.ndarray:
        return rng.normal(size=truth.shape)

    assert all(one.passed for one in checks.faithful(asked, truth, blind, np.random.default_rng(1)))
    assert not any(one.passed for one in checks.faithful(asked, -truth, blind, np.random.default_rng(1)))


def test_pointing_game_and_its_baseline() -> None:
    mask = np.zeros((20, 20), bool)
    mask[2:6, 2:6] = True
    warm = np.zeros((20, 20))
    warm[3, 4] = 1
    assert checks.points_inside(warm, mask) and not checks.center_inside(mask)
    assert not checks.points_inside(np.zeros((20, 20)), ~mask)
    assert not checks.points_inside(warm[::-1], mask) and checks.center_inside(~mask)
    even = checks.energy_inside(np.ones((20, 20)), mask)
    assert even.value == pytest.approx(even.baseline) == pytest.approx(16 / 400)
    assert checks.energy_inside(warm, mask).value == 1.0


def test_a_map_that_ignores_the_weights_fails() -> None:
    rng = np.random.default_rng(0)
    edges = rng.normal(size=(12, 12))
    assert not checks.depends_on_weights(edges, [edges, edges + 0.1 * rng.normal(size=(12, 12))]).passed
    assert checks.depends_on_weights(edges, [rng.normal(size=(12, 12)) for _ in range(4)]).passed


def test_spearman_is_scipys() -> None:
    from scipy.stats import spearmanr

    a, b = np.random.default_rng(0).integers(0, 9, (2, 50)).astype(float)
    assert checks.spearman(a, b) == pytest.approx(float(spearmanr(a, b).statistic))
    assert checks.spearman(a, np.ones(50)) == 0.0


def test_a_linear_answer_is_found_exactly() -> None:
    rng = np.random.default_rng(0)
    truth = np.array([0.3, -0.1, 0.0, 0.2])
    shown = lime.sample(rng, 200, 4)
    local = lime.fit_local(shown, shown @ truth + 0.25, ridge=1e-9)
    assert np.allclose(local.weights, truth, atol=1e-6)
    assert local.intercept == pytest.approx(0.25, abs=1e-6) and local.r2 == pytest.approx(1.0)
    assert shown[0].all() and 0.4 < shown[1:].mean() < 0.6


def test_what_is_hidden_takes_the_mean_colour_and_no_more(question) -> None:
    asked, _ = question
    image = asked.image
    segments = lime.superpixels(image, (slice(2, 30), slice(0, 32)), 6)
    assert (segments[:2] == 0).all() and (segments[2:30] > 0).all()
    shown = np.ones(segments.max(), bool)
    shown[0] = False
    hidden = lime.hide(asked, segments, shown)
    assert np.array_equal(hidden[:, segments != 1], image[:, segments != 1])
    mean = image.reshape(3, -1).mean(1).astype(np.uint8)
    assert (hidden[:, segments == 1] == mean[:, None]).all()


def test_supervoxels_cover_a_volume() -> None:
    image = np.random.default_rng(0).integers(0, 255, (1, 12, 16, 16)).astype(np.uint8)
    segments = lime.superpixels(image, (slice(None),) * 3, 20)
    assert set(np.unique(segments)) == set(range(1, int(segments.max()) + 1)) and segments.max() > 4


def test_maps_come_back_to_the_source_where_they_belong() -> None:
    """A bright square keeps its place through fitting, a coarse map, and the way back."""
    source = np.zeros((1, 60, 90), np.uint8)
    source[0, 10:20, 60:75] = 255
    fitted, fit = fit_picture(source, (48, 48))
    coarse = fitted[0].reshape(24, 2, 24, 2).mean((1, 3))
    back = heat.to_source(coarse, fit)
    assert back.shape == (60, 90)
    middle = (np.indices(back.shape) * back).sum((1, 2)) / back.sum()
    assert np.allclose(middle, (14.5, 67), atol=0.3)
    labels = heat.labels_to_source((fitted[0] > 127).astype(int), fit)
    assert labels[12:18, 62:73].all() and labels.sum() == pytest.approx(150, rel=0.25)


def test_a_linear_slope_stays_linear() -> None:
    slope = heat.to_source(np.arange(8.0)[None].repeat(8, 0), Fit((32, 32), (16, 16), 0.5, (0, 0)))
    assert np.allclose(np.diff(slope[0, 2:-2]), 0.25)
