"""Seconds and peak memory of each step of a run."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[str, float], None]
"""Called with the name of the step and how much of it is done, 0 to 1."""


@dataclass(frozen=True)
class Step:
    """What one step cost.

    Args:
        name: of the step.
        seconds: wall time.
        peak_mb: the most resident memory that the process held during the step, MB of 10^6 bytes. Where the kernel
            does not let a process reset its mark, the most since the process began.
    """

    name: str
    seconds: float
    peak_mb: float


class Meter:
    """Measures steps one after the other and tells a listener where the run is.

    >>> meter = Meter()
    >>> with meter.step("open"):
    ...     pass
    >>> [step.name for step in meter.steps]
    ['open']
    """

    def __init__(self, progress: Progress | None = None) -> None:
        self.steps: list[Step] = []
        self._progress = progress or _silent

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[float], None]]:
        """Times the block under a name; yields a callable for the fraction that is done."""
        _reset_peak()
        self._progress(name, 0.0)
        start = time.perf_counter()
        yield lambda fraction: self._progress(name, fraction)
        self.steps.append(Step(name, round(time.perf_counter() - start, 3), round(peak_mb(), 1)))
        self._progress(name, 1.0)

    @property
    def seconds(self) -> float:
        """Wall time of all steps together."""
        return round(sum(step.seconds for step in self.steps), 3)

    @property
    def peak_mb(self) -> float:
        """The highest peak of any step."""
        return max((step.peak_mb for step in self.steps), default=0.0)


def peak_mb() -> float:
    """The most resident memory since the last reset, in MB.

    Source: proc(5), ``VmHWM`` of /proc/self/status, which writing 5 to /proc/self/clear_refs sets back.
    """
    try:
        status = Path("/proc/self/status").read_text()
        return next(int(line.split()[1]) * 1024 / 1e6 for line in status.splitlines() if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def _reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return  # another kernel, or a sandbox: peaks then count from the start of the process


def _silent(step: str, fraction: float) -> None:
    del step, fraction
