"""MONAI's segmentation nets behind our one shape: logits in a tuple, the finest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn


class _Tuple(nn.Module):
    """Gives a tuple of logits; only the first outside training, so that every net exports alike."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        out = self.net(x)
        if isinstance(out, Tensor):
            return (out,)
        logits = tuple(out)[::-1]  # UNet++ lists its shallowest decoder first, the fullest last
        return logits if self.training else logits[:1]


def basic_unet(in_channels: int, out_channels: int, features: Sequence[int] = (16, 32, 64, 128, 128, 16)) -> nn.Module:
    """MONAI's BasicUNet with instance norm. Source: Falk et al., *U-Net*, Nat. Methods 2019."""
    from monai.networks.nets.basic_unet import BasicUNet

    norm = ("instance", {"affine": True})
    return _Tuple(BasicUNet(3, in_channels, out_channels, tuple(features), norm=norm))


def unet_plus_plus(
    in_channels: int, out_channels: int, features: Sequence[int] = (16, 32, 64, 128, 128, 16), deep: bool = True
) -> nn.Module:
    """MONAI's UNet++. Source: Zhou et al., *UNet++*, DLMIA 2018; every output has the input's size."""
    from monai.networks.nets.basic_unetplusplus import BasicUNetPlusPlus

    norm = ("instance", {"affine": True})
    net = BasicUNetPlusPlus(3, in_channels, out_channels, tuple(features), deep_supervision=deep, norm=norm)
    return _Tuple(net)


def attention_unet(
    in_channels: int, out_channels: int, channels: Sequence[int] = (16, 32, 64, 128), **options: Any
) -> nn.Module:
    """MONAI's AttentionUnet with attention gates. Source: Oktay et al., *Attention U-Net*, MIDL 2018."""
    from monai.networks.nets.attentionunet import AttentionUnet

    strides = (2,) * (len(channels) - 1)
    return _Tuple(AttentionUnet(3, in_channels, out_channels, tuple(channels), strides, **options))
