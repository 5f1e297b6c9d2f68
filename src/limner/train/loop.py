"""The one training loop: net, loss, sampler in; weights out; may be killed at any step."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from limner.errors import RecipeError, TrainingError
from limner.packs import Calibration
from limner.train.curve import COLUMNS, Curve
from limner.train.devices import Share, launch, leads, world_size
from limner.train.live import Live
from limner.train.memory import ran_out
from limner.train.prefetch import prefetch
from limner.train.recipe import TrainSpec
from limner.train.rival import BETAS, Opponent, Rival
from limner.train.stopping import Stop, stoppable

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
        left_out: inputs that are not learned from, id and reason: damaged, or of somebody who is held out.
        notes: what the person who trains should know of the data before it begins, a sentence each.
        rival: a discriminator that learns beside the net; None where the loss alone says what is right.
        clip: length above which a gradient is shortened where the recipe says none.
    """

    net: nn.Module
    sampler: Sampler
    loss: Callable[..., Tensor]
    check: Callable[[nn.Module], float] | None = None
    calibrate: Callable[[nn.Module], Calibration] | None = None
    examples: int = 0
    left_out: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    rival: Rival | None = None
    clip: float = 1.0


@dataclass
class LoopState:
    """Where a run stands: everything that a resume needs."""

    step: int = 0
    seconds: float = 0.0
    skipped: int = 0  # steps in a row whose gradient was not finite
    best: float = -math.inf
    best_step: int = 0
    waited: int = 0  # checks in a row without a better figure
    rival_skipped: int = 0  # the rival's steps in a row that were not finite


def fit(
    parts: Parts,
    spec: TrainSpec,
    folder: Path,
    *,
    resume: bool = False,
    progress: Progress | None = None,
    note: str = "",
) -> nn.Module:
    """Trains a net and returns its exponential moving average: the best that was checked, or the last.

    A batch is a function of (seed, step), and the state is written aside and renamed, so that a run that was killed
    goes on to the same curve. ``curve.csv`` has a row per step, ``checks.csv`` one per check, ``live.html`` shows both.

    Args:
        parts, spec: what is trained and how; ``spec.batch`` is a number here.
        folder: of the run.
        resume: go on from ``folder/checkpoint.pt``.
        progress: called with a text and the share done.
        note: one sentence for the live page.

    Raises:
        TrainingError: the loss became NaN (the last good checkpoint is kept), or memory ran out (with what to change).
    """
    loop = _Loop(parts, spec, folder, resume, note)
    try:
        with stoppable(world_size() == 1) as stop:
            loop.run(progress if leads() else None, stop)
    except (KeyboardInterrupt, SystemExit):
        loop.live.end("interrupted", "Go on with --resume: nothing of what was learned is lost.")
        raise
    except Exception as error:
        told: Exception = error
        if ran_out(error):
            told = TrainingError(
                f"Out of memory at step {loop.state.step}. Lower train.batch ({spec.batch}; train.batch=auto measures "
                "what fits) or the size of the patch (data.patch, data.size), then --resume."
            )
        loop.live.end("failed", str(told))
        if told is error:
            raise
        raise told from error
    finally:
        loop.close()
    loop.live.end("finished")
    return loop.result()


class _Loop:
    """One run from start or checkpoint to its end."""

    def __init__(self, parts: Parts, spec: TrainSpec, folder: Path, resume: bool, note: str) -> None:
        size = _number(spec.batch)
        if spec.threads and not torch.cuda.is_available():
            torch.set_num_threads(spec.threads)
        self.fabric = launch(spec.precision)
        rank, world = self.fabric.global_rank, self.fabric.world_size
        self.parts, self.spec, self.folder = parts, _in_steps(spec, parts.examples, world), folder
        self.format = memory_format(parts.net)
        self.net = parts.net.to(memory_format=self.format)
        betas = (0.9, 0.999) if parts.rival is None else BETAS
        plain = torch.optim.AdamW(self.net.parameters(), lr=spec.rate, betas=betas, weight_decay=spec.weight_decay)
        self.average = deepcopy(self.net)
        self.state = LoopState()
        rival_state = None
        if resume and (folder / "checkpoint.pt").exists():
            self.state, rival_state = _restore(folder / "checkpoint.pt", self.net, self.average, plain)
        self.seed = torch.initial_seed()
        self.model, self.optimizer = self.fabric.setup(self.net, plain)
        self.clip = parts.clip if spec.clip is None else spec.clip
        self.opponent = parts.rival and Opponent(parts.rival, spec.rate, self.clip, self.fabric, rival_state)
        self.average.to(self.fabric.device)
        self.model.train()
        where = folder if rank == 0 else None
        self.more = parts.rival.columns() if parts.rival else ()
        self.curve = Curve(_file(where, "curve.csv"), self.state.step, (*COLUMNS, *self.more))
        self.checks = Curve(_file(where, "checks.csv"), self.state.step, ("step", "score"))
        self.checked = int(self.checks.kept[-1][0]) if self.checks.kept else 0
        self.live = Live(where and where / "live.html", folder.resolve().name, note)
        _recall(self.live, self.curve, self.checks)
        sampler = parts.sampler if world == 1 else Share(parts.sampler, rank, world)
        self.batches = prefetch(sampler.batch, size, self.state.step)
        self.started = time.monotonic() - self.state.seconds

    def run(self, progress: Progress | None, stop: Stop) -> None:
        spec, state = self.spec, self.state
        while (done := self._done()) < 1.0:
            rate = spec.rate * _shape(done, spec.warmup)
            value, told = self._step(rate)
            self.live.add(state.step, value, self.curve.smooth, rate, state.seconds, done)
            self.live.beside(state.step, told)
            if progress:
                progress(f"step {state.step}, loss {self.curve.smooth:.3f}", done)
            if stop.number is not None:
                if not (state.skipped or state.rival_skipped):
                    self._keep()
                stop.leave()
            if spec.check_every and state.step % spec.check_every == 0 and self._enough():
                break
            if state.step % spec.checkpoint_every == 0 and not (state.skipped or state.rival_skipped):
                self._keep()
        if self.checked != state.step:
            self._enough()
        self._keep()
        self.live.done = 1.0

    def _done(self) -> float:
        """Share of the run that is over; by the first process's clock, so that all end at the same step."""
        done = _done(self.spec, self.state.step, time.monotonic() - self.started)
        shared = bool(self.spec.minutes) and self.fabric.world_size > 1
        return float(self.fabric.broadcast(done)) if shared else done

    def _step(self, rate: float) -> tuple[float, dict[str, float]]:
        """The loss of one step, and what the rival says of it."""
        spec, state, fabric = self.spec, self.state, self.fabric
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        image, *rest = next(self.batches)
        torch.manual_seed(self.seed + 1 + state.step * fabric.world_size + fabric.global_rank)  # for dropout
        batch = [one.to(fabric.device) for one in (image, *rest)]
        output = self.model(_laid_out(batch[0], self.format))
        loss = self._loss(output, batch[1:])
        value = float(fabric.all_reduce(loss.detach(), reduce_op="mean"))
        self.optimizer.zero_grad(set_to_none=True)
        fabric.backward(loss)
        norm = fabric.clip_gradients(self.model, self.optimizer, max_norm=self.clip, error_if_nonfinite=False)
        told = dict.fromkeys(self.more, math.nan)
        if math.isfinite(value) and math.isfinite(float(norm)):
            self.optimizer.step()
            state.skipped = 0
            _average(self.average, self.net, min(spec.ema, (1 + state.step) / (10 + state.step)))
            if self.opponent:
                told = self._play(self.opponent, output, batch, rate)
        else:  # half precision overflows now and then: such a step is left out, a row of them ends the run
            _refuse_bad_input(state, image)
            state.skipped += 1
            _refuse_divergence(state, value, self.folder)
        state.step += 1
        state.seconds = time.monotonic() - self.started
        self.curve.add(state.step, value, rate, state.seconds, list(told.values()))
        return value, told

    def _play(self, opponent: Opponent, output: Any, batch: Sequence[Tensor], rate: float) -> dict[str, float]:
        """The rival's step; too many in a row that are not finite end the run, as the net's own do."""
        value, made = opponent.step(output, batch, rate)
        self.state.rival_skipped = 0 if made else self.state.rival_skipped + 1
        _refuse_divergence(self.state, value, self.folder, whose="The rival's loss")
        return dict(zip(self.more, (value, *opponent.rival.told().values()), strict=True))

    def _loss(self, output: Any, rest: Sequence[Tensor]) -> Tensor:
        """Of the net; one that asks a rival runs it in the precision of the nets."""
        if self.opponent is None:
            return self.parts.loss(output, *rest)
        with self.fabric.autocast():
            return self.parts.loss(output, *rest)

    def _enough(self) -> bool:
        """Checks the average; True where it has not become better for too long."""
        if self.parts.check is None:
            return False
        state = self.state
        found = float(self.parts.check(self.average.eval())) if self.fabric.global_rank == 0 else 0.0
        score = float(self.fabric.broadcast(found)) if self.fabric.world_size > 1 else found
        self.checked = state.step
        self.checks.add(state.step, score)
        self.live.check(state.step, score)
        if score > state.best:
            state.best, state.best_step, state.waited = score, state.step, 0
            self._write({"average": self.average.state_dict()}, "best.pt")
        else:
            state.waited += 1
        return bool(self.spec.patience) and state.waited >= int(self.spec.patience or 0)

    def _keep(self) -> None:
        held: dict[str, Any] = {"net": self.net.state_dict(), "average": self.average.state_dict()}
        if self.opponent:
            held["rival"] = self.opponent.state()
        self._write({**held, "optimizer": self.optimizer.state_dict(), **asdict(self.state)}, "checkpoint.pt")

    def _write(self, held: dict[str, Any], name: str) -> None:
        if self.fabric.global_rank == 0:
            _write(held, self.folder / name)

    def result(self) -> nn.Module:
        self.fabric.barrier()  # the first process may still write
        if self.parts.check is not None and (self.folder / "best.pt").exists():
            held = torch.load(self.folder / "best.pt", map_location=self.fabric.device, weights_only=True)
            self.average.load_state_dict(held["average"])
        return self.average.eval()

    def close(self) -> None:
        self.batches.close()
        self.curve.close()
        self.checks.close()


def _number(batch: int | str) -> int:
    """The batch size, once it is known.

    Raises:
        TrainingError: it is still to be measured; :func:`limner.train.batch_size.choose_batch` does it.
    """
    if isinstance(batch, str):
        raise TrainingError(f"train.batch is {batch!r} where a number is needed: measure it with choose_batch first.")
    return batch


def _file(folder: Path | None, name: str) -> Path:
    return Path(os.devnull) if folder is None else folder / name


def _recall(live: Live, curve: Curve, checks: Curve) -> None:
    """What a resumed run has already shown."""
    smooth = math.nan
    for step, loss, rate, _, *more in curve.kept:
        live.beside(int(step), dict(zip(curve.columns[len(COLUMNS) :], more, strict=False)))
        smooth = loss if math.isnan(smooth) else 0.95 * smooth + 0.05 * loss
        live.loss.add(step, loss)
        live.smooth.add(step, smooth)
        live.rate.add(step, rate)
    for step, score in checks.kept:
        live.check(int(step), score)


def _in_steps(spec: TrainSpec, examples: int, world: int) -> TrainSpec:
    """Epochs as steps of all processes together.

    Raises:
        RecipeError: passes are asked for where examples are drawn at random and none is the last.
    """
    if spec.epochs is None:
        return spec
    if not examples:
        raise RecipeError(
            f"train.epochs = {spec.epochs:g} counts passes over the examples; these are patches drawn at random, of "
            "which there is no last one. Set train.steps instead."
        )
    return spec.model_copy(update={"steps": math.ceil(spec.epochs * examples / (_number(spec.batch) * world))})


def memory_format(net: nn.Module) -> torch.memory_format:
    """Channels last, which the convolutions of processors and GPUs like best."""
    volumes = any(weight.dim() == 5 for weight in net.parameters())
    return torch.channels_last_3d if volumes else torch.channels_last


def _refuse_bad_input(state: LoopState, image: Tensor) -> None:
    bad = int((~torch.isfinite(image)).sum())
    if bad:
        raise TrainingError(
            f"The batch of step {state.step + 1} holds {bad} values that are NaN or infinite: an input is damaged. The "
            "net has not learned from it. Look for it with `limner inspect`, mend it, then --resume."
        )


def _refuse_divergence(state: LoopState, loss: float, folder: Path, whose: str = "Loss", most: int = 10) -> None:
    skipped = state.rival_skipped if whose != "Loss" else state.skipped
    if skipped >= most:
        first = state.step + 2 - skipped
        raise TrainingError(
            f"{whose} or gradient were not finite from step {first} to step {state.step + 1} (loss {loss}). The last "
            f"good state is kept in {folder.name!r}; resume with a lower train.rate or train.precision=32-true."
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


def _laid_out(x: Tensor, form: torch.memory_format) -> Tensor:
    """Pixels and voxels channels last; latents have no place in space."""
    fits = x.dim() == (5 if form == torch.channels_last_3d else 4)
    return x.to(memory_format=form) if fits else x


def _restore(path: Path, net: nn.Module, average: nn.Module, optimizer: Any) -> tuple[LoopState, dict[str, Any] | None]:
    held = torch.load(path, map_location="cpu", weights_only=True)
    net.load_state_dict(held.pop("net"))
    average.load_state_dict(held.pop("average"))
    optimizer.load_state_dict(held.pop("optimizer"))
    rival = held.pop("rival", None)
    return LoopState(**held), rival
