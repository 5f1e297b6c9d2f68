"""From a seed to now, the fit of one or two sights, futures, and whole trials."""

from __future__ import annotations

import math

import numpy as np
import pytest

from limner.forecast.space.contour import soft_volume_ml
from limner.forecast.space.ensemble import Start, draw_normals, futures
from limner.forecast.space.fit import OUTER, fit
from limner.forecast.space.medium import Medium
from limner.forecast.space.prior import Prior, rates
from limner.forecast.space.question import Question, Settings, Sight
from limner.forecast.space.radial import Now
from limner.forecast.space.simulate import Noise, coarse, draw_sights, simulate
from limner.forecast.space.solver import Rates, Steps, grow
from limner.forecast.space.start import Contour, ball_radius_mm, on_grid
from limner.forecast.space.trial import WIDE, Trial, run_trial

CLEAN = Noise(1e-6, 8.0, 0.0)


def test_the_profile_of_a_round_tumour_is_what_the_solver_grows_from_a_seed():
    width, own = 2.0, Rates(0.08, 0.02)
    axis = np.arange(96) - 47.5
    r = np.sqrt(axis[None, :, None] ** 2 + axis[None, None, :] ** 2)
    medium = Medium(np.ones((1, 96, 96), bool), (1.0, 1.0, 1.0))
    start = 0.5 * np.exp(-(r**2) / (2 * 1.6**2))
    state = next(grow(medium, start, own, [300], steps=Steps(whole=True, threads=1)))
    radius = math.sqrt(soft_volume_ml(state.c, OUTER, medium) * 1000 / math.pi)
    now = Now(width, radius, math.log(0.5 * (1.6 / width) ** 3), OUTER, 2)
    assert now.at(r - radius) == pytest.approx(state.c, abs=0.02)
    assert now.age_days(own.growth) == pytest.approx(300, rel=0.02)


def test_speed_and_width_are_d_and_rho():
    found = rates(math.log(0.1), math.log(2.0))
    assert found.speed_mm_per_day == pytest.approx(0.1) and found.width_mm == pytest.approx(2.0)
    moved = Prior(0.1, 0.5, 2.0, 0.4).moved(growth=4.0, diffusion=1.0)
    assert moved.speed_mm_per_day == pytest.approx(0.2) and moved.width_mm == pytest.approx(1.0)


def test_a_coarse_grid_runs_its_fronts_as_space_does():
    own = rates(math.log(0.1), math.log(2.0))
    advance = {}
    for h in (0.5, 2.0):
        n = round(160 / h)
        medium = Medium(np.ones((1, 1, n), bool), (h, h, h))
        start = 0.9 / (1 + np.exp(((np.arange(n) + 0.5) * h - 30) / 1.5))[None, None, :]
        used = own if h < 1 else on_grid(math.log(0.1), math.log(2.0), medium)[0]
        first, second = grow(medium, start, used, [200, 800], steps=Steps(0.05, whole=True, threads=1))
        advance[h] = (second.c.sum() - first.c.sum()) * h
    assert advance[2.0] == pytest.approx(advance[0.5], rel=0.03)


def test_the_questions_slopes_are_those_of_finite_differences():
    truth = simulate(np.random.default_rng(4), 2)
    sights = draw_sights(truth, Noise(), np.random.default_rng(5), core=True, twice=True)
    question = Question(coarse(truth.fine), tuple(sights), Settings())
    at = np.array([math.log(0.07), math.log(2.1), 0.1, -0.1, -2.0])
    residual, slopes = question.ask(at)
    assert residual.shape == (len(question.told_by),)
    for k in range(5):
        step = np.zeros(5)
        step[k] = 2e-3
        numeric = (question.ask(at + step)[0] - question.ask(at - step)[0]) / 4e-3
        assert slopes[:, k] == pytest.approx(numeric, abs=0.02 * max(1.0, np.abs(numeric).max()))


@pytest.mark.parametrize("seed", [31, 32])
def test_without_noise_two_sights_with_cores_give_d_and_rho(seed):
    rng = np.random.default_rng(seed)
    truth = simulate(rng, 2)
    found = fit(coarse(truth.fine), draw_sights(truth, CLEAN, rng, core=True, twice=True), WIDE)
    assert found.rates.diffusion == pytest.approx(truth.rates.diffusion, rel=0.15)
    assert found.rates.growth == pytest.approx(truth.rates.growth, rel=0.15)


def test_without_cores_two_contours_tell_the_product_and_leave_the_ratio_to_the_prior():
    rng = np.random.default_rng(33)
    truth = simulate(rng, 2)
    found = fit(coarse(truth.fine), draw_sights(truth, Noise(), rng, core=False, twice=True), WIDE)
    spread = np.sqrt(np.diag(found.covariance))
    assert spread[0] < 0.3 * WIDE.speed_spread  # log of 2 sqrt(D rho)
    assert spread[1] > 0.8 * WIDE.width_spread  # log of sqrt(D / rho)
    low, _, high = found.interval("speed", z=2.5)
    assert low < truth.rates.speed_mm_per_day < high


def test_one_contour_leaves_everything_to_the_prior():
    rng = np.random.default_rng(34)
    truth = simulate(rng, 2)
    found = fit(coarse(truth.fine), draw_sights(truth, Noise(), rng, core=False, twice=False), WIDE)
    assert found.told_by == () and found.noise_mm is None
    assert np.exp(found.mean[:2]) == pytest.approx([WIDE.speed_mm_per_day, WIDE.width_mm])
    assert np.sqrt(np.diag(found.covariance))[:2] == pytest.approx([WIDE.speed_spread, WIDE.width_spread])


def test_time_runs_forwards():
    contour = Contour(OUTER, np.zeros((4, 4, 4)))
    medium = Medium(np.ones((4, 4, 4), bool), (1.0, 1.0, 1.0))
    with pytest.raises(ValueError, match="order of time"):
        fit(medium, [Sight(10, contour), Sight(5, contour)], WIDE)
    with pytest.raises(ValueError, match="order of time"):
        fit(medium, [], WIDE)


def test_half_a_ball_against_a_wall_is_as_ripe_as_the_whole():
    axis = np.arange(48) - 23.5
    r = np.sqrt(axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, :] ** 2)
    free = Medium(np.ones(r.shape, bool), (1.0, 1.0, 1.0))
    walled = Medium(np.broadcast_to(np.arange(48) >= 24, r.shape).copy(), (1.0, 1.0, 1.0))
    assert ball_radius_mm(r - 15, free) == pytest.approx(15, rel=0.02)
    assert ball_radius_mm(r - 15, walled) == pytest.approx(15, rel=0.07)  # by volume alone it were 11.9


def test_futures_are_the_same_for_the_same_seed_and_wider_for_a_wider_belief():
    rng = np.random.default_rng(35)
    truth = simulate(rng, 2)
    medium, sights = coarse(truth.fine), draw_sights(truth, Noise(), rng, core=True, twice=True)
    spans = {}
    for twice in (True, False):
        seen = sights if twice else sights[1:]
        start = Start(medium, seen[-1].outer, fit(medium, seen, WIDE))
        first, again = (futures(start, [0, 60], draw_normals(8, 1)) for _ in range(2))
        assert first.volumes_ml.tolist() == again.volumes_ml.tolist()
        assert first.probability.min() >= 0 and first.probability.max() <= 1.0001
        assert (first.volumes_ml[:, 1] > first.volumes_ml[:, 0]).all()
        spans[twice] = float(np.log(first.percentile(90)[1] / first.percentile(10)[1]))
    assert spans[False] > 2 * spans[True]


def test_a_small_trial_in_the_plane_reaches_its_figures():
    found = run_trial(Trial(cases=5, seed=41, dimensions=2, futures=8)).as_dict()
    assert found["n"] == 5
    assert found["diffusion_error_median"] < 0.15 and found["growth_error_median"] < 0.15
    assert found["dice_median"] > 0.9 > found["dice_of_no_growth_median"]


@pytest.mark.slow
def test_trials_in_the_plane_cover_what_they_say():
    found = run_trial(Trial(cases=60, seed=42, dimensions=2)).as_dict()
    assert found["diffusion_error_median"] < 0.15 and found["growth_error_median"] < 0.15
    assert found["dice_median"] >= 0.9
    assert 0.68 <= found["volume_coverage_80"] <= 0.92  # 60 draws: two standard deviations about 0.8
