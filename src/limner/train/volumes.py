"""Parts for segmentation of whole scans: patches, a net with deep supervision, labels of which some are unknown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from limner import nets
from limner.data.patches import PatchSampler
from limner.nets.losses import deeply_supervised
from limner.train.loop import Parts
from limner.train.recipe import Recipe
from limner.train.recipe_data import VolumeData
from limner.train.sources import load_sources, refuse_unmarked

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
    sources = load_sources(data, cache, progress)
    notes = refuse_unmarked(sources, data.classes)
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

    return Parts(net, PatchBatches(sampler), loss, notes=tuple(notes))
