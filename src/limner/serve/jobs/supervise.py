"""The server's side of the worker: start it, start it again when it died, end it."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading

from limner.serve.settings import ServeSettings

PATIENCE_S = 10.0
"""How long a worker may take to give its jobs back."""
PAUSE_S = 1.0
log = logging.getLogger("limner.serve.jobs")


class WorkerHandle:
    """A worker process that is kept alive.

    Args:
        settings: of the server.
    """

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._stopping = threading.Event()
        self._process = self._start()
        self._watch = threading.Thread(target=self._keep_alive, name="limner-worker", daemon=True)
        self._watch.start()

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Ends the worker: its running jobs go back into the queue, and wait for the next start."""
        self._stopping.set()
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._watch.join()
        _let_go(self._process)

    def _keep_alive(self) -> None:
        while True:
            code = self._process.wait()
            if self._stopping.is_set():
                return
            log.error("the worker ended with code %s; it is started again", code)
            if self._stopping.wait(PAUSE_S):
                return
            _let_go(self._process)
            self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
        process = subprocess.Popen([sys.executable, "-m", "limner.serve.jobs.worker"], stdin=subprocess.PIPE, env=env)
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(self._settings.model_dump_json().encode() + b"\n")
            process.stdin.flush()
        return process


def start_worker(settings: ServeSettings) -> WorkerHandle | None:
    """Starts the worker beside the server; None where ``workers`` is 0 and other machines do the work."""
    return WorkerHandle(settings) if settings.workers else None


def _let_go(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
