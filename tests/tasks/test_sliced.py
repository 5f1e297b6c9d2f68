"""Sliced Wasserstein distance: 0 for the same set, growing with what differs, blind to order."""

import numpy as np

from limner.tasks.sliced import sliced_distance


def pictures(seed: int, level: float = 0.0, rough: float = 1.0, n: int = 60) -> np.ndarray:
    rng = np.random.default_rng(seed)
    slow = rng.normal(size=(n, 1, 4, 4)).repeat(8, 2).repeat(8, 3)
    return (slow + level + rough * 0.3 * rng.normal(size=(n, 1, 32, 32))).astype(np.float32)


def test_another_draw_of_the_same_is_nearer_than_anything_else():
    real = pictures(1)
    same, lighter, rougher = (sliced_distance(x, real) for x in (pictures(2), pictures(3, 0.5), pictures(4, 0, 2.0)))
    assert same < 0.5 * lighter
    assert same < 0.5 * rougher


def test_one_picture_again_and_again_is_far():
    real = pictures(1)
    assert sliced_distance(np.repeat(real[:1], 60, 0), real) > 2 * sliced_distance(pictures(2), real)


def test_order_is_nothing():
    real, made = pictures(1), pictures(2)
    assert abs(sliced_distance(made[::-1].copy(), real) - sliced_distance(made, real)) < 0.03


def test_it_is_what_sorting_says_in_one_dimension():
    flat = np.zeros((50, 1, 7, 7), np.float32)
    levels = np.linspace(-1, 1, 50, dtype=np.float32)[:, None, None, None]
    # patches are constant, so a projection of them is the level times the sum of a direction
    near, far = sliced_distance(flat + levels, flat + levels), sliced_distance(flat + levels + 1, flat + levels)
    assert near < 1e-6
    assert far > 1
