"""What goes, and when: a study that its owner deletes, and what killed processes left behind."""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from limner.serve.house import House
from limner.serve.jobs.states import WAITING
from limner.serve.store.intake import count_again
from limner.serve.tables import Instance, Job, Result, Series, Study, Upload, now

ORPHAN_S = 3600.0
"""A file without a row may be on its way to one for this long."""
SWEEP_EVERY_S = 3600.0
UPLOAD_DAYS = 7
"""An upload that nobody finishes is kept for this long."""
_CHUNK = 500
log = logging.getLogger("limner.serve.store")


@dataclass(frozen=True)
class Leftover:
    """Files of a study whose rows are gone."""

    blobs: list[tuple[str, str]]
    series: list[str]
    results: list[str]


def delete_rows(db: Session, study_id: str) -> Leftover:
    """Removes a study's rows and those of its results; its files go by :func:`delete_files`, after the commit.

    A crash between the two leaves files without rows, which the next sweep removes.
    """
    owned = select(Instance.sha256, Instance.ending).join(Series).where(Series.study_id == study_id).distinct()
    left = Leftover(
        blobs=[(sha256, ending) for sha256, ending in db.execute(owned)],
        series=list(db.scalars(select(Series.id).where(Series.study_id == study_id))),
        results=list(db.scalars(select(Result.id).where(Result.study_id == study_id))),
    )
    db.execute(delete(Study).where(Study.id == study_id))
    return left


def remove_instances(db: Session, study: Study, uids: Sequence[str], results: Sequence[str] = ()) -> Leftover:
    """Removes rows of single instances, and of series that are empty then; files go by :func:`delete_files`.

    Args:
        db: a transaction that may write.
        study: that holds them.
        uids: SOP Instance UIDs.
        results: ids of results whose rows go in the same transaction.
    """
    rows = list(db.scalars(select(Instance).join(Series).where(Series.study_id == study.id, Instance.uid.in_(uids))))
    touched = {one.series_id for one in rows}
    for one in rows:
        db.delete(one)
    db.flush()
    empty = list(db.scalars(select(Series.id).where(Series.id.in_(touched), ~Series.instances.any())))
    db.execute(delete(Series).where(Series.id.in_(empty)))
    count_again(db, study, touched.difference(empty))
    return Leftover([(one.sha256, one.ending) for one in rows], empty, list(results))


def delete_files(house: House, left: Leftover) -> None:
    """Removes the files that nothing refers to any more."""
    with house.blobs.removing(), house.database.reading() as db:
        house.blobs.remove(_unused(db, left.blobs))
    for one in left.results:
        _remove(house.result_folder(one))
    for one in left.series:
        for made in [*house.folder("volumes").glob(f"{one}*"), *house.folder("volumes").glob(f".{one}*")]:
            _remove(made)


def sweep(house: House) -> int:
    """Removes what no row refers to and is too old to be on its way; returns how many files and folders went.

    Half-written files, blobs without rows, folders of results and uploads without rows, and uploads that nobody
    finished. It may run at any time.
    """
    with house.database.session() as db:
        db.execute(delete(Upload).where(Upload.created < now() - timedelta(days=UPLOAD_DAYS)))
    gone = _sweep_blobs(house)
    with house.database.reading() as db:
        jobs = db.scalars(select(Job.id).where(Job.state.in_(WAITING)))  # a result's folder stands before its row
        known = {
            "uploads": set(db.scalars(select(Upload.id))),
            "results": {*jobs, *db.scalars(select(Result.id))},
            "scratch": set[str](),
        }
    for name, ids in known.items():
        for path in house.folder(name).iterdir():
            if path.name not in ids and _age(path) > ORPHAN_S:
                _remove(path)
                gone += 1
    return gone


class Sweeper:
    """Sweeps while a server runs: what is given up on a Monday does not fill the disk until somebody restarts it.

    Args:
        house: whose folders.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="limner-sweep", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends after the sweep that runs."""
        self._stopping.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._stopping.wait(SWEEP_EVERY_S):
            try:
                sweep(self._house)
            except Exception:  # the disk or the database is away: the next round may do better
                log.exception("the folders could not be swept")


def _sweep_blobs(house: House) -> int:
    """Looks first and locks for those alone that seem to be nobody's: what comes in waits for no walk of the disk."""
    with house.database.reading() as db:
        old = {(path.name[:64], path.name[64:]): path for path in house.blobs if _age(path) > ORPHAN_S}
        halves = [one for one in old if one[0].startswith(".")]
        lost = [*_unused(db, [one for one in old if not one[0].startswith(".")])]
    if not (halves or lost):
        return 0
    with house.blobs.removing(), house.database.reading() as db:
        still = [one for one in _unused(db, lost) if _age(old[one]) > ORPHAN_S]
        for one in (*still, *halves):
            old[one].unlink(missing_ok=True)
    return len(still) + len(halves)


def _unused(db: Session, blobs: list[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Those to which no row refers."""
    used: set[tuple[str, str]] = set()
    for at in range(0, len(blobs), _CHUNK):
        hashes = [sha256 for sha256, _ in blobs[at : at + _CHUNK]]
        rows = db.execute(select(Instance.sha256, Instance.ending).where(Instance.sha256.in_(hashes)))
        used.update((sha256, ending) for sha256, ending in rows)
    return [one for one in blobs if one not in used]


def _age(path: Path) -> float:
    """Seconds since it, or a file right in it, was written to."""
    try:
        inside = [one.stat(follow_symlinks=False).st_mtime for one in os.scandir(path)] if path.is_dir() else []
        return time.time() - max([path.lstat().st_mtime, *inside])
    except FileNotFoundError:
        return 0.0


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
