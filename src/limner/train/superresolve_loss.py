"""What finer voxels are held to: a regression, a GAN and a VAE are one game with other weights and nets."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.errors import RecipeError
from limner.nets.patchgan import PatchGAN
from limner.nets.sharpen import Sharpened
from limner.nets.sharpen_vae import Guess
from limner.train.patch_game import PatchGame
from limner.train.recipe_generate import CodeSpec
from limner.train.recipe_loss import LossSpec
from limner.train.rival import Rival

SCALE_HU = 50.0
"""Errors are counted in this unit, so that gradients are about 1."""
LEAST_HU = 0.5
"""No error is expected to be less: of whole numbers it would be a boast."""
SPREAD_WEIGHT = 0.02
FLAT_HU = 10.0
"""The discriminator sees no stronger contrast than this makes of it."""


def sharpen_loss(output: Sharpened, thin: Tensor, l1: float = 1.0) -> Tensor:
    """Mean absolute error of the values; and of the spread, how unlikely that error is under Laplace's law.

    The spread learns from the error without changing it: values that are hard to know stay as good as they can be.

    Source: Kendall and Gal, *What uncertainties do we need*, NeurIPS 2017, equation 5 (Laplace in place of Gauss).
    """
    values, spread = output
    error = (values - thin).abs()
    expected = spread.clamp_min(LEAST_HU)
    unlikely = (error.detach() / expected + expected.log()).mean()
    return l1 * error.mean() / SCALE_HU + SPREAD_WEIGHT * unlikely


def guess_loss(output: Guess, thin: Tensor, l1: float, code: CodeSpec, step: int) -> Tensor:
    """Mean absolute error with a latent that was read off the truth, and without one; and what that latent tells.

    Its information is counted in nats of a coarse voxel, of which a little in each number is free.

    Source: Kingma and Welling, *Auto-encoding variational Bayes*, ICLR 2014, appendix B; Kingma et al., *Improved
    variational inference with inverse autoregressive flow*, NeurIPS 2016, section 2.4 (free nats).
    """
    error = (output.values - thin).abs().mean() + (output.plain - thin).abs().mean()
    nats = 0.5 * (output.mean.square() + output.spread.exp() - 1 - output.spread)
    told = nats.mean((0, 2, 3)).clamp(min=code.free_nats).sum()
    return l1 * error / SCALE_HU + min(1.0, (step + 1) / max(1, code.warmup)) * code.kl * told


@dataclass(frozen=True)
class SharpenGame:
    """What the net is held to, and what its discriminator learns, where there is one.

    Args:
        weights, code: of the recipe.
        kernel: fine voxels of a coarse one along both axes of a plane.
        patches: the discriminator's side; None where no weight asks for one.
    """

    weights: LossSpec
    code: CodeSpec
    kernel: tuple[int, int]
    patches: PatchGame | None

    def net(self, output: Sharpened | Guess, thin: Tensor, *step: Tensor) -> Tensor:
        """Loss of the net; of a :class:`Guess` with the step."""
        if isinstance(output, Guess):
            loss = guess_loss(output, thin, self.weights.l1, self.code, int(step[0]))
        else:
            loss = sharpen_loss(output, thin, self.weights.l1)
        return loss if self.patches is None else loss + self.patches.net(*self.shown(output.values, thin))

    def rival(self, judge: nn.Module, output: Sharpened | Guess, image: Tensor, thin: Tensor, *step: Tensor) -> Tensor:
        """Loss of the discriminator."""
        assert self.patches is not None
        return self.patches.rival(judge, *self.shown(output.values, thin))

    def shown(self, values: Tensor, thin: Tensor) -> tuple[Tensor, Tensor]:
        """Made and real as the discriminator sees them: ``(N, 2, …)`` about one half, coarse voxels and fine ones.

        The truth is moved to the same coarse voxels as what was made, so that nothing but the detail between them can
        tell one from the other; each patch is seen in its own contrast, as the net sees it.
        """
        coarse = self._repeated(values.detach())
        real = thin + coarse - self._repeated(thin)
        level = coarse.mean((1, 2, 3), keepdim=True)
        unit = 6 * coarse.std((1, 2, 3), keepdim=True).clamp_min(FLAT_HU)
        made, real, given = ((one - level) / unit + 0.5 for one in (values, real, coarse))
        return torch.cat([given, made], 1), torch.cat([given, real], 1)

    def _repeated(self, fine: Tensor) -> Tensor:
        return F.interpolate(F.avg_pool2d(fine, self.kernel), scale_factor=[float(k) for k in self.kernel])


def sharpen_game(
    weights: LossSpec, code: CodeSpec, kernel: tuple[int, int], patch: tuple[int, int]
) -> tuple[SharpenGame, Rival | None]:
    """The game of a recipe, and its discriminator.

    Args:
        weights, code: of the recipe.
        kernel: fine voxels of a coarse one along both axes.
        patch: fine voxels of what is learned from at once.

    Raises:
        RecipeError: the patch does not go through the discriminator.
    """
    if not weights.needs_rival:
        return SharpenGame(weights, code, kernel, None), None
    judge = PatchGAN(2, weights.discriminator)
    try:
        with torch.inference_mode():
            judge(torch.zeros(1, 2, *patch))
    except (RuntimeError, ValueError) as error:
        raise RecipeError(
            f"data.patch, {list(patch)} fine voxels, is too small for a discriminator that halves "
            f"{len(weights.discriminator)} times. Make it larger, or loss.discriminator shorter."
        ) from error
    game = SharpenGame(weights, code, kernel, PatchGame(weights, judge))
    return game, Rival(judge, game.rival)
