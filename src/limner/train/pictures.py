"""Parts for tasks on pictures: examples in memory, batches of them, and a figure on those that are not learned from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from limner.data.cohort import read_cohort
from limner.data.examples import Example, Examples, View, labels_of, read_examples
from limner.data.masks import by_value
from limner.errors import CohortError
from limner.tasks.masks import mirrorings
from limner.train.loop import Parts
from limner.train.patients import drawn, held_out, with_patients, without
from limner.train.recipe import Recipe
from limner.train.recipe_data import PictureData, PictureSource

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Learned:
    """What a run learns from and what it is checked on; ``origins`` is each training example's source, by number."""

    train: Examples
    check: Examples
    origins: tuple[int, ...] = ()


def picture_parts(recipe: Recipe, data: PictureData, progress: Progress | None) -> Parts:
    """The parts of a recipe whose data are pictures, by its task."""
    from limner.train.classify import classify_parts
    from limner.train.detect import detect_parts
    from limner.train.generate import generate_parts
    from limner.train.masks import mask_parts
    from limner.train.multilabel import multilabel_parts
    from limner.train.vae import vae_parts

    makers = {
        "classify": multilabel_parts if data.multi_label else classify_parts,
        "detect": detect_parts,
        "segment": mask_parts,
        "generate": vae_parts if recipe.net.name == "vae" else generate_parts,
    }
    if recipe.task not in makers:
        raise CohortError(f"Task {recipe.task!r} on pictures is not built yet; there are {', '.join(makers)}.")
    learned = load_pictures(recipe, data, progress)
    if data.strict_patients:
        refuse_shared_patients(learned)
    parts = makers[recipe.task](recipe, data, learned)
    if any(one.share for one in data.sources):
        share_sources(parts.sampler, learned.origins, [one.share for one in data.sources])
    return replace(parts, left_out=(*learned.train.left_out, *learned.check.left_out))


def refuse_shared_patients(learned: Learned) -> None:
    """A cohort refuses this within itself; here it is refused between the cohorts of a recipe."""
    shared = sorted({row.patient for row in learned.train.rows} & {row.patient for row in learned.check.rows})
    if shared:
        raise CohortError(
            f"{len(shared)} patients are learned from and checked on: {', '.join(shared[:20])}. Put each patient's "
            "cases into one split of all cohorts."
        )


def view_for(data: PictureData, task: str) -> View:
    """How the pictures of a recipe are read for a task."""
    wanted = {"classify": "label", "segment": "mask", "detect": "boxes", "generate": data.condition}[task]
    column = data.column or wanted
    return View(
        data.size,
        data.channels,
        label=column
        if wanted == "label"
        else "label"
        if wanted == "boxes" or (wanted == "mask" and not by_value(data.classes))
        else None,
        mask=column if wanted == "mask" else None,
        boxes=column if wanted == "boxes" else None,
        skip_damaged=data.skip_damaged,
        color_constancy=data.color_constancy,
        window_hu=data.window_hu,
        multi_label=data.multi_label,
    )


def load_pictures(recipe: Recipe, data: PictureData, progress: Progress | None = None) -> Learned:
    """Every picture that a recipe names."""
    view = view_for(data, recipe.task)
    return read_sources(data.sources, view, strict=data.strict_patients, seed=recipe.seed, progress=progress)


def read_sources(
    sources: Sequence[PictureSource],
    view: View,
    *,
    strict: bool = True,
    seed: int = 0,
    progress: Progress | None = None,
) -> Learned:
    """The examples of the splits that are learned from, and of those that are checked on.

    Args:
        sources: of a recipe.
        view: how their pictures are read.
        strict: leave out who is held out in any of them.
        seed: of the draw of a source's ``cases``.
    """
    train, check = [], []
    barred = held_out(sources) if strict else {}
    for source in sources:
        known = without(_read(source, source.split, view, progress), barred)
        train.append(drawn(known, source.cases, seed) if source.cases else known)
        if source.check:
            check.append(_read(source, source.check, view, progress))
    origins = tuple(number for number, one in enumerate(train) for _ in one.rows)
    return Learned(_together(train), _together(check), origins)


def _read(source: PictureSource, split: str | None, view: View, progress: Progress | None) -> Examples:
    path = Path(source.cohort)
    found = with_patients(read_examples(path, view, split, progress), source)
    if source.leave_out:
        columns = {case.id: case.columns for case in read_cohort(path, files=False).cases}
        keep = [
            row
            for row in found.rows
            if not any(columns[row.id].get(c, "") in values for c, values in source.leave_out.items())
        ]
        found = Examples(tuple(keep), found.left_out)
    if source.values:
        rows = tuple(_renamed(row, source.values, view.multi_label) for row in found.rows)
        found = Examples(rows, found.left_out)
    return found


def _renamed(row: Example, values: Mapping[str, str], multi_label: bool) -> Example:
    """An example whose labels are those of the recipe's classes; of several each by itself, an empty word is none."""
    boxes = tuple(values.get(one or "", one) for one in row.box_labels)
    if not multi_label:
        return replace(row, label=values.get(row.label or "", row.label), box_labels=boxes)
    words = [values.get(one, one) for one in labels_of(row.label)]
    return replace(row, label="|".join(one for one in words if one) or None, box_labels=boxes)


def _together(some: list[Examples]) -> Examples:
    return Examples(tuple(r for one in some for r in one.rows), tuple(b for one in some for b in one.left_out))


class Order:
    """Which examples a batch holds: a function of seed and step.

    Args:
        count: of examples.
        seed: of the order.
        shares: probability of each example, or None for passes in which each comes once.
    """

    def __init__(self, count: int, seed: int, shares: NDArray[np.float64] | None = None) -> None:
        self.count, self.seed, self.shares = count, seed, shares

    def at(self, step: int, size: int) -> NDArray[np.int64]:
        """Indices of a step's batch."""
        if self.shares is not None:
            return np.random.default_rng([self.seed, 1, step]).choice(self.count, size, p=self.shares)
        places = np.arange(step * size, (step + 1) * size)
        turns = {
            turn: np.random.default_rng([self.seed, 2, int(turn)]).permutation(self.count)
            for turn in np.unique(places // self.count)
        }
        return np.array([turns[p // self.count][p % self.count] for p in places])


def share_sources(sampler: Any, origins: Sequence[int], shares: Sequence[float | None]) -> None:
    """Makes a sampler draw from each source as often as asked; within a source all stays as it was.

    Args:
        sampler: of the run, which draws by an :class:`Order`; changed in place.
        origins: of each example, the number of its source.
        shares: of each source; those without one have the rest, by their number.
    """
    order, origin = sampler.order, np.array(origins)
    p = np.full(len(origin), 1.0 / len(origin)) if order.shares is None else order.shares.copy()
    free = np.isin(origin, [k for k, share in enumerate(shares) if share is None])
    p[free] *= (1 - sum(share or 0.0 for share in shares)) / p[free].sum()
    for number, share in enumerate(shares):
        if share is not None:
            p[origin == number] *= share / p[origin == number].sum()
    order.shares = p


def class_shares(labels: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """The share of each class among the examples; a class without one counts as one."""
    counts = np.maximum(np.bincount(labels, minlength=classes), 1)
    return counts / counts.sum()


def mean_logits(net: nn.Module, images: NDArray[np.uint8], mirrors: str) -> NDArray[np.float32]:
    """Logits ``(N, K)`` as inference gives them: the mean over the mirrorings that the net learned from."""
    views = mirrorings(mirrors, images.ndim - 2)
    seen = [logits_of(net, np.ascontiguousarray(np.flip(images, axes))) for axes in views]
    return np.asarray(np.mean(seen, axis=0), np.float32)


@torch.inference_mode()  # type: ignore[untyped-decorator]
def logits_of(net: nn.Module, images: NDArray[np.uint8], batch: int = 64) -> NDArray[np.float32]:
    """The first output of a net for many pictures ``(N, C, *size)``: ``(N, K)``, or ``(N, K, *size)``."""
    device = next(net.parameters()).device
    parts = []
    with torch.autocast(device.type, torch.bfloat16):
        for start in range(0, len(images), batch):
            x = torch.from_numpy(images[start : start + batch]).to(device).float() / 255.0
            parts.append(net(x)[0].float().cpu().numpy())
    return np.concatenate(parts)
