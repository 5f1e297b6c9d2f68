"""The folders of jobs that wait or run, and the lock by which anyone can tell whether a job's process still lives."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from limner.serve.house import House
from limner.serve.store.blobs import fsync


@dataclass(frozen=True)
class Scratch:
    """One job's folder.

    ``given`` holds what came with the request and lasts until the job is done; ``work`` begins empty at each start.

    Args:
        folder: ``jobs/JOB``.
    """

    folder: Path

    @classmethod
    def of(cls, house: House, job_id: str) -> Scratch:
        """The folder of a job; it may not be there."""
        return cls(house.folder("jobs") / job_id)

    @property
    def given(self) -> Path:
        """Files that came with the request."""
        return self.folder / "given"

    @property
    def work(self) -> Path:
        """What the running job writes."""
        return self.folder / "work"

    def keep(self, files: Mapping[str, bytes]) -> None:
        """Puts what came with a request on the disk: when this returns, a crash cannot take it."""
        self.given.mkdir(parents=True)
        for name, content in files.items():
            assert "/" not in name
            path = self.given / name
            path.write_bytes(content)
            fsync(path)
        for folder in (self.given, self.folder, self.folder.parent):
            fsync(folder)

    def begin(self) -> None:
        """An empty ``work``."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)

    def clear(self, *, given: bool) -> None:
        """Removes ``work``, and all else where ``given`` is not needed any more."""
        shutil.rmtree(self.folder if given else self.work, ignore_errors=True)
        if given:
            self._lock_file.unlink(missing_ok=True)

    def is_young(self, seconds: float) -> bool:
        """Whether it was made less than this ago."""
        try:
            return time.time() - self.folder.stat().st_mtime < seconds
        except FileNotFoundError:
            return False

    def lock(self) -> int | None:
        """Takes the job's lock; None where another process has it.

        The lock belongs to the open file: a process that inherits the descriptor holds it, too, and whatever ends
        that process frees it. So a job that is "running" and whose lock is free has no process.

        Returns:
            The descriptor; closing it in every process that has it frees the lock.
        """
        handle = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return None
        return handle

    @property
    def _lock_file(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.lock")


def jobs_with_scratch(house: House) -> list[str]:
    """Ids of the jobs that have a folder or a lock."""
    return sorted({one.name.removesuffix(".lock") for one in house.folder("jobs").iterdir()})
