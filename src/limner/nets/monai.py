"""MONAI's segmentation nets behind our one shape: logits in a tuple, the finest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from limner.nets.attention import CBAM


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


def basic_unet(
    in_channels: int,
    out_channels: int,
    features: Sequence[int] = (16, 32, 64, 128, 128, 16),
    dims: int = 3,
    cbam: bool = False,
) -> nn.Module:
    """MONAI's BasicUNet with instance norm. Source: Falk et al., *U-Net*, Nat. Methods 2019."""
    from monai.networks.nets.basic_unet import BasicUNet

    net = BasicUNet(dims, in_channels, out_channels, tuple(features), norm=_NORM)
    if cbam:
        _attend(net, ("down_2", "down_3", "down_4"), features[2:5], dims)
    return _Tuple(net)


def unet_plus_plus(
    in_channels: int,
    out_channels: int,
    features: Sequence[int] = (16, 32, 64, 128, 128, 16),
    deep: bool = True,
    dims: int = 3,
    cbam: bool = False,
) -> nn.Module:
    """MONAI's UNet++. Source: Zhou et al., *UNet++*, DLMIA 2018; every output has the input's size."""
    from monai.networks.nets.basic_unetplusplus import BasicUNetPlusPlus

    net = BasicUNetPlusPlus(dims, in_channels, out_channels, tuple(features), deep_supervision=deep, norm=_NORM)
    if cbam:
        _attend(net, ("conv_2_0", "conv_3_0", "conv_4_0"), features[2:5], dims)
    return _Tuple(net)


def attention_unet(
    in_channels: int,
    out_channels: int,
    channels: Sequence[int] = (16, 32, 64, 128),
    dims: int = 3,
    cbam: bool = False,
    **options: Any,
) -> nn.Module:
    """MONAI's AttentionUnet with attention gates. Source: Oktay et al., *Attention U-Net*, MIDL 2018."""
    from monai.networks.nets.attentionunet import AttentionLayer, AttentionUnet

    strides = (2,) * (len(channels) - 1)
    net = AttentionUnet(dims, in_channels, out_channels, tuple(channels), strides, **options)
    if cbam:
        layers = [module for module in net.modules() if isinstance(module, AttentionLayer)]
        for layer, width in list(zip(layers, channels[1:], strict=True))[1:]:
            layer.submodule = nn.Sequential(layer.submodule, CBAM(width, dims=dims))
    return _Tuple(net)


_NORM = ("instance", {"affine": True})


def _attend(net: nn.Module, names: Sequence[str], widths: Sequence[int], dims: int) -> None:
    """CBAM behind some stages: all but the two finest, where it would cost most and see least."""
    for name, width in zip(names, widths, strict=True):
        setattr(net, name, nn.Sequential(getattr(net, name), CBAM(width, dims=dims)))
