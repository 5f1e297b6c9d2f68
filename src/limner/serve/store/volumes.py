"""The turned volumes of series: one NIfTI file each, made once, read slice by slice.

A slice is one ``pread`` of a file that the system keeps in its memory: no image library, no decoding, no lock. Twenty
readers cost what one costs. The files can be made again at any time from the blobs, so nothing is lost with them.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from limner.errors import LimnerError
from limner.serve.refusals import BusyError
from limner.serve.store.turn import HEADER_BYTES
from limner.serve.tables import Instance, Series

if TYPE_CHECKING:
    from limner.serve.house import House

PLACES = 16
"""Requests that may wait for volumes to be made: each holds a thread of the server, which has forty."""
AT_ONCE = 2
"""Volumes that are made at the same time: each is a process that holds a series."""
PATIENCE_S = 900.0
_BYTES = 2  # of a voxel

Geometry = Mapping[str, Any]
log = logging.getLogger("limner.serve")


class TurnFailedError(LimnerError):
    """The process that turns a series ended without an answer."""


class Volumes:
    """Makes and finds the volumes of one house.

    Args:
        house: whose series they are.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._folder = house.folder("volumes")
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._later = ThreadPoolExecutor(1, "limner-volumes")
        self._running: set[subprocess.Popen[str]] = set()
        self._places = threading.BoundedSemaphore(PLACES)
        self._making = threading.BoundedSemaphore(AT_ONCE)
        self._closed = False

    def prepare(self, series_id: str) -> Future[None]:
        """Has the volume made soon, in the background; whoever asks before waits for it."""

        def make() -> None:
            try:
                self._geometry(series_id)
            except LimnerError as error:
                if not self._closed:
                    log.warning("series %s has no volume yet: %s", series_id, error)

        return self._later.submit(make)

    def geometry(self, series_id: str, known: Geometry | None = None, *, patient: bool = False) -> Geometry:
        """What pages must know of a series; the volume is made first where it is missing.

        Args:
            series_id: of the series.
            known: what its row says, where the caller has just read it.
            patient: waits however many others do, for an answer that has begun.

        Raises:
            TurnFailedError: it could not be made now; asking again tries again.
            BusyError: so many wait for volumes that others would wait for a thread.
        """
        known = known or self._row(series_id)
        if known is not None and self._is_made(series_id, known):
            return known
        if patient:
            return self._geometry(series_id)
        if not self._places.acquire(blocking=False):
            raise BusyError("Many series are being read for the first time. Ask again in a moment.", 2)
        try:
            return self._geometry(series_id)
        finally:
            self._places.release()

    def _geometry(self, series_id: str) -> Geometry:
        with self._alone(series_id):
            known = self._row(series_id)
            if known is not None and self._is_made(series_id, known):
                return known
            with self._making:
                return self._make(series_id)

    def path(self, series_id: str) -> Path:
        """The NIfTI file: 16-bit integers, little endian, x fastest, after :data:`HEADER_BYTES`."""
        return self._folder / f"{series_id}.nii"

    def preview(self, series_id: str) -> Path:
        """The small picture."""
        return self._folder / f"{series_id}.png"

    def image(self, series_id: str) -> Path:
        """The whole picture of a photograph or still, as PNG."""
        return self._folder / f"{series_id}.image.png"

    def slices(self, series_id: str, shape: tuple[int, int, int], k: int, count: int = 1) -> bytes:
        """The stored values of axial slices ``k`` to ``k + count - 1``.

        Args:
            series_id: of a series that has a volume.
            shape: of its geometry.
            k: the first, from the feet.
            count: how many.
        """
        size = shape[1] * shape[2] * _BYTES
        handle = os.open(self.path(series_id), os.O_RDONLY)
        try:
            return os.pread(handle, size * count, HEADER_BYTES + size * k)
        finally:
            os.close(handle)

    def forget(self, series_id: str) -> None:
        """Removes what was made of a series."""
        for path in (self.path(series_id), self.preview(series_id), self.image(series_id)):
            path.unlink(missing_ok=True)
        self._lock_file(series_id).unlink(missing_ok=True)

    def close(self) -> None:
        """Ends what is being made; it is made when it is asked for again."""
        self._closed = True
        for one in list(self._running):
            one.terminate()
        self._later.shutdown(wait=True, cancel_futures=True)

    def _row(self, series_id: str) -> Geometry | None:
        with self._house.database.reading() as db:
            return db.scalar(select(Series.geometry).where(Series.id == series_id))

    def _is_made(self, series_id: str, known: Geometry) -> bool:
        """Whether the files stand that the geometry speaks of; they may have been cleared away."""
        if known.get("shape"):
            return self.path(series_id).exists()
        return not known.get("picture") or self.image(series_id).exists()

    @contextmanager
    def _alone(self, series_id: str) -> Iterator[None]:
        """One at a time for one series: among the threads of this process, and among processes of one data folder."""
        with self._locks[series_id], self._lock_file(series_id).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _lock_file(self, series_id: str) -> Path:
        return self._folder / f".{series_id}.lock"

    def _make(self, series_id: str) -> Geometry:
        """Turns it, again where files came in meanwhile: a scanner sends its slices one by one."""
        while True:
            order = self._order(series_id)
            geometry = self._ask(json.dumps(order))
            with self._house.database.session() as db:
                series = db.get(Series, series_id)
                if series is None:
                    self.forget(series_id)
                    raise TurnFailedError("The series was deleted while it was read.")
                count = select(func.count()).select_from(Instance).where(Instance.series_id == series_id)
                if db.scalar(count) == len(order["files"]):
                    series.geometry = dict(geometry)
                    return geometry

    def _order(self, series_id: str) -> dict[str, Any]:
        with self._house.database.reading() as db:
            series = db.get_one(Series, series_id)
            columns = (Instance.sha256, Instance.ending, Instance.uid)
            rows = db.execute(select(*columns).where(Instance.series_id == series_id)).all()
            picture = series.study.kind == "picture"
        blobs = self._house.blobs
        files = [{"path": str(blobs.path(sha256, ending)), "uid": uid} for sha256, ending, uid in rows]
        return {"files": files, "out": str(self._folder / series_id), "picture": picture}

    def _ask(self, order: str) -> Geometry:
        command = [sys.executable, "-m", "limner.serve.store.turn"]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        ) as process:
            self._running.add(process)
            try:
                answer, said = process.communicate(order, timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise TurnFailedError(f"The series was not read within {PATIENCE_S:.0f} seconds.") from None
            finally:
                self._running.discard(process)
        if process.returncode:
            last = said.strip().splitlines()[-1:] if process.returncode > 0 else [f"signal {-process.returncode}"]
            raise TurnFailedError(f"The series could not be read now ({' '.join(last)}). Open it again to try again.")
        geometry: Geometry = json.loads(answer)
        return geometry
