"""Parts for detection in volumes: lungs with nodules that were put there, and marks that become probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from limner import nets
from limner.data.backgrounds import Background, phantom_background, real_background
from limner.data.chests import ChestPatches, Patch
from limner.data.nodules import Shape, read_shapes
from limner.errors import RecipeError
from limner.packs import Calibration
from limner.tasks import boxes as geometry
from limner.tasks import detect as figures
from limner.tasks.classify import ece, rounded_down, sure_enough
from limner.tasks.detect import Held, hold, inside
from limner.train.detect import detect_loss
from limner.train.loop import Parts
from limner.train.recipe import Recipe
from limner.train.recipe_data import PhantomSource, VolumeData

Progress = Callable[[str, float], None]
SCAN_LITRES, FALSE_PER_SCAN = 4.5, 2.0
"""Lungs of a scan, and the false marks per scan at which the pack's threshold is set."""


class NoduleBatches:
    """Batches of :class:`limner.data.chests.ChestPatches`: image, maps, and what :func:`detect_loss` asks for."""

    def __init__(self, patches: ChestPatches, stride: int) -> None:
        self.patches, self.stride = patches, stride

    def batch(self, step: int, size: int) -> tuple[Tensor, ...]:
        """See :class:`limner.train.loop.Sampler`."""
        drawn = [self.patches.draw(step, place) for place in range(size)]
        maps = [_encode(one, self.stride) for one in drawn]
        stacked = [np.stack([getattr(one, name) for one in maps]) for name in ("heat", "sizes", "offsets", "weight")]
        image = torch.from_numpy(np.stack([one.image for one in drawn]))[:, None]
        there = torch.tensor([[float(len(one.boxes) > 0)] for one in drawn])
        return (image, *(torch.from_numpy(one) for one in stacked), torch.ones(size), there)


def _encode(patch: Patch, stride: int) -> geometry.Targets:
    return geometry.encode(patch.boxes, np.zeros(len(patch.boxes), int), 1, patch.image.shape, stride)


def nodule_parts(recipe: Recipe, data: VolumeData, cache: Path, progress: Progress | None) -> Parts:
    """The parts of a detector in volumes; ``data.classes`` is the background and one kind of nodule."""
    sources = [one for one in data.sources if isinstance(one, PhantomSource)]
    if len(sources) != 1 or len(data.sources) != 1 or len(data.classes) != 2:
        raise RecipeError("Detection in volumes learns from one source with 'chests', and two data.classes.")
    source = sources[0]
    assert isinstance(recipe.augment, float)
    stride = int(recipe.net.options.get("stride", 4))
    coarsest = stride * 2 ** (len(recipe.net.options.get("channels", (32, 64, 128, 192))) - 1)
    if any(n % coarsest for n in data.patch):
        raise RecipeError(f"data.patch must be divisible by {coarsest} for this net; got {list(data.patch)}.")
    grounds = _grounds(source, data, cache, progress)
    shapes = read_shapes(Path(source.nodules), source.split) if source.nodules else ()
    patches = ChestPatches(grounds, shapes, source.real, data.patch, data.window_hu, recipe.augment, recipe.seed)
    torch.manual_seed(recipe.seed)  # initial weights only
    net = nets.build(recipe.net.name, 1, len(data.classes), **{"dims": 3, **recipe.net.options})
    sampler = NoduleBatches(patches, stride)
    if not source.check_chests:
        return Parts(net, sampler, detect_loss(1, 0.0))
    held = _checked(source, data, cache, recipe.seed, stride)
    return Parts(net, sampler, detect_loss(1, 0.0), held.score, held.calibrate)


def _grounds(source: PhantomSource, data: VolumeData, cache: Path, progress: Progress | None) -> list[Background]:
    found = []
    total = source.chests + len(source.scans)
    for number in range(source.chests):
        if progress:
            progress(f"chest {number + 1} of {source.chests}", number / total)
        found.append(_phantom(source, number, data, cache))
    for number, path in enumerate(source.scans):
        if progress:
            progress(f"lungs of {Path(path).name}", (source.chests + number) / total)
        found.append(real_background(Path(path), data.spacing_mm))
    return found


def _phantom(source: PhantomSource, number: int, data: VolumeData, cache: Path) -> Background:
    drawn = source.drawn_mm[number % len(source.drawn_mm)] if source.drawn_mm else None
    return phantom_background(source.first + number, data.spacing_mm, cache, drawn)


def _checked(source: PhantomSource, data: VolumeData, cache: Path, seed: int, stride: int) -> CheckedNodules:
    grounds = [_phantom(source, source.chests + k, data, cache) for k in range(source.check_chests)]
    shapes: tuple[Shape, ...] = read_shapes(Path(source.nodules), source.check) if source.nodules else ()
    patches = ChestPatches(grounds, shapes, source.real, data.patch, data.window_hu, 0.5, seed + 1)
    return CheckedNodules(tuple(patches.draw(0, place) for place in range(source.check_patches)), stride)


@dataclass(frozen=True)
class CheckedNodules:
    """Patches of chests, with nodules of patients, that are not learned from."""

    patches: tuple[Patch, ...]
    stride: int

    def score(self, net: nn.Module) -> float:
        """Average precision, a mark being right where its middle lies in the nodule."""
        return float(np.nan_to_num(figures.average_precision(self._hold(net))))

    def calibrate(self, net: nn.Module) -> Calibration:
        """Marks as probabilities, and the least one that is shown: two false marks in the lungs of one scan."""
        held = self._hold(net)
        once = [one.hits != figures.AGAIN for one in held]
        scores = np.concatenate([one.scores[keep] for one, keep in zip(held, once, strict=True)])
        right = np.concatenate([one.hits[keep] >= 0 for one, keep in zip(held, once, strict=True)])
        logits = np.log(np.clip(scores, 1e-6, 1 - 1e-6)) - np.log(np.clip(1 - scores, 1e-6, 1))
        if not right.any():
            return Calibration(fitted_on="no mark was right on the check patches")
        platt = figures.fit_platt(logits, right)
        litres = float(np.mean([one.litres for one in self.patches]))
        least = figures.froc(held).threshold(FALSE_PER_SCAN * litres / SCAN_LITRES)
        least = float(np.clip(least, 0.02, 0.98))
        p = platt(logits)
        shown = scores >= least
        return Calibration(
            temperature=round(platt.temperature, 4),
            bias=round(platt.bias, 4),
            threshold=round(float(platt(np.array(np.log(least / (1 - least))))), 4),
            abstain_below=rounded_down(sure_enough(p[shown], ~right[shown])),
            ece_before=round(_ece(scores, right), 4),
            ece_after=round(_ece(p, right), 4),
            fitted_on=f"{len(right)} marks on {len(self.patches)} patches of chests that were not learned from",
        )

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def _hold(self, net: nn.Module, batch: int = 8) -> list[Held]:
        device = next(net.parameters()).device
        rows: list[Held] = []
        for start in range(0, len(self.patches), batch):
            some = self.patches[start : start + batch]
            x = torch.from_numpy(np.stack([one.image for one in some]))[:, None].to(device)
            with torch.autocast(device.type, torch.bfloat16):
                found = [one.float().cpu().numpy() for one in net(x)]
            for patch, centers, sizes, offsets in zip(some, *found, strict=True):
                marks = geometry.decode(figures.sigmoid(centers), sizes, offsets, self.stride, threshold=0.02)
                rows.append(hold(marks, patch.boxes, np.zeros(len(patch.boxes), int), inside, str(len(rows))))
        return rows


def _ece(p: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    return ece(np.stack([1 - p, p], 1), right.astype(int))
