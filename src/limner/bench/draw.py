"""What a drawing costs on this machine: each run in a process of its own, as a user starts it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from limner.errors import InputError, LimnerError


@dataclass(frozen=True)
class DrawBench:
    """What to draw, and how.

    Args:
        path: a study; the built-in one when None.
        slices: make a study of so many slices out of it; None leaves it as it is.
        pack: name or folder of the model pack.
        engine: as ``limner draw``.
        max_memory_gb: as ``limner draw``.
    """

    path: Path | None = None
    slices: int | None = None
    pack: str = "abdomen-ct"
    engine: str = "auto"
    max_memory_gb: float | None = None


@dataclass(frozen=True)
class StepCost:
    """Seconds and peak memory (MB of 10^6 bytes) of one step."""

    name: str
    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class BenchResult:
    """What one run cost.

    Args:
        title: what was drawn, with which pack and engine, on how many cores.
        steps: in the order they ran.
        seconds: of all steps.
        peak_mb: the most memory in any step.
    """

    title: str
    steps: tuple[StepCost, ...]
    seconds: float
    peak_mb: float

    def as_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)


def bench_draw(bench: DrawBench) -> BenchResult:
    """Draws a study in a subprocess and reads the costs from its ``run.json``.

    Raises:
        InputError: the study cannot be used, or ``slices`` is asked of something else than DICOM slices.
        LimnerError: the run failed; the message is its own.
    """
    from limner.samples import demo_study

    with tempfile.TemporaryDirectory(prefix="limner-bench-") as folder:
        study, out = bench.path or demo_study(), Path(folder) / "drawing"
        if bench.slices is not None:
            study = _resliced(study, bench.slices, Path(folder) / "study")
        command = [sys.executable, "-m", "limner", "draw", str(study), "-o", str(out)]
        command += ["--pack", bench.pack, "--engine", bench.engine]
        command += [] if bench.max_memory_gb is None else ["--max-memory", str(bench.max_memory_gb)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise (InputError if done.returncode == 2 else LimnerError)(done.stderr.strip().removeprefix("Error: "))
        record = json.loads((out / "run.json").read_text())
    steps = tuple(StepCost(**step) for step in record["steps"])
    size = "its own slices" if bench.slices is None else f"{bench.slices} slices"
    pack, cores = record["pack"], record["machine"]["cores"]
    title = f"{study.name if bench.path else 'built-in study'}, {size}; {pack['name']} {pack['version']}; "
    return BenchResult(f"{title}{record['engine']}; {cores} cores", steps, record["seconds"], record["peak_mb"])


def _resliced(study: Path, slices: int, target: Path) -> Path:
    from limner.io import choose_series, open_studies
    from limner.io.repeat import repeat_slices

    if slices < 2:
        raise InputError(f"A study has at least two slices; --slices {slices} was asked for.")
    _, series = choose_series(open_studies(study))
    if series.format != "dicom" or series.grid is None or len(series.files) != series.grid.shape[0]:
        raise InputError("--slices repeats single-frame DICOM slices; this study is of another kind. Leave it out.")
    target.mkdir()
    repeat_slices(series.files, slices, target)
    return target
