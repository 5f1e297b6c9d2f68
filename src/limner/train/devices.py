"""One processor, one GPU, or many: what a run computes on, and which of its processes writes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lightning.fabric import Fabric

    from limner.train.loop import Sampler


def launch(precision: str) -> Fabric:
    """The devices of this process: those that torchrun gave, else the first GPU, else the processor.

    Several GPUs or nodes: ``torchrun --nproc-per-node 4 -m limner train RECIPE``; gradients are then averaged over all.
    Processes on processors talk over gloo, on GPUs over NCCL.

    Args:
        precision: of Fabric, or ``auto`` for bfloat16 with float32 weights.
    """
    import torch
    from lightning.fabric import Fabric

    chosen = "bf16-mixed" if precision == "auto" else precision
    where = "cuda" if torch.cuda.is_available() else "cpu"
    if world_size() > 1:
        local = int(os.environ["LOCAL_WORLD_SIZE"])
        fabric = Fabric(
            accelerator=where, strategy="ddp", devices=local, num_nodes=world_size() // local, precision=chosen
        )
    else:
        fabric = Fabric(accelerator=where, devices=1, precision=chosen)
    fabric.launch()
    return fabric


def world_size() -> int:
    """How many processes train together, by torchrun's environment."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "LOCAL_WORLD_SIZE" in os.environ else 1


def leads() -> bool:
    """Whether this process is the one that writes and prints."""
    return world_size() == 1 or os.environ.get("RANK", "0") == "0"


class Share:
    """One process's batches: process r of W takes the places of a batch W times as large that are its own.

    Step s of process r is step ``s · W + r`` of the sampler: passes stay passes, and no example comes twice in a step.
    """

    def __init__(self, sampler: Sampler, rank: int, world: int) -> None:
        self.sampler, self.rank, self.world = sampler, rank, world

    def batch(self, step: int, size: int) -> tuple[Any, ...]:
        """See :class:`limner.train.loop.Sampler`."""
        return self.sampler.batch(step * self.world + self.rank, size)
