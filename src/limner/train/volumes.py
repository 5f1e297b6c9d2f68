"""Parts for segmentation of whole scans: patches, a net with deep supervision, labels of which some are unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from limner import nets
from limner.data.patches import PatchSampler
from limner.errors import RecipeError
from limner.nets.losses import deeply_supervised
from limner.train.loop import Parts
from limner.train.recipe import Recipe, TrainSpec
from limner.train.recipe_data import CohortSource, VolumeData
from limner.train.sources import load_checks, load_sources, refuse_unmarked
from limner.train.volume_check import check_patches

Progress = Callable[[str, float], None]


class PatchBatches:
    """Batches of a :class:`limner.data.patches.PatchSampler`: image, target, merge."""

    def __init__(self, sampler: PatchSampler) -> None:
        self.sampler = sampler

    def batch(self, step: int, size: int) -> tuple[Tensor, ...]:
        """See :class:`limner.train.loop.Sampler`."""
        patches = [self.sampler.draw(step, place) for place in range(size)]
        image = torch.from_numpy(np.stack([p.image for p in patches]))
        target = torch.from_numpy(np.stack([p.target for p in patches]))
        return image, target, torch.tensor([p.merge for p in patches])


def volume_parts(recipe: Recipe, data: VolumeData, cache: Path, progress: Progress | None) -> Parts:
    """The parts of a recipe whose data are volumes."""
    index = {name: number for number, name in enumerate(data.classes)}
    assert isinstance(recipe.augment, float)
    checked = any(isinstance(one, CohortSource) and one.check for one in data.sources)
    notes = [] if checked else _unchecked(recipe.train)
    sources = load_sources(data, cache, progress)
    notes += refuse_unmarked(sources, data.classes)
    checks = load_checks(data, cache, progress)
    sampler = PatchSampler(
        sources,
        data.patch,
        data.window_hu,
        {index[name]: weight for name, weight in data.class_weights.items()},
        recipe.augment,
        recipe.seed,
        data.focus.around_hu if data.focus else None,
        [index[name] for name in data.focus.organ] if data.focus else (),
    )
    torch.manual_seed(recipe.seed)  # initial weights only; every draw after has its own generator
    net = nets.build(recipe.net.name, recipe.channels, len(data.classes), **recipe.net.options)
    costs = torch.tensor([recipe.train.class_costs.get(name, 1.0) for name in data.classes])

    def loss(logits: tuple[Tensor, ...], target: Tensor, merge: Tensor) -> Tensor:
        return deeply_supervised(logits, target, merge, costs.to(target.device), recipe.train.overlap_weight)

    parts = Parts(net, PatchBatches(sampler), loss, notes=tuple(notes))
    if not checks:
        return parts
    held = check_patches(checks, data, recipe.seed, recipe.pack.kinds)
    return replace(parts, check=held.score, calibrate=held.calibrate)


def _unchecked(spec: TrainSpec) -> list[str]:
    """What a run without a check split cannot do.

    Raises:
        RecipeError: it is to end by its checks.
    """
    if spec.patience is not None:
        raise RecipeError(
            f"train.patience is {spec.patience} checks without a better figure, and nothing is checked: name a split "
            "of scans that are not learned from in data.sources.0.check (such as val), or leave train.patience out."
        )
    if spec.check_every is not None:
        return ["train.check_every does nothing here: no source names a split to check on (data.sources.0.check)."]
    return []
