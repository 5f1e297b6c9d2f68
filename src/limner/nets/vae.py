"""A variational autoencoder for pictures: a flat latent for all of the picture, and numbers that a person may set.

Source: Kingma D.P., Welling M. Auto-Encoding Variational Bayes. ICLR 2014; Sohn K. et al. Conditional VAE, NeurIPS
2015; Perez E. et al. FiLM, AAAI 2018 (how the latent acts at each resolution). What is ours: classes, and how large
marked things are and where, stand as numbers behind the latent. The encoder reads them off a picture, the decoder
draws them as discs to paint on, and while it learns, pictures are also made with the numbers of another picture,
which the encoder must then find in them: so the latent does not decide what the numbers say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from limner.nets.place import NUMBERS, discs, places


def _lrelu(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2)


def _conv(inner: int, outer: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(inner, outer, kernel, padding=kernel // 2)


class Down(nn.Module):
    """A residual block that halves the size; it begins as its skip alone, and so needs no normalization."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.one, self.two, self.skip = _conv(inner, inner), _conv(inner, outer), nn.Conv2d(inner, outer, 1, bias=False)
        nn.init.zeros_(self.two.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Maps ``(N, inner, H, W)`` to ``(N, outer, H / 2, W / 2)``."""
        small = F.avg_pool2d(self.one(_lrelu(x)), 2)
        return torch.as_tensor(self.skip(F.avg_pool2d(x, 2)) + self.two(_lrelu(small)))


class Up(nn.Module):
    """A residual block whose features the latent scales and moves; ``maps`` channels of discs are laid beside them."""

    def __init__(self, inner: int, outer: int, width: int, maps: int, *, up: bool) -> None:
        super().__init__()
        self.up = up
        self.film = nn.Linear(width, 2 * inner)
        self.one, self.two = _conv(inner + maps, outer), _conv(outer, outer)
        self.skip = nn.Conv2d(inner, outer, 1, bias=False)
        nn.init.zeros_(self.film.weight)
        nn.init.zeros_(self.film.bias)
        nn.init.zeros_(self.two.weight)

    def forward(self, x: Tensor, style: Tensor, drawn: Tensor | None) -> Tensor:
        """Maps ``(N, inner, H, W)``, a style ``(N, width)``, discs at the size of the result."""
        gain, shift = self.film(style)[:, :, None, None].chunk(2, 1)
        h, rest = _lrelu(x * (1 + gain) + shift), self.skip(x)
        if self.up:
            h, rest = (F.interpolate(one, scale_factor=2.0, mode="nearest") for one in (h, rest))
        h = self.one(h if drawn is None else torch.cat([h, drawn.to(h.dtype)], 1))
        return torch.as_tensor(rest + self.two(_lrelu(h)))


class Even(nn.Module):
    """Numbers ``(N, size)`` of which each has mean 0 and variance 1 over a batch; over what was seen of late in use.

    Batch normalization without weights, which ONNX has no word for.
    """

    def __init__(self, size: int, keep: float = 0.95) -> None:
        super().__init__()
        self.keep = keep
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("variance", torch.ones(size))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        mean, variance = self.mean, self.variance
        if self.training:
            mean, variance = x.mean(0), x.var(0, unbiased=False)
            self.mean.lerp_(mean.detach(), 1 - self.keep)
            self.variance.lerp_(variance.detach(), 1 - self.keep)
        return (x - mean) * torch.rsqrt(variance + 1e-5)


class Encoder(nn.Module):
    """Pictures ``(N, C, H, W)`` in -1 … 1 to what they are made from.

    Over a batch each number of the latent varies by 1, and has little noise at first; a decoder soon learns to do
    without a latent that says less. Source: Zhu Q. et al. A Batch Normalized Inference Network Keeps the KL Vanishing
    Away. ACL 2020.

    Args:
        channels, size: of the picture.
        features: by resolution, finest first.
        grain: pixels along a side that the finest features stand for.
        latent: numbers of the latent.
        classes: that a picture is of, 0 for none.
        marks: things that are marked in pictures, 0 for none.
    """

    def __init__(self, channels: int, size: int, features: Sequence[int], grain: int, *of: int) -> None:
        super().__init__()
        latent, classes, marks = of
        self.latent, self.grain = latent, grain
        size = size // grain
        self.first = _conv(channels * grain**2, features[0])
        self.blocks = nn.ModuleList(Down(a, b) for a, b in pairwise(features))
        self.at = min(3, len(self.blocks), max(1, int(math.log2(size / 16))))  # at 16 pixels where it can be
        self.side = size >> self.at
        flat = features[-1] * (size >> len(self.blocks)) ** 2
        self.code = nn.Linear(flat, 2 * latent)
        self.code.bias.data[latent:] = -4
        self.even = Even(latent)
        self.kinds = nn.Linear(flat, classes) if classes else None
        inner = features[self.at]
        self.marked = nn.Sequential(_conv(inner, inner), nn.LeakyReLU(0.2), _conv(inner, marks, 1)) if marks else None

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of each picture.

        Returns:
            Styles ``(N, latent + numbers)``: the latent's mean, then probabilities of classes or places of marks. The
            logarithm of the latent's variance ``(N, latent)``. Logits of the classes ``(N, K)`` or of what is marked
            ``(N, M, side, side)``; ``(N, 0)`` where there are neither.
        """
        x = self.first(F.pixel_unshuffle(image, self.grain) if self.grain > 1 else image)
        middle = x
        for number, block in enumerate(self.blocks, 1):
            x = block(x)
            middle = x if number == self.at else middle
        flat = _lrelu(x).flatten(1)
        mean, spread = self.code(flat).float().chunk(2, 1)
        mean, spread = self.even(mean), spread.clamp(-10, 4)
        if self.kinds is not None:
            logits = self.kinds(flat).float()
            return torch.cat([mean, logits.softmax(1)], 1), spread, logits
        if self.marked is not None:
            logits = self.marked(_lrelu(middle)).float()
            sure = ((logits.sigmoid() - 0.2) / 0.6).clamp(0, 1)  # a little everywhere would pull middles
            return torch.cat([mean, places(sure)], 1), spread, logits
        return mean, spread, mean[:, :0]


class Decoder(nn.Module):
    """Styles ``(N, 1, latent + numbers)`` to pictures ``(N, C, H, W)``, in -1 … 1 but for what overshoots.

    Args:
        channels, size, features, grain, latent, classes, marks: see :class:`Encoder`.
    """

    def __init__(self, channels: int, size: int, features: Sequence[int], grain: int, *of: int) -> None:
        super().__init__()
        latent, classes, marks = of
        self.width, self.marks, self.grain = latent + classes, marks, grain
        size = size // grain
        turned = list(features)[::-1]
        self.least = size >> (len(features) - 1)
        self.start = nn.Linear(self.width, turned[0] * self.least**2)
        maps = marks * NUMBERS
        blocks = [Up(turned[0], turned[0], self.width, maps, up=False)]
        blocks += [Up(a, b, self.width, maps, up=True) for a, b in pairwise(turned)]
        self.blocks = nn.ModuleList(blocks)
        self.last = _conv(turned[-1], channels * grain**2)

    def forward(self, styles: Tensor) -> Tensor:
        """See the class."""
        flat = styles[:, 0]
        style, numbers = flat[:, : self.width], flat[:, self.width :]
        x = self.start(style).reshape(-1, self.blocks[0].skip.in_channels, self.least, self.least)
        for number, block in enumerate(self.blocks):
            x = block(x, style, discs(numbers, self.least << number) if self.marks else None)
        x = torch.as_tensor(self.last(_lrelu(x))).float()
        return F.pixel_shuffle(x, self.grain) if self.grain > 1 else x


class Prior(nn.Module):
    """White noise ``(N, latent)`` and numbers ``(N, K)`` to styles of pictures as they were learned from.

    A normal distribution with the covariance of all encoded pictures, and a mean that goes straight with the numbers.
    It is fitted when the net has learned; before that it is standard normal.
    """

    def __init__(self, latent: int, numbers: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(latent))
        self.register_buffer("factor", torch.eye(latent))
        if numbers:
            self.register_buffer("slope", torch.zeros(numbers, latent))

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Styles ``(N, latent + K)``."""
        x = self.mean + z @ self.factor
        return x if condition is None else torch.cat([x + condition @ self.slope, condition], 1)


class Coded:
    """What became of a batch: pictures made again, and all that a loss asks of.

    No tuple, on purpose; see :class:`limner.nets.stylegan2.Made`.

    Args:
        pictures: ``(N, C, H, W)``.
        styles, spread, found: as :class:`Encoder` gives them.
        numbers: that the pictures have in truth, ``(N, K)``.
        refound: logits found in pictures made with another's numbers, of the first quarter; None where none were made.
    """

    def __init__(
        self, pictures: Tensor, styles: Tensor, spread: Tensor, found: Tensor, numbers: Tensor, refound: Tensor | None
    ) -> None:
        self.pictures, self.styles, self.spread, self.found = pictures, styles, spread, found
        self.numbers, self.refound = numbers, refound

    def detach(self) -> Coded:
        """The same without history."""
        refound = None if self.refound is None else self.refound.detach()
        seen = self.styles.detach(), self.spread.detach(), self.found.detach()
        return Coded(self.pictures.detach(), *seen, self.numbers, refound)


class VAE(nn.Module):
    """Pictures to pictures through a flat latent; parts ``encoder``, ``mapping`` (the prior) and ``synthesis``.

    Args:
        in_channels: of the condition: classes, or marked things (``labels``), or 0.
        out_channels: of the picture.
        size: side of the picture.
        latent: numbers of the latent.
        features: by resolution, finest first; each halves the size.
        grain: pixels along a side that the finest features stand for: with 2 all costs a third.
        labels: the condition is a label map, of which size and place of each thing are kept.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        size: int,
        latent: int = 64,
        features: Sequence[int] = (24, 32, 48, 64, 96),
        grain: int = 2,
        labels: bool = False,
        **unused: Any,
    ) -> None:
        super().__init__()
        if unused.pop("dims", 2) != 2 or unused:
            raise ValueError(f"it makes pictures, and takes no {', '.join(unused) or 'volumes'}")
        halved = len(features) - 1
        if size % (grain << halved):
            raise ValueError(
                f"{halved + 1} features of grain {grain} ask for a multiple of {grain << halved}, not {size}"
            )
        self.latent, self.kinds, self.labels, self.channels = latent, in_channels, labels, out_channels
        self.numbers = in_channels * (NUMBERS if labels else 1)
        of = latent, 0 if labels else in_channels, in_channels if labels else 0
        self.encoder = Encoder(out_channels, size, features, grain, *of)
        self.mapping = Prior(latent, self.numbers)
        self.synthesis = Decoder(out_channels, size, features, grain, *of)

    @property
    def width(self) -> int:
        """Numbers that one picture is made from."""
        return self.latent + self.numbers

    def forward(self, both: Tensor) -> Coded:
        """Pictures ``(N, C + K, H, W)``: the condition, a class as a constant plane, is laid behind the picture.

        While it learns, latents are drawn here by torch's seeded generator; else the mean stands for all.
        """
        picture, maps = both[:, : self.channels], both[:, self.channels :]
        numbers = self.numbers_of(maps)
        styles, spread, found = self.encoder(picture)
        z, refound = styles[:, : self.latent], None
        if self.training:
            z = z + torch.randn_like(spread) * (0.5 * spread).exp()
        made = self.synthesis(torch.cat([z, numbers], 1)[:, None])
        if self.training and self.numbers:
            some = max(2, len(z) // 4)
            other = self.synthesis(torch.cat([z, numbers.roll(1, 0)], 1)[:some, None])
            resting = {name: value.detach().clone() for name, value in self.encoder.state_dict().items()}
            refound = functional_call(self.encoder, resting, (other,))[2]
        return Coded(made, styles, spread, found, numbers, refound)

    def numbers_of(self, maps: Tensor) -> Tensor:
        """Sizes and places of what is marked, or the class, of conditions at the picture's size ``(N, K, H, W)``."""
        return places(maps) if self.labels else maps.mean((2, 3))
