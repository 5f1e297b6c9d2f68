"""What tells generated pictures from real ones: StyleGAN2's residual discriminator, small.

Source: Karras T. et al. CVPR 2020, section 4.1; Miyato T., Koyama M. cGANs with Projection Discriminator. ICLR 2018.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from limner.nets.stylegan2 import GAIN, POOL, Conv, Dense, lrelu, spread, unit


class Discriminator(nn.Module):
    """Pictures, and their condition, to how real they look ``(N,)``: residual blocks, minibatch deviation, projection.

    Args:
        channels: of the picture.
        features: by resolution, finest first.
        classes: of a class condition (projection, Miyato 2018), 0 for none.
        maps: channels of a label map that is laid beside the picture, 0 for none.
        end: the size that is left at the last features; its length says whether pictures or volumes are told apart.
    """

    def __init__(
        self, channels: int, features: Sequence[int], classes: int = 0, maps: int = 0, end: Sequence[int] = (4, 4)
    ) -> None:
        super().__init__()
        self.maps, self.classes = maps, classes
        one, three = (1,) * len(end), (3,) * len(end)
        self.first = Conv(features[0], channels + maps, *one, gain=GAIN)
        pairs = list(pairwise(features))
        self.inner = nn.ModuleList(Conv(a, a, *three, gain=GAIN) for a, _ in pairs)
        self.outer = nn.ModuleList(Conv(b, a, *three, gain=GAIN) for a, b in pairs)
        self.skip = nn.ModuleList(Conv(b, a, *one, bias=None) for a, b in pairs)
        last = features[-1]
        self.last = Conv(last, last + 1, *three, gain=GAIN)
        self.dense = Dense(last, last * math.prod(end), gain=GAIN)
        self.verdict = Dense(last if classes else 1, last)
        self.embed = Dense(last, classes, bias=None) if classes else None

    def forward(self, picture: Tensor, condition: Tensor) -> Tensor:
        """Pictures ``(N, C, *size)``; classes ``(N, K)`` or label maps ``(N, M, *size)``."""
        x = torch.cat([picture, condition], 1) if self.maps else picture
        x = lrelu(self.first(x))
        pool = POOL[x.dim()]
        for inner, outer, skip in zip(self.inner, self.outer, self.skip, strict=True):
            small = pool(lrelu(inner(x)), 2)  # before the wider convolution, which then has less work
            x = (lrelu(outer(small)) + skip(pool(x, 2))) / GAIN
        x = lrelu(self.last(torch.cat([x, deviation(x)], 1)))
        found = self.verdict(lrelu(self.dense(x.flatten(1)))).float()
        if self.embed is None:
            return found[:, 0]
        return (found * unit(self.embed(condition)).float()).sum(1) / math.sqrt(found.shape[1])


def deviation(x: Tensor, group: int = 4) -> Tensor:
    """Mean standard deviation over a group of the batch: a generator that repeats itself is seen at once."""
    n, _, *space = x.shape
    size = group if n % group == 0 else n
    x = x.float().reshape(size, -1, *x.shape[1:])
    apart = (x.var(0, unbiased=False) + 1e-8).sqrt().mean(tuple(range(1, 2 + len(space))))
    return spread(apart.repeat(size)[:, None], len(space)).expand(n, 1, *space)
