"""Parts for super-resolution: planes made coarse along one axis or both, and a net that makes them fine again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from limner import nets
from limner.data.thin import Pair, PairSampler, Planes, Source, check_pairs, read_planes
from limner.errors import CohortError, RecipeError
from limner.nets.sharpen import split
from limner.nets.sharpen_vae import SharpenVAE
from limner.packs import Calibration, load_pack
from limner.tasks.superresolve import interpolate
from limner.train.loop import Parts
from limner.train.plan import fixed_options
from limner.train.plane_sight import PlaneSight
from limner.train.recipe import Recipe
from limner.train.recipe_generate import CodeSpec
from limner.train.recipe_thin import ThinData
from limner.train.superresolve_loss import LEAST_HU, sharpen_game

Progress = Callable[[str, float], None]
SAMPLES = 8
"""Of the latent, where a spread is fitted."""


class PairBatches:
    """Batches of a :class:`limner.data.thin.PairSampler`: thick, thin; ``(N, 1, Z, X)``.

    Args:
        sampler: of pairs.
        coded: lay the truth behind what the net sees, as an encoder needs it, and tell the step.
    """

    def __init__(self, sampler: PairSampler, coded: bool = False) -> None:
        self.sampler, self.coded = sampler, coded

    def batch(self, step: int, size: int) -> tuple[Tensor, ...]:
        """See :class:`limner.train.loop.Sampler`."""
        pairs = [self.sampler.draw(step, place) for place in range(size)]
        thick, thin = (
            torch.from_numpy(np.stack([getattr(one, name) for one in pairs]))[:, None] for name in ("thick", "thin")
        )
        if not self.coded:
            return thick, thin
        return torch.cat([thick, split(thin, self.sampler.factor, self.sampler.within)], 1), thin, torch.tensor(step)


def superresolve_parts(recipe: Recipe, data: ThinData, progress: Progress | None) -> Parts:
    """The parts of a recipe whose task is ``superresolve``.

    Raises:
        CohortError: a patient is learned from and checked on.
        RecipeError: a discriminator or a judge that does not fit; a weight of the latent that is not given.
    """
    assert isinstance(recipe.augment, float)
    coded = recipe.net.name == "sharpen-vae"
    if coded and recipe.code.kl == CodeSpec().kl:
        raise RecipeError("net 'sharpen-vae' counts code.kl per coarse voxel, not per picture: say it, such as 0.02.")
    sight = PlaneSight(load_pack(data.judge)) if data.judge else None  # refused before the work
    sources: list[Source] = []
    held: dict[str, tuple[Pair, ...]] = {}
    for number, one in enumerate(data.sources):
        if progress:
            progress(f"reading {Path(one.cohort).parent.name}", number / len(data.sources))
        least = data.factor * data.patch[0] if one.across else 0
        sources.append(Source(read_planes(Path(one.cohort), one.split, one.unit_hu, data.modality, least), one.weight))
        if one.check:
            for planes in read_planes(Path(one.cohort), one.check, one.unit_hu, data.modality, least and 12):
                held[planes.patient] = (*held.get(planes.patient, ()), *_held(planes, data))
    shared = sorted({one.patient for source in sources for one in source.planes} & {*held})
    if shared:
        raise CohortError(f"{len(shared)} patients are learned from and checked on: {', '.join(shared[:20])}.")
    noise = recipe.augment * data.noise_hu
    sampler = PairSampler(
        sources, data.factor, data.patch, data.rows, data.columns, noise, recipe.seed, within=data.within
    )
    torch.manual_seed(recipe.seed)  # initial weights only
    net = nets.build(recipe.net.name, 1, 1, **{**fixed_options(recipe), **recipe.net.options})
    kernel = (data.factor, data.factor if data.within else 1)
    fine = (data.patch[0] * kernel[0], data.patch[1] * kernel[1])
    game, rival = sharpen_game(recipe.loss, recipe.code, kernel, fine)
    parts = Parts(net, PairBatches(sampler, coded), game.net, rival=rival)
    if not held:
        return parts
    checks = CheckedPlanes(tuple(held.values()), data.factor, len([one for one in kernel if one > 1]), sight)
    return replace(parts, check=checks.score, calibrate=checks.calibrate)


def _held(planes: Planes, data: ThinData) -> tuple[Pair, ...]:
    return check_pairs(planes, data.factor, data.rows, within=data.within)


@dataclass(frozen=True)
class CheckedPlanes:
    """Planes of patients that are not learned from, by patient; the same ones at every check.

    Args:
        patients: planes of each.
        factor: fine voxels of a coarse one along an axis.
        axes: how many axes of a plane become finer.
        sight: who judges how real they look, too; decibels alone where None.
    """

    patients: tuple[tuple[Pair, ...], ...]
    factor: int
    axes: int = 1
    sight: PlaneSight | None = None

    @cached_property
    def spline(self) -> tuple[float, ...]:
        """Squared error of the cubic B-spline, by patient."""
        return tuple(
            sum(float(np.square(interpolate(one.thick, self.factor, 3, self.axes) - one.thin).sum()) for one in pairs)
            for pairs in self.patients
        )

    def score(self, net: nn.Module) -> float:
        """By patient over all of its planes, then the mean: decibels gained over the cubic B-spline.

        With a judge, SSIM less the perceptual distance of a stage in its place.
        """
        if self.sight is not None:
            return float(np.mean([self._looks(net, self.sight, pairs) for pairs in self.patients]))
        gains = []
        for pairs, spline in zip(self.patients, self.spline, strict=True):
            ours = sum(float(np.square(_answer(net, one)[0] - one.thin).sum()) for one in pairs)
            gains.append(10 * np.log10(spline / ours))
        return float(np.mean(gains))

    def _looks(self, net: nn.Module, sight: PlaneSight, pairs: tuple[Pair, ...]) -> float:
        return float(np.mean([sight.score(_answer(net, one)[0], one.thin) for one in pairs]))

    def calibrate(self, net: nn.Module) -> Calibration:
        """``temperature`` is what the spread is multiplied by, so that on average it is the error."""
        error = spread = 0.0
        for pairs in self.patients:
            for one in pairs:
                values, expected = _answer(net, one, spread=True)
                error += float(np.abs(values - one.thin).mean())
                spread += float(np.maximum(expected, LEAST_HU).mean())
        return Calibration(
            temperature=round(error / spread, 4),
            fitted_on=f"the planes of {len(self.patients)} patients of the check split: mean error over mean spread",
        )


@torch.inference_mode()  # type: ignore[untyped-decorator]
def _answer(net: nn.Module, pair: Pair, spread: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Values and spread; of a net with a latent its mean, and, where asked for, how far seeded samples differ."""
    thick = torch.from_numpy(np.ascontiguousarray(pair.thick))[None, None].to(next(net.parameters()).device)
    if not isinstance(net, SharpenVAE):
        values, expected = (one[0, 0].float().cpu().numpy() for one in net(thick))
        return values, expected
    shape = (SAMPLES if spread else 1, net.latent, *thick.shape[2:])
    drawn = np.random.default_rng(0).standard_normal(shape, np.float32)
    plain = net(thick, torch.zeros_like(torch.from_numpy(drawn[:1])).to(thick.device))[0, 0].float().cpu().numpy()
    if not spread:
        return plain, np.zeros_like(plain)
    seen = [net(thick, torch.from_numpy(one[None]).to(thick.device))[0, 0].float().cpu().numpy() for one in drawn]
    return plain, np.std(seen, axis=0, dtype=np.float32)
