"""A net that learns against the one that is trained: the discriminator of a GAN."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from lightning.fabric import Fabric

BETAS = (0.0, 0.99)
"""Adam's, for both sides of a game: what moves against you should not be met with momentum (StyleGAN2, appendix)."""


@dataclass(frozen=True)
class Rival:
    """What learns to tell a net's output from the truth.

    The net's own loss may call ``net``, whose weights rest meanwhile. What else it must remember over a kill (how
    strongly it augments, say) are buffers of ``net``.

    Args:
        net: the discriminator.
        loss: ``(discriminator, output of the net, *batch)`` to a scalar; the output is detached.
        rate: learning rate relative to the net's.
        told: figures that stand in the curve beside its loss, by name; always the same names.
    """

    net: nn.Module
    loss: Callable[..., Tensor]
    rate: float = 1.0
    told: Callable[[], Mapping[str, float]] = dict

    def columns(self) -> tuple[str, ...]:
        """Of the curve: its loss, and what it tells."""
        return ("rival", *self.told())


class Opponent:
    """A rival within a run: its optimizer, its steps, its state."""

    def __init__(self, rival: Rival, rate: float, clip: float, fabric: Fabric, held: dict[str, Any] | None) -> None:
        self.rival, self.clip, self.fabric = rival, clip, fabric
        plain = torch.optim.AdamW(rival.net.parameters(), lr=rate * rival.rate, betas=BETAS, weight_decay=0.0)
        if held is not None:
            rival.net.load_state_dict(held["net"])
            plain.load_state_dict(held["optimizer"])
        self.model, self.optimizer = fabric.setup(rival.net, plain)
        self.model.train()
        self.rest()

    def rest(self) -> None:
        """Its weights take no gradient while the net learns."""
        self.rival.net.requires_grad_(False)

    def step(self, output: Tensor, batch: Sequence[Tensor], rate: float) -> tuple[float, bool]:
        """One step against the net's output; one that is not finite is left out, as the net's own would be.

        Returns:
            The loss, the mean over all processes; and whether the step was made.
        """
        self.rival.net.requires_grad_(True)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * self.rival.rate
        loss = self.rival.loss(self.model, output.detach(), *batch)
        self.optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        norm = self.fabric.clip_gradients(self.model, self.optimizer, max_norm=self.clip, error_if_nonfinite=False)
        value = float(self.fabric.all_reduce(loss.detach(), reduce_op="mean"))
        finite = math.isfinite(value) and math.isfinite(float(norm))
        if finite:
            self.optimizer.step()
        self.rest()
        return value, finite

    def state(self) -> dict[str, Any]:
        """All that a resume needs."""
        return {"net": self.rival.net.state_dict(), "optimizer": self.optimizer.state_dict()}
