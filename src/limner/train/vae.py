"""Parts for a variational autoencoder of pictures: pictures and their conditions in, the same pictures out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from limner.nets.likeness import edge_difference, similarity
from limner.nets.place import NUMBERS, discs
from limner.nets.vae import VAE, Coded
from limner.tasks.sliced import sliced_distance
from limner.train.conditions import conditions_of
from limner.train.generate import ConditionedBatches, build_generator
from limner.train.loop import Parts
from limner.train.pictures import Learned
from limner.train.recipe import Recipe
from limner.train.recipe_data import PictureData
from limner.train.recipe_generate import CodeSpec
from limner.train.shown import Shown


class Both:
    """Batches of pictures with their condition laid behind them ``(N, C + K, H, W)``, the same again, and the step."""

    def __init__(self, inner: ConditionedBatches) -> None:
        self.inner, self.order = inner, inner.order

    def batch(self, step: int, size: int) -> tuple[Tensor, ...]:
        """See :class:`limner.train.loop.Sampler`."""
        condition, picture, at = self.inner.batch(step, size)
        both = laid_behind(picture, condition)
        return both, both, at


def laid_behind(pictures: Tensor, conditions: Tensor) -> Tensor:
    """Pictures ``(N, C, H, W)`` and conditions ``(N, K)`` or ``(N, K, H, W)`` as one ``(N, C + K, H, W)``."""
    maps = conditions if conditions.dim() == 4 else conditions[:, :, None, None].expand(-1, -1, *pictures.shape[2:])
    return torch.cat([pictures, maps.to(pictures.dtype)], 1)


@dataclass(frozen=True)
class Likeness:
    """The loss: how unlike the picture that was made again is, and how much its latent tells.

    Source of the free nats: Kingma D.P. et al. Improved Variational Inference with Inverse Autoregressive Flow.
    NeurIPS 2016, section 2.4.
    """

    spec: CodeSpec
    channels: int

    def __call__(self, coded: Coded, both: Tensor, step: Tensor) -> Tensor:
        """A scalar; ``both`` as :class:`Both` gives it."""
        spec, made = self.spec, coded.pictures.float()
        real, maps = both[:, : self.channels], both[:, self.channels :]
        weight = torch.ones_like(real[:, :1])
        if coded.found.dim() == 4:
            weight = weight + spec.marked * maps.amax(1, keepdim=True)
        loss = ((made - real).abs() * weight).sum() / (weight.sum() * self.channels)
        loss = loss + spec.structure * (1 - similarity(made, real)) + spec.edges * edge_difference(made, real)
        rising = min(1.0, (float(step) + 1) / max(1, spec.warmup))
        return loss + rising * spec.kl * self._nats(coded) + self._numbers(coded, maps)

    def _nats(self, coded: Coded) -> Tensor:
        """Information of the latent in a picture, of which a little in each number is free."""
        spread = coded.spread
        mean = coded.styles[:, : spread.shape[1]]
        each = 0.5 * (mean.square() + spread.exp() - 1 - spread)
        return each.mean(0).clamp(min=self.spec.free_nats).sum()

    def _numbers(self, coded: Coded, maps: Tensor) -> Tensor:
        """Whether the encoder reads off what is there, in real pictures and in those made with other numbers."""
        if coded.refound is None:
            return coded.pictures.new_zeros(())
        other = coded.numbers.roll(1, 0)[: len(coded.refound)]
        if coded.found.dim() == 2:
            told, moved = (F.cross_entropy(a, b) for a, b in ((coded.found, coded.numbers), (coded.refound, other)))
        else:
            side = coded.found.shape[-1]
            truth = F.avg_pool2d(maps, maps.shape[-1] // side)
            told = _marked(coded.found, truth, torch.ones_like(truth))
            inner, outer = (_discs(other, side, share) for share in (0.7, 1.4))
            moved = _marked(coded.refound, inner, (1 - outer + inner).clamp(max=1))
        return self.spec.numbers * told + self.spec.moved * moved


def _discs(numbers: Tensor, side: int, share: float) -> Tensor:
    """Discs ``(N, M, side, side)`` of that share of the radius; between two of them an outline is the latent's own."""
    each = numbers.reshape(len(numbers), -1, NUMBERS)
    scaled = torch.cat([each[:, :, :1] * share, each[:, :, 1:]], 2).flatten(1)
    return discs(scaled, side)[:, : each.shape[1]]


def _marked(logits: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Cross-entropy and overlap of maps: marked pixels are few, and count as much as all others."""
    p = logits.sigmoid() * weight
    overlap = (2 * (p * truth).sum((2, 3)) + 1) / ((p + truth * weight).sum((2, 3)) + 1)
    return F.binary_cross_entropy_with_logits(logits, truth, weight) * 4 + (1 - overlap).mean()


def vae_parts(recipe: Recipe, data: PictureData, learned: Learned) -> Parts:
    """The parts of an autoencoder of pictures."""
    images, conditions = learned.train.stack(), conditions_of(learned.train, data)
    torch.manual_seed(recipe.seed)  # initial weights only
    net = build_generator(recipe, conditions.shape[1])
    sampler = Both(ConditionedBatches(images, conditions, recipe.changes, recipe.seed))
    check = partial(likeness_and_nearness, Shown(images, conditions, learned, data))
    return Parts(net, sampler, Likeness(recipe.code, data.channels), check, None, len(images))


def likeness_and_nearness(shown: Shown, net: nn.Module) -> float:
    """Structural similarity of pictures made again, less the sliced distance of new pictures to real ones."""
    if not isinstance(net, VAE):
        raise TypeError(f"an autoencoder is scored here, not {type(net).__name__}")
    (known, numbers), (held, held_numbers) = shown.known(), shown.held()
    prior = fitted(encoded(net, known, numbers))
    codes = encoded(net, held, held_numbers)
    real = held.astype(np.float32) / 127.5 - 1
    z = np.random.default_rng(1).normal(size=(len(held), net.latent)).astype(np.float32)
    styles = np.concatenate([prior.mean + z @ prior.factor + codes.numbers @ prior.slope, codes.numbers], 1)
    distance = sliced_distance(decoded(net, styles.astype(np.float32)), real)
    made = decoded(net, codes.styles)
    return float(similarity(torch.from_numpy(made), torch.from_numpy(real))) - distance


@dataclass(frozen=True, eq=False)
class Codes:
    """Pictures as an encoder sees them: latents and their variance ``(M, Z)``, true numbers ``(M, K)``."""

    mean: NDArray[np.float32]
    variance: NDArray[np.float32]
    numbers: NDArray[np.float32]

    @property
    def styles(self) -> NDArray[np.float32]:
        """What pictures are made again from ``(M, Z + K)``."""
        return np.concatenate([self.mean, self.numbers], 1)


def encoded(net: VAE, images: NDArray[np.uint8], conditions: NDArray[np.uint8], batch: int = 32) -> Codes:
    """Codes of pictures ``(M, C, H, W)``."""
    device = next(net.parameters()).device
    found: list[tuple[Tensor, ...]] = []
    with torch.inference_mode():
        for start in range(0, len(images), batch):
            both = (torch.from_numpy(one[start : start + batch]).to(device).float() for one in (images, conditions))
            pictures, condition = both
            maps = laid_behind(pictures, condition)[:, net.channels :]
            styles, spread, _ = net.eval().encoder(pictures / 127.5 - 1)
            found.append((styles[:, : net.latent], spread.exp(), net.numbers_of(maps)))
    mean, variance, numbers = (torch.cat(one).float().cpu().numpy() for one in zip(*found, strict=True))
    return Codes(mean, variance, numbers)


def decoded(net: VAE, styles: NDArray[np.float32], batch: int = 32) -> NDArray[np.float32]:
    """Pictures ``(M, C, H, W)`` in -1 … 1 of styles ``(M, Z + K)``."""
    device = next(net.parameters()).device
    with torch.inference_mode():
        parts = [
            net.eval().synthesis(torch.from_numpy(styles[start : start + batch, None]).to(device)).clamp(-1, 1).cpu()
            for start in range(0, len(styles), batch)
        ]
    return torch.cat(parts).numpy()


@dataclass(frozen=True, eq=False)
class Fitted:
    """See :class:`limner.nets.vae.Prior`: mean ``(Z,)``, slope ``(K, Z)``, factor ``(Z, Z)``."""

    mean: NDArray[np.float32]
    slope: NDArray[np.float32]
    factor: NDArray[np.float32]


def fitted(codes: Codes, ridge: float = 0.01) -> Fitted:
    """The distribution of latents of all encoded pictures, given their numbers.

    The covariance of few pictures is drawn towards an even one. Source: Ledoit O., Wolf M. A well-conditioned estimator
    for large-dimensional covariance matrices. J. Multivariate Analysis 88, 2004.
    """
    count, latent = codes.mean.shape
    middle = codes.numbers.mean(0)
    a, b = (codes.numbers - middle).astype(float), (codes.mean - codes.mean.mean(0)).astype(float)
    slope = np.linalg.solve(a.T @ a / count + ridge * np.eye(a.shape[1]), a.T @ b / count)
    rest = b - a @ slope
    sample = rest.T @ rest / count
    level = float(np.trace(sample)) / latent
    away = float(((sample - level * np.eye(latent)) ** 2).sum())
    noise = float(((rest**2).sum(1) ** 2).sum()) / count**2 - float((sample**2).sum()) / count
    share = min(1.0, max(0.0, noise / max(away, 1e-12)))
    cov = (1 - share) * sample + share * level * np.eye(latent) + np.diag(codes.variance.mean(0).astype(float))
    factor = np.linalg.cholesky(cov + 1e-6 * np.eye(latent)).T
    mean = codes.mean.mean(0) - middle @ slope
    return Fitted(mean.astype(np.float32), slope.astype(np.float32), factor.astype(np.float32))


def settle(net: VAE, images: NDArray[np.uint8], conditions: NDArray[np.uint8]) -> None:
    """Fits the net's prior to pictures, in place: seeds then become pictures such as these."""
    prior = fitted(encoded(net, images, conditions))
    net.mapping.mean.copy_(torch.from_numpy(prior.mean))
    net.mapping.factor.copy_(torch.from_numpy(prior.factor))
    if net.numbers:
        net.mapping.slope.copy_(torch.from_numpy(prior.slope))
