"""Pictures to pictures: a cascade of small U-blocks, each mending what the one before it made; and two for a cycle.

A U-block halves its picture at every level with one convolution and doubles it again with one, as in pix2pix, so that a
cascade of them stays affordable on a processor. Batch normalization, since its statistics do not depend on how much
black a crop holds: what was learned on crops is asked of whole slices.

Source: Armanious K. et al. MedGAN: Medical image translation using GANs. Comput. Med. Imaging Graph. 79:101684, 2020,
section 2.3 (CasNet); Isola P. et al. Image-to-image translation with conditional adversarial networks. CVPR 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

FEATURES = (16, 32, 64, 64, 64)


class UBlock(nn.Module):
    """An encoder and a decoder with skip connections: ``(N, C, Y, X)`` to ``(N, K, Y, X)``.

    Args:
        inputs, outputs: channels.
        features: by level, finest first; sides must be a multiple of two to the number of levels less one.
    """

    def __init__(self, inputs: int, outputs: int, features: Sequence[int]) -> None:
        super().__init__()
        pairs = list(pairwise(features))
        self.first = _stage(nn.Conv2d(inputs, features[0], 3, padding=1, bias=False), features[0])
        self.downs = nn.ModuleList(_stage(nn.Conv2d(a, b, 4, 2, 1, bias=False), b) for a, b in pairs)
        # the deepest level is asked alone, every other one beside what the encoder saw there
        self.ups = nn.ModuleList(
            _stage(nn.ConvTranspose2d(b if k == len(pairs) - 1 else 2 * b, a, 4, 2, 1, bias=False), a)
            for k, (a, b) in enumerate(pairs)
        )
        self.last = nn.Conv2d(2 * features[0], outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Linear at the end: no value is out of reach."""
        seen = [self.first(x)]
        for down in self.downs:
            seen.append(down(seen[-1]))
        x = seen.pop()
        for up in reversed(self.ups):
            x = torch.cat([up(x), seen.pop()], 1)
        found: Tensor = self.last(x)
        return found


class CasNet(nn.Module):
    """A cascade of U-blocks; every block but the first sees the input beside what was made, and adds to it.

    Args:
        in_channels, out_channels: of the pictures.
        blocks: of the cascade; 1 is the U-Net of pix2pix.
        features: of each block.
        dims: 2, the only one that is built.

    Raises:
        ValueError: fewer than one block or two levels, or three axes.
    """

    def __init__(
        self, in_channels: int, out_channels: int, blocks: int = 3, features: Sequence[int] = FEATURES, dims: int = 2
    ) -> None:
        super().__init__()
        if dims != 2:
            raise ValueError(f"casnet makes pictures, of 2 axes; got {dims}")
        if blocks < 1 or len(features) < 2:
            raise ValueError(f"a block or more, of two levels or more; got blocks={blocks}, features={list(features)}")
        self.blocks = nn.ModuleList(
            UBlock(in_channels + (out_channels if k else 0), out_channels, features) for k in range(blocks)
        )

    def forward(self, given: Tensor) -> Tensor:
        """``(N, C, Y, X)`` to ``(N, K, Y, X)``, both of values that are mostly within 0 and 1."""
        made: Tensor = self.blocks[0](given)
        for block in list(self.blocks)[1:]:
            made = made + block(torch.cat([given, made], 1))
        return made


@dataclass
class Cycled:
    """What two translators made of pictures that do not belong together.

    Args:
        made: of what was given.
        given: again, from ``made``.
        imagined: what might have been given, from a picture of what is wanted.
        wanted: again, from ``imagined``.
    """

    made: Tensor
    given: Tensor
    imagined: Tensor
    wanted: Tensor

    def detach(self) -> Cycled:
        """Without what made them."""
        return Cycled(self.made.detach(), self.given.detach(), self.imagined.detach(), self.wanted.detach())


class CycleNet(nn.Module):
    """A translator there and one back, for pictures that do not come in pairs.

    Args:
        as :class:`CasNet`.

    Source: Zhu J.-Y. et al. Unpaired image-to-image translation using cycle-consistent adversarial networks. ICCV 2017.
    """

    def __init__(
        self, in_channels: int, out_channels: int, blocks: int = 1, features: Sequence[int] = FEATURES, dims: int = 2
    ) -> None:
        super().__init__()
        self.there = CasNet(in_channels, out_channels, blocks, features, dims)
        self.back = CasNet(out_channels, in_channels, blocks, features, dims)
        self.inputs, self.outputs = in_channels, out_channels

    def forward(self, x: Tensor) -> Tensor | Cycled:
        """What is made of pictures ``(N, C, Y, X)``; of both kinds together ``(N, C + K, Y, X)``, the whole cycle."""
        if x.shape[1] == self.inputs:
            found: Tensor = self.there(x)
            return found
        given, wanted = x.split([self.inputs, self.outputs], 1)
        made, imagined = self.there(given), self.back(wanted)
        return Cycled(made, self.back(made), imagined, self.there(imagined))


def stride_of(features: Sequence[int] = FEATURES) -> int:
    """What sides must be a multiple of.

    >>> stride_of((16, 32, 64, 64, 64))
    16
    """
    return int(2 ** (len(features) - 1))


def _stage(convolution: nn.Module, features: int) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(features), nn.LeakyReLU(0.1, inplace=True))
