"""A net that says where things are: a map of centres per class, and the size of what stands there.

No anchors: a box is a peak of a map, so one net serves pictures (boxes) and volumes (spheres), and its map of centres
shows on its own where the net looked.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.nets.attention import CBAM

PRIOR = 0.02
"""Probability of a centre before training. Source: Lin et al., *Focal loss*, ICCV 2017, section 4.1."""


class CenterNet(nn.Module):
    """Encoder, decoder with lateral connections, three maps.

    Args:
        in_channels: of the picture.
        out_channels: classes, the first of which is the background and has no map.
        dims: axes of space, 2 or 3.
        channels: features per level, finest first; the finest lies at ``stride``.
        stride: pixels of a cell: 2, 4 or 8.
        blocks: residual blocks per level below the finest, which has one.
        cbam: attention on the coarsest level.
        dropout: of whole feature channels before the heads, in training.

    Source: Zhou et al., *Objects as Points*, 2019; Lin et al., *Feature Pyramid Networks*, CVPR 2017.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        dims: int = 2,
        channels: Sequence[int] = (32, 64, 128, 192),
        stride: int = 4,
        blocks: int = 1,
        cbam: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if stride not in (2, 4, 8):
            raise ValueError(f"CenterNet: stride is 2, 4 or 8; got {stride}.")
        conv, up = (nn.Conv2d, nn.ConvTranspose2d) if dims == 2 else (nn.Conv3d, nn.ConvTranspose3d)
        halvings, first = stride.bit_length() - 1, channels[0]
        stem: list[nn.Module] = []
        for k in range(halvings):
            inputs, outputs = in_channels if k == 0 else first // 2, first if k == halvings - 1 else first // 2
            stem += [conv(inputs, outputs, 3, 2, 1, bias=False), _norm(outputs), nn.ReLU(inplace=True)]
        self.stem = nn.Sequential(*stem, _Residual(conv, first))
        self.downs = nn.ModuleList(
            nn.Sequential(
                conv(a, b, 3, 2, 1, bias=False),
                _norm(b),
                nn.ReLU(inplace=True),
                *(_Residual(conv, b) for _ in range(blocks)),
            )
            for a, b in pairwise(channels)
        )
        self.look = CBAM(channels[-1], dims=dims) if cbam else nn.Identity()
        self.ups = nn.ModuleList(up(b, a, 2, 2) for a, b in pairwise(channels))
        self.merge = nn.ModuleList(_Residual(conv, a) for a in channels[:-1])
        self.dropout = (nn.Dropout2d if dims == 2 else nn.Dropout3d)(dropout)
        self.centers = _head(conv, first, out_channels - 1)
        self.extents = _head(conv, first, 2 * dims)
        self.dims = dims
        nn.init.constant_(self.centers[-1].bias, -log((1 - PRIOR) / PRIOR))
        nn.init.zeros_(self.extents[-1].weight)
        with torch.no_grad():
            self.extents[-1].bias.copy_(torch.tensor([1.5] * dims + [0.0] * dims))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """``(N, C, *size)`` to maps ``(N, …, *cells)``.

        Returns:
            Logits of centres ``(N, classes − 1, …)``; logarithm of the sides in cells and offsets from the cell's
            centre in cells, both ``(N, dims, …)``.
        """
        features = [self.stem(x)]
        for down in self.downs:
            features.append(down(features[-1]))
        y = self.look(features[-1])
        for up, merge, side in zip(
            reversed(list(self.ups)), reversed(list(self.merge)), reversed(features[:-1]), strict=True
        ):
            y = merge(up(y) + side)
        y = self.dropout(y)
        extents = self.extents(y)
        return self.centers(y), extents[:, : self.dims], extents[:, self.dims :]


def center_loss(logits: Tensor, heat: Tensor, known: Tensor | None = None) -> Tensor:
    """Focal loss of a map of centres; cells near a centre are punished less.

    Args:
        logits: ``(N, K, *cells)``.
        heat: the same shape, 1 at centres.
        known: ``(N,)`` 0 for images whose places are not known.

    Source: Zhou et al., *Objects as Points*, 2019, equation 1, α = 2, β = 4.
    """
    logits = logits.float()
    p = torch.sigmoid(logits)
    right, wrong = F.logsigmoid(logits), F.logsigmoid(-logits)
    peak = (heat >= 1.0).float()
    cells = peak * (1 - p) ** 2 * right + (1 - peak) * (1 - heat) ** 4 * p**2 * wrong
    if known is not None:
        weight = known.reshape(-1, *(1,) * (logits.dim() - 1)).float()
        cells, peak = cells * weight, peak * weight
    return -cells.sum() / peak.sum().clamp_min(1.0)


def extent_loss(found: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Mean distance of sizes or offsets ``(N, axes, *cells)`` where ``weight`` ``(N, *cells)`` is not zero.

    Source: Zhou et al., *Objects as Points*, 2019, equations 2 and 3 (L1); Liu et al., *TTFNet*, AAAI 2020 (weights).
    """
    away = (found.float() - wanted).abs().mean(1) * weight
    return away.sum() / weight.sum().clamp_min(1.0)


def presence_logits(centers: Tensor, cells: int) -> Tensor:
    """Whether a class is there at all: mean of the surest cells' logits, ``(N, K, *cells)`` to ``(N, K)``."""
    flat = centers.flatten(2).float()
    return flat.topk(min(cells, flat.shape[2]), dim=2).values.mean(2)


class _Residual(nn.Module):
    """Two convolutions and a way around them. Source: He et al., *Deep residual learning*, CVPR 2016."""

    def __init__(self, conv: type[nn.Module], width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv(width, width, 3, 1, 1, bias=False),
            _norm(width),
            nn.ReLU(inplace=True),
            conv(width, width, 3, 1, 1, bias=False),
            _norm(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.body(x))


def _norm(width: int) -> nn.Module:
    return nn.GroupNorm(max(1, min(8, width // 4)), width)


def _head(conv: type[nn.Module], width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(conv(width, width, 3, 1, 1), nn.ReLU(inplace=True), conv(width, outputs, 1))
