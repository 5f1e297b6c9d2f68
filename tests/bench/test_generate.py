"""Ways between pictures: a fade is long and dull where a shape that moves is short and sharp."""

import numpy as np
import pytest

from limner.bench.generate import _beside, blended, edges, middle_sharpness, path_length


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
    rng = np.random.default_rng(0)
    straight = np.linspace(0, 1, 9)[:, None, None, None] * rng.normal(size=(1, 1, 6, 6))
    flat = lambda x: x.reshape(len(x), -1)  # noqa: E731
    least = path_length(straight, flat)
    assert least == pytest.approx(float((straight[-1] ** 2).sum()))
    uneven = straight[[0, 1, 1, 2, 2, 3, 4, 6, 8]]
    assert path_length(uneven, flat) > 1.2 * least
    detour = straight + np.sin(np.linspace(0, np.pi, 9))[:, None, None, None] * rng.normal(size=(1, 1, 6, 6))
    assert path_length(detour, flat) > 1.2 * least


def test_edges_see_a_jump_in_a_fade_and_none_in_a_small_move():
    small = moving((0.45, 0.55))
    assert path_length(small, edges) < 0.9 * path_length(small[[0] * 8 + [16] * 9], edges)
    assert not edges(np.full((2, 3, 16, 16), 0.4, np.float32)).any()


def test_the_interval_holds_the_difference():
    found = _beside([[1.0, 2.0], [1.1, 2.3], [0.9, 1.8], [1.0, 2.2]])
    assert found.difference == pytest.approx(-1.075)
    assert found.low <= found.difference <= found.high < 0
