"""A small U-Net for the liver's segments: three levels, 200,000 weights, so that numpy alone can run it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

GROUPS = 4


class _Block(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.a = nn.Conv3d(before, after, 3, padding=1)
        self.na = nn.GroupNorm(GROUPS, after)
        self.b = nn.Conv3d(after, after, 3, padding=1)
        self.nb = nn.GroupNorm(GROUPS, after)

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.na(self.a(x)), 0.01)
        return F.leaky_relu(self.nb(self.b(x)), 0.01)


class LiverSegmentsNet(nn.Module):
    """Logits of the segments from what is known of a liver; :mod:`limner.scene.vessels.small_net` runs the same.

    Args:
        inputs: channels.
        segments: outputs.
        widths: channels of the three levels.
    """

    def __init__(self, inputs: int = 6, segments: int = 8, widths: tuple[int, int, int] = (12, 24, 48)) -> None:
        super().__init__()
        a, b, c = widths
        self.d0, self.d1, self.d2 = _Block(inputs, a), _Block(a, b), _Block(b, c)
        self.u1, self.u0 = _Block(c + b, b), _Block(b + a, a)
        self.out = nn.Conv3d(a, segments, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, C, Z, Y, X)`` to ``(B, segments, Z, Y, X)``; sizes divisible by 4."""
        x0 = self.d0(x)
        x1 = self.d1(F.avg_pool3d(x0, 2))
        x2 = self.d2(F.avg_pool3d(x1, 2))
        up = self.u1(torch.cat([_doubled(x2), x1], 1))
        return self.out(self.u0(torch.cat([_doubled(up), x0], 1)))


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="trilinear", align_corners=False)
