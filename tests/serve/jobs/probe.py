"""A kind of job for tests: it does what its options say, and nothing else."""

from __future__ import annotations

import os
import subprocess
import time

from pydantic import BaseModel, ConfigDict

from limner.errors import InputError
from limner.serve.jobs.context import JobContext, Made
from limner.serve.jobs.kinds import KINDS, Kind

NAME = "probe"
STEPS = {"sit": 1, "stand": 3}
KIND = Kind("tests.serve.jobs.probe", "reader", "nothing")


class Options(BaseModel):
    """What it does, in this order."""

    model_config = ConfigDict(extra="forbid")

    dies_until: int = 0
    refuses: bool = False
    breaks: bool = False
    seconds: float = 0.0
    starts: bool = False


def run(job: JobContext) -> Made:
    """Writes its surroundings into a file."""
    asked = Options.model_validate(job.options)
    if job.claim.attempt <= asked.dies_until:
        os._exit(9)
    if asked.refuses:
        raise InputError(f"No slices in {str(job.out)!r}: give some.")
    if asked.breaks:
        raise RuntimeError("Doe^Jane")
    job.out.mkdir()
    seen = [os.getpid()]
    if asked.starts:
        seen.append(subprocess.Popen(["sleep", "60"]).pid)
    (job.scratch.folder / "pids").write_text(" ".join(map(str, seen)))
    until = time.monotonic() + asked.seconds
    while time.monotonic() < until:
        job.progress("stand", 0.5)
        time.sleep(0.02)
    cores = len(os.sched_getaffinity(0))
    (job.out / "told.txt").write_text(f"{os.nice(0)} {cores} {os.environ['OMP_NUM_THREADS']}")
    return Made(job.out, kind="generated", title="probe", summary={"attempt": job.claim.attempt})


if __name__ == "__main__":
    KINDS[NAME] = KIND
    from limner.serve.jobs.run import main

    main()
