"""Parts for segmentation of pictures and small volumes: image and mask moved alike, Dice by patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from limner import nets
from limner.data.augment.picture import Strength, apply_spatial, apply_values, carve, sample_batch
from limner.data.examples import Examples
from limner.data.mask_cases import class_masks, other_values
from limner.data.masks import by_value
from limner.errors import RecipeError
from limner.nets.losses import deeply_supervised
from limner.packs import Calibration
from limner.tasks import masks as task
from limner.tasks import pixels
from limner.tasks.classify import rounded_down, sure_enough
from limner.train.loop import Parts
from limner.train.pictures import Learned, Order, logits_of
from limner.train.recipe import Recipe
from limner.train.recipe_data import PictureData

GOOD_DICE = 0.7
"""A mask that overlaps its truth less than this should have been called unsure."""


class MaskedBatches:
    """Batches of images ``(N, C, *size)`` in 0–1 and class indices ``(N, *size)``.

    Args:
        images: ``(M, C, *size)`` uint8.
        masks: ``(M, *size)`` class indices.
        strength: of the augmentation.
        seed: of order and augmentation.
        balanced: pictures with each class, and those with none, are drawn equally often.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        masks: NDArray[np.uint8],
        strength: Strength,
        seed: int,
        balanced: bool = False,
    ) -> None:
        self.images, self.masks = torch.from_numpy(images), torch.from_numpy(masks)
        self.strength, self.seed = strength, seed
        self.order = Order(len(images), seed, _even(masks) if balanced else None)

    def batch(self, step: int, size: int) -> tuple[Tensor, ...]:
        """See :class:`limner.train.loop.Sampler`."""
        chosen = torch.from_numpy(self.order.at(step, size))
        x = self.images[chosen].float() / 255.0
        y = self.masks[chosen][:, None].float()
        rng = np.random.default_rng([self.seed, 3, step])
        params = sample_batch(rng, size, x.shape[1], x.dim() - 2, self.strength)
        y = apply_spatial(y, params, nearest=True)
        x, y = carve(apply_values(apply_spatial(x, params), params), y[:, 0].to(torch.uint8), params)
        return x, y


def mask_parts(recipe: Recipe, data: PictureData, learned: Learned) -> Parts:
    """The parts of a segmentation of pictures."""
    _refuse(recipe, data)
    names = list(data.classes.values())
    masks = class_masks(learned.train, data.classes)
    strength = recipe.changes
    sampler = MaskedBatches(learned.train.stack(), masks, strength, recipe.seed, data.balance == "sampler")
    torch.manual_seed(recipe.seed)  # initial weights only
    net = nets.build(recipe.net.name, data.channels, len(names), **{"dims": len(data.size), **recipe.net.options})
    _refuse_size(net, data)
    _expect(net, np.bincount(masks.ravel(), minlength=len(names)) / masks.size)
    costs = torch.tensor([recipe.train.class_costs.get(name, 1.0) for name in names])
    merges = [list(range(len(names)))]
    if task.kinds_of_one(names, data.groups):
        merges.append([0] + [1] * (len(names) - 1))

    def loss(output: Sequence[Tensor], target: Tensor) -> Tensor:
        """Over the classes; where they are kinds of one thing, also over that thing."""
        found = []
        for merge in merges:
            table = torch.tensor(merge, device=target.device)
            groups = table.expand(len(target), -1)
            found.append(deeply_supervised(output, table[target.long()], groups, costs.to(target.device)))
        return torch.stack(found).mean()

    others = [str(value) for value in other_values(learned.train, data.classes)]
    notes = (f"Masks hold {', '.join(others[:5])}; all above 0 is taken as {names[1]!r}.",) if others else ()
    if not learned.check.rows:
        return Parts(net, sampler, loss, examples=len(masks), notes=notes)
    held = Checked(learned.check, class_masks(learned.check, data.classes), data, strength.flip)
    return Parts(net, sampler, loss, held.score, held.calibrate, len(masks), notes=notes)


@dataclass(frozen=True)
class Checked:
    """Examples that are not learned from, and their class indices ``(N, *size)``."""

    examples: Examples
    truth: NDArray[np.uint8]
    data: PictureData
    mirrors: str = ""

    def score(self, net: nn.Module) -> float:
        """Mean over classes and groups of the mean Dice of patients."""
        p = task.softmax_maps(logits_of(net, self.examples.stack(), 16), axis=1)
        labels = self._labels(p)
        patients = [row.patient for row in self.examples.rows]
        found = []
        for classes in self._regions().values():
            dices = task.patient_dice(list(labels), list(self.truth), patients, classes)
            found += [float(np.mean(list(dices.values())))] if dices else []
        return float(np.mean(found)) if found else 0.0

    def calibrate(self, net: nn.Module) -> Calibration:
        """Temperature of the pixels, when to say "not sure", and between which probabilities the true border lies."""
        images = self.examples.stack()
        plain = logits_of(net, images, 16)
        before = pixels.foreground_ece(self._mirrored(net, images, 1.0, 0.0), self.truth)
        patients = np.unique([row.patient for row in self.examples.rows], return_inverse=True)[1]
        temperature, bias = pixels.fit_pixels(*_pixels(plain, self.truth, patients))
        p = self._mirrored(net, images, temperature, bias)
        even = 1 / (1 + float(np.exp(-bias)))  # what was as likely as not before stays what is marked
        labels = self._labels(p, even)
        sure = np.array([task.predicted_dice(one, label) for one, label in zip(p, labels, strict=True)])
        poor = np.array([_dice(a > 0, b > 0) < GOOD_DICE for a, b in zip(labels, self.truth, strict=True)])
        area = task.area_thresholds(
            task.threshold_of_area(1 - one[0], int((truth > 0).sum()))
            for one, truth in zip(p, self.truth, strict=True)
            if truth.any()
        )
        threshold = sure_enough(sure, poor)
        return Calibration(
            temperature=round(temperature, 4),
            bias=round(bias, 4),
            threshold=round(even, 4),
            abstain_below=rounded_down(threshold),
            ece_before=round(before, 4),
            ece_after=round(pixels.foreground_ece(p, self.truth), 4),
            area_thresholds=(round(area[0], 4), round(area[1], 4)),
            fitted_on=f"the pixels of {len(self.truth)} pictures of the check split ({patients.max() + 1} patients)",
        )

    def _mirrored(
        self, net: nn.Module, images: NDArray[np.uint8], temperature: float, bias: float
    ) -> NDArray[np.float32]:
        """Probabilities as inference gives them: the mean over mirrored pictures."""
        total = np.zeros((), np.float32)
        views = task.mirrorings(self.mirrors, images.ndim - 2)
        for axes in views:
            logits = logits_of(net, np.ascontiguousarray(np.flip(images, axes)), 16)
            total = total + np.flip(task.softmax_maps(logits, temperature, bias, axis=1), axes)
        return np.asarray(total / len(views), np.float32)

    def _labels(self, p: NDArray[np.float32], threshold: float = 0.5) -> NDArray[np.uint8]:
        one_kind = task.kinds_of_one(list(self.data.classes.values()), self.data.groups)
        return np.stack([task.decode_masks(one, threshold=threshold, one_kind=one_kind) for one in p])

    def _regions(self) -> dict[str, tuple[int, ...]]:
        return task.regions_of(list(self.data.classes.values()), self.data.groups)


def _expect(net: nn.Module, shares: NDArray[np.float64]) -> None:
    """Lets a net start from how common each class is, in the bias of its last convolutions.

    Without it the first steps go into marking nothing, and small things may take hundreds of steps to come back: on
    discs, Dice 0.00 after 50 steps instead of 0.93.

    Source: Lin et al., *Focal loss for dense object detection*, ICCV 2017, section 4.1 (the prior).
    """
    prior = torch.from_numpy(np.log(np.maximum(shares, 1e-3))).float()
    for module in net.modules():
        last = isinstance(module, nn.Conv2d | nn.Conv3d) and set(module.kernel_size) == {1}
        if last and module.out_channels == len(shares) and module.bias is not None:
            module.bias.data.copy_(prior)


def _refuse(recipe: Recipe, data: PictureData) -> None:
    """What a segmentation of pictures does not know what to do with."""
    problems = []
    first = next(iter(data.classes))
    if by_value(data.classes) and first != "0":
        problems.append(f"data.classes must begin with value 0, the background; it begins with {first!r}")
    if data.balance in ("loss", "logits"):
        problems.append(f"data.balance: {data.balance} is for classification; here sampler or none (train.class_costs)")
    if recipe.train.label_smoothing:
        problems.append("train.label_smoothing is for classification")
    unknown = set(recipe.train.class_costs) - set(data.classes.values())
    if unknown:
        problems.append(f"train.class_costs names {sorted(unknown)}, which data.classes does not")
    if problems:
        raise RecipeError("The recipe does not fit the task segment on pictures:\n  " + "\n  ".join(problems))


def _refuse_size(net: nn.Module, data: PictureData) -> None:
    size = " × ".join(map(str, data.size))
    try:
        with torch.inference_mode():
            found = net.eval()(torch.zeros(1, data.channels, *data.size))[0].shape[2:]
    except RuntimeError as error:
        raise RecipeError(
            f"data.size {size} does not go through the net: choose sides that are a multiple of its strides, such as "
            f"{' × '.join(str(max(32, round(n / 32) * 32)) for n in data.size)} ({error})."
        ) from error
    finally:
        net.train()
    if tuple(found) != tuple(data.size):
        raise RecipeError(
            f"The net gives {' × '.join(map(str, found))} pixels for data.size {size}; it cannot segment."
        )


def _even(masks: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Probabilities by which pictures are drawn: by the rarest class that each holds."""
    there = np.array([np.bincount(one.ravel(), minlength=256)[1:] > 0 for one in masks])
    none = ~there.any(1)
    counts = np.concatenate([[none.sum()], there.sum(0)])
    rarest = np.array(
        [0 if not row.any() else 1 + min(np.flatnonzero(row), key=lambda k: counts[k + 1]) for row in there]
    )
    each = 1.0 / np.bincount(rarest, minlength=256)[rarest]
    return each / each.sum()


def _pixels(
    logits: NDArray[np.float32], truth: NDArray[np.uint8], patients: NDArray[np.intp], most: int = 200_000
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.intp]]:
    """Some pixels, as ``(M, K)`` and ``(M,)``, and whose they are."""
    rows = np.moveaxis(logits, 1, -1).reshape(-1, logits.shape[1])
    chosen = np.random.default_rng(0).choice(len(rows), min(most, len(rows)), replace=False)
    return rows[chosen], truth.ravel()[chosen], patients.repeat(truth[0].size)[chosen]


def _dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else 1.0
