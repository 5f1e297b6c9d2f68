"""Detail, light, colour, noise, hairs and holes: what changes a batch's values and moves nothing."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from limner.data.augment.hair import draw_hairs
from limner.data.augment.params import BatchParams


def apply_values(x: Tensor, params: BatchParams) -> Tensor:
    """Changes the values of a batch ``(N, C, *size)`` in 0–1; what is not asked for costs nothing.

    In the order in which it happens to a picture: hairs lie on the skin, the lens blurs, light and camera change the
    tone, the sensor adds noise; the holes come last. The noise of one seed differs between kinds of devices.

    Returns:
        A new batch in 0–1; the one given is left as it was.
    """
    if params.hairs is not None:
        x = draw_hairs(x, params.hairs)
    x = _shrink(_blur(x, params.blur), params.shrink)
    mean = x.mean(tuple(range(1, x.dim())), keepdim=True)
    x = _tone(x, mean, params)
    if params.noise.any():
        generator = torch.Generator(x.device).manual_seed(params.seed)
        noise = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
        x = torch.addcmul(x, noise, _wide(params.noise, x))
    if params.holes.any():
        x = torch.where(boxes_mask(params.holes, x), mean, x)
    return x.clamp(0, 1)


def boxes_mask(boxes: NDArray[np.float32], x: Tensor) -> Tensor:
    """``(N, 1, *size)``: True inside of each picture's box ``(N, 2 A)`` (low, high), given as shares of the sides."""
    axes = x.dim() - 2
    sides = torch.from_numpy(boxes.astype(np.float32)).to(x.device)
    inside = torch.ones(len(boxes), 1, *(1,) * axes, dtype=torch.bool, device=x.device)
    for axis, n in enumerate(x.shape[2:]):
        places = (torch.arange(n, device=x.device) + 0.5) / n
        along = (places >= sides[:, axis, None]) & (places < sides[:, axes + axis, None])
        inside = inside & along.reshape(len(boxes), 1, *(n if k == axis else 1 for k in range(axes)))
    return inside


def _wide(values: NDArray[np.float32], x: Tensor) -> Tensor:
    found = torch.from_numpy(np.ascontiguousarray(values)).to(x.device, x.dtype)
    return found.reshape(*found.shape, *(1,) * (x.dim() - found.dim()))


def _tone(x: Tensor, mean: Tensor, params: BatchParams) -> Tensor:
    """Contrast about the picture's mean, brightness, each channel's gain, gamma."""
    gain, offset, color = (_wide(one, x) for one in (params.gain, params.offset, params.color))
    if (params.gain != 1).any() or params.offset.any() or (params.color != 1).any():
        x = torch.addcmul((mean * (1 - gain) + offset) * color, x, gain * color)
    if (params.gamma != 1).any():
        x = x.clamp(1e-4, 1).pow(_wide(params.gamma, x))
    return x


def _some(x: Tensor, chosen: NDArray[np.int64], changed: Tensor) -> Tensor:
    return x.index_copy(0, torch.from_numpy(chosen).to(x.device), changed)


def _shrink(x: Tensor, factors: NDArray[np.float32]) -> Tensor:
    """Loses detail by shrinking (averages) and enlarging; pictures of one factor together."""
    mode = "bilinear" if x.dim() == 4 else "trilinear"
    for factor in np.unique(factors[factors > 1]):
        chosen = np.flatnonzero(factors == factor)
        small = [max(2, round(n / float(factor))) for n in x.shape[2:]]
        fewer = F.interpolate(x[torch.from_numpy(chosen).to(x.device)], size=small, mode="area")
        x = _some(x, chosen, F.interpolate(fewer, size=x.shape[2:], mode=mode, align_corners=False))
    return x


def _blur(x: Tensor, sigmas: NDArray[np.float32], reach: int = 3) -> Tensor:
    """A Gaussian of each picture's own width, along one axis after the other; edges are continued."""
    chosen = np.flatnonzero(sigmas > 0)
    if not len(chosen):
        return x
    part = x[torch.from_numpy(chosen).to(x.device)]
    taps = np.exp(-0.5 * (np.arange(reach + 1) / sigmas[chosen, None]) ** 2)
    taps /= taps[:, :1] + 2 * taps[:, 1:].sum(1, keepdims=True)
    weights = [_wide(taps[:, k].astype(np.float32), part) for k in range(reach + 1)]
    for axis in range(2, x.dim()):
        n = x.shape[axis]
        padding = [0, 0] * (x.dim() - 1 - axis) + [reach, reach] + [0, 0] * (axis - 2)
        wide = F.pad(part, padding, mode="replicate")
        part = wide.narrow(axis, reach, n) * weights[0]
        for k in range(1, reach + 1):
            part = torch.addcmul(part, wide.narrow(axis, reach - k, n) + wide.narrow(axis, reach + k, n), weights[k])
    return _some(x, chosen, part)
