"""What a discriminator sees changed, so that few pictures do not teach it their pixels: adaptive augmentation.

Source: Karras T. et al. Training Generative Adversarial Networks with Limited Data. NeurIPS 2020. Each change happens
with probability p; below about .8 none of them leaks into what is generated, as a generator can tell what is common
from what is not. p follows how sure the discriminator is of what it has learned from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

TARGET = 0.6
"""Mean sign of the discriminator on pictures that it learns from; above it, it knows them too well (section 3)."""


@dataclass(frozen=True)
class Changes:
    """What is done to each of N pictures.

    Args:
        place: ``(N, 2, 3)`` the affine map from the result's places to the source's, both -1 … 1, as grid_sample takes.
        gain, offset, saturation: ``(N,)``.
        hole: ``(N, 4)`` low and high corner of what is greyed out, -1 … 1 along y and x; empty where nothing is.
    """

    place: Tensor
    gain: Tensor
    offset: Tensor
    saturation: Tensor
    hole: Tensor


def sample_changes(n: int, p: Tensor, device: torch.device) -> Changes:
    """Draws the changes of a batch by torch's generator, which the training loop seeds at each step.

    Args:
        n: pictures.
        p: of each change, a scalar.
        device: where the pictures are.
    """

    def normal(spread: float) -> Tensor:
        return torch.randn(n, device=device) * spread * happens()

    def happens() -> Tensor:
        return (torch.rand(n, device=device) < p).float()

    mirrored = 1 - 2 * ((torch.rand(n, device=device) < 0.5).float() * happens())
    quarter = torch.floor(torch.rand(n, device=device) * 4) * happens() * (math.pi / 2)
    angle = quarter + (torch.rand(n, device=device) * 2 - 1) * math.pi * happens()
    size, stretch = torch.exp2(normal(0.2)), torch.exp2(normal(0.2))
    cos, sin = torch.cos(angle), torch.sin(angle)
    across, down = mirrored * size * stretch, size / stretch
    shift = torch.stack([normal(0.25), normal(0.25)], 1)
    place = torch.stack([torch.stack([cos * across, -sin * down], 1), torch.stack([sin * across, cos * down], 1)], 1)
    center, half = torch.rand(n, 2, device=device) * 2 - 1, 0.5 * happens()[:, None]
    return Changes(
        torch.cat([place, shift[:, :, None]], 2), torch.exp2(normal(0.5)), normal(0.4), torch.exp2(normal(1.0)),
        torch.cat([center - half, center + half], 1),
    )  # fmt: skip


def apply_changes(x: Tensor, changes: Changes, values: int) -> Tensor:
    """Moves pictures ``(N, C, H, W)`` in -1 … 1 and changes the values of their first channels; gradients pass through.

    A volume ``(N, C, Z, H, W)`` is changed in its axial planes, all of them alike.

    Args:
        x: with label maps, which only move, as further channels.
        changes: of each.
        values: how many channels hold values.
    """
    if x.dim() == 5:
        return apply_changes(x.flatten(1, 2), changes, values * x.shape[2]).reshape(x.shape)
    with torch.autocast(x.device.type, enabled=False):
        x = x.float()
        grid = F.affine_grid(changes.place, list(x.shape), align_corners=False)
        x = F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
        seen, maps = x[:, :values], x[:, values:]
        if values == 3:
            grey = seen.mean(1, keepdim=True)
            seen = grey + (seen - grey) * changes.saturation[:, None, None, None]
        seen = seen * changes.gain[:, None, None, None] + changes.offset[:, None, None, None]
        y = torch.linspace(-1, 1, x.shape[2], device=x.device)[None, :, None]
        across = torch.linspace(-1, 1, x.shape[3], device=x.device)[None, None, :]
        y0, x0, y1, x1 = (changes.hole[:, k, None, None] for k in range(4))
        kept = ~((y >= y0) & (y < y1) & (across >= x0) & (across < x1))
        return torch.cat([seen * kept[:, None], maps], 1)


def adapted(p: Tensor, sign: Tensor, pictures: int, speed: float, target: float = TARGET) -> Tensor:
    """The next p: more where the discriminator is too sure of what it has learned from, less where it is not.

    Args:
        p: so far.
        sign: mean sign of its answers on the real pictures of late.
        pictures: shown since p was last moved.
        speed: pictures in which p may go from 0 to 1.
        target: see :data:`TARGET`.
    """
    return (p + torch.sign(sign - target) * (pictures / speed)).clamp(0.0, 0.8)
