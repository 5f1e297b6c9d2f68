"""What a made image must do to a discriminator of patches, and what that learns; for every task that makes images."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.nets.patchgan import PatchGAN, feature_distance, style_distance
from limner.train.recipe_loss import LossSpec


@dataclass(frozen=True)
class PatchGame:
    """Conditional and non-saturating: both sides are shown with what was given, ``(N, given + made, Y, X)`` in 0–1.

    Source: Armanious 2020, eq. 1-7, with logistic losses (Goodfellow 2014) and features of the discriminator alone.
    """

    weights: LossSpec
    judge: PatchGAN

    def net(self, made: Tensor, real: Tensor) -> Tensor:
        """What is added to the loss of the net."""
        weights = self.weights
        verdict, seen = self.judge(made)
        loss = weights.adversarial * F.softplus(-verdict).mean()
        if weights.perceptual or weights.style:
            with torch.no_grad():
                truth = self.judge(real)[1]
            loss = loss + weights.perceptual * feature_distance(seen, truth)
            if weights.style:
                loss = loss + weights.style * style_distance(seen, truth)
        return loss

    def rival(self, judge: nn.Module, made: Tensor, real: Tensor) -> Tensor:
        """Loss of the discriminator."""
        return told_apart(judge(real)[0], judge(made)[0])


def told_apart(real: Tensor, false: Tensor) -> Tensor:
    """Logistic loss of a discriminator that sees both."""
    return 0.5 * (F.softplus(-real).mean() + F.softplus(false).mean())
