"""CBAM, the convolutional block attention module, for pictures and volumes."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class CBAM(nn.Module):
    """Weighs channels, then places.

    Args:
        channels: of the feature map ``(N, C, (Z,) Y, X)``.
        reduction: of the shared MLP's hidden layer.
        kernel: of the spatial gate, odd.
        dims: axes of space, 2 or 3.

    Source: Woo et al., *CBAM: Convolutional Block Attention Module*, ECCV 2018, equations 2 and 3, with one more axis.
    """

    def __init__(self, channels: int, reduction: int = 8, kernel: int = 5, dims: int = 3) -> None:
        super().__init__()
        hidden = max(4, channels // reduction)
        self.mlp = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels))
        self.gate = (nn.Conv3d if dims == 3 else nn.Conv2d)(2, 1, kernel, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C, (Z,) Y, X)`` to the same shape."""
        space = tuple(range(2, x.dim()))
        weight = torch.sigmoid(self.mlp(x.mean(space)) + self.mlp(x.amax(space)))
        x = x * weight.reshape(*weight.shape, *(1,) * len(space))
        place = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.gate(place))
