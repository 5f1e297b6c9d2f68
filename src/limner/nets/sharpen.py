"""A net that thins slices: each thick slice becomes several thin ones whose mean it still is.

It knows no Hounsfield units. Only differences of neighbours go in and no layer has a bias, so that brighter or
stronger input gives brighter or stronger output, exactly: what it learned in one window holds in any other.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

TAPS = 2
"""Slices on each side from which the cubic starting point is made."""


class Sharpen(nn.Module):
    """Cubic interpolation along the first axis of space, and what a small residual net adds to it.

    Args:
        in_channels: of the input.
        out_channels: as many as go in.
        dims: axes of space, 2 (a plane across the slices) or 3; the first is the one that is thinned.
        factor: thin slices that each thick one becomes.
        channels: features.
        blocks: residual blocks of two convolutions.

    The input is ``(N, C, Z, X)`` or ``(N, C, Z, Y, X)``. The answer is two tensors with ``factor × Z`` in place of Z:
    the values, whose means over ``factor`` slices are the input, and the mean distance at which they may miss the
    truth, both in the units of the input.

    Source: Lim et al., *EDSR*, CVPRW 2017 (blocks without norms); Mohan et al., *Robust and interpretable blind image
    denoising via bias-free CNNs*, ICLR 2020; Schwab et al., *Deep null space learning*, Inverse Problems 35, 2019.
    """

    def __init__(
        self, in_channels: int, out_channels: int, dims: int = 2, factor: int = 4, channels: int = 32, blocks: int = 6
    ) -> None:
        super().__init__()
        if in_channels != out_channels:
            raise ValueError(f"Sharpen gives as many channels as it takes; got {in_channels} and {out_channels}.")
        if factor < 2:
            raise ValueError(f"Sharpen makes at least 2 slices of one; got factor {factor}.")
        conv = nn.Conv2d if dims == 2 else nn.Conv3d
        self.dims, self.factor = dims, factor
        self.head = conv(2 * dims * in_channels, channels, 3, padding=1, bias=False)
        self.blocks = nn.ModuleList(_Block(conv, channels) for _ in range(blocks))
        self.tail = conv(channels, 2 * factor * in_channels, 3, padding=1, bias=False)
        nn.init.normal_(self.tail.weight, std=1e-3)
        self.weights = [[_cubic(j - place) for j in range(-TAPS, TAPS + 1)] for place in places(factor)]

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        features = F.relu(self.head(self._differences(image)))
        kept = features
        for block in self.blocks:
            kept = block(kept)
        values, spread = self.tail(kept + features).float().chunk(2, 1)
        return self._join(self._consistent(self._start(image) + self._apart(values), image)), self._join(
            self._apart(spread).abs()
        )

    def _differences(self, image: Tensor) -> Tensor:
        """Each neighbour along each axis less the voxel itself; past the border the voxel is its own neighbour."""
        padded = F.pad(image, (1, 1) * self.dims, mode="replicate")
        found = []
        for axis in range(2, 2 + self.dims):
            middle = padded
            for other in range(2, 2 + self.dims):
                if other != axis:
                    middle = middle.narrow(other, 1, image.shape[other])
            found += [middle.narrow(axis, start, image.shape[axis]) - image for start in (0, 2)]
        return torch.cat(found, 1)

    def _start(self, image: Tensor) -> Tensor:
        """Cubic convolution between the slices, ``(N, C, factor, Z, …)``."""
        ends = (0, 0) * (self.dims - 1) + (TAPS, TAPS)
        padded = F.pad(image, ends, mode="replicate")
        taps = [padded.narrow(2, j, image.shape[2]) for j in range(2 * TAPS + 1)]
        return torch.stack([sum(w * one for w, one in zip(row, taps, strict=True)) for row in self.weights], 2)

    def _apart(self, values: Tensor) -> Tensor:
        """``(N, C · factor, Z, …)`` to ``(N, C, factor, Z, …)``."""
        return values.unflatten(1, (-1, self.factor))

    def _consistent(self, values: Tensor, image: Tensor) -> Tensor:
        """The nearest values whose mean over the thin slices is the image."""
        return values + (image[:, :, None] - values.mean(2, keepdim=True))

    def _join(self, values: Tensor) -> Tensor:
        """The thin slices one after another, ``(N, C, Z · factor, …)``."""
        return values.transpose(2, 3).flatten(2, 3)


class _Block(nn.Module):
    """Two convolutions beside the identity."""

    def __init__(self, conv: type[nn.Conv2d] | type[nn.Conv3d], channels: int) -> None:
        super().__init__()
        self.first = conv(channels, channels, 3, padding=1, bias=False)
        self.second = conv(channels, channels, 3, padding=1, bias=False)
        with torch.no_grad():
            self.second.weight.mul_(0.1)

    def forward(self, features: Tensor) -> Tensor:
        return features + self.second(F.relu(self.first(features)))


def places(factor: int) -> list[float]:
    """Where the middles of the thin slices lie from the middle of the thick one, in thick slices.

    >>> places(4)
    [-0.375, -0.125, 0.125, 0.375]
    """
    return [(k + 0.5) / factor - 0.5 for k in range(factor)]


def _cubic(distance: float) -> float:
    """Source: Keys, *Cubic convolution interpolation*, IEEE Trans. ASSP 29, 1981, equation 15."""
    x = abs(distance)
    if x < 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0
