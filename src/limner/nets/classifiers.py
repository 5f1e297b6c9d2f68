"""Nets that say what a picture is, and where they saw it: MONAI's feature extractors under one head.

The head is a 1 × 1 convolution followed by the mean over space. That equals global average pooling and a linear layer,
and its maps are the class activation maps: an explanation that costs nothing, on any engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from limner.nets.attention import CBAM


class Classifier(nn.Module):
    """Features, then one map per class.

    Args:
        features: ``(N, C, *size)`` to ``(N, width, *smaller)``.
        width: channels that it gives.
        classes: outputs.
        dims: axes of space, 2 or 3.
        dropout: of whole feature channels, in training.

    Source: Zhou et al., *Learning deep features for discriminative localization*, CVPR 2016, equations 1 and 2.
    """

    def __init__(self, features: nn.Module, width: int, classes: int, dims: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.features = features
        self.dropout = (nn.Dropout2d if dims == 2 else nn.Dropout3d)(dropout)
        self.head = (nn.Conv2d if dims == 2 else nn.Conv3d)(width, classes, 1, bias=False)
        self.bias = nn.Parameter(torch.zeros(classes))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits ``(N, classes)``, and the maps ``(N, classes, *smaller)`` of which they are the mean, plus a bias."""
        maps = self.head(self.dropout(self.features(x)))
        # Not flatten(2).mean(2): OpenVINO 2026.4 gives other numbers for that from the second picture of a batch on.
        return maps.mean(tuple(range(2, maps.dim()))) + self.bias, maps


def resnet18(in_channels: int, out_channels: int, **options: Any) -> Classifier:
    """ResNet with two convolutions per block. Options as :func:`resnet50`."""
    return _resnet("basic", (2, 2, 2, 2), in_channels, out_channels, **options)


def resnet50(in_channels: int, out_channels: int, **options: Any) -> Classifier:
    """ResNet with bottlenecks.

    Args:
        in_channels: of the picture.
        out_channels: classes.
        options: ``dims`` (2 or 3), ``width`` (64), ``stem`` (``"large"``: 7 × 7, stride 2, pooled; ``"small"``:
            3 × 3 for small pictures; ``"patch"``: 4 × 4, stride 4), ``cbam`` (after each stage), ``dropout``,
            ``normalize`` (each channel of each picture to mean 0 and standard deviation 1 first, for pictures whose
            brightness depends on the machine).

    Source: He et al., *Deep residual learning*, CVPR 2016; small stem as in its CIFAR experiments, section 4.2.
    """
    return _resnet("bottleneck", (3, 4, 6, 3), in_channels, out_channels, **options)


def _resnet(
    block: str,
    layers: Sequence[int],
    in_channels: int,
    out_channels: int,
    dims: int = 2,
    width: int = 64,
    stem: str = "large",
    cbam: bool = False,
    dropout: float = 0.0,
    normalize: bool = False,
) -> Classifier:
    from monai.networks.nets.resnet import ResNet

    size, stride, pool = {"large": (7, 2, True), "small": (3, 1, False), "patch": (4, 4, False)}[stem]
    widths = [width, 2 * width, 4 * width, 8 * width]
    net = ResNet(
        block,
        list(layers),
        widths,
        spatial_dims=dims,
        n_input_channels=in_channels,
        conv1_t_size=size,
        conv1_t_stride=stride,
        no_max_pool=not pool,
        num_classes=out_channels,
        shortcut_type="B",
    )
    if stem == "patch":
        net.conv1.padding = (0,) * dims
    first = [(nn.InstanceNorm2d if dims == 2 else nn.InstanceNorm3d)(in_channels, eps=1e-4)] if normalize else []
    steps: list[nn.Module] = [*first, net.conv1, net.bn1, net.act, *([net.maxpool] if pool else [])]
    out = 1 if block == "basic" else 4
    for stage, channels in zip((net.layer1, net.layer2, net.layer3, net.layer4), widths, strict=True):
        steps += [stage, *([CBAM(channels * out, dims=dims)] if cbam else [])]
    return Classifier(nn.Sequential(*steps), widths[-1] * out, out_channels, dims, dropout)


def densenet121(
    in_channels: int, out_channels: int, dims: int = 2, growth: int = 32, cbam: bool = False, dropout: float = 0.0
) -> Classifier:
    """DenseNet with blocks of 6, 12, 24 and 16. Source: Huang et al., *Densely connected networks*, CVPR 2017."""
    from monai.networks.nets.densenet import DenseNet

    net = DenseNet(
        dims, in_channels, out_channels, init_features=2 * growth, growth_rate=growth, block_config=(6, 12, 24, 16)
    )
    width = int(net.features.norm5.num_features)
    steps = [net.features, nn.ReLU(inplace=True), *([CBAM(width, dims=dims)] if cbam else [])]
    return Classifier(nn.Sequential(*steps), width, out_channels, dims, dropout)
