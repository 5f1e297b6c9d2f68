"""A real picture as a generator would make it: the styles that come nearest to it. Needs torch, for its slopes.

Source: Karras T. et al. CVPR 2020, section 5; Abdal R. et al. Image2StyleGAN. ICCV 2019 (a style per layer).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from limner import nets
from limner.errors import PackError
from limner.infer.generate.generator import Generator, Latent

Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class Projection:
    """What was found.

    Args:
        latent: its picture comes nearest.
        error: mean absolute difference, of the range 0–1.
        mean_error: that of the mean picture, from which the search set out.
    """

    latent: Latent
    error: float
    mean_error: float


def project(
    generator: Generator,
    picture: NDArray[np.float32],
    *,
    condition: NDArray[np.float32] | None = None,
    steps: int = 300,
    rate: float = 0.05,
    progress: Progress | None = None,
) -> Projection:
    """Searches the styles of a picture, first one for all layers, then one for each.

    Styles that no latent leads to are held back by their distance from the middle, in standard deviations: a style far
    out may give the picture, but the way from it to another leads through nonsense.

    Args:
        generator: of StyleGAN2.
        picture: ``(C, H, W)`` in 0–1 at the generator's size.
        condition: class or label map that the picture is of; zeros of a label map, and the likeliest class, where None.
        steps: of Adam.
        rate: of the first half, falling to 0.

    Raises:
        PackError: the pack has no weights, or its generator is another net.
    """
    pack, known = generator.pack, generator.known
    build = pack.spec.net
    if build is None or build.name != "stylegan2" or not pack.main.weights.is_file():
        raise PackError(f"Pack {pack.name!r} holds no StyleGAN2 whose weights could be searched with.")
    net = nets.load(build.name, generator.kinds, generator.picture.channels, pack.main.weights, **build.options)
    net.requires_grad_(False)
    given = _condition(generator, condition)
    z = torch.from_numpy(np.random.default_rng(0).normal(size=(1024, known.latent)).astype(np.float32))
    seen = net.mapping(z, None if net.labels else given.expand(1024, -1))
    mean, spread = seen.mean(0), seen.std(0).clamp_min(1e-4)
    target = torch.from_numpy(np.ascontiguousarray(picture, np.float32))[None] * 2 - 1
    noise = torch.zeros(1, net.synthesis.noises)
    away = torch.zeros(1, known.layers, known.width, requires_grad=True)
    optimizer = torch.optim.Adam([away], lr=rate, betas=(0.9, 0.99))

    def made(free: Tensor) -> Tensor:
        found: Tensor = net.synthesis(mean + free * spread, noise, given if net.labels else None)
        return found

    first = float((made(away.detach()) - target).abs().mean()) / 2
    for step in range(steps):
        if progress and step % 10 == 0:
            progress("project", step / steps)
        optimizer.param_groups[0]["lr"] = rate * min(1.0, 2 * (1 - step / steps))
        free = away.mean(1, keepdim=True).expand_as(away) if step < steps // 3 else away
        loss = _apart(made(free), target) + 0.003 * free.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.inference_mode():
        last = float((made(away).clamp(-1, 1) - target).abs().mean()) / 2
        styles = (mean + away * spread)[0].numpy().astype(np.float32)
    latent = Latent(styles, np.zeros(known.noises, np.float32), given[0].numpy())
    return Projection(latent, last, first)


def _condition(generator: Generator, condition: NDArray[np.float32] | None) -> Tensor:
    known = generator.known
    if condition is None and known.condition == "label":
        condition = generator.one_class(int(np.argmax(known.shares)))
    if condition is None and known.condition == "mask":
        condition = np.zeros((generator.kinds, *generator.picture.size), np.float32)
    return torch.from_numpy(np.zeros(0, np.float32) if condition is None else condition)[None]


def _apart(made: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference, of the pictures and of each halving: place first, then detail."""
    total = (made - target).abs().mean()
    while min(made.shape[2:]) > 4:
        made, target = F.avg_pool2d(made, 2), F.avg_pool2d(target, 2)
        total = total + (made - target).abs().mean()
    return total
