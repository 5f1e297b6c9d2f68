"""Parts for classification where several classes may be there at once: a yes or no for each, binary cross-entropy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from limner import nets
from limner.data.examples import class_truths
from limner.errors import CohortError
from limner.packs import Calibration
from limner.tasks import multilabel as figures
from limner.tasks.classify import abstain_below, rounded_down
from limner.train.classify import LabelledBatches
from limner.train.loop import Parts
from limner.train.pictures import Learned, logits_of, mean_logits
from limner.train.recipe import Recipe
from limner.train.recipe_data import PictureData

Loss = Callable[[tuple[Tensor, Tensor], Tensor], Tensor]


def multilabel_parts(recipe: Recipe, data: PictureData, learned: Learned) -> Parts:
    """The parts of a classifier whose classes are each there or not.

    Raises:
        CohortError: unknown labels, or no class that some examples have and others lack.
    """
    names = list(data.classes.values())
    there = class_truths(learned.train, data.classes, (figures.NONE,))
    if not _both(there).any():
        raise CohortError(
            "No class is there in some examples and absent in others: there is nothing to tell apart. Of "
            f"{len(there)} examples, {', '.join(f'{int(n)} have {name!r}' for n, name in _counts(there, names))}."
        )
    balanced = data.balance == "sampler"
    sampler = LabelledBatches(learned.train.stack(), there, len(names), recipe.changes, recipe.seed, balanced)
    torch.manual_seed(recipe.seed)  # initial weights only
    net = nets.build(recipe.net.name, data.channels, len(names), **{"dims": len(data.size), **recipe.net.options})
    loss = multilabel_loss(there if data.balance == "loss" else None, recipe.train.label_smoothing)
    notes = _unlearnable(there, names)
    if not learned.check.rows:
        return Parts(net, sampler, loss, examples=len(there), notes=notes)
    true = class_truths(learned.check, data.classes, (figures.NONE,))
    held = CheckedTruths(learned.check.stack(), true, recipe.changes.flip)
    known = _both(held.there)
    if not known.all():
        missing = ", ".join(repr(name) for name, one in zip(names, known, strict=True) if not one)
        notes = (*notes, f"The check split has no examples both with and without {missing}: no AUC of it is checked.")
    calibrate = held.calibrate if known.any() else None
    if calibrate is None:
        notes = (*notes, "Nothing differs in the check split, so the probabilities are not calibrated.")
    return Parts(net, sampler, loss, held.score, calibrate, len(there), notes=notes)


def multilabel_loss(there: NDArray[np.bool_] | None, smoothing: float = 0.0) -> Loss:
    """Binary cross-entropy of every class; targets are shares, so blended examples (mixup) fit in.

    Args:
        there: ``(N, K)`` of the examples where rare classes are to weigh as much as their absence; None for no weights.
        smoothing: targets go from this / 2 to 1 - this / 2.
    """
    weight = None
    if there is not None:
        positive = there.sum(0)
        rare = np.where(positive > 0, (len(there) - positive) / np.maximum(positive, 1), 1.0)
        weight = torch.from_numpy(np.maximum(rare, 1e-3)).float()

    def loss(output: tuple[Tensor, Tensor], target: Tensor) -> Tensor:
        logits = output[0].float()
        soft = target * (1 - smoothing) + 0.5 * smoothing
        known = None if weight is None else weight.to(logits.device)
        return F.binary_cross_entropy_with_logits(logits, soft, pos_weight=known)

    return loss


@dataclass(frozen=True)
class CheckedTruths:
    """Examples that are not learned from: images ``(N, C, *size)`` uint8, and what is there ``(N, K)``."""

    images: NDArray[np.uint8]
    there: NDArray[np.bool_]
    mirrors: str = ""

    def score(self, net: nn.Module) -> float:
        """Mean of AUC and balanced accuracy, each a mean over the classes; the latter where there is no AUC."""
        p = figures.sigmoid(logits_of(net, self.images))
        found = [figures.auc(p, self.there), figures.balanced_accuracy(p, self.there)]
        return float(np.mean([one for one in found if not np.isnan(one)]))

    def calibrate(self, net: nn.Module) -> Calibration:
        """One temperature for all classes, and the sureness of the least sure class below which the pack is not sure.

        Half of the answers in which a class is wrong are then left out.
        """
        logits = mean_logits(net, self.images, self.mirrors)
        temperature = figures.fit_temperature(logits, self.there)
        p = figures.sigmoid(logits, temperature)
        risk = 0.5 * (1 - figures.exact(p, self.there))
        return Calibration(
            temperature=round(temperature, 4),
            abstain_below=rounded_down(abstain_below(*figures.answers(p, self.there), risk)) if risk else 0.0,
            ece_before=round(figures.ece(figures.sigmoid(logits), self.there), 4),
            ece_after=round(figures.ece(p, self.there), 4),
            fitted_on=f"{len(self.there)} cases of the check split",
        )


def _both(there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Classes that some examples have and others lack."""
    return np.asarray(there.any(0) & ~there.all(0))


def _counts(there: NDArray[np.bool_], names: Sequence[str]) -> list[tuple[int, str]]:
    return list(zip(there.sum(0).tolist(), names, strict=True))


def _unlearnable(there: NDArray[np.bool_], names: Sequence[str]) -> tuple[str, ...]:
    some = [f"{name!r} ({n} of {len(there)})" for n, name in _counts(there, names) if n in (0, len(there))]
    if not some:
        return ()
    return (
        f"Learned from no examples both with and without {', '.join(some)}: what the pack says of it means nothing.",
    )
