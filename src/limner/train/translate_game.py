"""What a translation is held to: a U-Net with L1, pix2pix, MedGAN and CycleGAN are one game with other weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.nets.medgan import Cycled
from limner.nets.patchgan import PatchGAN, TwoJudges
from limner.train.patch_game import PatchGame, told_apart
from limner.train.recipe_loss import LossSpec
from limner.train.rival import Rival

Seen = Callable[[Tensor, Tensor], Tensor]
"""What is made and the truth, all channels, to how differently a pack sees them."""


def game_of(
    weights: LossSpec, given: int, unpaired: bool, seen: Seen | None = None
) -> tuple[Callable[..., Tensor], Rival | None]:
    """The net's loss, and the rival where there is one.

    Args:
        weights: of the terms of the loss.
        given: channels that the net sees.
        unpaired: given and wanted do not belong together.
        seen: how differently the judge sees two slices; needed where ``weights.judged``.
    """
    if unpaired:
        judges = TwoJudges(given, 1, weights.discriminator)
        cycle = CycleGame(weights, judges)
        return cycle.net, Rival(judges, cycle.rival)
    game = PairedGame(weights, PatchGame(weights, PatchGAN(given + 1, weights.discriminator)), seen)
    return game.net, Rival(game.patches.judge, game.rival) if weights.needs_rival else None


@dataclass(frozen=True)
class PairedGame:
    """What a translation of pairs is held to, and what its discriminator learns."""

    weights: LossSpec
    patches: PatchGame
    seen: Seen | None = None

    def net(self, made: Tensor, both: Tensor) -> Tensor:
        """Loss of the net; ``made`` ``(N, 1, Y, X)``, ``both`` what is given, and what is wanted."""
        weights = self.weights
        loss = weights.l1 * (made - both[:, -1:]).abs().mean()
        if weights.judged and self.seen is not None:
            loss = loss + weights.judged * self.seen(made, both)
        if not weights.needs_rival:
            return loss
        return loss + self.patches.net(torch.cat([both[:, :-1], made], 1), both)

    def rival(self, judge: nn.Module, made: Tensor, given: Tensor, both: Tensor) -> Tensor:
        """Loss of the discriminator."""
        return self.patches.rival(judge, torch.cat([given, made], 1), both)


@dataclass(frozen=True)
class CycleGame:
    """What a translation without pairs is held to: it looks real, and leads back. Source: Zhu 2017, eq. 1-3."""

    weights: LossSpec
    judges: TwoJudges

    def net(self, made: Cycled, both: Tensor) -> Tensor:
        """Loss of both translators."""
        given, wanted = both[:, :-1], both[:, -1:]
        back = (made.given - given).abs().mean() + (made.wanted - wanted).abs().mean()
        verdicts = self.judges(made.imagined, made.made)
        looks = sum((F.softplus(-one).mean() for one in verdicts), torch.zeros((), device=both.device))
        return self.weights.cycle * back + self.weights.adversarial * looks

    def rival(self, judges: nn.Module, made: Cycled, seen: Tensor, both: Tensor) -> Tensor:
        """Loss of both discriminators."""
        real, false = judges(both[:, :-1], both[:, -1:]), judges(made.imagined, made.made)
        return told_apart(real[0], false[0]) + told_apart(real[1], false[1])
