"""Parts for translation: slices of which all sequences are there, batches of them, and a figure on others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from limner import nets
from limner.data.augment.picture import Strength, apply_spatial, apply_values, sample_batch
from limner.data.examples import View
from limner.data.pairs import whole_pairs
from limner.errors import RecipeError
from limner.packs import Calibration, load_pack
from limner.tasks import translate as task
from limner.train.loop import Parts
from limner.train.pictures import Learned, Order, Progress, read_sources, refuse_shared_patients
from limner.train.recipe import Recipe
from limner.train.recipe_loss import LossSpec
from limner.train.recipe_translate import TranslateData
from limner.train.sight import Sight
from limner.train.translate_game import Seen, game_of


class PairedBatches:
    """Batches of what the net sees, and of what is given with what is wanted beside it ``(N, C + 1, Y, X)``, in 0–1.

    Given and wanted are moved alike. The tone of what is given alone is changed: scanners differ in it, and what is
    wanted is to look as it always does.

    Args:
        images: ``(M, C + 1, Y, X)`` uint8, the last channel is wanted.
        data: crop, and whether given and wanted are of one slice; if not, the net sees both, of different ones.
        strength: of the augmentation.
        seed: of order, augmentation and crops.
        patients: of whom each is: they are drawn equally often, however many slices there are of each.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        data: TranslateData,
        strength: Strength,
        seed: int,
        patients: Sequence[str],
    ) -> None:
        self.images, self.data = torch.from_numpy(images), data
        self.strength, self.seed = strength, seed
        counts = Counter(patients)
        shares = np.array([1 / counts[one] for one in patients]) / len(counts)
        self.orders = Order(len(images), seed, shares), Order(len(images), seed + 1, shares)

    def batch(self, step: int, size: int) -> tuple[Tensor, ...]:
        """See :class:`limner.train.loop.Sampler`."""
        rng = np.random.default_rng([self.seed, 3, step])
        both = self._moved(self.images[torch.from_numpy(self.orders[0].at(step, size))], rng)
        if self.data.unpaired:
            other = self._moved(self.images[torch.from_numpy(self.orders[1].at(step, size))], rng)
            both = torch.cat([both[:, :-1], other[:, -1:]], 1)
            return both, both
        return both[:, :-1].contiguous(), both

    def _moved(self, images: Tensor, rng: np.random.Generator) -> Tensor:
        x = images.float() / 255.0
        params = sample_batch(rng, len(x), x.shape[1] - 1, 2, self.strength)
        x = apply_spatial(x, params)
        if self.data.crop:
            high, wide = self.data.crop
            tops = rng.integers(0, x.shape[2] - high + 1, len(x))
            lefts = rng.integers(0, x.shape[3] - wide + 1, len(x))
            x = torch.stack([one[:, t : t + high, k : k + wide] for one, t, k in zip(x, tops, lefts, strict=True)])
        return torch.cat([apply_values(x[:, :-1], params), x[:, -1:]], 1)


def translate_parts(recipe: Recipe, data: TranslateData, progress: Progress | None = None) -> Parts:
    """The parts of a translation."""
    learned = load_pairs(data, progress)
    places = [data.channel_names.index(name) for name in data.asked]
    images = learned.train.stack()
    torch.manual_seed(recipe.seed)  # initial weights only
    net = nets.build(recipe.net.name, recipe.channels, 1, **recipe.net.options)
    _refuse_size(net, data)
    patients = [row.patient for row in learned.train.rows]
    sampler = PairedBatches(np.ascontiguousarray(images[:, places]), data, recipe.changes, recipe.seed, patients)
    loss, rival = game_of(recipe.loss, len(data.given), data.unpaired, _seen(recipe.loss, data))
    left = (*learned.train.left_out, *learned.check.left_out)
    parts = Parts(net, sampler, loss, examples=len(images), left_out=left, rival=rival)
    if not learned.check.rows:
        return parts
    held = Checked(learned.check.stack(), data, "x" in recipe.changes.flip)
    held.sight  # noqa: B018 - a judge that cannot judge is refused before the work
    return replace(parts, check=held.score, calibrate=held.calibrate)


def _seen(weights: LossSpec, data: TranslateData) -> Seen | None:
    if not weights.judged or data.judge is None:
        return None
    sight = Sight(load_pack(data.judge), data.asked, data.wanted)
    return lambda made, both: sight.loss(made, both, data.size)


def load_pairs(data: TranslateData, progress: Progress | None = None) -> Learned:
    """Every slice of which all asked sequences are there, nobody's in both splits."""
    view = View(data.size, len(data.channel_names), label=None, skip_damaged=data.skip_damaged)
    found = read_sources(data.sources, view, progress=progress)
    refuse_shared_patients(found)
    train, check = (whole_pairs(one, data.channel_names, data.asked) for one in (found.train, found.check))
    return Learned(train, check)


@dataclass(frozen=True)
class Checked:
    """Slices that are not learned from ``(N, all channels, Y, X)`` uint8, and how a check judges them."""

    images: NDArray[np.uint8]
    data: TranslateData
    mirrored: bool

    def score(self, net: nn.Module) -> float:
        """SSIM less the perceptual distance of a stage, mean over slices; the same for every kind of loss.

        A blurred picture has the better SSIM and an invented one the better features: neither wins by itself.
        """
        found = []
        for number, image in enumerate(self.images):
            made = self._made(net, image, doubt=False)[0]
            score = task.fidelity(made, self._truth(image))["ssim"]
            if self.sight is not None:
                score -= self.sight.distance(made, image, self.seen[number]) / len(self.seen[number])
            found.append(score)
        return float(np.mean(found))

    def calibrate(self, net: nn.Module) -> Calibration:
        """What the spread over views is multiplied by to be as large as the error, on average, in tissue."""
        errors, spreads = [], []
        for image in self.images:
            made, doubt = self._made(net, image, doubt=True)
            truth = self._truth(image)
            there = truth > TISSUE
            errors.append(np.abs(made - truth)[there].sum())
            spreads.append(doubt[there].sum() if doubt is not None else 0.0)
        ratio = float(np.sum(errors) / max(float(np.sum(spreads)), 1e-6))
        return Calibration(
            temperature=round(ratio, 3),
            fitted_on=f"{len(self.images)} slices of the check split: mean error over mean spread in tissue",
        )

    @cached_property
    def sight(self) -> Sight | None:
        """The judge, where there is one."""
        if self.data.judge is None:
            return None
        return Sight(load_pack(self.data.judge), self.data.channel_names, self.data.wanted)

    @cached_property
    def seen(self) -> list[list[NDArray[np.float32]]]:
        """What the judge sees in the true slices."""
        return [self.sight.features(image) if self.sight else [] for image in self.images]

    def _truth(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        return image[self.data.channel_names.index(self.data.wanted)].astype(np.float32)

    def _made(
        self, net: nn.Module, image: NDArray[np.uint8], doubt: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        device = next(net.parameters()).device

        @torch.inference_mode()  # type: ignore[untyped-decorator]
        def ask(x: NDArray[np.float32]) -> NDArray[np.float32]:
            with torch.autocast(device.type, torch.bfloat16):
                found: NDArray[np.float32] = net(torch.from_numpy(x).to(device))[:, 0].float().cpu().numpy()
            return found

        places = [self.data.channel_names.index(name) for name in self.data.given]
        return task.translated(image[places], ask, self.mirrored, doubt)


TISSUE = 12
"""Grey values above which a pixel is no background."""


def _refuse_size(net: nn.Module, data: TranslateData) -> None:
    """Sides that do not go through the net and come out as they were."""
    for name, size in (("data.size", data.size), ("data.crop", data.crop)):
        if size is None:
            continue
        try:
            with torch.inference_mode():
                found = net.eval()(torch.zeros(1, len(data.given), *size)).shape[2:]
        except RuntimeError as error:
            raise RecipeError(f"{name} {list(size)} does not go through the net: {error}.") from error
        finally:
            net.train()
        if tuple(found) != tuple(size):
            raise RecipeError(f"The net makes {list(found)} pixels of {name} {list(size)}; it cannot translate.")
