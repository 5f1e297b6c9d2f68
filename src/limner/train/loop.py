"""The one training loop: net, loss, sampler in; weights out; may be killed at any step."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Generator, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from limner.errors import TrainingError
from limner.packs import Calibration
from limner.train.curve import Curve
from limner.train.recipe import TrainSpec

Progress = Callable[[str, float], None]


class Sampler(Protocol):
    """Gives batches: the input first, then what the loss needs."""

    def batch(self, step: int, size: int) -> tuple[Tensor, ...]:
        """The batch of a step; the same one whenever it is asked for."""
        ...


@dataclass(frozen=True)
class Parts:
    """What a run trains; a task makes them, a regime replaces some.

    Args:
        net: its output is handed to the loss as it comes.
        sampler: of batches.
        loss: ``(output, *rest of the batch)`` to a scalar.
        check: the net's figure on cases that it does not learn from, higher is better; None where there are none.
        calibrate: fits what makes the net's probabilities honest, on those same cases.
        examples: in one pass, for runs that count in epochs; 0 where passes have no meaning.
    """

    net: nn.Module
    sampler: Sampler
    loss: Callable[..., Tensor]
    check: Callable[[nn.Module], float] | None = None
    calibrate: Callable[[nn.Module], Calibration] | None = None
    examples: int = 0


@dataclass
class LoopState:
    """Where a run stands: everything that a resume needs."""

    step: int = 0
    seconds: float = 0.0
    skipped: int = 0  # steps in a row whose gradient was not finite
    best: float = -math.inf
    best_step: int = 0
    waited: int = 0  # checks in a row without a better figure


def fit(
    parts: Parts, spec: TrainSpec, folder: Path, *, resume: bool = False, progress: Progress | None = None
) -> nn.Module:
    """Trains a net and returns its exponential moving average: the best that was checked, or the last.

    A batch is a function of (seed, step), and the state is written aside and renamed, so that a run that was killed
    goes on to the same curve. ``curve.csv`` has a row per step, ``checks.csv`` one per check.

    Raises:
        TrainingError: the loss became NaN (the last good checkpoint is kept), or memory ran out (with what to change).
    """
    loop = _Loop(parts, spec, folder, resume)
    try:
        loop.run(progress)
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise TrainingError(
            f"Out of memory at step {loop.state.step}. Lower train.batch ({spec.batch}) or the size of the patch "
            "(data.patch, data.size), then --resume."
        ) from error
    finally:
        loop.close()
    return loop.result()


class _Loop:
    """One run from start or checkpoint to its end."""

    def __init__(self, parts: Parts, spec: TrainSpec, folder: Path, resume: bool) -> None:
        from lightning.fabric import Fabric

        cuda = torch.cuda.is_available()
        if spec.threads and not cuda:
            torch.set_num_threads(spec.threads)
        precision = "bf16-mixed" if spec.precision == "auto" else spec.precision
        self.fabric = Fabric(accelerator="cuda" if cuda else "cpu", devices="auto" if cuda else 1, precision=precision)
        self.fabric.launch()
        self.parts, self.spec, self.folder = parts, _in_steps(spec, parts.examples), folder
        self.format = _memory_format(parts.net)
        self.net = parts.net.to(memory_format=self.format)
        plain = torch.optim.AdamW(self.net.parameters(), lr=spec.rate, weight_decay=spec.weight_decay)
        self.average = deepcopy(self.net)
        self.state = LoopState()
        if resume and (folder / "checkpoint.pt").exists():
            self.state = _restore(folder / "checkpoint.pt", self.net, self.average, plain)
        self.model, self.optimizer = self.fabric.setup(self.net, plain)
        self.average.to(self.fabric.device)
        self.model.train()
        self.curve = Curve(folder / "curve.csv", self.state.step)
        self.checks = Curve(folder / "checks.csv", self.state.step, ("step", "score"))
        self.batches = _prefetch(parts.sampler, spec.batch, self.state.step)
        self.started = time.monotonic() - self.state.seconds

    def run(self, progress: Progress | None) -> None:
        spec, state = self.spec, self.state
        while (done := _done(spec, state.step, time.monotonic() - self.started)) < 1.0:
            self._step(spec.rate * _shape(done, spec.warmup))
            if progress:
                progress(f"step {state.step}, loss {self.curve.smooth:.3f}", done)
            if spec.check_every and state.step % spec.check_every == 0 and self._enough():
                break
            if state.step % spec.checkpoint_every == 0 and not state.skipped:
                self._keep()
        if state.best_step != state.step:
            self._enough()
        self._keep()

    def _step(self, rate: float) -> None:
        spec, state, fabric = self.spec, self.state, self.fabric
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        image, *rest = next(self.batches)
        output = self.model(image.to(fabric.device, memory_format=self.format))
        loss = self.parts.loss(output, *(one.to(fabric.device) for one in rest))
        value = float(loss.detach())
        self.optimizer.zero_grad(set_to_none=True)
        fabric.backward(loss)
        norm = fabric.clip_gradients(self.model, self.optimizer, max_norm=spec.clip, error_if_nonfinite=False)
        if math.isfinite(value) and math.isfinite(float(norm)):
            self.optimizer.step()
            state.skipped = 0
            _average(self.average, self.net, min(spec.ema, (1 + state.step) / (10 + state.step)))
        else:  # half precision overflows now and then: such a step is left out, a row of them ends the run
            state.skipped += 1
            _refuse_divergence(state, value, self.folder)
        state.step += 1
        state.seconds = time.monotonic() - self.started
        self.curve.add(state.step, value, rate, state.seconds)

    def _enough(self) -> bool:
        """Checks the average; True where it has not become better for too long."""
        if self.parts.check is None:
            return False
        state = self.state
        score = float(self.parts.check(self.average.eval()))
        self.checks.add(state.step, score)
        if score > state.best:
            state.best, state.best_step, state.waited = score, state.step, 0
            _write({"average": self.average.state_dict()}, self.folder / "best.pt")
        else:
            state.waited += 1
        return bool(self.spec.patience) and state.waited >= int(self.spec.patience or 0)

    def _keep(self) -> None:
        held = {"net": self.net.state_dict(), "average": self.average.state_dict()}
        _write({**held, "optimizer": self.optimizer.state_dict(), **asdict(self.state)}, self.folder / "checkpoint.pt")

    def result(self) -> nn.Module:
        if self.parts.check is not None and (self.folder / "best.pt").exists():
            held = torch.load(self.folder / "best.pt", map_location=self.fabric.device, weights_only=True)
            self.average.load_state_dict(held["average"])
        return self.average.eval()

    def close(self) -> None:
        self.batches.close()
        self.curve.close()
        self.checks.close()


def _in_steps(spec: TrainSpec, examples: int) -> TrainSpec:
    """Epochs as steps."""
    if spec.epochs is None or not examples:
        return spec
    return spec.model_copy(update={"steps": math.ceil(spec.epochs * examples / spec.batch)})


def _memory_format(net: nn.Module) -> torch.memory_format:
    """Channels last, which the convolutions of processors and GPUs like best."""
    volumes = any(isinstance(module, nn.Conv3d) for module in net.modules())
    return torch.channels_last_3d if volumes else torch.channels_last


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


def _write(held: dict[str, Any], path: Path) -> None:
    partial = path.with_suffix(".partial")
    torch.save(held, partial)
    partial.replace(path)


def _restore(path: Path, net: nn.Module, average: nn.Module, optimizer: Any) -> LoopState:
    held = torch.load(path, map_location="cpu", weights_only=True)
    net.load_state_dict(held.pop("net"))
    average.load_state_dict(held.pop("average"))
    optimizer.load_state_dict(held.pop("optimizer"))
    return LoopState(**held)


def _prefetch(sampler: Sampler, size: int, first: int) -> Generator[Sequence[Tensor]]:
    """Batches made by a thread beside the training step; numpy and torch release the interpreter while they compute."""
    ready: queue.Queue[Any] = queue.Queue(maxsize=2)
    stop = threading.Event()

    def work() -> None:
        step = first
        while not stop.is_set():
            try:
                item: Any = sampler.batch(step, size)
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
