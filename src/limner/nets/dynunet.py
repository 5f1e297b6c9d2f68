"""DynUNet, whose kernels and strides follow the data: MONAI's blocks, and the rules by which nnU-Net shapes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from limner.nets.attention import CBAM


@dataclass(frozen=True)
class Topology:
    """What follows from spacing and patch.

    Args:
        kernels: of the convolutions, per level, finest first.
        strides: into each level; the first is 1.
        patch: the patch, rounded up to what the strides divide.
    """

    kernels: tuple[tuple[int, ...], ...]
    strides: tuple[tuple[int, ...], ...]
    patch: tuple[int, ...]

    def channels(self, first: int = 32, most: int | None = None) -> tuple[int, ...]:
        """Features per level: doubled with each, up to 320 (volumes) or 512 (pictures)."""
        limit = most or (320 if len(self.patch) == 3 else 512)
        return tuple(min(first * 2**level, limit) for level in range(len(self.strides)))


def topology(spacing: Sequence[float], patch: Sequence[int], least: int = 4) -> Topology:
    """Kernels and strides for a patch: an axis is pooled once it is not coarser than twice the finest.

    Args:
        spacing: in mm along ``(Z,) Y, X``; equal numbers where nobody knows it.
        patch: voxels along the same axes.
        least: no axis is pooled below this many voxels.

    Source: Isensee et al., *nnU-Net*, Nat. Methods 18:203, 2021, supplementary note 4 ("Network topology").

    >>> topology((5.0, 1.0, 1.0), (16, 64, 64)).strides
    ((1, 1, 1), (1, 2, 2), (1, 2, 2), (2, 2, 2), (2, 2, 2))
    >>> topology((5.0, 1.0, 1.0), (16, 64, 64)).kernels
    ((1, 3, 3), (1, 3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3))
    """
    axes = range(len(patch))
    now, size = [float(s) for s in spacing], [int(n) for n in patch]
    kernel, pooled = [1] * len(patch), [0] * len(patch)
    kernels: list[tuple[int, ...]] = []
    strides: list[tuple[int, ...]] = [(1,) * len(patch)]
    while True:
        large = [a for a in axes if size[a] >= 2 * least]
        chosen = [a for a in large if now[a] < 2 * min(now[b] for b in large)]
        if not chosen or (len(chosen) == 1 and size[chosen[0]] < 3 * least):
            break
        # An axis is convolved from the level on at which it is not much coarser than the finest.
        kernel = [3 if kernel[a] == 3 or now[a] < 2 * min(now) else 1 for a in axes]
        kernels.append(tuple(kernel))
        strides.append(tuple(2 if a in chosen else 1 for a in axes))
        for a in chosen:
            now[a], size[a], pooled[a] = 2 * now[a], -(-size[a] // 2), pooled[a] + 1
    kernels.append((3,) * len(patch))
    divisible = [2**times for times in pooled]
    return Topology(
        tuple(kernels), tuple(strides), tuple(-(-int(n) // d) * d for n, d in zip(patch, divisible, strict=True))
    )


class DynUNet(nn.Module):
    """Encoder and decoder of MONAI's DynUNet, with deep supervision on the coarser levels.

    Args:
        in_channels: channels of the input.
        out_channels: classes.
        channels: features per level, finest first.
        kernels: per level; 3 everywhere where None.
        strides: into each level, the first 1; 2 everywhere where None. Three levels at least.
        dims: axes of space, 2 or 3.
        deep: how many coarser levels also give logits in training.
        residual: blocks with a shortcut.
        cbam: attention on every level but the two finest, where it would cost most and see least.
        dropout: of whole channels, in training.

    Raises:
        ValueError: fewer than three levels, or lists of different lengths.

    Source: Isensee et al., *nnU-Net*, Nat. Methods 2021; Futrega et al., *Optimized U-Net for brain tumor
    segmentation*, BrainLes 2021.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        channels: Sequence[int] = (32, 64, 128, 256, 320),
        kernels: Sequence[Sequence[int]] | None = None,
        strides: Sequence[Sequence[int]] | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        known: dict[str, Any] = {"dims": 3, "deep": 2, "residual": False, "cbam": False, "dropout": 0.0}
        if set(options) - set(known):
            raise ValueError(f"DynUNet has the options {', '.join(known)}; got {', '.join(sorted(options))}.")
        chosen = {**known, **options}
        levels, dims = len(channels), int(chosen["dims"])
        each = [[3] * dims] * levels if kernels is None else [list(map(int, k)) for k in kernels]
        steps = [[1] * dims] + [[2] * dims] * (levels - 1) if strides is None else [list(map(int, s)) for s in strides]
        if levels < 3 or len(each) != levels or len(steps) != levels:
            raise ValueError(
                "DynUNet needs three levels or more, with a kernel and a stride for each; got "
                f"{levels} channels, {len(each)} kernels, {len(steps)} strides."
            )
        from monai.networks.nets.dynunet import DynUNet as Blocks

        deep = min(int(chosen["deep"]), levels - 2)
        made = Blocks(
            dims,
            in_channels,
            out_channels,
            each,
            steps,
            steps[1:],
            filters=[int(c) for c in channels],
            dropout=chosen["dropout"] or None,
            deep_supervision=deep > 0,
            deep_supr_num=max(deep, 1),
            res_block=bool(chosen["residual"]),
        )
        encoders: list[nn.Module] = [made.input_block, *made.downsamples, made.bottleneck]
        if chosen["cbam"]:
            encoders[2:] = [
                nn.Sequential(block, CBAM(int(width), dims=dims))
                for block, width in zip(encoders[2:], channels[2:], strict=True)
            ]
        # The blocks stand once each: MONAI's own forward registers them twice, which would double a pack.
        self.encoders = nn.ModuleList(encoders)
        self.decoders = made.upsamples  # coarsest first
        self.heads = nn.ModuleList([made.output_block, *(made.deep_supervision_heads if deep else [])])

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """``(N, C, (Z,) Y, X)`` to logits ``(N, classes, …)``: the finest first, coarser ones only in training."""
        features = []
        for encode in self.encoders:
            x = encode(x)
            features.append(x)
        logits: list[Tensor] = []
        for level, decode in zip(reversed(range(len(features) - 1)), self.decoders, strict=True):
            x = decode(x, features[level])
            if level < len(self.heads) and (level == 0 or self.training):
                logits.insert(0, self.heads[level](x))
        return tuple(logits)
