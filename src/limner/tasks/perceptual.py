"""How differently a net sees two pictures: an LPIPS-like distance from feature maps that are given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def feature_distance(made: Sequence[NDArray[np.float32]], truth: Sequence[NDArray[np.float32]]) -> float:
    """Squared distance of unit feature vectors, mean over places, mean over the stages; 0 to 4.

    It is LPIPS without weights that people's judgements have taught: no such judgements of medical images are free, so
    stages count alike. Figures of different nets cannot be compared.

    Args:
        made, truth: a feature map ``(C, y, x)`` per stage, of one net.

    Source: Zhang R. et al. The unreasonable effectiveness of deep features as a perceptual metric. CVPR 2018, eq. 1.

    >>> one = [np.array([[[1.0, 0.0]], [[0.0, 2.0]]], np.float32)]
    >>> round(feature_distance(one, [3 * one[0]]), 6), round(feature_distance(one, [one[0][::-1]]), 6)
    (0.0, 2.0)
    """
    found = [float(np.square(_unit(a) - _unit(b)).sum(0).mean()) for a, b in zip(made, truth, strict=True)]
    return float(np.mean(found))


def _unit(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(x / (np.sqrt(np.square(x).sum(0, keepdims=True)) + 1e-6), np.float32)
