"""Parts for classification: batches of pictures with shares of classes, cross-entropy, AUC on the check split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from limner import nets
from limner.data.augment.picture import Strength, apply_spatial, apply_values, mix, sample_batch
from limner.data.examples import class_indices
from limner.errors import CohortError
from limner.packs import Calibration
from limner.tasks.classify import (
    abstain_below,
    accuracy,
    auc,
    balanced_accuracy,
    ece,
    fit_temperature,
    rounded_down,
    softmax,
)
from limner.train.loop import Parts
from limner.train.pictures import Learned, Order, class_shares, logits_of, mean_logits
from limner.train.recipe import Recipe
from limner.train.recipe_data import PictureData


class LabelledBatches:
    """Batches of images ``(N, C, *size)`` in 0–1 and class shares ``(N, K)``.

    Args:
        images: ``(M, C, *size)`` uint8.
        labels: ``(M,)`` indices; ``(M, K)`` true where a class is there, where several may be.
        classes: K.
        strength: of the augmentation.
        seed: of order and augmentation.
        balanced: every class is drawn as often as the others; of several in one example the rarest counts, and
            examples with none are drawn as often as a class.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64] | NDArray[np.bool_],
        classes: int,
        strength: Strength,
        seed: int,
        balanced: bool = False,
    ) -> None:
        self.images = torch.from_numpy(images)
        several = labels.ndim == 2
        known = torch.from_numpy(labels)
        self.shares = known.float() if several else F.one_hot(known, classes).float()
        self.strength, self.seed = strength, seed
        kinds = _rarest(labels) if several else labels.astype(np.int64)
        each = 1.0 / class_shares(kinds, classes + int(several))[kinds]
        self.order = Order(len(labels), seed, each / each.sum() if balanced else None)

    def batch(self, step: int, size: int) -> tuple[Tensor, ...]:
        """See :class:`limner.train.loop.Sampler`."""
        chosen = torch.from_numpy(self.order.at(step, size))
        x = self.images[chosen].float() / 255.0
        rng = np.random.default_rng([self.seed, 3, step])
        params = sample_batch(rng, size, x.shape[1], x.dim() - 2, self.strength)
        return mix(apply_values(apply_spatial(x, params), params), self.shares[chosen], params)


def _rarest(there: NDArray[Any]) -> NDArray[np.int64]:
    """Of each example 1 + its rarest class, 0 where it has none."""
    counts = there.sum(0)
    rarest = np.where(there, counts, len(there) + 1).argmin(1)
    return np.where(there.any(1), 1 + rarest, 0).astype(np.int64)


def classify_parts(recipe: Recipe, data: PictureData, learned: Learned) -> Parts:
    """The parts of a classifier that gives one class of all; see :mod:`limner.train.multilabel` for several."""
    classes = list(data.classes)
    labels = class_indices(learned.train, data.classes)
    if len(np.unique(labels)) < 2:
        raise CohortError(
            f"Every example is {data.classes[classes[int(labels[0])]]!r}: a classifier needs two classes."
        )
    strength = recipe.changes
    sampler = LabelledBatches(
        learned.train.stack(), labels, len(classes), strength, recipe.seed, data.balance == "sampler"
    )
    torch.manual_seed(recipe.seed)  # initial weights only
    net = nets.build(recipe.net.name, data.channels, len(classes), **{"dims": len(data.size), **recipe.net.options})
    share = torch.from_numpy(class_shares(labels, len(classes))).float()
    smoothing = recipe.train.label_smoothing
    weight = (1.0 / share) / (1.0 / share).mean() if data.balance == "loss" else None
    prior = share.log() if data.balance == "logits" else None

    def loss(output: tuple[Tensor, Tensor], target: Tensor) -> Tensor:
        logits = output[0].float()
        if prior is not None:  # Menon et al., Long-tail learning via logit adjustment, ICLR 2021, equation 10
            logits = logits + data.balance_strength * prior.to(logits.device)
        known = None if weight is None else weight.to(logits.device)
        return F.cross_entropy(logits, target, known, label_smoothing=smoothing)

    if not learned.check.rows:
        return Parts(net, sampler, loss, examples=len(labels))
    held = Checked(learned.check.stack(), class_indices(learned.check, data.classes), strength.flip)
    only = np.unique(held.labels)
    if len(only) > 1:
        return Parts(net, sampler, loss, held.score, held.calibrate, len(labels))
    note = (
        f"Every example of the check split is {data.classes[classes[int(only[0])]]!r}: the AUC is left out of the "
        "figure that chooses the weights, and the probabilities are not calibrated. Check on several classes."
    )
    return Parts(net, sampler, loss, held.score, None, len(labels), notes=(note,))


@dataclass(frozen=True)
class Checked:
    """Examples that are not learned from: images ``(N, C, *size)`` uint8 and labels ``(N,)``."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    mirrors: str = ""

    def score(self, net: nn.Module) -> float:
        """Mean of AUC and accuracy and balanced accuracy: no one of them alone says how good a net is.

        Where only one class is there to check on, there is no AUC, and the mean is of the other two.
        """
        p = softmax(logits_of(net, self.images))
        found = [auc(p, self.labels), accuracy(p, self.labels), balanced_accuracy(p, self.labels)]
        return float(np.mean([one for one in found if not np.isnan(one)]))

    def calibrate(self, net: nn.Module) -> Calibration:
        """Temperature, and the confidence below which the pack says "not sure": half the errors are then left out."""
        logits = mean_logits(net, self.images, self.mirrors)
        temperature = fit_temperature(logits, self.labels)
        p = softmax(logits, temperature)
        return Calibration(
            temperature=round(temperature, 4),
            abstain_below=rounded_down(abstain_below(p, self.labels, 0.5 * (1 - accuracy(p, self.labels)))),
            ece_before=round(ece(softmax(logits), self.labels), 4),
            ece_after=round(ece(p, self.labels), 4),
            fitted_on=f"{len(self.labels)} cases of the check split",
        )
