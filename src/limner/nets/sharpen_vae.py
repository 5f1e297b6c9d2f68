"""A net that makes voxels finer in more than one way: a latent says what the coarse ones leave open.

Source: Sohn K. et al. Learning structured output representation using deep conditional generative models. NeurIPS 2015.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.nets.sharpen import Sharpen

LATENT = 4
"""Numbers of each coarse voxel."""
LEAST = 1e-3
"""Of the unit in which the encoder counts: an image that holds nothing has none."""


@dataclass
class Guess:
    """What a :class:`SharpenVAE` says while it learns.

    Args:
        values: with a latent that the encoder read off the truth, and its noise.
        plain: with the latent's mean before anything is known, 0.
        mean, spread: of the latent ``(N, latent, Z, X)`` as read off; the second is the logarithm of its variance.
    """

    values: Tensor
    plain: Tensor
    mean: Tensor
    spread: Tensor

    def detach(self) -> Guess:
        """Without what made them."""
        return Guess(self.values.detach(), self.plain.detach(), self.mean.detach(), self.spread.detach())


class SharpenVAE(Sharpen):
    """A :class:`Sharpen` whose last blocks a latent steers: numbers of each coarse voxel, normal before it is seen.

    The latent multiplies features, which are differences of neighbours: stronger input gives stronger output as it does
    without one, and where nothing varies nothing is invented. The means stay the input's, whatever the latent is.

    Args:
        as :class:`Sharpen`, and
        latent: numbers of each coarse voxel.
        late: blocks after the latent.
    """

    outputs = 1

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        dims: int = 2,
        factor: int = 4,
        channels: int = 32,
        blocks: int = 6,
        within: bool = False,
        latent: int = LATENT,
        late: int = 2,
    ) -> None:
        super().__init__(in_channels, out_channels, dims, factor, channels, blocks, within)
        if dims != 2 or in_channels != 1:
            raise ValueError(f"A latent is of planes of one channel; got dims {dims}, {in_channels} channels.")
        if not 0 < late <= blocks or latent < 1:
            raise ValueError(f"latent is 1 or more and late 1 to blocks ({blocks}); got {latent} and {late}.")
        self.latent, self.late = latent, late
        self.lift = nn.Conv2d(latent, channels, 3, padding=1, bias=False)
        self.encoder = nn.Sequential(
            nn.Conv2d(2 * dims + self.count, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, 2 * latent, 1),
        )

    def forward(self, image: Tensor, latent: Tensor | None = None) -> Tensor | Guess:  # type: ignore[override]
        """Fine voxels ``(N, 1, Z · factor, …)`` of an image and a latent ``(N, latent, Z, X)``.

        Without a latent, the truth is laid behind the image: ``(N, 1 + count, Z, X)``, see
        :func:`limner.nets.sharpen.split`. The encoder then reads one off.
        """
        coarse = image[:, :1]
        features = F.relu(self.head(self._differences(coarse)))
        kept = features
        for block in self.blocks[: -self.late]:
            kept = block(kept)
        if latent is not None:
            return self._drawn(features, kept, coarse, latent)
        if image.shape[1] != 1 + self.count:
            raise ValueError(
                f"Without a latent, {self.count} channels of truth lie behind the image; got {image.shape}."
            )
        mean, spread = self._read(coarse, image[:, 1:])
        latent = mean + torch.randn_like(spread) * (0.5 * spread).exp()
        return Guess(
            self._drawn(features, kept, coarse, latent),
            self._drawn(features, kept, coarse, torch.zeros_like(latent)),
            mean,
            spread,
        )

    def _drawn(self, features: Tensor, kept: Tensor, coarse: Tensor, latent: Tensor) -> Tensor:
        kept = kept * (1 + self.lift(latent))
        for block in self.blocks[-self.late :]:
            kept = block(kept)
        values = self._apart(self.tail(kept + features).float())
        return self._join(self._consistent(self._start(coarse) + values, coarse))

    def _read(self, coarse: Tensor, fine: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance, read off what the truth holds beside the cubic start, in its contrast."""
        seen = torch.cat([self._differences(coarse), fine - self._start(coarse)[:, 0]], 1)
        unit = seen[:, : 2 * self.dims].square().mean((1, 2, 3), keepdim=True).sqrt() + LEAST
        mean, spread = self.encoder(seen / unit).float().chunk(2, 1)
        return mean, spread.clamp(-8, 4)
