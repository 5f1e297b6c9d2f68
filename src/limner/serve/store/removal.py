"""What goes, and when: a study that its owner deletes, and what killed processes left behind."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from limner.serve.house import House
from limner.serve.store.intake import count_again
from limner.serve.tables import Instance, Result, Series, Study, Upload, now

ORPHAN_S = 3600.0
"""A file without a row may be on its way to one for this long."""
UPLOAD_DAYS = 7
"""An upload that nobody finishes is kept for this long."""
_CHUNK = 500


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
    finished. Runs when the server starts.
    """
    gone = 0
    with house.database.session() as db:
        db.execute(delete(Upload).where(Upload.created < now() - timedelta(days=UPLOAD_DAYS)))
    with house.blobs.removing(), house.database.reading() as db:
        old = [path for path in house.blobs if _age(path) > ORPHAN_S]
        named = {(path.name[:64], path.name[64:]): path for path in old if not path.name.startswith(".")}
        for path in [named[one] for one in _unused(db, list(named))] + [one for one in old if one.name.startswith(".")]:
            path.unlink(missing_ok=True)
            gone += 1
    with house.database.reading() as db:
        known = {"uploads": set(db.scalars(select(Upload.id))), "results": set(db.scalars(select(Result.id)))}
    for name, ids in known.items():
        for path in house.folder(name).iterdir():
            if path.name not in ids and _age(path) > ORPHAN_S:
                _remove(path)
                gone += 1
    return gone


def _unused(db: Session, blobs: list[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Those to which no row refers."""
    used: set[tuple[str, str]] = set()
    for at in range(0, len(blobs), _CHUNK):
        hashes = [sha256 for sha256, _ in blobs[at : at + _CHUNK]]
        rows = db.execute(select(Instance.sha256, Instance.ending).where(Instance.sha256.in_(hashes)))
        used.update((sha256, ending) for sha256, ending in rows)
    return [one for one in blobs if one not in used]


def _age(path: Path) -> float:
    try:
        return time.time() - path.lstat().st_mtime
    except FileNotFoundError:
        return 0.0


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
