"""Parts for pictures from nothing: StyleGAN2 against a discriminator that sees its pictures adaptively changed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from limner import nets
from limner.data.augment.adaptive import adapted, apply_changes, sample_changes
from limner.data.augment.picture import Strength, apply_spatial, apply_values, sample_batch
from limner.nets.discriminator import Discriminator
from limner.nets.stylegan2 import Made, StyleGAN2
from limner.tasks.sliced import sliced_distance
from limner.train.conditions import conditions_of
from limner.train.loop import Parts
from limner.train.pictures import Learned, Order
from limner.train.recipe import Recipe
from limner.train.recipe_data import PictureData
from limner.train.recipe_generate import GameSpec
from limner.train.rival import Rival
from limner.train.shown import Shown

CLIP = 100.0
"""Length of a gradient above which it is shortened: games live by gradients that a regression would take for a slip."""


class ConditionedBatches:
    """Batches of conditions, pictures ``(N, C, H, W)`` in -1 … 1, and the step.

    Args:
        images: ``(M, C, H, W)`` uint8.
        conditions: ``(M, K)`` one-hot classes, ``(M, K, H, W)`` label maps, ``(M, 0)`` where there are none.
        strength: of the augmentation of the real pictures; what it does will be generated too.
        seed: of order and augmentation.
    """

    def __init__(self, images: NDArray[np.uint8], conditions: NDArray[np.uint8], strength: Strength, seed: int) -> None:
        self.images, self.conditions = torch.from_numpy(images), torch.from_numpy(conditions)
        self.strength, self.seed = strength, seed
        self.order = Order(len(images), seed)

    def batch(self, step: int, size: int) -> tuple[Tensor, ...]:
        """See :class:`limner.train.loop.Sampler`."""
        chosen = torch.from_numpy(self.order.at(step, size))
        x, condition = self.images[chosen].float() / 255.0, self.conditions[chosen].float()
        params = sample_batch(np.random.default_rng([self.seed, 3, step]), size, x.shape[1], 2, self.strength)
        x = apply_values(apply_spatial(x, params), params)
        if condition.dim() == 4:
            condition = apply_spatial(condition, params, nearest=True)
        return condition, x * 2 - 1, torch.tensor(step)


class AdaptiveDiscriminator(nn.Module):
    """A discriminator, how likely its pictures are changed, and how sure it was of late."""

    def __init__(self, net: nn.Module, channels: int) -> None:
        super().__init__()
        self.net, self.channels = net, channels
        self.register_buffer("p", torch.zeros(()))
        self.register_buffer("sure", torch.zeros(()))

    def told(self) -> dict[str, float]:
        """What stands beside its loss: how likely pictures are changed."""
        return {"p": float(self.p)}

    def forward(self, pictures: Tensor, condition: Tensor, changed: bool = True) -> Tensor:
        """How real each picture looks ``(N,)``; a label map moves with its picture."""
        maps = condition.dim() == 4
        if changed and float(self.p) > 0:
            both = torch.cat([pictures, condition], 1) if maps else pictures
            both = apply_changes(both, sample_changes(len(both), self.p, both.device), self.channels)
            pictures, condition = both[:, : self.channels], both[:, self.channels :] if maps else condition
        return torch.as_tensor(self.net(pictures, condition))


@dataclass(frozen=True)
class Game:
    """The two losses of StyleGAN2: non-saturating, with R1 on real pictures and path lengths, each now and then."""

    spec: GameSpec
    judge: AdaptiveDiscriminator
    net: StyleGAN2

    def generator(self, made: Made, real: Tensor, step: Tensor) -> Tensor:
        """Of the generator."""
        loss = F.softplus(-self.judge(made.pictures, made.condition)).mean()
        if self.spec.path and int(step) % self.spec.path_every == 0:
            loss = loss + self.spec.path * self.spec.path_every * self._path(made.pictures, made.styles)
        return loss

    def _path(self, pictures: Tensor, styles: Tensor) -> Tensor:
        """How unevenly steps in style become steps in pixels (StyleGAN2, eq. 4)."""
        noise = torch.randn_like(pictures) / math.sqrt(math.prod(pictures.shape[2:]))
        [slope] = torch.autograd.grad((pictures * noise).sum(), styles, create_graph=True)
        length = slope.square().sum(2).mean(1).sqrt()
        if torch.isfinite(length).all():
            self.net.path.lerp_(length.detach().mean(), 0.01)
        return (length - self.net.path).square().mean()

    def discriminator(self, judge: nn.Module, made: Made, condition: Tensor, real: Tensor, step: Tensor) -> Tensor:
        """Of the discriminator; moves how likely pictures are changed."""
        seen = judge(real, condition)
        loss = (F.softplus(judge(made.pictures, condition)) + F.softplus(-seen)).mean()
        state, n = self.judge, len(real)
        finite = bool(torch.isfinite(loss))  # a step that is left out leaves nothing behind
        if finite:
            state.sure.lerp_(torch.sign(seen.detach()).mean(), 0.05)
        if self.spec.adapt and finite:
            state.p.copy_(adapted(state.p, state.sure, n, self.spec.adapt * 1000))
        if int(step) % self.spec.r1_every == 0:
            loss = loss + 0.5 * self.spec.r1 * self.spec.r1_every * self._r1(real, condition)
        return loss

    def _r1(self, real: Tensor, condition: Tensor) -> Tensor:
        """How steep the discriminator is where pictures are real (Mescheder 2018)."""
        with torch.autocast(real.device.type, enabled=False):
            real = real.detach().requires_grad_()
            [slope] = torch.autograd.grad(self.judge(real, condition).sum(), real, create_graph=True)
            return slope.square().sum((1, 2, 3)).mean()


def generate_parts(recipe: Recipe, data: PictureData, learned: Learned) -> Parts:
    """The parts of a generator of pictures."""
    images = learned.train.stack()
    conditions = conditions_of(learned.train, data)
    torch.manual_seed(recipe.seed)  # initial weights only
    kinds = conditions.shape[1]
    net = build_generator(recipe, kinds)
    by_map = conditions.ndim == 4
    features = recipe.game.discriminator or list(net.features)[::-1]
    plain = Discriminator(data.channels, features, classes=0 if by_map else kinds, maps=kinds if by_map else 0)
    judge = AdaptiveDiscriminator(plain, data.channels)
    game = Game(recipe.game, judge, net)
    sampler = ConditionedBatches(images, conditions, recipe.changes, recipe.seed)
    checked = any(source.check for source in data.sources)  # where nobody asks, the last weights are kept
    check = partial(nearness, Shown(images, conditions, learned, data)) if checked else None
    rival = Rival(judge, game.discriminator, told=judge.told)
    return Parts(net, sampler, game.generator, check, None, len(images), rival=rival, clip=CLIP)


def build_generator(recipe: Recipe, kinds: int) -> Any:
    """The generator of a recipe for conditions of that many channels."""
    data = recipe.data
    if not isinstance(data, PictureData) or len(data.size) != 2 or data.size[0] != data.size[1]:
        raise ValueError("pictures are generated square: data.size has two equal numbers")
    labels = data.condition == "mask"
    return nets.build(recipe.net.name, kinds, recipe.channels, size=data.size[0], labels=labels, **recipe.net.options)


def nearness(shown: Shown, net: nn.Module) -> float:
    """How near pictures, made from the same conditions, come to as many real ones; higher is better."""
    real, conditions = shown.held()
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(1)
        device = next(net.parameters()).device
        made = []
        with torch.autocast(device.type, torch.bfloat16):
            for start in range(0, len(real), 16):
                condition = torch.from_numpy(conditions[start : start + 16]).to(device).float()
                made.append(net(condition).pictures.float().clamp(-1, 1).cpu().numpy())
    return -sliced_distance(np.concatenate(made), real.astype(np.float32) / 127.5 - 1)
