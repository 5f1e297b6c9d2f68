"""A run that takes no time: a small net, batches from a generator, and a figure."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from limner.train.loop import Parts
from limner.train.recipe import TrainSpec


class Numbers:
    """Pictures ``(N, 1, 8, 8)`` of noise and their means; each a function of its place in the passes."""

    def batch(self, step: int, size: int) -> tuple[Tensor, ...]:
        places = range(step * size, (step + 1) * size)
        x = torch.stack([torch.randn(1, 8, 8, generator=torch.Generator().manual_seed(k)) for k in places])
        return x, 5 * x.mean((1, 2, 3)) + x[:, 0, 0, 0]


def toy_net(dropout: float = 0.0) -> nn.Module:
    torch.manual_seed(5)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Dropout(dropout), nn.Flatten(), nn.Linear(144, 1))


def squared(output: Tensor, target: Tensor) -> Tensor:
    return (output[:, 0] - target).square().mean()


@torch.no_grad()
def score(net: nn.Module) -> float:
    """Higher is better."""
    x, y = Numbers().batch(10**6, 32)
    return -float(squared(net(x), y))


def toy_parts(
    dropout: float = 0.0, check: Callable[[nn.Module], float] | None = score, loss: Callable[..., Tensor] = squared
) -> Parts:
    return Parts(toy_net(dropout), Numbers(), loss, check)


def toy_spec(**settings: object) -> TrainSpec:
    known = {"steps": 30, "batch": 4, "rate": 0.01, "ema": 0.8, "threads": 1, "precision": "32-true"}
    return TrainSpec.model_validate({**known, **settings})
