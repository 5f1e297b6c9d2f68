"""How alike two sets of pictures are, as losses: in structure, and in their edges."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

WINDOW, EVERY = 7, 2
"""Pixels along a side of the window in which structure is compared, and between two windows."""


def similarity(one: Tensor, other: Tensor, scales: int = 4, reach: float = 2.0) -> Tensor:
    """Structural similarity, a mean over scales that are halved each: a scalar, 1 for the same.

    Args:
        one, other: ``(N, C, H, W)``.
        scales: fewer where the pictures become smaller than a window.
        reach: between the least and the largest value that pictures hold.

    Source: Wang Z. et al. Multi-scale structural similarity. Asilomar 2003; the mean in place of a weighted product,
    which has no slope where a scale is unlike.
    """
    found = []
    for scale in range(scales):
        if scale and min(one.shape[2:]) < 2 * WINDOW:
            break
        if scale:
            one, other = F.avg_pool2d(one, 2), F.avg_pool2d(other, 2)
        found.append(_similarity(one, other, reach))
    return torch.stack(found).mean()


def _similarity(one: Tensor, other: Tensor, reach: float) -> Tensor:
    a, b, aa, bb, ab = (F.avg_pool2d(x, WINDOW, EVERY) for x in (one, other, one * one, other * other, one * other))
    light, contrast = (0.01 * reach) ** 2, (0.03 * reach) ** 2
    alike = (2 * a * b + light) / (a * a + b * b + light)
    shared = (2 * (ab - a * b) + contrast) / ((aa - a * a).clamp(min=0) + (bb - b * b).clamp(min=0) + contrast)
    return (alike * shared).mean()


def edge_difference(one: Tensor, other: Tensor, scales: int = 3) -> Tensor:
    """Mean difference of the steps between neighbouring pixels, over scales that are halved each: a scalar."""
    found = []
    for scale in range(scales):
        if scale:
            one, other = F.avg_pool2d(one, 2), F.avg_pool2d(other, 2)
        away = one - other
        found.append(away.diff(dim=2).abs().mean() + away.diff(dim=3).abs().mean())
    return torch.stack(found).mean()
