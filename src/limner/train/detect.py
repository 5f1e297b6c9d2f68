"""Parts for detection on pictures: maps of centres learned from boxes, and whether there is anything at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from limner import nets
from limner.data.augment.boxes import move_boxes
from limner.data.augment.opacity import paint_opacities, sample_opacities
from limner.data.augment.picture import Strength, apply_spatial, apply_values, sample_batch
from limner.data.box_truth import Truth, truth_of
from limner.data.examples import Examples
from limner.errors import CohortError, RecipeError
from limner.nets.detector import center_loss, extent_loss, presence_logits
from limner.packs import Calibration
from limner.tasks import boxes as geometry
from limner.tasks import detect as figures
from limner.tasks.classify import auc_of, ece
from limner.tasks.detect import Held, Platt, hold, overlaps
from limner.train.loop import Parts
from limner.train.pictures import Learned, Order
from limner.train.recipe import Recipe
from limner.train.recipe_data import PictureData

Output = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Boxed:
    """Examples as arrays.

    Args:
        images: ``(M, C, *size)`` uint8.
        truth: their boxes, of which class each is, and which classes are there.
        patients: whose they are.
    """

    images: NDArray[np.uint8]
    truth: Truth
    patients: tuple[str, ...]

    @property
    def boxes(self) -> tuple[NDArray[np.float32], ...]:
        """Per example ``(N, 2 × axes)`` pixels."""
        return self.truth.boxes

    @property
    def known(self) -> NDArray[np.bool_]:
        """``(M,)`` False where the label says that something is there and no box says where."""
        return self.truth.known


def boxed(examples: Examples, classes: dict[str, str]) -> Boxed:
    """Examples with boxes, checked.

    Raises:
        CohortError: a label is missing or unknown, or boxes do not fit: see :func:`limner.data.box_truth.truth_of`.
    """
    return Boxed(examples.stack(), truth_of(examples, classes), tuple(row.patient for row in examples.rows))


def _rarity(there: NDArray[np.bool_]) -> NDArray[np.float64]:
    """One over the share of the rarest class in each example, ``(M, K)`` to ``(M,)``; the background counts as one."""
    every = np.concatenate([~there.any(1, keepdims=True), there], 1)
    shares = np.maximum(every.sum(0), 1) / len(every)
    return np.asarray((every / shares).max(1), np.float64)


class BoxBatches:
    """Batches of images ``(N, C, *size)`` in 0–1 and what the maps should say, see :func:`detect_loss`.

    Args:
        held: the examples.
        count: of classes without the background.
        stride: pixels of a cell.
        strength: of the augmentation.
        seed: of order and augmentation.
        balanced: every class is drawn as often as the others; an example of several counts as its rarest.
        paint: share of the pictures that get painted opacities, of the first class that is not the background.
    """

    def __init__(
        self,
        held: Boxed,
        count: int,
        stride: int,
        strength: Strength,
        seed: int,
        balanced: bool = False,
        paint: float = 0.0,
    ) -> None:
        self.paint = paint
        self.held, self.count, self.stride, self.strength, self.seed = held, count, stride, strength, seed
        self.images = torch.from_numpy(held.images)
        each = _rarity(held.truth.there)
        self.order = Order(len(each), seed, each / each.sum() if balanced else None)

    def batch(self, step: int, size: int) -> tuple[Tensor, ...]:
        """See :class:`limner.train.loop.Sampler`."""
        chosen = self.order.at(step, size)
        x = self.images[torch.from_numpy(chosen)].float() / 255.0
        rng = np.random.default_rng([self.seed, 3, step])
        painted = [self._paint(rng, x, place) for place in range(size)]
        params = sample_batch(rng, size, x.shape[1], x.dim() - 2, self.strength)
        x = apply_values(apply_spatial(x, params), params)
        extent = tuple(x.shape[2:])
        maps, there = [], np.zeros((size, self.count), np.float32)
        for place, index in enumerate(chosen):
            own = self.held.boxes[index]
            kinds = np.concatenate([self.held.truth.kinds[index], np.zeros(len(painted[place]), np.int64)])
            moved, kept = move_boxes(np.concatenate([own, painted[place]]), params, place, extent)
            maps.append(geometry.encode(moved[kept], kinds[kept], self.count, extent, self.stride))
            there[place, kinds[kept]] = 1
            there[place, self.held.truth.unplaced[index]] = 1
        stacked = [np.stack([getattr(one, name) for one in maps]) for name in ("heat", "sizes", "offsets", "weight")]
        known = self.held.known[chosen].astype(np.float32)
        return (x, *(torch.from_numpy(one) for one in (*stacked, known, there)))

    def _paint(self, rng: np.random.Generator, x: Tensor, place: int) -> NDArray[np.float32]:
        """Paints opacities into one picture of a batch, in place; their boxes."""
        if rng.random() >= self.paint:
            return np.zeros((0, 2 * (x.dim() - 2)), np.float32)
        image = x[place].numpy()
        painted, boxes = paint_opacities(image, sample_opacities(rng, image.mean(0)))
        x[place] = torch.from_numpy(painted)
        return boxes


def detect_loss(cells: int, share: float = 1.0) -> Callable[..., Tensor]:
    """Loss on centres, sizes, offsets, and on whether a class is there at all.

    Args:
        cells: whose logits say that something is there.
        share: weight of the last; 0 leaves it out.
    """

    def loss(
        output: Output, heat: Tensor, sizes: Tensor, offsets: Tensor, weight: Tensor, known: Tensor, there: Tensor
    ) -> Tensor:
        centers, found_sizes, found_offsets = output
        total = center_loss(centers, heat, known)
        total = total + 0.5 * extent_loss(found_sizes, sizes, weight) + extent_loss(found_offsets, offsets, weight)
        if share:
            said = presence_logits(centers, cells)
            total = total + share * F.binary_cross_entropy_with_logits(said, there)
        return total

    return loss


def detect_parts(recipe: Recipe, data: PictureData, learned: Learned) -> Parts:
    """The parts of a detector on pictures; ``data.classes`` names the background first."""
    strength = recipe.changes
    held = boxed(learned.train, data.classes)
    if not any(len(some) for some in held.boxes):
        raise CohortError(
            "No example has a box: detection learns from the column 'boxes', [[x0, y0, x1, y1], …], of volumes "
            "[[x0, y0, z0, x1, y1, z1], …] or spheres [[x, y, z, diameter], …]."
        )
    count = len(data.classes) - 1
    options = {"dims": len(data.size), **recipe.net.options}
    stride = int(options.get("stride", 4))
    coarsest = stride * 2 ** (len(options.get("channels", (32, 64, 128, 192))) - 1)
    if any(n % coarsest for n in data.size):
        raise RecipeError(f"data.size must be divisible by {coarsest} for this net; got {list(data.size)}.")
    torch.manual_seed(recipe.seed)  # initial weights only
    net = nets.build(recipe.net.name, data.channels, len(data.classes), **options)
    cells = recipe.pack.decode.presence_cells
    if data.paint_opacities and len(data.size) != 2:
        raise RecipeError("data.paint_opacities is for radiographs: data.size has two sides there.")
    balanced = data.balance == "sampler"
    sampler = BoxBatches(held, count, stride, strength, recipe.seed, balanced, data.paint_opacities)
    loss = detect_loss(cells)
    if not learned.check.rows:
        return Parts(net, sampler, loss, examples=len(held.patients))
    check = CheckedBoxes(boxed(learned.check, data.classes), stride, cells)
    return Parts(net, sampler, loss, check.score, check.calibrate, len(held.patients))


@dataclass(frozen=True)
class CheckedBoxes:
    """Examples that are not learned from."""

    held: Boxed
    stride: int
    cells: int

    def score(self, net: nn.Module) -> float:
        """Mean of average precision at IoU 0.3 and of the area under the ROC curve of presence."""
        maps = maps_of(net, self.held.images)
        marks = self._hold(maps)
        said, positive = self._said(maps)
        parts = [figures.average_precision(marks), auc_of(said, positive)]
        return float(np.nan_to_num(np.nanmean(parts)))

    def calibrate(self, net: nn.Module) -> Calibration:
        """Presence as a probability, and the score above which a mark is shown (one false mark in two images)."""
        maps = maps_of(net, self.held.images)
        said, positive = self._said(maps)
        platt = figures.fit_platt(said, positive)
        marks = self._hold(maps)
        threshold = figures.froc(marks).threshold(0.5) if any(one.truths for one in marks) else 0.5
        return Calibration(
            temperature=round(platt.temperature, 4),
            bias=round(platt.bias, 4),
            threshold=round(float(np.clip(threshold, 0.05, 0.5)), 4),
            ece_before=round(_ece(Platt(), said, positive), 4),
            ece_after=round(_ece(platt, said, positive), 4),
            fitted_on=f"{len(positive)} cases of the check split",
        )

    def _said(self, maps: list[Maps]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Presence logits and truths, every class of every image."""
        said = np.stack([figures.presence_logits(centers, self.cells) for centers, _, _ in maps])
        return said.ravel(), self.held.truth.there.ravel()

    def _hold(self, maps: list[Maps]) -> list[Held]:
        rows = []
        for index in np.flatnonzero(self.held.known):
            centers, sizes, offsets = maps[index]
            marks = geometry.decode(figures.sigmoid(centers), sizes, offsets, self.stride, threshold=0.01)
            true = self.held.boxes[index]
            rows.append(hold(marks, true, self.held.truth.kinds[index], overlaps(0.3), self.held.patients[index]))
        return rows


Maps = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


@torch.inference_mode()  # type: ignore[untyped-decorator]
def maps_of(net: nn.Module, images: NDArray[np.uint8], batch: int = 16) -> list[Maps]:
    """Logits of centres, sizes and offsets of many pictures, one tuple each."""
    device = next(net.parameters()).device
    rows: list[Maps] = []
    with torch.autocast(device.type, torch.bfloat16):
        for start in range(0, len(images), batch):
            x = torch.from_numpy(images[start : start + batch]).to(device).float() / 255.0
            found = [one.float().cpu().numpy() for one in net(x)]
            rows += list(zip(*found, strict=True))
    return rows


def _ece(platt: Platt, logits: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    p = platt(logits)
    return ece(np.stack([1 - p, p], 1), positive.astype(int))
