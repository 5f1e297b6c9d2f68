"""Parts for super-resolution: planes made coarse along one axis, and a net that makes them fine again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from limner import nets
from limner.data.thin import Pair, PairSampler, Source, check_pairs, read_planes
from limner.errors import CohortError
from limner.packs import Calibration
from limner.tasks.superresolve import interpolate
from limner.train.loop import Parts
from limner.train.plan import fixed_options
from limner.train.recipe import Recipe
from limner.train.recipe_thin import ThinData

Progress = Callable[[str, float], None]
SCALE_HU = 50.0
"""Errors are counted in this unit, so that gradients are about 1."""
LEAST_HU = 0.5
"""No error is expected to be less: of whole numbers it would be a boast."""
SPREAD_WEIGHT = 0.02


class PairBatches:
    """Batches of a :class:`limner.data.thin.PairSampler`: thick, thin; ``(N, 1, Z, X)``."""

    def __init__(self, sampler: PairSampler) -> None:
        self.sampler = sampler

    def batch(self, step: int, size: int) -> tuple[Tensor, ...]:
        """See :class:`limner.train.loop.Sampler`."""
        pairs = [self.sampler.draw(step, place) for place in range(size)]
        return tuple(
            torch.from_numpy(np.stack([getattr(one, name) for one in pairs]))[:, None] for name in ("thick", "thin")
        )


def sharpen_loss(output: tuple[Tensor, Tensor], thin: Tensor) -> Tensor:
    """Mean absolute error of the values; and of the spread, how unlikely that error is under Laplace's law.

    The spread learns from the error without changing it: values that are hard to know stay as good as they can be.

    Source: Kendall and Gal, *What uncertainties do we need*, NeurIPS 2017, equation 5 (Laplace in place of Gauss).
    """
    values, spread = output
    error = (values - thin).abs()
    expected = spread.clamp_min(LEAST_HU)
    unlikely = (error.detach() / expected + expected.log()).mean()
    return error.mean() / SCALE_HU + SPREAD_WEIGHT * unlikely


def superresolve_parts(recipe: Recipe, data: ThinData, progress: Progress | None) -> Parts:
    """The parts of a recipe whose task is ``superresolve``.

    Raises:
        CohortError: a patient is learned from and checked on.
    """
    assert isinstance(recipe.augment, float)
    sources: list[Source] = []
    held: dict[str, tuple[Pair, ...]] = {}
    for number, one in enumerate(data.sources):
        if progress:
            progress(f"reading {Path(one.cohort).parent.name}", number / len(data.sources))
        least = data.factor * data.patch[0] if one.across else 0
        sources.append(Source(read_planes(Path(one.cohort), one.split, one.unit_hu, data.modality, least), one.weight))
        if one.check:
            for planes in read_planes(Path(one.cohort), one.check, one.unit_hu, data.modality, least and 12):
                held[planes.patient] = (*held.get(planes.patient, ()), *check_pairs(planes, data.factor, data.rows))
    shared = sorted({one.patient for source in sources for one in source.planes} & {*held})
    if shared:
        raise CohortError(f"{len(shared)} patients are learned from and checked on: {', '.join(shared[:20])}.")
    noise = recipe.augment * data.noise_hu
    sampler = PairSampler(sources, data.factor, data.patch, data.rows, data.columns, noise, recipe.seed)
    torch.manual_seed(recipe.seed)  # initial weights only
    net = nets.build(recipe.net.name, 1, 1, **{**fixed_options(recipe), **recipe.net.options})
    parts = Parts(net, PairBatches(sampler), sharpen_loss)
    if not held:
        return parts
    checks = CheckedPlanes(tuple(held.values()), data.factor)
    return Parts(net, parts.sampler, parts.loss, checks.score, checks.calibrate)


@dataclass(frozen=True)
class CheckedPlanes:
    """Planes of patients that are not learned from, by patient; the same ones at every check."""

    patients: tuple[tuple[Pair, ...], ...]
    factor: int

    @cached_property
    def spline(self) -> tuple[float, ...]:
        """Squared error of the cubic B-spline, by patient."""
        return tuple(
            sum(float(np.square(interpolate(one.thick, self.factor, 3) - one.thin).sum()) for one in pairs)
            for pairs in self.patients
        )

    def score(self, net: nn.Module) -> float:
        """Decibels gained over the cubic B-spline: by patient over all of its planes, then the mean."""
        gains = []
        for pairs, spline in zip(self.patients, self.spline, strict=True):
            ours = sum(float(np.square(_answer(net, one)[0] - one.thin).sum()) for one in pairs)
            gains.append(10 * np.log10(spline / ours))
        return float(np.mean(gains))

    def calibrate(self, net: nn.Module) -> Calibration:
        """``temperature`` is what the spread is multiplied by, so that on average it is the error."""
        error = spread = 0.0
        for pairs in self.patients:
            for one in pairs:
                values, expected = _answer(net, one)
                error += float(np.abs(values - one.thin).mean())
                spread += float(np.maximum(expected, LEAST_HU).mean())
        return Calibration(
            temperature=round(error / spread, 4),
            fitted_on=f"the planes of {len(self.patients)} patients of the check split: mean error over mean spread",
        )


@torch.inference_mode()  # type: ignore[untyped-decorator]
def _answer(net: nn.Module, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    device = next(net.parameters()).device
    values, spread = net(torch.from_numpy(pair.thick)[None, None].to(device))
    return values[0, 0].float().cpu().numpy(), spread[0, 0].float().cpu().numpy()
