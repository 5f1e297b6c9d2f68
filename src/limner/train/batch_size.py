"""The batch size that memory holds: tried on a GPU, measured with one step on a processor."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from limner.errors import TrainingError
from limner.train.devices import launch
from limner.train.loop import Parts, memory_format
from limner.train.memory import available_gb, ran_out
from limner.train.recipe import TrainSpec

MOST = 256
"""Larger batches than this want another rate, and learn no faster here."""


@dataclass(frozen=True)
class BatchChoice:
    """The size, and one sentence why."""

    size: int
    why: str


def choose_batch(parts: Parts, spec: TrainSpec, memory_gb: float | None = None) -> BatchChoice:
    """As many examples per step as memory holds, in powers of two; never more than a tenth of all, nor :data:`MOST`.

    Args:
        parts: nothing of it is changed.
        spec: for its precision.
        memory_gb: for training; on a GPU it is tried out instead, and this is ignored. Half of what is free where None.

    Raises:
        TrainingError: not even one example fits.
    """
    limit = MOST if not parts.examples else max(1, min(MOST, parts.examples // 10))
    if torch.cuda.is_available():
        return _by_trying(parts, spec, limit)
    return _by_measuring(parts, spec, limit, 0.5 * available_gb() if memory_gb is None else memory_gb)


def _by_trying(parts: Parts, spec: TrainSpec, limit: int) -> BatchChoice:
    """Doubles until memory runs out. Two steps each: the optimizer takes its share in the first."""
    size, fits = 1, 0
    while size <= limit:
        try:
            one_step(parts, spec, size, times=2)
        except Exception as error:
            if not ran_out(error):
                raise
            break
        finally:
            torch.cuda.empty_cache()
        fits, size = size, 2 * size
    if not fits:
        raise TrainingError(_too_large("the GPU's memory"))
    why = "the largest that the GPU took" if 2 * fits <= limit else "more would be over a tenth of all examples or 256"
    return BatchChoice(fits, f"Batch {fits}: {why}.")


def _by_measuring(parts: Parts, spec: TrainSpec, limit: int, memory_gb: float) -> BatchChoice:
    one, two = (one_step(parts, spec, size) for size in (1, 2))
    weights = sum(p.numel() * p.element_size() for p in parts.net.parameters())
    fixed = 5 * weights + max(0, 2 * one - two)  # weights, gradients, two moments of AdamW, the average
    each = 1.5 * max(two - one, 1)  # what is kept for the backward pass, and the gradients that pass through it
    holds = int((memory_gb * 1e9 - fixed) / each)
    if holds < 1:
        raise TrainingError(_too_large(f"{memory_gb:.1f} GB"))
    size = 2 ** (min(holds, limit).bit_length() - 1)
    kept = (
        f"each example keeps {each / 1e6:.0f} MB, and {memory_gb:.1f} GB may be used"
        if holds <= limit
        else "memory would hold more, but not over a tenth of all examples or 256"
    )
    return BatchChoice(size, f"Batch {size}: {kept}.")


def one_step(parts: Parts, spec: TrainSpec, size: int, times: int = 1) -> int:
    """Trains a copy for ``times`` steps.

    Returns:
        Bytes that the forward pass keeps for the backward pass; one storage counts once, weights do not.
    """
    fabric = launch(spec.precision)
    net = deepcopy(parts.net).to(memory_format=memory_format(parts.net))
    model, optimizer = fabric.setup(net, torch.optim.AdamW(net.parameters(), lr=1e-6))
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept: dict[int, int] = {}

    def count(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    for step in range(times):
        image, *rest = parts.sampler.batch(step, size)
        with saved_tensors_hooks(count, lambda tensor: tensor):
            output = model(image.to(fabric.device))
            loss = parts.loss(output, *(one.to(fabric.device) for one in rest))
        fabric.backward(loss)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return sum(kept.values())


def _too_large(memory: str) -> str:
    return (
        f"Not even one example fits into {memory}. Make the patch smaller (data.patch, data.size) or the net narrower "
        "(net.options)."
    )
