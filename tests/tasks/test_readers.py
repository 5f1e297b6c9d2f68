"""Readers' agreement from votes, against the same figures from the masks that the votes were counted from."""

import itertools

import numpy as np
import pytest

from limner.tasks.readers import agreement


def _readers(seed: int, shape=(48, 48)) -> np.ndarray:
    """Four discs of one nodule, ``(4, Y, X)``: each reader sees it a little elsewhere and of another size."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(shape)
    masks = []
    for _ in range(4):
        cy, cx = 24 + rng.normal(0, 1.5, 2)
        masks.append((y - cy) ** 2 + (x - cx) ** 2 <= rng.uniform(7, 11) ** 2)
    return np.array(masks)


def _dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * (a & b).sum() / (a.sum() + b.sum())


@pytest.mark.parametrize("seed", range(5))
def test_pairs_weighed_by_what_they_marked_are_exact(seed):
    masks = _readers(seed)
    pairs = list(itertools.combinations(masks, 2))
    weights = [a.sum() + b.sum() for a, b in pairs]
    expected = np.average([_dice(a, b) for a, b in pairs], weights=weights)
    assert agreement(masks.sum(0)).pairwise == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_a_reader_and_the_majority_with_and_without_him(seed):
    masks = _readers(seed)
    majority = masks.sum(0) >= 2
    expected = np.average([_dice(a, majority) for a in masks], weights=[a.sum() + majority.sum() for a in masks])
    found = agreement(masks.sum(0))
    assert found.majority == pytest.approx(expected, abs=1e-12)
    others = [masks.sum(0) - a >= 2 for a in masks]
    weights = [a.sum() + b.sum() for a, b in zip(masks, others, strict=True)]
    dices = [_dice(a, b) for a, b in zip(masks, others, strict=True)]
    assert found.others == pytest.approx(np.average(dices, weights=weights), abs=1e-12)


def test_the_plain_mean_of_pairs_is_near():
    """Where readers are alike the weights hardly matter; the mean over many nodules differs by less than a point."""
    exact = [np.mean([_dice(a, b) for a, b in itertools.combinations(_readers(seed), 2)]) for seed in range(40)]
    found = [agreement(_readers(seed).sum(0)).pairwise for seed in range(40)]
    assert abs(np.mean(found) - np.mean(exact)) < 0.01


def test_nobody_marked_anything():
    assert np.isnan(agreement(np.zeros((4, 4), int)).pairwise)


def test_one_reader_against_three_who_saw_nothing():
    found = agreement(np.array([1, 1, 0, 0]))
    assert (found.pairwise, found.majority, found.others) == (0.0, 0.0, 0.0)
