"""What tells translated pictures from real ones, patch by patch, and shows by which features.

Source: Isola P. et al. Image-to-image translation with conditional adversarial networks. CVPR 2017, section 3.2.2.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class PatchGAN(nn.Module):
    """Pictures to how real each patch of about 70 pixels looks, and the features that say so.

    Args:
        channels: of the pictures; where they are judged beside what they were made from, of both together.
        features: of the convolutions that halve, finest first; three see patches of 70 pixels.
    """

    def __init__(self, channels: int, features: Sequence[int] = (32, 64, 96)) -> None:
        super().__init__()
        widths = [channels, *features, features[-1]]
        self.stages = nn.ModuleList(
            _stage(widths[k], widths[k + 1], 1 if k == len(features) else 2, plain=k == 0)
            for k in range(len(features) + 1)
        )
        self.verdict = nn.Conv2d(features[-1], 1, 4, padding=1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """``(N, C, Y, X)`` in 0–1 to ``(N, 1, y, x)``, above 0 where it looks real, and a feature map per stage."""
        x, seen = pictures * 2 - 1, []
        for stage in self.stages:
            x = stage(x)
            seen.append(x)
        return self.verdict(x).float(), seen


class TwoJudges(nn.Module):
    """A discriminator of each kind of pictures, for those that do not come in pairs.

    Args:
        given, wanted: channels of each kind.
        features: of both.
    """

    def __init__(self, given: int, wanted: int, features: Sequence[int] = (32, 64, 96)) -> None:
        super().__init__()
        self.given, self.wanted = PatchGAN(given, features), PatchGAN(wanted, features)

    def forward(self, given: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """How real each patch looks, of both."""
        return self.given(given)[0], self.wanted(wanted)[0]


def feature_distance(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    """Mean absolute difference of feature maps, mean over the stages: the perceptual loss of MedGAN (eq. 4)."""
    return torch.stack([(x.float() - y.float()).abs().mean() for x, y in zip(a, b, strict=True)]).mean()


def style_distance(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    """Squared difference of the Gram matrices of feature maps, mean over the stages: MedGAN's style loss (eq. 6)."""
    return torch.stack([(gram(x) - gram(y)).square().sum((1, 2)).mean() for x, y in zip(a, b, strict=True)]).mean()


def gram(x: Tensor) -> Tensor:
    """How features occur together, wherever they do: ``(N, C, Y, X)`` to ``(N, C, C)``; ones give 1 / C everywhere.

    Source: Gatys L. et al. Image style transfer using convolutional neural networks. CVPR 2016.
    """
    flat = x.float().flatten(2)
    return flat @ flat.transpose(1, 2) / (flat.shape[1] * flat.shape[2])


def _stage(inputs: int, outputs: int, stride: int, plain: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 4, stride, 1)]
    if not plain:
        layers.append(nn.InstanceNorm2d(outputs))
    return nn.Sequential(*layers, nn.LeakyReLU(0.2))
