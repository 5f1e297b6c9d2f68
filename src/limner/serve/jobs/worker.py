"""The process that runs jobs: ``python -m limner.serve.jobs.worker``.

It takes ids from the queue, starts a process for each, and looks after jobs whose process is gone.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from typing import Any

from huey.consumer import Consumer
from sqlalchemy import select

from limner.serve.house import House
from limner.serve.jobs import states
from limner.serve.jobs.queue import Queue
from limner.serve.jobs.scratch import Scratch
from limner.serve.jobs.sweep import sweep
from limner.serve.settings import ServeSettings
from limner.serve.tables import Job

LOOK_EVERY_S = 0.3
"""How often a running job is asked whether somebody cancelled it."""
TIDY_EVERY_S = 3.0
"""How often lost ids are carried again and dead jobs are found."""
SWEEP_EVERY_S = 600.0
THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "VTK_SMP_MAX_THREADS",
)  # fmt: skip
log = logging.getLogger("limner.serve.jobs")


class Worker:
    """Runs jobs until it is stopped.

    Args:
        house: whose jobs.
        module: what is started for each, as ``python -m`` does.
    """

    def __init__(self, house: House, module: str = "limner.serve.jobs.run") -> None:
        self._house = house
        self._module = module
        self._stopping = threading.Event()
        self.queue = Queue(house, self.run)
        self.queue.task  # noqa: B018 - the consumer must know it

    def run(self, job_id: str) -> None:
        """Takes the job, if it is still to be had, and stays with it to its end."""
        if self._stopping.is_set():
            return  # the row is queued: whoever starts next carries it
        scratch = Scratch.of(self._house, job_id)
        lock = scratch.lock()
        if lock is None:
            return  # a process that is ending still holds it; the row is carried again soon
        try:
            with self._house.database.session() as db:
                mine = states.claim(db, job_id)
            if mine is None:
                return
            process = start(self._module, self._house.settings, mine, lock)
        finally:
            os.close(lock)
        self._stay_with(process, mine)
        scratch.clear(given=self._state(mine) == "done")

    def _stay_with(self, process: subprocess.Popen[bytes], mine: states.Claim) -> None:
        """Waits; ends the process when somebody cancels the job or the server ends."""
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_EVERY_S)
                break
            if self._stopping.is_set() or self._state(mine) is None:
                break
        end(process)
        with self._house.database.session() as db:
            if self._stopping.is_set():
                states.give_back(db, mine)
            elif states.holds(db, mine):
                log.warning("job %s ended with code %s and no verdict", mine.job_id, process.returncode)
                states.recover(db, mine)

    def _state(self, mine: states.Claim) -> str | None:
        """The job's state while it is ours, or as we left it; None where it was taken from us."""
        with self._house.database.reading() as db:
            row = db.get(Job, mine.job_id)
            if row is None or row.attempt != mine.attempt or row.state == "cancelled":
                return None
            return row.state

    def tidy(self) -> None:
        """Finds jobs that are running and have no process, and carries ids that were lost."""
        with self._house.database.reading() as db:
            running = db.execute(select(Job.id, Job.attempt).where(Job.state == "running")).all()
        for job_id, attempt in running:
            lock = Scratch.of(self._house, job_id).lock()
            if lock is None:
                continue
            try:
                with self._house.database.session() as db:
                    state = states.recover(db, states.Claim(job_id, attempt))
            finally:
                os.close(lock)
            log.warning("job %s was stopped: %s", job_id, state)
        self.queue.reconcile()

    def serve(self) -> None:
        """Until :meth:`stop`."""
        count = self._house.settings.workers
        consumer = Consumer(self.queue.huey, workers=count, periodic=False, max_delay=0.5, check_worker_health=False)
        for _, thread in consumer.worker_threads:
            thread.start()
        since_sweep = SWEEP_EVERY_S
        while not self._stopping.is_set():
            try:
                self.tidy()
                since_sweep += TIDY_EVERY_S
                if since_sweep >= SWEEP_EVERY_S:
                    since_sweep = 0.0
                    sweep(self._house)
            except Exception:  # the database or the queue is away: the next round may find it
                log.exception("jobs could not be looked after")
            self._stopping.wait(TIDY_EVERY_S)
        consumer.stop_flag.set()
        for _, thread in consumer.worker_threads:
            thread.join()

    def stop(self, *signal_and_frame: Any) -> None:
        """Ends in good order: running jobs go back into the queue."""
        del signal_and_frame
        self._stopping.set()


def start(module: str, settings: ServeSettings, mine: states.Claim, lock: int) -> subprocess.Popen[bytes]:
    """Starts the job's process, which inherits the lock."""
    spare = str(max(1, (os.cpu_count() or 1) - 1))
    env = {**os.environ, **dict.fromkeys(THREADS, spare), "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
    process = subprocess.Popen(
        [sys.executable, "-m", module, mine.job_id, str(mine.attempt)],
        stdin=subprocess.PIPE,
        pass_fds=(lock,),
        env=env,
        start_new_session=True,  # so that it can be ended with whatever it starts
    )
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(settings.model_dump_json().encode() + b"\n")
        process.stdin.flush()
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and all that it started, and waits for it."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def main() -> None:
    """Serves the settings that come as the first line of standard input, until that input ends."""
    settings = ServeSettings.model_validate_json(sys.stdin.buffer.readline())
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    log.setLevel(logging.INFO)
    house = House.open(settings)
    worker = Worker(house)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, worker.stop)
    threading.Thread(target=_end_with_server, daemon=True).start()
    worker.serve()
    house.close()


def _end_with_server() -> None:
    with contextlib.suppress(OSError, ValueError):
        while os.read(0, 1):  # not by sys.stdin: a thread that waits there cannot be ended in good order
            pass
    os._exit(1)  # the server is gone; the jobs' processes go with this one


if __name__ == "__main__":
    main()
