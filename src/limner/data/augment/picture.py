"""Batches of pictures ``(N, C, *size)`` as another day, hand and device would have taken them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Strength:
    """How far each change may go; 0 leaves it out. Lengths are shares of the picture's side.

    Args:
        flip: axes that may be mirrored, of ``z``, ``y``, ``x``; sides that have a name must not be listed.
        rotate_deg: largest turn (about every axis in 3-D).
        scale: spread of the logarithm of the size.
        shift: largest move.
        shear: largest shear.
        elastic: size of smooth random displacements.
        brightness, contrast, gamma: spread of each.
        color: spread of each channel's gain (light and white balance).
        noise: largest standard deviation of Gaussian noise, of the range 0–1.
        blur: probability of a blur.
        low_resolution: probability that detail is lost by shrinking and enlarging.
        cutout: probability that a box is greyed out.
        mixup: parameter of the Beta distribution by which two pictures and their labels are blended.
        cutmix: probability that a box of another picture is put in, with its share of the label (mixup otherwise).
        hair: probability of dark hairs, for dermoscopy.
    """

    flip: str = ""
    rotate_deg: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    gamma: float = 0.0
    color: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    low_resolution: float = 0.0
    cutout: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    hair: float = 0.0


@dataclass(frozen=True)
class BatchParams:
    """What is done to each picture of a batch of N.

    Args:
        matrix: ``(N, A, A)``, from places in the result to places in the source, both −1 … 1 in ``(z,) y, x``.
        shift: ``(N, A)`` in the same units.
        elastic: ``(N, A, 5, …)`` displacements at control points, None where there are none.
        gain, offset, gamma: ``(N,)``; ``color``: ``(N, C)``.
        noise: ``(N,)`` standard deviations; ``seed`` of the noise.
        blur: ``(N,)`` standard deviations in pixels; ``shrink``: ``(N,)`` factors of lost resolution.
        holes: ``(N, 2 A)`` box (low, high) as shares of the side; empty where nothing is greyed out.
        partner, share: ``(N,)`` the picture blended in, and the share of the first.
        patch: ``(2 A)`` CutMix box, or None.
        hairs: per picture a list of curves, see :mod:`limner.data.augment.hair`.
    """

    matrix: NDArray[np.float32]
    shift: NDArray[np.float32]
    elastic: NDArray[np.float32] | None
    gain: NDArray[np.float32]
    offset: NDArray[np.float32]
    gamma: NDArray[np.float32]
    color: NDArray[np.float32]
    noise: NDArray[np.float32]
    blur: NDArray[np.float32]
    shrink: NDArray[np.float32]
    holes: NDArray[np.float32]
    partner: NDArray[np.int64]
    share: NDArray[np.float32]
    patch: NDArray[np.float32] | None
    seed: int
    hairs: tuple[Any, ...] = field(default=())


def sample_batch(rng: np.random.Generator, n: int, channels: int, axes: int, strength: Strength) -> BatchParams:
    """Draws the changes of a batch."""
    s = strength
    matrix = np.stack([_affine(rng, axes, s) for _ in range(n)])
    elastic = None
    if s.elastic:
        size = s.elastic * rng.random((n,) + (1,) * (axes + 1))
        elastic = (rng.normal(0, 1, (n, axes, *(5,) * axes)) * size).astype(np.float32)
    holes = np.zeros((n, 2 * axes), np.float32)
    for i in np.flatnonzero(rng.random(n) < s.cutout):
        holes[i] = _box(rng, axes, rng.uniform(0.02, 0.2))
    partner, share, patch = np.arange(n), np.ones(n, np.float32), None
    if s.mixup or s.cutmix:
        partner = rng.permutation(n)
        if rng.random() < s.cutmix:
            patch = _box(rng, axes, rng.uniform(0.05, 0.5))
            kept = 1.0 - float(np.prod(patch[axes:] - patch[:axes]))
            share = np.full(n, kept, np.float32)
        elif s.mixup:
            drawn = rng.beta(s.mixup, s.mixup, n)
            share = np.maximum(drawn, 1 - drawn).astype(np.float32)
    hairs: tuple[Any, ...] = ()
    if s.hair and axes == 2:
        from limner.data.augment.hair import sample_hairs

        hairs = tuple(sample_hairs(rng) if rng.random() < s.hair else () for _ in range(n))
    return BatchParams(
        matrix=matrix.astype(np.float32),
        shift=rng.uniform(-2 * s.shift, 2 * s.shift, (n, axes)).astype(np.float32),
        elastic=elastic,
        gain=_spread(rng, n, s.contrast),
        offset=rng.normal(0, s.brightness, n).astype(np.float32) if s.brightness else np.zeros(n, np.float32),
        gamma=_spread(rng, n, s.gamma),
        color=_spread(rng, (n, channels), s.color),
        noise=(rng.uniform(0, s.noise, n) * (rng.random(n) < 0.5)).astype(np.float32),
        blur=(rng.uniform(0.4, 1.2, n) * (rng.random(n) < s.blur)).astype(np.float32),
        shrink=np.where(rng.random(n) < s.low_resolution, rng.uniform(1.2, 2.5, n), 1.0).astype(np.float32),
        holes=holes,
        partner=partner.astype(np.int64),
        share=share,
        patch=patch,
        seed=int(rng.integers(2**31)),
        hairs=hairs,
    )


def apply_spatial(x: Tensor, params: BatchParams, *, nearest: bool = False) -> Tensor:
    """Turns, scales, moves and bends a batch ``(N, C, *size)`` in one resampling; outside is the edge's value."""
    n, axes = x.shape[0], x.dim() - 2
    matrix = torch.from_numpy(params.matrix).to(x.device)
    shift = torch.from_numpy(params.shift).to(x.device)
    # torch orders a place as (x, y, z): both sides of the matrix are turned round.
    theta = torch.cat([matrix.flip(1).flip(2), shift.flip(1)[:, :, None]], 2)
    grid = F.affine_grid(theta, [n, 1, *x.shape[2:]], align_corners=False)
    if params.elastic is not None:
        knots = torch.from_numpy(params.elastic).to(x.device)
        mode = "bilinear" if axes == 2 else "trilinear"
        bend = F.interpolate(knots, size=x.shape[2:], mode=mode, align_corners=True)
        grid = grid + bend.flip(1).movedim(1, -1)
    mode = "nearest" if nearest else "bilinear"
    return F.grid_sample(x, grid, mode=mode, padding_mode="zeros" if nearest else "border", align_corners=False)


def apply_values(x: Tensor, params: BatchParams) -> Tensor:
    """Detail, light, colour, noise and holes of a batch ``(N, C, *size)`` in 0–1."""

    def each(values: NDArray[np.float32]) -> Tensor:
        found = torch.from_numpy(np.ascontiguousarray(values)).to(x.device)
        return found.reshape(*found.shape, *(1,) * (x.dim() - found.dim()))

    for i in np.flatnonzero(params.shrink > 1):
        x[i : i + 1] = _lose_detail(x[i : i + 1], float(params.shrink[i]))
    for i in np.flatnonzero(params.blur > 0):
        x[i : i + 1] = _blur(x[i : i + 1], float(params.blur[i]))
    if params.hairs:
        from limner.data.augment.hair import draw_hairs

        x = draw_hairs(x, params.hairs)
    mean = x.mean(tuple(range(1, x.dim())), keepdim=True)
    x = (x - mean) * each(params.gain) + mean + each(params.offset)
    x = (x * each(params.color)).clamp(1e-4, 1)
    x = x.pow(each(params.gamma))
    if (params.noise > 0).any():
        generator = torch.Generator().manual_seed(params.seed)
        x = x + torch.randn(x.shape, generator=generator).to(x.device) * each(params.noise)
    for i in np.flatnonzero(params.holes.any(1)):
        place = _slices(params.holes[i], x.shape[2:])
        x[(slice(int(i), int(i) + 1), slice(None), *place)] = mean[i : i + 1]
    return x.clamp(0, 1)


def mix(x: Tensor, target: Tensor, params: BatchParams) -> tuple[Tensor, Tensor]:
    """MixUp or CutMix of a batch and its class shares ``(N, K)``.

    Source: Zhang et al., *mixup*, ICLR 2018, equation 1; Yun et al., *CutMix*, ICCV 2019.
    """
    if (params.share == 1).all():
        return x, target
    partner = torch.from_numpy(params.partner).to(x.device)
    share = torch.from_numpy(params.share).to(x.device)
    if params.patch is not None:
        place = (slice(None), slice(None), *_slices(params.patch, x.shape[2:]))
        x = x.clone()
        x[place] = x[partner][place]
    else:
        wide = share.reshape(-1, *(1,) * (x.dim() - 1))
        x = x * wide + x[partner] * (1 - wide)
    return x, target * share[:, None] + target[partner] * (1 - share[:, None])


def _affine(rng: np.random.Generator, axes: int, s: Strength) -> NDArray[np.float64]:
    matrix = np.eye(axes)
    planes = [(0, 1)] if axes == 2 else [(0, 1), (0, 2), (1, 2)]
    for a, b in planes:
        angle = np.radians(rng.uniform(-s.rotate_deg, s.rotate_deg))
        turn = np.eye(axes)
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        matrix = matrix @ turn
    if s.shear:
        matrix = matrix @ (np.eye(axes) + rng.uniform(-s.shear, s.shear, (axes, axes)) * (1 - np.eye(axes)))
    matrix = matrix * np.exp(rng.normal(0, s.scale))
    names = "yx" if axes == 2 else "zyx"
    mirror = [-1.0 if name in s.flip and rng.random() < 0.5 else 1.0 for name in names]
    return matrix * np.array(mirror)[:, None]


def _box(rng: np.random.Generator, axes: int, volume: float) -> NDArray[np.float32]:
    sides = volume ** (1 / axes) * np.exp(rng.normal(0, 0.2, axes))
    sides = np.minimum(sides, 0.9)
    low = rng.random(axes) * (1 - sides)
    return np.concatenate([low, low + sides]).astype(np.float32)


def _slices(box: NDArray[np.float32], size: Any) -> tuple[slice, ...]:
    axes = len(box) // 2
    return tuple(
        slice(int(box[k] * size[k]), max(int(box[k] * size[k]) + 1, int(box[axes + k] * size[k]))) for k in range(axes)
    )


def _spread(rng: np.random.Generator, shape: Any, sigma: float) -> NDArray[np.float32]:
    if not sigma:
        return np.ones(shape, np.float32)
    return np.exp(rng.normal(0, sigma, shape)).astype(np.float32)


def _lose_detail(x: Tensor, factor: float) -> Tensor:
    small = [max(2, round(n / factor)) for n in x.shape[2:]]
    mode = "bilinear" if x.dim() == 4 else "trilinear"
    return F.interpolate(F.interpolate(x, size=small, mode="area"), size=x.shape[2:], mode=mode, align_corners=False)


def _blur(x: Tensor, sigma: float, reach: int = 2) -> Tensor:
    taps = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=x.device) / sigma) ** 2)
    taps = taps / taps.sum()
    axes = x.dim() - 2
    convolve = F.conv2d if axes == 2 else F.conv3d
    for axis in range(axes):
        shape, padding = [1] * axes, [0] * axes
        shape[axis], padding[axis] = taps.numel(), reach
        kernel = taps.reshape(1, 1, *shape).repeat(x.shape[1], *(1,) * (axes + 1))
        x = convolve(x, kernel, padding=tuple(padding), groups=x.shape[1])
    return x
