"""Parts for volumes from nothing: patches of scans, label maps that show more as training goes on, StyleGAN2 in 3-D."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from limner.data.bones import bones
from limner.data.cases import Prepared
from limner.data.label_channels import inside_of, label_channels
from limner.data.patches import Patch, PatchSampler, Source
from limner.errors import CohortError
from limner.nets.discriminator import Discriminator
from limner.tasks.sliced import sliced_distance
from limner.train.devices import world_size
from limner.train.generate import CLIP, AdaptiveDiscriminator, Game, build_generator
from limner.train.loop import Parts
from limner.train.recipe import Recipe
from limner.train.recipe_generate import Stage
from limner.train.recipe_patches import BONES, PatchData, shown
from limner.train.rival import Rival
from limner.train.sources import load_checks, load_sources, refuse_unmarked

Progress = Callable[[str, float], None]
HELD = 48
"""Patches that generated ones are held against."""


def patch_parts(recipe: Recipe, data: PatchData, cache: Path, progress: Progress | None) -> Parts:
    """The parts of a generator of volumes.

    Raises:
        CohortError: no case tells apart what a stage of the curriculum shows.
    """
    sources = with_bones(load_sources(data, cache, progress), data)
    by_map = data.condition == "mask"
    notes = refuse_unmarked(sources, data.classes) if by_map else []
    channels = Channels(tuple(data.classes), inside_of(data.classes, recipe.pack.regions)) if by_map else None
    sampler = ConditionedPatches(recipe, data, sources, channels)
    held = with_bones(load_checks(data, cache, progress), data) or sources
    torch.manual_seed(recipe.seed)  # initial weights only
    kinds = len(data.classes) - 1 if by_map else 0
    net = build_generator(recipe, kinds)
    features = recipe.game.discriminator or list(net.features)[::-1]
    end = tuple(side >> (len(features) - 1) for side in data.patch)
    judge = AdaptiveDiscriminator(Discriminator(1, features, maps=kinds, end=end), 1)
    game = Game(recipe.game, judge, net)
    score = seen_patches(recipe, data, held, channels).score
    rival = Rival(judge, game.discriminator, told=judge.told)
    return Parts(net, sampler, game.generator, score, notes=tuple(notes), rival=rival, clip=CLIP)


def with_bones(sources: Sequence[Source], data: PatchData) -> list[Source]:
    """The sources with the class that is found by rule, where nothing else is marked."""
    if data.bones_hu is None:
        return list(sources)
    value, (low, high), least = data.classes.index(BONES), data.window_hu, data.bones_hu

    def marked(case: Prepared) -> Prepared:
        assert case.image is not None
        hu = case.image * np.float32((high - low) / 255) + np.float32(low)
        found = bones(hu, case.spacing_mm, least) & (case.target == 0)
        return replace(case, target=np.where(found, np.uint8(value), case.target))

    return [replace(one, cases=tuple(marked(case) for case in one.cases)) for one in sources]


@dataclass(frozen=True)
class Channels:
    """How a label map becomes the condition of a net."""

    classes: tuple[str, ...]
    inside: dict[int, tuple[int, ...]]

    def of(self, target: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Of classes ``(Z, Y, X)``, ``(K, Z, Y, X)``."""
        return label_channels(target, len(self.classes), self.inside)


def as_condition(patches: Sequence[Patch], channels: Channels | None) -> Tensor:
    """Of patches, ``(N, K, Z, Y, X)``, or ``(N, 0)`` where nothing is a condition."""
    if channels is None:
        return torch.zeros(len(patches), 0)
    return torch.from_numpy(np.stack([channels.of(one.target) for one in patches])).float()


def as_pictures(patches: Sequence[Patch]) -> Tensor:
    """Of patches, ``(N, 1, Z, Y, X)`` in -1 … 1."""
    return torch.from_numpy(np.stack([one.image for one in patches])) * 2 - 1


class ConditionedPatches:
    """Batches of label maps ``(N, K, Z, Y, X)``, patches ``(N, 1, Z, Y, X)`` in -1 … 1, and the step.

    While a stage shows a class, patches come from cases that tell it apart; where a class is not shown yet, its
    channel is 0, and then it fades in. All of it is a function of the step.
    """

    def __init__(self, recipe: Recipe, data: PatchData, sources: Sequence[Source], channels: Channels | None) -> None:
        self.stages, self.channels = recipe.game.curriculum, channels
        self.classes = tuple(data.classes)
        self.steps = recipe.train.steps * world_size()  # a process takes every so-manieth step
        self.samplers = [
            _sampler(recipe, data, telling(sources, known, data.classes), recipe.augment)
            for known in _known(self.stages, data, channels)
        ]

    def batch(self, step: int, size: int) -> tuple[Tensor, ...]:
        """See :class:`limner.train.loop.Sampler`."""
        patches = [self.samplers[self._stage(step)].draw(step, place) for place in range(size)]
        condition = as_condition(patches, self.channels)
        if self.channels is not None:
            weights = shown(self.stages, self.classes, step, self.steps)
            condition = condition * torch.tensor(weights).reshape(-1, 1, 1, 1)
        return condition, as_pictures(patches), torch.tensor(step)

    def _stage(self, step: int) -> int:
        ends = np.cumsum([stage.share for stage in self.stages])[:-1]
        return int(np.searchsorted(ends * self.steps, step, side="right"))


def telling(sources: Sequence[Source], known: Sequence[str], classes: Sequence[str]) -> list[Source]:
    """The sources with those cases alone that tell some classes apart.

    Raises:
        CohortError: none does.
    """
    values = [classes.index(name) for name in known]
    found = [replace(one, cases=tuple(c for c in one.cases if all(c.merge[k] == k for k in values))) for one in sources]
    if not any(one.cases for one in found):
        raise CohortError(f"No case tells {', '.join(known)} apart: a net can't learn to draw them from a label map.")
    return found


def _known(stages: Sequence[Stage], data: PatchData, channels: Channels | None) -> list[list[str]]:
    """The classes that each stage shows, with those of the stages before it."""
    if channels is None:
        return [[]]
    if not stages:
        return [data.classes[1:]]
    return [[name for stage in stages[: k + 1] for name in stage.adds] for k in range(len(stages))]


def _sampler(recipe: Recipe, data: PatchData, sources: Sequence[Source], strength: object) -> PatchSampler:
    assert isinstance(strength, float)
    weights = {data.classes.index(name): weight for name, weight in data.class_weights.items()}
    return PatchSampler(sources, data.patch, data.window_hu, weights, strength, recipe.seed, values=0.0)


def seen_patches(recipe: Recipe, data: PatchData, sources: Sequence[Source], channels: Channels | None) -> SeenPatches:
    """A few patches, unchanged and always the same; of cases that tell all classes apart, where there are some."""
    with suppress(CohortError):  # a check split without vessels, say, still shows the rest
        sources = telling(sources, data.classes[1:] if channels else [], data.classes)
    sampler = _sampler(recipe, data, sources, 0.0)
    patches = [sampler.draw(0, place) for place in range(HELD)]
    return SeenPatches(as_pictures(patches), as_condition(patches, channels))


@dataclass(frozen=True)
class SeenPatches:
    """What generated volumes are held against: real ones ``(N, 1, Z, Y, X)`` and their conditions."""

    real: Tensor
    conditions: Tensor

    def score(self, net: nn.Module) -> float:
        """How near as many volumes, made from the same conditions, come in their middle planes; higher is better."""
        device, made = next(net.parameters()).device, []
        with torch.random.fork_rng(devices=[]), torch.inference_mode(), torch.autocast(device.type, torch.bfloat16):
            torch.manual_seed(1)
            for condition in self.conditions.split(8):
                made.append(net(condition.to(device)).pictures.float().clamp(-1, 1).cpu())
        found, real = torch.cat(made).numpy(), self.real.numpy()
        middles = [side // 2 for side in real.shape[2:]]
        apart = [sliced_distance(found.take(m, a), real.take(m, a)) for a, m in enumerate(middles, 2)]
        return -float(np.mean(apart))
