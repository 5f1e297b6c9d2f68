"""How large something is and where, as three numbers that a net can both read off a picture and draw into one."""

from __future__ import annotations

import math

import torch
from torch import Tensor

NUMBERS = 3
"""Of one thing: radius of a disc as large, then its middle along y and x, all as shares of the side."""


def places(maps: Tensor) -> Tensor:
    """Shares of pixels that are marked ``(N, M, H, W)`` to numbers ``(N, 3 M)``; of nothing 0, and the middle."""
    area = maps.mean((2, 3))
    y, x = (_middles(side, maps) for side in maps.shape[2:])
    some = area + 1e-6
    across = (maps.mean(3) * y).mean(2) + 0.5e-6
    along = (maps.mean(2) * x).mean(2) + 0.5e-6
    found = torch.stack([(area / math.pi).clamp(min=0).sqrt(), across / some, along / some], 2)
    return found.flatten(1)


def discs(numbers: Tensor, side: int) -> Tensor:
    """Soft discs, and the way from their middles, for a net to paint on: ``(N, 3 M)`` to ``(N, 3 M, side, side)``.

    The edge is a pixel wide at each side, so that a net at any resolution sees a small change of the numbers.
    """
    each = numbers.reshape(-1, numbers.shape[1] // NUMBERS, NUMBERS, 1, 1)
    radius, y, x = each[:, :, 0], each[:, :, 1], each[:, :, 2]
    at = _middles(side, numbers)
    down, right = at[:, None] - y, at[None, :] - x
    away = (down.square() + right.square() + 1e-8).sqrt()
    disc = torch.sigmoid((radius - away) * (2.0 * side)) * (radius * 50).clamp(0, 1)
    scale = disc / (radius + 0.02)
    return torch.cat([disc, scale * down, scale * right], 1)


def _middles(side: int, like: Tensor) -> Tensor:
    """Of pixels, as shares of the side."""
    return (torch.arange(side, device=like.device, dtype=like.dtype) + 0.5) / side
