"""What a translation is held to: a U-Net with L1, pix2pix, MedGAN and CycleGAN are one game with other weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.nets.medgan import Cycled
from limner.nets.patchgan import PatchGAN, TwoJudges, feature_distance, style_distance
from limner.train.recipe_translate import LossSpec
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
    judge = PatchGAN(given + 1, weights.discriminator)
    game = PairedGame(weights, judge, seen)
    return game.net, Rival(judge, game.rival) if weights.needs_rival else None


@dataclass(frozen=True)
class PairedGame:
    """What a translation of pairs is held to, and what its discriminator learns: conditional, non-saturating.

    Source: Armanious 2020, eq. 1-7, with logistic losses (Goodfellow 2014) and features of the discriminator alone.
    """

    weights: LossSpec
    judge: PatchGAN
    seen: Seen | None = None

    def net(self, made: Tensor, both: Tensor) -> Tensor:
        """Loss of the net; ``made`` ``(N, 1, Y, X)``, ``both`` what is given, and what is wanted."""
        weights = self.weights
        loss = weights.l1 * (made - both[:, -1:]).abs().mean()
        if weights.judged and self.seen is not None:
            loss = loss + weights.judged * self.seen(made, both)
        if not weights.needs_rival:
            return loss
        verdict, seen = self.judge(torch.cat([both[:, :-1], made], 1))
        loss = loss + weights.adversarial * F.softplus(-verdict).mean()
        if weights.perceptual or weights.style:
            with torch.no_grad():
                truth = self.judge(both)[1]
            loss = loss + weights.perceptual * feature_distance(seen, truth)
            if weights.style:
                loss = loss + weights.style * style_distance(seen, truth)
        return loss

    def rival(self, judge: nn.Module, made: Tensor, given: Tensor, both: Tensor) -> Tensor:
        """Loss of the discriminator."""
        return _told_apart(judge(both)[0], judge(torch.cat([given, made], 1))[0])


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
        return _told_apart(real[0], false[0]) + _told_apart(real[1], false[1])


def _told_apart(real: Tensor, false: Tensor) -> Tensor:
    return 0.5 * (F.softplus(-real).mean() + F.softplus(false).mean())
