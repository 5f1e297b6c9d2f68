"""Sliced Wasserstein distance of two sets of pictures, over patches of a Laplacian pyramid: no network is asked.

Source: Karras T. et al. Progressive Growing of GANs. ICLR 2018, section 5; Rabin J. et al. SSVM 2011.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

PATCH = 7
"""Pixels along a side of a patch."""


def sliced_distance(
    one: NDArray[np.float32], other: NDArray[np.float32], seed: int = 0, patches: int = 64, directions: int = 128
) -> float:
    """The mean over the levels of a pyramid, each with its contrast normalized by that of ``other``; 0 is the same.

    Args:
        one, other: pictures ``(N, C, H, W)``, of one size; as many of each are compared as the smaller set holds.
        seed: of the patches and directions.
        patches: per picture and level.
        directions: onto which patches are projected.
    """
    count = min(len(one), len(other))
    rng = np.random.default_rng(seed)
    found = []
    for a, b in zip(_pyramid(one), _pyramid(other), strict=True):
        left, right = (_patches(x, count, patches, rng) for x in (a, b))
        mean, spread = right.mean(), right.std() + 1e-8
        axes = rng.normal(size=(left.shape[1], directions)).astype(np.float32)
        axes /= np.linalg.norm(axes, axis=0)
        sides = [np.sort(((x - mean) / spread) @ axes, axis=0) for x in (left, right)]
        found.append(float(np.abs(sides[0] - sides[1]).mean()))
    return float(np.mean(found))


def _pyramid(x: NDArray[np.float32], least: int = 16) -> list[NDArray[np.float32]]:
    """What each halving of the size takes away, finest first, and what is left at last."""
    levels = []
    while min(x.shape[2:]) >= 2 * least:
        small = ndimage.gaussian_filter(x, (0, 0, 1, 1))[:, :, ::2, ::2]
        back = small.repeat(2, 2).repeat(2, 3)[:, :, : x.shape[2], : x.shape[3]]
        levels.append(x - ndimage.gaussian_filter(back, (0, 0, 1, 1)))
        x = small
    return [*levels, x]


def _patches(x: NDArray[np.float32], count: int, each: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """``(count × each, C × PATCH²)`` from places drawn at random in pictures drawn without repeat."""
    which = rng.permutation(len(x))[:count].repeat(each)
    y, z = (rng.integers(0, side - PATCH + 1, len(which)) for side in x.shape[2:])
    span = np.arange(PATCH)
    rows, columns = (y[:, None] + span)[:, None, :, None], (z[:, None] + span)[:, None, None, :]
    channels = np.arange(x.shape[1])[None, :, None, None]
    return x[which[:, None, None, None], channels, rows, columns].reshape(len(which), -1)
