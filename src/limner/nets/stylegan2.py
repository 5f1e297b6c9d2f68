"""StyleGAN2, small: a mapping of noise to styles, and a synthesis whose convolutions the styles scale.

Pictures or volumes: what differs is the number of axes of space, and that volumes are doubled after a convolution, not
by it.

Source: Karras T. et al. Analyzing and Improving the Image Quality of StyleGAN. CVPR 2020. Written from the paper. What
is ours: noise and latents can be inputs, so that the exported graphs draw no random number; a label map may be laid
beside the features at each resolution; a style scales the input of a convolution and the output is demodulated after
it, which needs no grouped convolution and is quick on a processor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

GAIN = math.sqrt(2)
"""What a leaky ReLU takes from the variance; it commutes with scaling, so the weights before it give it back."""


POOL = {4: F.avg_pool2d, 5: F.avg_pool3d}
"""By the axes of a tensor: batch, channels, and two or three of space."""


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None = None, *, padding: int = 0) -> Tensor:
    """A convolution over two or three axes of space.

    Volumes are convolved in float32: in bfloat16 oneDNN (torch 2.13, AVX-512) leaves slopes of the weights that it
    never computed, up to 1e37 or NaN, for a depth of 2, and what it writes beside others is not known.
    """
    if x.dim() == 4:
        return F.conv2d(x, weight, bias, padding=padding)
    with torch.autocast(x.device.type, enabled=False):
        return F.conv3d(x.float(), weight.float(), None if bias is None else bias.float(), padding=padding)


class Scaled(nn.Module):
    """A weight drawn from N(0, 1) and scaled when it is used, so that Adam moves all layers alike (equalized rate)."""

    def __init__(self, *shape: int, bias: float | None = 0.0, rate: float = 1.0, gain: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape) / rate)
        self.bias = None if bias is None else nn.Parameter(torch.full((shape[0],), bias / rate))
        self.gain, self.rate = gain * rate / math.sqrt(math.prod(shape[1:])), rate

    def scaled(self) -> tuple[Tensor, Tensor | None]:
        """Weight and bias as they act."""
        return self.weight * self.gain, None if self.bias is None else self.bias * self.rate


class Dense(Scaled):
    """Fully connected."""

    def forward(self, x: Tensor) -> Tensor:
        """Features ``(N, inner)`` to ``(N, outer)``."""
        return F.linear(x, *self.scaled())


class Conv(Scaled):
    """A convolution that keeps the size."""

    def forward(self, x: Tensor) -> Tensor:
        """Maps ``(N, inner, *size)`` to ``(N, outer, *size)``."""
        return convolve(x, *self.scaled(), padding=self.weight.shape[-1] // 2)


def lrelu(x: Tensor) -> Tensor:
    """The paper's activation; what leads to it has the gain :data:`GAIN`."""
    return F.leaky_relu(x, 0.2)


def blurred(x: Tensor) -> Tensor:
    """The filter [1 3 3 1] along both axes, one pixel less at each end: three means of two."""
    for _ in range(3):
        x = F.avg_pool2d(x, 2, stride=1)
    return x


def spread(values: Tensor, dims: int) -> Tensor:
    """Numbers ``(…, C)`` with axes of length 1 behind them, one for each of space."""
    return values[(..., *(None,) * dims)]


class Mapping(nn.Module):
    """Latents ``(N, Z)``, and one-hot classes ``(N, K)`` where there are some, to styles ``(N, W)``."""

    def __init__(self, latent: int, classes: int, width: int, depth: int, rate: float = 0.01) -> None:
        super().__init__()
        self.embed = Dense(width, classes, bias=None) if classes else None
        first = latent + (width if classes else 0)
        sizes = [first, *[width] * depth]
        self.layers = nn.ModuleList(Dense(b, a, rate=rate, gain=GAIN) for a, b in pairwise(sizes))

    def _load_from_state_dict(self, held: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Weights of older runs hold a mean style that nothing read."""
        held.pop(f"{prefix}mean", None)
        super()._load_from_state_dict(held, prefix, *rest)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Latents, of any length: only their direction counts."""
        x = unit(z)
        if self.embed is not None and condition is not None:
            x = torch.cat([x, unit(self.embed(condition.float()))], 1)
        for layer in self.layers:
            x = lrelu(layer(x))
        return x


class StyledConv(nn.Module):
    """A convolution whose inputs the style scales; noise, bias and a leaky ReLU follow."""

    def __init__(self, inner: int, outer: int, width: int, *, up: bool = False, maps: int = 0, dims: int = 2) -> None:
        super().__init__()
        self.up, self.dims = up, dims
        self.style = Dense(inner, width, bias=1.0)
        self.conv = Scaled(outer, inner, *(3,) * dims, bias=None)
        self.bias = nn.Parameter(torch.zeros(outer))
        self.strength = nn.Parameter(torch.zeros(()))
        self.place = Conv(outer, maps, *(3,) * dims, bias=None) if maps else None

    def forward(self, x: Tensor, w: Tensor, noise: Tensor, label: Tensor | None) -> Tensor:
        """Maps, a style, noise ``(N, 1, *size)`` and a label map at the size of the result."""
        dims, style, (weight, _) = self.dims, self.style(w), self.conv.scaled()
        power = style.square() @ weight.square().sum(tuple(range(2, 2 + dims))).t()
        strength = GAIN * torch.rsqrt(power + 1e-8)  # demodulation, eq. 3
        x = x * spread(style, dims)
        if self.up and dims == 2:
            x = 4 * blurred(F.pad(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), (1, 1, 1, 1)))
        else:
            x = convolve(x, weight, padding=1)
            x = _doubled(x) if self.up else x  # volumes: two thirds of the time of the above
        x = x * spread(strength, dims) + noise * self.strength + spread(self.bias, dims)
        if self.place is not None and label is not None:
            x = x + self.place(label)
        return lrelu(x)


class ToPixels(nn.Module):
    """Features to channels of a picture, by a 1 × 1 convolution that the style scales."""

    def __init__(self, inner: int, outer: int, width: int, dims: int = 2) -> None:
        super().__init__()
        self.dims = dims
        self.style = Dense(inner, width, bias=1.0)
        self.conv = Scaled(outer, inner, *(1,) * dims)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Maps and a style; nothing is demodulated here."""
        return convolve(x * spread(self.style(w), self.dims), *self.conv.scaled())


class Synthesis(nn.Module):
    """Styles ``(N, layers, W)``, noise ``(N, noises)``, label maps ``(N, M, *size)`` to pictures in -1 … 1.

    Args:
        size: of the picture or volume, its longest side 4 · 2^n.
        channels: of the picture.
        width: of a style.
        features: by resolution, coarsest (a longest side of 4) first.
        maps: channels of a label map, 0 for none.
    """

    def __init__(self, size: Sequence[int], channels: int, width: int, features: Sequence[int], maps: int) -> None:
        super().__init__()
        start, dims = start_of(size, features), len(size)
        self.dims, self.maps = dims, maps
        self.start = nn.Parameter(torch.randn(1, features[0], *start))
        convs: list[StyledConv] = [StyledConv(features[0], features[0], width, maps=maps, dims=dims)]
        pixels = [ToPixels(features[0], channels, width, dims)]
        for inner, outer in pairwise(features):
            convs.append(StyledConv(inner, outer, width, up=True, dims=dims))
            convs.append(StyledConv(outer, outer, width, maps=maps, dims=dims))
            pixels.append(ToPixels(outer, channels, width, dims))
        self.convs, self.pixels = nn.ModuleList(convs), nn.ModuleList(pixels)
        self.doublings = [0, *(one for one in range(1, len(features)) for _ in range(2))]
        self.sizes = [tuple(side << one for side in start) for one in self.doublings]

    @property
    def layers(self) -> int:
        """Styles that one picture takes."""
        return len(self.convs) + 1

    @property
    def noises(self) -> int:
        """Numbers of noise that one picture takes."""
        return sum(math.prod(size) for size in self.sizes)

    def forward(self, styles: Tensor, noise: Tensor, label: Tensor | None = None) -> Tensor:
        """See the class."""
        # shape[0], which a traced graph keeps free
        x = self.start.expand(styles.shape[0], *(-1,) * (1 + self.dims))
        picture, first = None, 0
        for number, (conv, size) in enumerate(zip(self.convs, self.sizes, strict=True)):
            here = noise[:, first : first + math.prod(size)].reshape(-1, 1, *size)
            first += math.prod(size)
            place = None
            if label is not None and self.maps and not conv.up:
                left = self.doublings[-1] - self.doublings[number]
                place = POOL[label.dim()](label, 1 << left) if left else label
            x = conv(x, styles[:, number], here, place)
            if not conv.up:
                new = self.pixels[(number + 1) // 2](x, styles[:, number + 1])
                picture = new if picture is None else _doubled(picture) + new
        return torch.as_tensor(picture).float()


class Made:
    """What a generator made: pictures ``(N, C, *size)`` in -1 … 1, their styles ``(N, layers, W)``, the condition.

    No tuple, on purpose: what wraps a net looks into tuples and hooks their tensors, and then forbids the slopes that
    path lengths need.
    """

    def __init__(self, pictures: Tensor, styles: Tensor, condition: Tensor) -> None:
        self.pictures, self.styles, self.condition = pictures, styles, condition

    def detach(self) -> Made:
        """The same without history."""
        return Made(self.pictures.detach(), self.styles.detach(), self.condition)


class StyleGAN2(nn.Module):
    """A generator. Training draws latents, mixes styles and adds noise by torch's seeded generator.

    Args:
        in_channels: of the condition: classes, or channels of a label map (``labels``), or 0.
        out_channels: of the picture.
        size: side of a square picture, or sizes along (Z,) Y, X: 4 or less, doubled with each further feature.
        latent: numbers of a latent.
        width: of a style.
        features: by resolution, coarsest (a longest side of 4) first.
        depth: of the mapping.
        labels: the condition is a label map at the picture's size, not a class.
        mixing: share of pictures made of two styles.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        size: int | Sequence[int],
        latent: int = 64,
        width: int = 128,
        features: Sequence[int] = (128, 128, 128, 64, 32),
        depth: int = 4,
        labels: bool = False,
        mixing: float = 0.9,
        **unused: Any,
    ) -> None:
        super().__init__()
        sizes = (size, size) if isinstance(size, int) else tuple(size)
        if unused.pop("dims", len(sizes)) != len(sizes) or unused:
            raise ValueError(f"it makes pictures of {sizes}, and takes no {', '.join(unused) or 'other dims'}")
        self.latent, self.width, self.kinds, self.labels = latent, width, in_channels, labels
        self.mixing, self.features = mixing, tuple(features)
        self.register_buffer("path", torch.zeros(()))
        self.mapping = Mapping(latent, 0 if labels else in_channels, width, depth)
        self.synthesis = Synthesis(sizes, out_channels, width, features, in_channels if labels else 0)

    def forward(self, condition: Tensor) -> Made:
        """Pictures from latents that are drawn here."""
        n, layers = len(condition), self.synthesis.layers
        z = torch.randn(2, n, self.latent, device=condition.device)
        with torch.autocast(condition.device.type, enabled=False):
            one, two = (self.mapping(one, condition) for one in z)
        cut = torch.randint(1, layers, (n, 1), device=condition.device)
        mixed = (torch.rand(n, 1, device=condition.device) < self.mixing) & (
            torch.arange(layers, device=condition.device) >= cut
        )
        styles = torch.where(mixed[:, :, None], two[:, None], one[:, None])
        noise = torch.randn(n, self.synthesis.noises, device=condition.device)
        return Made(self.synthesis(styles, noise, condition), styles, condition)


def unit(x: Tensor) -> Tensor:
    """Each row with a mean square of 1."""
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)


def start_of(size: Sequence[int], features: Sequence[int]) -> tuple[int, ...]:
    """The size at which a net of these features begins.

    Raises:
        ValueError: no start of 4 along the longest side is doubled to that size.

    >>> start_of((32, 64, 64), (64, 64, 32, 16, 8))
    (2, 4, 4)
    """
    times = 1 << (len(features) - 1)
    if len(size) not in (2, 3) or max(size) != 4 * times or any(side % times for side in size):
        told = " × ".join(map(str, size))
        raise ValueError(
            f"{len(features)} features lead to a side of {4 * times}, and others that {times} divides; not {told}"
        )
    return tuple(side // times for side in size)


def _doubled(picture: Tensor) -> Tensor:
    how = "bilinear" if picture.dim() == 4 else "trilinear"
    return F.interpolate(picture, scale_factor=2.0, mode=how, align_corners=False)
