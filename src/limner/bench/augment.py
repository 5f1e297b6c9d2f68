"""Augmentation in samples per second: ours beside what users would pick instead, on the same work in turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError, LimnerError, MissingExtraError

Sample = tuple[NDArray[np.float32], NDArray[np.uint8]]


@dataclass(frozen=True)
class AugmentBench:
    """What is timed: one volume with its label, turned, scaled, moved, bent, and made noisy, by each library in turn.

    Args:
        side: voxels along each axis.
        rounds: timed runs of each library, after one that is not timed.
        threads: that each may use; a loader's worker has one.
    """

    side: int = 128
    rounds: int = 5
    threads: int = 1


@dataclass(frozen=True)
class AugmentRow:
    """One way to do it.

    Args:
        name: library and version.
        how: what it does.
        per_second: samples, median over the rounds.
        seconds: of each round.
        cpu_seconds: of processor time, median over the rounds: a busy machine changes it little.
        ours_faster: median over the rounds of its seconds over ours; 1 for ourselves.
    """

    name: str
    how: str
    per_second: float
    seconds: tuple[float, ...]
    cpu_seconds: float
    ours_faster: float


@dataclass(frozen=True)
class AugmentResult:
    """Rows, ours first; what is not installed and so was not measured."""

    title: str
    rows: tuple[AugmentRow, ...]
    missing: tuple[str, ...]

    @property
    def lead(self) -> float | None:
        """How many times the fastest other way we are; None where there is no other."""
        return min((row.ours_faster for row in self.rows[1:]), default=None)

    def as_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**asdict(self), "lead": self.lead}


def bench_augment(bench: AugmentBench, progress: Callable[[str, float], None] | None = None) -> AugmentResult:
    """Times every way that is installed, one run of each per round, so that a busy machine is busy for all.

    Raises:
        InputError: a setting makes no sense. MissingExtraError: torch is not installed. LimnerError: a way gave
            something else than was asked of it.
    """
    if bench.side < 16 or bench.rounds < 1 or bench.threads < 1:
        raise InputError(
            f"limner bench augment needs a side of at least 16, a round and a thread; got {bench.side}, "
            f"{bench.rounds}, {bench.threads}."
        )
    try:
        from limner.bench.libraries import ways
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "torch", "train", "Augmentation") from error

    sample = _sample(bench.side)
    found, missing = ways(bench.side, bench.threads)
    for way in found:
        _check(way.name, sample, way.apply(*sample))
    seconds: list[list[float]] = [[] for _ in found]
    cpu: list[list[float]] = [[] for _ in found]
    for number in range(bench.rounds):
        for place, way in enumerate(found):
            if progress:
                progress(way.name, (number + place / len(found)) / bench.rounds)
            start, busy = time.perf_counter(), time.process_time()
            way.apply(*sample)
            seconds[place].append(time.perf_counter() - start)
            cpu[place].append(time.process_time() - busy)
    rows = tuple(
        AugmentRow(
            name=way.name,
            how=way.how,
            per_second=round(1 / float(np.median(own)), 2),
            seconds=tuple(round(one, 3) for one in own),
            cpu_seconds=round(float(np.median(busy)), 3),
            ours_faster=round(float(np.median(np.array(own) / np.array(seconds[0]))), 2),
        )
        for way, own, busy in zip(found, seconds, cpu, strict=True)
    )
    title = f"{bench.side}³ image and label, affine + elastic + noise; {bench.threads} thread(s), median of "
    return AugmentResult(f"{title}{bench.rounds} rounds in turn", rows, tuple(missing))


def _sample(side: int) -> Sample:
    """A ball with texture, and its label."""
    z, y, x = np.ogrid[:side, :side, :side]
    distance = np.sqrt((z - side * 0.45) ** 2 + (y - side * 0.5) ** 2 + (x - side * 0.55) ** 2)
    texture = 0.1 * np.sin(z / 3) * np.cos(y / 4) * np.sin(x / 5)
    image = np.clip(0.8 - distance / side + texture, 0, 1).astype(np.float32)
    return image, (distance < side * 0.3).astype(np.uint8)


def _check(name: str, before: Sample, after: Sample) -> None:
    """Every way must have done the work: same shapes, both changed, a label that is still one and about as large."""
    pairs: list[tuple[NDArray[Any], NDArray[Any]]] = [(before[0], after[0]), (before[1], after[1])]
    for old, new in pairs:
        if new.shape != old.shape or np.array_equal(new, old):
            raise LimnerError(
                f"{name} gave {new.shape} for {old.shape}, or changed nothing: the times would not compare."
            )
    grown = after[1].sum() / before[1].sum()
    if not set(np.unique(after[1])) <= {0, 1} or not 0.4 < grown < 2.5:
        raise LimnerError(
            f"{name} gave a label that is none (values {np.unique(after[1])[:5]}, {grown:.2f} × as large)."
        )
