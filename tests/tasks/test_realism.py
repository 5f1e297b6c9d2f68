"""Distances between sets against closed forms, slow versions, and what they must be for known clouds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist

from limner.tasks import realism
from limner.tasks.realism import frechet_distance, kernel_distance, overlap


def clouds(n: int, m: int, d: int, shift: float = 0.0, scale: float = 1.0, seed: int = 0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(m, d)) * scale + shift


@pytest.mark.parametrize(("n", "m", "d"), [(300, 200, 6), (20, 30, 50), (40, 300, 50), (50, 50, 50)])
def test_frechet_is_the_textbook_formula(n, m, d):
    a, b = clouds(n, m, d, 0.3, 1.7)
    sa, sb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = sqrtm(sa @ sb + 1e-12 * np.eye(d)).real
    slow = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(sa + sb - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(slow, rel=1e-3)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a))


def test_frechet_of_known_gaussians():
    a, b = clouds(40_000, 40_000, 4, shift=0.5, scale=2.0)
    assert frechet_distance(a, b) == pytest.approx(4 * (0.25 + 1.0), rel=0.03)  # Σ (Δm² + (s1 - s2)²)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)


def test_kernel_distance_is_unbiased_and_its_interval_holds():
    values, held = [], 0
    for seed in range(40):
        found = kernel_distance(*clouds(80, 60, 10, seed=seed), subsets=60)
        values.append(found.value)
        held += found.low <= 0 <= found.high
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(40)
    assert held >= 34
    assert kernel_distance(*clouds(80, 60, 10, shift=1.0)).low > 0


@pytest.mark.parametrize("subset", [10, 30])
def test_the_interval_of_the_kernel_distance_is_as_wide_as_fresh_sets_differ(subset):
    found = [kernel_distance(*clouds(60, 60, 10, 0.7, seed=seed), subset=subset, subsets=60) for seed in range(150)]
    claimed = np.mean([one.high - one.low for one in found]) / (2 * 1.96)
    assert claimed == pytest.approx(np.std([one.value for one in found], ddof=1), rel=0.25)


def test_kernel_distance_against_loops():
    a, b = clouds(5, 4, 3, 0.5)

    def k(x, y):
        return (x @ y / 3 + 1) ** 3

    slow = sum(k(a[i], a[j]) for i in range(5) for j in range(5) if i != j) / 20
    slow += sum(k(b[i], b[j]) for i in range(4) for j in range(4) if i != j) / 12
    slow -= 2 * np.mean([[k(x, y) for y in b] for x in a])
    assert kernel_distance(a, b).value == pytest.approx(slow)


def test_overlap_against_the_obvious(monkeypatch):
    monkeypatch.setattr(realism, "_ROWS", 7)  # several blocks
    a, b = clouds(40, 30, 3, 0.4)
    aa, bb, ab = cdist(a, a), cdist(b, b), cdist(a, b)
    ra, rb = np.sort(aa, 1)[:, 3], np.sort(bb, 1)[:, 3]
    found = overlap(a, b)
    assert found.precision == np.mean([(ab[:, j] <= ra).any() for j in range(30)])
    assert found.recall == np.mean([(ab[i] <= rb).any() for i in range(40)])
    assert found.density == pytest.approx(np.mean([(ab[:, j] <= ra).sum() for j in range(30)]) / 3)
    assert found.coverage == np.mean([(ab[i] <= ra[i]).any() for i in range(40)])


def test_overlap_tells_poor_from_narrow():
    real, same = clouds(400, 400, 4)
    good = overlap(real, same)
    assert good.precision > 0.8 and good.recall > 0.8 and 0.85 < good.density < 1.15
    narrow = overlap(real, same * 0.1)
    assert narrow.precision > 0.95 and narrow.recall < 0.2
    poor = overlap(real, same * 6)
    assert poor.precision < 0.2
    assert overlap(real, same + 50) == realism.Overlap(0, 0, 0, 0)


def test_what_cannot_be_compared_is_refused():
    a, b = clouds(10, 10, 4)
    for bad in (b[:, :3], b[:1], np.where(b > 1, np.nan, b)):
        with pytest.raises(ValueError):
            frechet_distance(a, bad)
