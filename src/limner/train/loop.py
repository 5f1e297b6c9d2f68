"""The one training loop: net, loss, sampler in; weights out; may be killed at any step."""

from __future__ import annotations

import csv
import math
import queue
import threading
import time
from collections.abc import Callable, Generator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from limner.data.patches import PatchSampler
from limner.errors import TrainingError
from limner.train.recipe import TrainSpec

LossFn = Callable[[tuple[Tensor, ...], Tensor, Tensor], Tensor]
Progress = Callable[[str, float], None]


@dataclass
class LoopState:
    """Where a run stands: everything that a resume needs."""

    step: int = 0
    seconds: float = 0.0
    skipped: int = 0  # steps in a row whose gradient was not finite


def fit(
    net: nn.Module,
    loss_fn: LossFn,
    sampler: PatchSampler,
    spec: TrainSpec,
    folder: Path,
    *,
    resume: bool = False,
    progress: Progress | None = None,
) -> nn.Module:
    """Trains a net and returns its exponential moving average.

    A batch is a function of (seed, step), and the state is written aside and renamed, so that a run that was killed
    goes on to the same curve. ``curve.csv`` has a row per step.

    Raises:
        TrainingError: the loss became NaN (the last good checkpoint is kept), or memory ran out (with what to change).
    """
    from lightning.fabric import Fabric

    cuda = torch.cuda.is_available()
    if spec.threads and not cuda:
        torch.set_num_threads(spec.threads)
    precision = "bf16-mixed" if spec.precision == "auto" else spec.precision
    fabric = Fabric(accelerator="cuda" if cuda else "cpu", devices="auto" if cuda else 1, precision=precision)
    fabric.launch()
    net = net.to(memory_format=torch.channels_last_3d)
    optimizer = torch.optim.AdamW(net.parameters(), lr=spec.rate, weight_decay=spec.weight_decay)
    average = deepcopy(net)
    state = LoopState()
    checkpoint = folder / "checkpoint.pt"
    if resume and checkpoint.exists():
        state = _restore(checkpoint, net, average, optimizer)
    model, optimizer = fabric.setup(net, optimizer)
    average.to(fabric.device)
    model.train()
    curve = _Curve(folder / "curve.csv", state.step)
    batches = _prefetch(sampler, spec.batch, state.step)
    started = time.monotonic() - state.seconds
    try:
        while (done := _done(spec, state.step, time.monotonic() - started)) < 1.0:
            rate = spec.rate * _shape(done, spec.warmup)
            for group in optimizer.param_groups:
                group["lr"] = rate
            image, target, merge = next(batches)
            logits = model(image.to(fabric.device, memory_format=torch.channels_last_3d))
            loss = loss_fn(logits, target.to(fabric.device), merge.to(fabric.device))
            value = float(loss.detach())
            optimizer.zero_grad(set_to_none=True)
            fabric.backward(loss)
            norm = fabric.clip_gradients(model, optimizer, max_norm=spec.clip, error_if_nonfinite=False)
            if math.isfinite(value) and math.isfinite(float(norm)):
                optimizer.step()
                state.skipped = 0
            else:  # half precision overflows now and then: such a step is left out, a row of them ends the run
                state.skipped += 1
                _refuse_divergence(state, value, folder)
            if not state.skipped:
                _average(average, net, min(spec.ema, (1 + state.step) / (10 + state.step)))
            state.step += 1
            state.seconds = time.monotonic() - started
            curve.add(state.step, value, rate, state.seconds)
            if progress:
                progress(f"step {state.step}, loss {curve.smooth:.3f}", done)
            if state.step % spec.checkpoint_every == 0 and not state.skipped:
                _keep(checkpoint, net, average, optimizer, state)
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise TrainingError(
            f"Out of memory at step {state.step}. Lower train.batch ({spec.batch}) or data.patch, then --resume."
        ) from error
    finally:
        batches.close()
        curve.close()
    _keep(checkpoint, net, average, optimizer, state)
    return average.eval()


def _refuse_divergence(state: LoopState, loss: float, folder: Path, most: int = 10) -> None:
    if state.skipped >= most:
        raise TrainingError(
            f"Loss or gradient were not finite for {most} steps up to step {state.step} (loss {loss}). The last good "
            f"state is kept in {folder.name!r}; resume with a lower train.rate or train.precision=32-true."
        )


def _done(spec: TrainSpec, step: int, seconds: float) -> float:
    """Share of the run that is over: by steps or by minutes, whichever is further."""
    by_time = seconds / (60 * spec.minutes) if spec.minutes else 0.0
    return max(step / spec.steps, by_time)


def _shape(done: float, warmup: float) -> float:
    """Linear warm-up, then half a cosine."""
    if done < warmup:
        return max(done / warmup, 0.02)
    return max(0.5 * (1 + math.cos(math.pi * (done - warmup) / (1 - warmup))), 0.005)


@torch.no_grad()  # type: ignore[untyped-decorator]
def _average(average: nn.Module, net: nn.Module, keep: float) -> None:
    for slow, fast in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if slow.dtype.is_floating_point:
            slow.lerp_(fast.detach(), 1 - keep)
        else:
            slow.copy_(fast)


def _keep(path: Path, net: nn.Module, average: nn.Module, optimizer: Any, state: LoopState) -> None:
    partial = path.with_suffix(".partial")
    held = {"net": net.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({**held, "step": state.step, "seconds": state.seconds}, partial)
    partial.replace(path)


def _restore(path: Path, net: nn.Module, average: nn.Module, optimizer: Any) -> LoopState:
    held = torch.load(path, map_location="cpu", weights_only=True)
    net.load_state_dict(held["net"])
    average.load_state_dict(held["average"])
    optimizer.load_state_dict(held["optimizer"])
    return LoopState(int(held["step"]), float(held["seconds"]))


def _prefetch(sampler: PatchSampler, batch: int, first: int) -> Generator[tuple[Tensor, Tensor, Tensor]]:
    """Batches made by a thread beside the training step; numpy and torch release the interpreter while they compute."""
    ready: queue.Queue[Any] = queue.Queue(maxsize=2)
    stop = threading.Event()

    def work() -> None:
        step = first
        while not stop.is_set():
            try:
                patches = [sampler.draw(step, place) for place in range(batch)]
                image = torch.from_numpy(np.stack([p.image for p in patches]))
                target = torch.from_numpy(np.stack([p.target for p in patches]))
                item: Any = (image, target, torch.tensor([p.merge for p in patches]))
            except Exception as error:  # handed to the loop, which raises it
                item = error
            while not stop.is_set():
                try:
                    ready.put(item, timeout=0.2)
                    break
                except queue.Full:
                    continue
            step += 1

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item = ready.get()
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        stop.set()
        thread.join(timeout=5)


class _Curve:
    """``curve.csv``: step, loss, learning rate, seconds. Rows past a resumed step are cut off first."""

    def __init__(self, path: Path, step: int) -> None:
        kept: list[list[str]] = []
        if step and path.exists():
            kept = [
                row
                for row in csv.reader(path.read_text().splitlines())
                if row and row[0].isdigit() and int(row[0]) <= step
            ]
        self.file = path.open("w", newline="")
        self.writer = csv.writer(self.file)
        self.writer.writerow(["step", "loss", "rate", "seconds"])
        self.writer.writerows(kept)
        self.smooth = float(kept[-1][1]) if kept else math.nan

    def add(self, step: int, loss: float, rate: float, seconds: float) -> None:
        self.smooth = loss if math.isnan(self.smooth) else 0.95 * self.smooth + 0.05 * loss
        self.writer.writerow([step, f"{loss:.5f}", f"{rate:.6f}", f"{seconds:.1f}"])
        self.file.flush()

    def close(self) -> None:
        self.file.close()
