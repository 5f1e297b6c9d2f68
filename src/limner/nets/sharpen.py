"""A net that thins slices: each thick slice becomes several thin ones whose mean it still is. So may pixels.

It knows no Hounsfield units. Only differences of neighbours go in and no layer has a bias, so that brighter or
stronger input gives brighter or stronger output, exactly: what it learned in one window holds in any other.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

TAPS = 2
"""Slices on each side from which the cubic starting point is made."""


class Sharpened(NamedTuple):
    """What a net says of the fine voxels: their values, and how far they may be off."""

    values: Tensor
    spread: Tensor

    def detach(self) -> Sharpened:
        """Without what made them."""
        return Sharpened(self.values.detach(), self.spread.detach())


class Sharpen(nn.Module):
    """Cubic interpolation along the first axis of space, and what a small residual net adds to it.

    Args:
        in_channels: of the input.
        out_channels: as many as go in.
        dims: axes of space, 2 (a plane across the slices) or 3; the first is the one that is thinned.
        factor: thin slices that each thick one becomes.
        channels: features.
        blocks: residual blocks of two convolutions.
        within: both axes of a plane become finer: ``factor²`` pixels of each.

    The input is ``(N, C, Z, X)`` or ``(N, C, Z, Y, X)``. The answer is two tensors with ``factor × Z`` in place of Z:
    the values, whose means over ``factor`` slices are the input, and the mean distance at which they may miss the
    truth, both in the units of the input. Where ``within``, X is ``factor`` times as long, too.

    Source: Lim et al., *EDSR*, CVPRW 2017 (blocks without norms); Mohan et al., *Robust and interpretable blind image
    denoising via bias-free CNNs*, ICLR 2020; Schwab et al., *Deep null space learning*, Inverse Problems 35, 2019.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        dims: int = 2,
        factor: int = 4,
        channels: int = 32,
        blocks: int = 6,
        within: bool = False,
    ) -> None:
        super().__init__()
        if in_channels != out_channels:
            raise ValueError(f"Sharpen gives as many channels as it takes; got {in_channels} and {out_channels}.")
        if factor < 2:
            raise ValueError(f"Sharpen makes at least 2 slices of one; got factor {factor}.")
        if within and dims != 2:
            raise ValueError(f"Sharpen makes pixels finer in planes, which have 2 axes; got dims {dims}.")
        conv = nn.Conv2d if dims == 2 else nn.Conv3d
        self.dims, self.factor, self.within = dims, factor, within
        self.in_channels, self.count = in_channels, factor**2 if within else factor
        self.head = conv(2 * dims * in_channels, channels, 3, padding=1, bias=False)
        self.blocks = nn.ModuleList(_Block(conv, channels) for _ in range(blocks))
        self.tail = conv(channels, self.outputs * self.count * in_channels, 3, padding=1, bias=False)
        nn.init.normal_(self.tail.weight, std=1e-3)
        self.weights = [[_cubic(j - place) for j in range(-TAPS, TAPS + 1)] for place in places(factor)]

    outputs = 2
    """Of the last layer, per fine voxel."""

    def forward(self, image: Tensor) -> Sharpened:
        """See the class."""
        features = F.relu(self.head(self._differences(image)))
        kept = features
        for block in self.blocks:
            kept = block(kept)
        values, spread = self.tail(kept + features).float().chunk(2, 1)
        return Sharpened(
            self._join(self._consistent(self._start(image) + self._apart(values), image)),
            self._join(self._apart(spread).abs()),
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
        """Cubic convolution between the coarse voxels, ``(N, C, count, Z, …)``."""
        found = self._along(image, 2)
        if not self.within:
            return found
        return torch.stack([self._along(one, 3) for one in found.unbind(2)], 2).flatten(2, 3)

    def _along(self, image: Tensor, axis: int) -> Tensor:
        """Cubic convolution along one axis, ``(N, C, factor, Z, …)``."""
        ends = (0, 0) * (image.dim() - 1 - axis) + (TAPS, TAPS) + (0, 0) * (axis - 2)
        padded = F.pad(image, ends, mode="replicate")
        taps = [padded.narrow(axis, j, image.shape[axis]) for j in range(2 * TAPS + 1)]
        return torch.stack([sum(w * one for w, one in zip(row, taps, strict=True)) for row in self.weights], 2)

    def _apart(self, values: Tensor) -> Tensor:
        """``(N, C · count, Z, …)`` to ``(N, C, count, Z, …)``."""
        return values.unflatten(1, (-1, self.count))

    def _consistent(self, values: Tensor, image: Tensor) -> Tensor:
        """The nearest values whose mean over the fine voxels is the image."""
        return values + (image[:, :, None] - values.mean(2, keepdim=True))

    def _join(self, values: Tensor) -> Tensor:
        """The fine voxels where they lie, ``(N, C, Z · factor, …)``."""
        if not self.within:
            return values.transpose(2, 3).flatten(2, 3)
        return values.unflatten(2, (self.factor, self.factor)).permute(0, 1, 4, 2, 5, 3).flatten(4, 5).flatten(2, 3)


def split(fine: Tensor, factor: int, within: bool = False) -> Tensor:
    """The fine voxels of each coarse one as channels: ``(N, 1, Z · factor, …)`` to ``(N, count, Z, …)``.

    >>> split(torch.arange(6.0).reshape(1, 1, 6, 1), 3)[0, :, :, 0].tolist()
    [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
    """
    apart = fine[:, 0].unflatten(1, (-1, factor))
    if not within:
        return apart.transpose(1, 2)
    return apart.unflatten(3, (-1, factor)).permute(0, 2, 4, 1, 3).flatten(1, 2)


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
