"""How near a set of generated images comes to a set of real ones, from features of both.

The features are those of a net of ours that is named beside each figure (:mod:`limner.infer.features`). None of these
is "FID" or "KID": those are the same formulas on the features of an Inception net that saw photographs, and the
numbers cannot be compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.floating]
_ROWS = 512  # of a distance matrix at a time


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Overlap:
    """How two clouds of features overlap.

    Args:
        precision: share of generated images among the real ones: are they good?
        recall: share of real images among the generated ones: is everything there?
        density: how many real balls hold a generated image, over ``k``; above 1 where they sit in the thick of it.
        coverage: share of real images with a generated one among their nearest.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def frechet_distance(real: Features, made: Features) -> float:
    """Squared Fréchet distance between the Gaussians that fit two sets.

    ``|m1 - m2|² + tr(S1 + S2 - 2 (S1 S2)^½)``. The last trace is the sum of singular values of the product of the
    centred features, so that neither a matrix root nor a ridge is needed, however few the images are.

    The estimate is too large, by more the fewer images there are (about a constant over N, Chong and Forsyth 2020):
    compare sets of one size only, and with what other real images of that number show.

    Args:
        real: ``(N, D)``, N at least 2.
        made: ``(M, D)``, M at least 2.

    Source: Dowson and Landau, The Fréchet distance between multivariate normal distributions, 1982; Heusel et al.,
    NeurIPS 2017.
    """
    a, b = _checked(real, made, least=2)
    apart = ((a.mean(0) - b.mean(0)) ** 2).sum()
    a, b = ((one - one.mean(0)) / np.sqrt(len(one) - 1) for one in (a, b))
    wide = a.shape[1] < min(len(a), len(b))
    if wide:  # many images: roots of D × D matrices are cheaper than an N × M product
        a, b = (np.asarray(np.linalg.qr(one, mode="r")) for one in (a, b))
    common = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return float(max(apart + (a**2).sum() + (b**2).sum() - 2 * common, 0.0))


def kernel_distance(
    real: Features, made: Features, *, subset: int = 100, subsets: int = 200, seed: int = 0
) -> Estimate:
    """Squared maximum mean discrepancy with the kernel ``(x·y / D + 1)³``, unbiased: 0 on average for equal sets.

    It may come out below 0, and may be compared between sets of different size.

    Args:
        real: ``(N, D)``, N at least 2.
        made: ``(M, D)``, M at least 2.
        subset: images of each random subset; at most half of the smaller set.
        subsets: how many. The interval is that of their spread, brought to the whole sets' size by
            ``√(b / (N - b))``, b being images of a subset and N those of the smaller set: subsets are drawn without
            replacement, and so differ less than fresh sets of b images do, by ``√(1 - b / N)``. Where sets are of
            different size, or about equal, the interval is rather too wide.
        seed: of the subsets.

    Source: Bińkowski et al., Demystifying MMD GANs, ICLR 2018; Politis and Romano, Large sample confidence regions
    based on subsamples, 1994; Shao and Wu, A general theory for jackknife variance estimation, 1989 (the scale).
    """
    a, b = _checked(real, made, least=4)
    fewest = min(len(a), len(b))
    subset = max(2, min(subset, fewest // 2))
    rng = np.random.default_rng(seed)
    draws = [(rng.permutation(len(a))[:subset], rng.permutation(len(b))[:subset]) for _ in range(subsets)]
    spread = np.std([unbiased_mmd(a[i], b[j]) for i, j in draws], ddof=1)
    spread *= np.sqrt(subset / (fewest - subset))
    value = unbiased_mmd(a, b)
    return Estimate(value, float(value - 1.96 * spread), float(value + 1.96 * spread))


def unbiased_mmd(a: Features, b: Features) -> float:
    """The value of :func:`kernel_distance` without its interval, of ``(N, D)`` and ``(M, D)``, two or more of each."""
    a, b = _checked(a, b, least=2)
    n, m, d = len(a), len(b), a.shape[1]
    aa, bb, ab = ((x @ y.T / d + 1) ** 3 for x, y in ((a, a), (b, b), (a, b)))
    within = (aa.sum() - np.trace(aa)) / (n * (n - 1)) + (bb.sum() - np.trace(bb)) / (m * (m - 1))
    return float(within - 2 * ab.mean())


def overlap(real: Features, made: Features, k: int = 3) -> Overlap:
    """Improved precision and recall, density and coverage.

    Around each image lies the ball that reaches to its ``k``-th nearest of the same set.

    Args:
        real: ``(N, D)``, N above ``k``.
        made: ``(M, D)``, M above ``k``; precision and recall are fair where M is about N.
        k: 3 as the paper has it.

    Source: Kynkäänniemi et al., NeurIPS 2019; Naeem et al., Reliable fidelity and diversity metrics, ICML 2020.
    """
    a, b = _checked(real, made, least=k + 1)
    around_a, around_b = reach(a, k), reach(b, k)
    inside, found_b, covered = 0, np.zeros(len(b), bool), np.zeros(len(a), bool)
    recalled = np.zeros(len(a), bool)
    for start in range(0, len(a), _ROWS):
        rows = slice(start, start + _ROWS)
        apart = distances(a[rows], b)
        in_real = apart <= around_a[rows, None]
        inside += int(in_real.sum())
        found_b |= in_real.any(0)
        covered[rows] = in_real.any(1)
        recalled[rows] = (apart <= around_b[None]).any(1)
    return Overlap(float(found_b.mean()), float(recalled.mean()), inside / (k * len(b)), float(covered.mean()))


def reach(features: Features, k: int) -> NDArray[np.float64]:
    """Distance ``(N,)`` of each to its ``k``-th nearest other."""
    found = np.empty(len(features))
    for start in range(0, len(features), _ROWS):
        apart = distances(features[start : start + _ROWS], features)
        rows = np.arange(len(apart))
        apart[rows, start + rows] = -1.0  # itself comes first
        found[start : start + _ROWS] = np.partition(apart, k, axis=1)[:, k]
    return found


def distances(a: Features, b: Features) -> NDArray[np.float64]:
    """Euclidean distances ``(N, M)`` between the rows of two sets."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    middle = b.mean(0)  # about the middle little is lost to cancellation
    a, b = a - middle, b - middle
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)))


def _checked(real: Features, made: Features, least: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if real.ndim != 2 or made.ndim != 2 or real.shape[1] != made.shape[1]:
        raise ValueError(f"Features are (N, D) and (M, D); got {real.shape} and {made.shape}.")
    if min(len(real), len(made)) < least:
        raise ValueError(f"At least {least} images of each kind are needed; got {len(real)} and {len(made)}.")
    if not (np.isfinite(real).all() and np.isfinite(made).all()):
        raise ValueError("Some features are not finite.")
    return real.astype(np.float64), made.astype(np.float64)
