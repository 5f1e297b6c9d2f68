"""SwinUNETR: a transformer of shifted windows as encoder, a U-Net's decoder."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from limner.nets.attention import CBAM


class SwinUNETR(nn.Module):
    """MONAI's SwinUNETR behind our one shape.

    Args:
        in_channels: channels of the input.
        out_channels: classes.
        width: features of the finest level, a multiple of 12; 24 is the paper's small one, 48 its own.
        depths: transformer blocks per stage.
        heads: of attention per stage.
        window: of attention, in tokens per axis.
        dims: axes of space, 2 or 3.
        cbam: attention on the encoder's skip connections but the two finest.

    Raises:
        ValueError: ``width`` is no multiple of 12.

    Source: Hatamizadeh et al., *Swin UNETR*, BrainLes 2021; Liu et al., *Swin Transformer*, ICCV 2021.
    """

    divisible = 32
    """Every side of the input is a multiple of this: patches of two, halved four times."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        width: int = 24,
        depths: Sequence[int] = (2, 2, 2, 2),
        heads: Sequence[int] = (3, 6, 12, 24),
        window: int = 7,
        dims: int = 3,
        cbam: bool = False,
    ) -> None:
        super().__init__()
        from monai.networks.nets.swin_unetr import SwinUNETR as Swin

        if width % 12:
            raise ValueError(f"net.options.width of swin-unetr is a multiple of 12; got {width}.")
        net = Swin(
            in_channels,
            out_channels,
            depths=tuple(depths),
            num_heads=tuple(heads),
            window_size=window,
            feature_size=width,
            spatial_dims=dims,
        )
        if cbam:
            net.encoder3 = nn.Sequential(net.encoder3, CBAM(2 * width, dims=dims))
            net.encoder4 = nn.Sequential(net.encoder4, CBAM(4 * width, dims=dims))
        self.net = net

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """``(N, C, (Z,) Y, X)`` to a tuple of logits ``(N, classes, (Z,) Y, X)``.

        Raises:
            ValueError: a side is no multiple of :attr:`divisible`.
        """
        if any(int(n) % self.divisible for n in x.shape[2:]):
            raise ValueError(
                f"swin-unetr takes sides that are multiples of {self.divisible}; got "
                f"{' × '.join(str(int(n)) for n in x.shape[2:])}. Change data.patch or data.size."
            )
        return (self.net(x),)
