"""One job in a process of its own: ``python -m limner.serve.jobs.run JOB ATTEMPT LOCK``.

A net, a decoder or a surface that runs wild takes this process with it and nothing else. It steps back behind those
who read, and it never outlives the worker that started it: the kernel ends it (Linux), and the end of its standard
input does.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from limner.errors import LimnerError
from limner.serve.house import House
from limner.serve.jobs import states
from limner.serve.jobs.context import JobContext
from limner.serve.jobs.finish import SupersededError, finish
from limner.serve.jobs.kinds import kind_of
from limner.serve.jobs.scratch import Scratch
from limner.serve.settings import ServeSettings
from limner.serve.tables import Job

NICE = 10
TOLD_EVERY_S = 0.5
"""How often the row is written while the work goes on."""
_PR_SET_PDEATHSIG = 1  # Linux, prctl(2)
log = logging.getLogger("limner.serve.jobs")


def main() -> None:
    """Runs the job of the command line, with the settings that come as the first line of standard input."""
    job_id, attempt = sys.argv[1], int(sys.argv[2])
    settings = ServeSettings.model_validate_json(sys.stdin.buffer.readline())
    end_with_parent()
    step_back()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    log.setLevel(logging.INFO)
    house = House.open(settings)
    try:
        work(house, states.Claim(job_id, attempt))
    finally:
        house.close()


def work(house: House, mine: states.Claim) -> None:
    """Does the job and writes its verdict down. What cannot be written down is for the worker to see."""
    scratch = Scratch.of(house, mine.job_id)
    scratch.begin()
    with house.database.reading() as db:
        row = db.get_one(Job, mine.job_id)
    try:
        kind = kind_of(row.kind).load()
        job = JobContext(house, row, mine, Teller(house, mine, kind.STEPS))
        finish(job, kind.run(job))
    except SupersededError:
        log.info("job %s is not ours any more", mine.job_id)
    except LimnerError as error:
        _fail(house, mine, without_paths(str(error), house.settings.data))
    except MemoryError:
        _fail(house, mine, "The machine has too little memory for this. Fewer jobs at once, or a smaller scan, may do.")
    except Exception:
        log.exception("job %s (%s) failed", mine.job_id, row.kind)
        _fail(house, mine, f"A fault of ours: the server's log has the details under job {mine.job_id}.")


def _fail(house: House, mine: states.Claim, message: str) -> None:
    with house.database.session() as db:
        states.fail(db, mine, message)


def without_paths(text: str, data: Path) -> str:
    """A message without the server's folders: they are nobody's business, and their names say nothing.

    >>> without_paths("No slices in '/srv/limner/scratch/jobs/1/work/input-7'.", Path("/srv/limner"))
    "No slices in 'input-7'."
    """
    words = []
    for word in text.split(" "):
        for root in {str(data), str(data.resolve())}:
            if root in word:
                before, _, rest = word.partition(root)
                word = before + rest.rsplit("/", 1)[-1]
        words.append(word)
    return " ".join(words)


class Teller:
    """Writes progress into the row, now and then.

    Args:
        house: with the database.
        mine: the claim; where it is lost the process ends, since nobody wants what it makes.
        steps: step → share of the whole time.
    """

    def __init__(self, house: House, mine: states.Claim, steps: Mapping[str, float]) -> None:
        self._house, self._mine = house, mine
        self._whole = sum(steps.values())
        self._shares = dict(steps)
        self._last = (0.0, "")

    def __call__(self, step: str, share: float) -> None:
        """Tells a step and how much of it is done, 0 to 1.

        Raises:
            SupersededError: the job was cancelled.
        """
        present = time.monotonic()
        if present - self._last[0] < TOLD_EVERY_S:
            return
        self._last = (present, step)
        with self._house.database.session() as db:
            ours = states.tell(db, self._mine, step, self.fraction(step, share))
        if not ours:
            raise SupersededError

    def fraction(self, step: str, share: float) -> float:
        """How much of the whole is done: the steps before, and the share of this one."""
        if step not in self._shares:
            return share
        before = 0.0
        for name, weight in self._shares.items():
            if name == step:
                return (before + weight * share) / self._whole
            before += weight
        raise AssertionError(step)


def step_back() -> None:
    """Behind those who read: low priority, one core left free, and the first to go where memory runs out."""
    with contextlib.suppress(OSError):
        os.nice(NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, cores[1:] or cores)


def end_with_parent() -> None:
    """When the worker ends, however it ends, so does this process."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent or parent == 1:  # it ended before we asked
        os._exit(1)
    threading.Thread(target=_await_end_of_input, daemon=True).start()


def _await_end_of_input() -> None:
    with contextlib.suppress(OSError, ValueError):
        while os.read(0, 1):  # not by sys.stdin: a thread that waits there cannot be ended in good order
            pass
    os._exit(1)


if __name__ == "__main__":
    main()
