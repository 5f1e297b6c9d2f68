"""Ways between pictures: a fade is long and dull where a shape that moves is short and sharp."""

import numpy as np
import pytest

from limner.bench.generate import _beside, _unlike, blended, middle_sharpness, path_length


def disc(x: float, side: int = 48) -> np.ndarray:
    at = (np.arange(side) + 0.5) / side
    away = np.hypot(at[:, None] - 0.5, at[None] - x)
    return (1 / (1 + np.exp((away - 0.15) * 80)))[None].astype(np.float32)


def moving(ends: tuple[float, float], frames: int = 17) -> np.ndarray:
    return np.stack([disc(x) for x in np.linspace(*ends, frames)])


def test_a_fade_begins_and_ends_alike_and_its_middle_is_dull():
    way = moving((0.25, 0.75))
    faded = blended(way)
    assert np.allclose(faded[[0, -1]], way[[0, -1]], atol=1e-6)
    assert middle_sharpness(way) == pytest.approx(1, abs=0.1)
    assert middle_sharpness(faded) == pytest.approx(0.5, abs=0.1)  # of each end a quarter


def test_an_even_straight_walk_is_the_shortest():
    def squared(places: list[float]) -> np.ndarray:
        return np.diff(places) ** 2

    assert path_length(squared([0, 1, 2, 3, 4])) == pytest.approx(16)  # the distance from end to end, squared
    assert path_length(squared([0, 1, 1, 2, 4])) > 16  # uneven
    assert path_length(squared([0, 2, 1, 3, 4])) > 16  # a step back


def test_middles_that_are_ends_are_not_unlike_them_and_ghosts_are():
    rng = np.random.default_rng(0)
    ends, others = rng.normal(size=(2, 60, 8))
    found = _unlike(ends, np.stack([others, 0.5 * (ends + others) + 1], 1))
    assert abs(found.generator) < 0.2 < 1 < found.blending
    assert found.high < 0


def test_the_interval_holds_the_difference():
    found = _beside([[1.0, 2.0], [1.1, 2.3], [0.9, 1.8], [1.0, 2.2]])
    assert found.difference == pytest.approx(-1.075)
    assert found.low <= found.difference <= found.high < 0


def test_the_interval_of_the_kernel_distance_is_as_wide_as_fresh_ways_differ():
    def found(seed):
        rng = np.random.default_rng(seed)
        return _unlike(rng.normal(size=(40, 8)), rng.normal(size=(40, 2, 8)) + np.array([0.3, 1.0])[:, None])

    many = [found(seed) for seed in range(80)]
    claimed = np.mean([one.high - one.low for one in many]) / (2 * 1.96)
    assert claimed == pytest.approx(np.std([one.difference for one in many], ddof=1), rel=0.25)
