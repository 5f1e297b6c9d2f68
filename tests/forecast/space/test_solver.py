"""The solver: exact solutions, conservation, walls, treatment, sensitivities."""

from __future__ import annotations

import math

import numpy as np
import pytest

from limner.forecast.space.check import cube, mode_error, order, wave_error
from limner.forecast.space.medium import Medium
from limner.forecast.space.solver import Rates, State, Steps, Tangent, grow


def bump(shape: tuple[int, int, int], center: tuple[float, float, float], width: float = 2.0) -> np.ndarray:
    """A seed with its peak at 0.6."""
    z, y, x = (np.arange(n).reshape([-1 if k == a else 1 for k in range(3)]) for a, n in enumerate(shape))
    squares = (z - center[0]) ** 2 + (y - center[1]) ** 2 + (x - center[2]) ** 2
    return 0.6 * np.exp(-squares / (2 * width**2))


def last(medium: Medium, start: np.ndarray, rates: Rates, day: float, **more) -> State:
    """The state at one day."""
    return list(grow(medium, start, rates, [day], **more))[-1]


def test_second_order_on_the_travelling_wave_of_the_whole_equation():
    assert order(wave_error, (2.0, 1.0), "space") == pytest.approx(2, abs=0.1)
    assert order(wave_error, (8.0, 4.0), "time") == pytest.approx(2, abs=0.15)


def test_second_order_on_a_mode_in_space_with_a_tensor():
    assert order(mode_error, (10, 20), "space") == pytest.approx(2, abs=0.1)
    assert order(mode_error, (8.0, 4.0), "time") == pytest.approx(2, abs=0.1)


def test_halving_both_steps_quarters_the_error_in_tissue_that_differs_from_place_to_place():
    def field(n: int, day_step: float) -> np.ndarray:
        x = (np.arange(n) + 0.5) / n
        ease = 1 + 0.5 * np.sin(2 * np.pi * x)[:, None, None] * np.cos(np.pi * x)[None, :, None] * np.ones((1, 1, n))
        medium = Medium(np.ones((n, n, n), bool), (32 / n,) * 3, ease)
        axis = (np.arange(n) + 0.5) * 32 / n - 15
        squares = axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, :] ** 2
        steps = Steps(1e9, 1e9, day_step, whole=True, threads=1)
        c = last(medium, 0.5 * np.exp(-squares / 50), Rates(0.5, 0.05), 20, steps=steps).c
        while c.shape[0] > 12:
            c = c.reshape(c.shape[0] // 2, 2, c.shape[1] // 2, 2, c.shape[2] // 2, 2).mean((1, 3, 5))
        return c

    coarse, middle, fine = field(12, 4.0), field(24, 2.0), field(48, 1.0)
    ratio = np.abs(coarse - middle).max() / np.abs(middle - fine).max()
    assert math.log2(ratio) == pytest.approx(2, abs=0.3)


def test_mass_balances_and_two_threads_say_the_same():
    one, two = cube(48, 120, threads=1), cube(48, 120, threads=2)
    assert one["mass_balance"] <= 1e-12 and two["mass_balance"] <= 1e-12


@pytest.mark.slow
def test_a_cube_of_128_to_day_365_within_20_seconds():
    found = cube(128, 365)
    assert found["mass_balance"] <= 1e-6
    assert found["seconds"] <= 20


def test_without_growth_nothing_is_added_and_walls_let_nothing_through():
    open_ = np.ones((10, 12, 24), bool)
    open_[:, :, 12] = False
    start = bump(open_.shape, (5, 6, 5))
    start[:, :, 13:] = 0
    state = last(Medium(open_, (1.0, 1.5, 1.0)), start, Rates(0.5, 0.0), 200, steps=Steps(whole=True, threads=1))
    assert state.c[:, :, 13:].max() == 0 and state.grown == 0
    kept = np.where(open_, start, 0)
    kept[:, :, 13:] = 0
    assert state.c[:, :, :12].sum() == pytest.approx(kept[:, :, :12].sum(), rel=1e-12)


def test_a_growing_box_says_what_the_whole_grid_says():
    medium = Medium(np.ones((48, 64, 56), bool), (1.0, 1.0, 1.0))
    start = bump(medium.open.shape, (20, 20, 24), 1.5)
    boxed = last(medium, start, Rates(0.05, 0.05), 90)
    whole = last(medium, start, Rates(0.05, 0.05), 90, steps=Steps(whole=True))
    assert boxed.c.size < whole.c.size
    assert boxed.full(medium.open.shape) == pytest.approx(whole.c, abs=1e-6)


def test_growth_alone_is_logistic_and_treatment_alone_as_it_is_solved_by_hand():
    medium = Medium(np.ones((1, 1, 4), bool), (1.0, 1.0, 1.0))
    start = np.full((1, 1, 4), 0.1)
    c = last(medium, start, Rates(0.0, 0.1), 30).c[0, 0, 0]
    assert c == pytest.approx(0.1 * math.exp(3) / (1 + 0.1 * (math.exp(3) - 1)))
    treated = Rates(0.0, 0.1, ((10.0, 20.0, 0.3),))
    assert [treated.kill(day) for day in (9, 10, 20)] == [0, 0.3, 0]
    before = 0.1 * math.e / (1 + 0.1 * (math.e - 1))
    r = -0.2  # 1/c falls linearly in e^{-rt}: c' = rc - ρc²
    during = before * math.exp(10 * r) / (1 + 0.1 * before * math.expm1(10 * r) / r)
    after = during * math.e / (1 + during * (math.e - 1))
    states = list(grow(medium, start, treated, [10, 20, 30]))
    assert [one.c[0, 0, 0] for one in states] == pytest.approx([before, during, after], rel=1e-12)


def test_fronts_run_as_fisher_says():
    medium = Medium(np.ones((1, 1, 400), bool), (1.0, 1.0, 1.0))
    start = (np.arange(400) < 20).astype(float)[None, None, :] * 0.9
    rates = Rates(0.4, 0.1)
    first, second = (
        int((one.c > 0.5).sum()) for one in grow(medium, start, rates, [300, 600], steps=Steps(whole=True))
    )
    assert rates.speed_mm_per_day == pytest.approx(0.4)
    assert (second - first) / 300 == pytest.approx(0.4, rel=0.04)


def test_tangents_are_the_slopes_that_finite_differences_show():
    rng = np.random.default_rng(0)
    shape = (10, 11, 12)
    open_ = np.ones(shape, bool)
    open_[:, 3:5, 2:9] = False
    medium = Medium(open_, (1.0, 1.2, 1.5), rng.uniform(0.5, 2, (3, *shape)))
    start, push = bump(shape, (5, 7, 5)), rng.random(shape) * 0.1
    kill = ((3.0, 9.0, 0.02),)
    directions = [Tangent(None, 1.0, 0.0), Tangent(None, 0.0, 1.0), Tangent(push), Tangent(push, 0.5, -0.5)]
    steps = Steps(whole=True, threads=1, days=1.5)
    state = last(medium, start, Rates(0.2, 0.05, kill), 15, tangents=directions, steps=steps)

    def shifted(one: Tangent, by: float) -> np.ndarray:
        moved = start + by * (one.start if one.start is not None else 0)
        rates = Rates(0.2 * math.exp(by * one.log_diffusion), 0.05 * math.exp(by * one.log_growth), kill)
        return last(medium, moved, rates, 15, steps=steps).c

    for k, one in enumerate(directions):
        slope = (shifted(one, 1e-5) - shifted(one, -1e-5)) / 2e-5
        assert state.tangents[k] == pytest.approx(slope, abs=1e-7)
        assert np.abs(slope).max() > 0.01


def test_days_that_fall_and_rates_that_are_none_are_refused():
    medium = Medium(np.ones((3, 3, 3), bool), (1.0, 1.0, 1.0))
    with pytest.raises(ValueError, match="rise"):
        list(grow(medium, np.zeros((3, 3, 3)), Rates(0.1, 0.1), [5, 3]))
    with pytest.raises(ValueError, match="not negative"):
        list(grow(medium, np.zeros((3, 3, 3)), Rates(-0.1, 0.1), [5]))
