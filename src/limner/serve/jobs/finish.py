"""How what a job made becomes a result: whole on the disk, then in one transaction with its row and the audit log."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session as Transaction

from limner.errors import InputError
from limner.serve import audit
from limner.serve.jobs import states
from limner.serve.jobs.context import JobContext, Made
from limner.serve.store.blobs import fsync
from limner.serve.tables import Result, Study

log = logging.getLogger("limner.serve.jobs")


class SupersededError(Exception):
    """The job was cancelled, or another process works on it: what was made is thrown away."""


def finish(job: JobContext, made: Made) -> None:
    """Puts the folder in place and says so. A crash at any point leaves the whole result, or none.

    The result has the job's id, so that one job never makes two, and a folder without a row tells which job left it.

    Raises:
        SupersededError: the job is not ours any more.
    """
    house, folder = job.house, made.folder
    if folder is not None:
        sync_tree(folder)
        _put_in_place(job, folder)
    with house.database.session() as db:
        if not states.complete(db, job.claim, job.job.id if folder is not None else None):
            raise SupersededError
        if folder is not None:
            _write_row(db, job, made)
            _add_objects(db, job, made)


def sync_tree(folder: Path) -> None:
    """Puts every file and every folder below on the disk, then the folder itself."""
    for place, _, files in os.walk(folder, topdown=False):
        for name in files:
            fsync(Path(place) / name)
        fsync(Path(place))


def _put_in_place(job: JobContext, folder: Path) -> None:
    with job.house.database.reading() as db:
        if not states.holds(db, job.claim):
            raise SupersededError
    target = job.house.result_folder(job.job.id)
    if target.exists():  # of a start that was stopped between this and its row
        shutil.rmtree(target)
    folder.rename(target)
    fsync(target.parent)


def _write_row(db: Transaction, job: JobContext, made: Made) -> None:
    row = job.job
    version = _next_version(db, made.parent_id) if made.newer and made.parent_id else 1
    db.add(
        Result(
            id=row.id,
            kind=made.kind,
            owner_id=row.owner_id,
            study_id=row.study_id,
            series_id=made.series_id,
            parent_id=made.parent_id,
            version=version,
            title=made.title[:200],
            pack=made.pack[:80],
            summary=dict(made.summary),
        )
    )
    audit.append(db, row.owner_id, "result.create", row.id, kind=made.kind, version=version, job=row.kind)


def _add_objects(db: Transaction, job: JobContext, made: Made) -> None:
    """SEG and SR of a drawing become instances of its study, so that a DICOM client finds them, too."""
    if not made.objects or job.job.study_id is None:
        return
    from limner.serve.store.intake import add_instances
    from limner.serve.store.reading import Given

    folder = job.house.result_folder(job.job.id)
    given = [Given(folder / name, name) for name in made.objects]
    outcome = add_instances(db, db.get_one(Study, job.job.study_id), given, job.house.blobs)
    db.get_one(Result, job.job.id).summary = {**made.summary, "objects": [one.header.sop_uid for one in outcome.kept]}
    if outcome.refused and made.kind == "report":  # a signed report is whole, or it is told that it is not
        raise InputError(f"The signed report is no part of its study: {outcome.refused[0].reason}")
    for refused in outcome.refused:
        log.warning("%s of result %s is no instance of its study: %s", refused.file, job.job.id, refused.reason)


def _next_version(db: Transaction, parent_id: str) -> int:
    """One more than the newest of the family: a drawing, its corrections, and theirs."""
    newest = db.get_one(Result, parent_id).version
    for one in family(db, parent_id):
        newest = max(newest, one.version)
    return newest + 1


def family(db: Transaction, result_id: str) -> list[Result]:
    """A drawing with all its versions, the first first."""
    first = db.get_one(Result, result_id)
    while first.parent_id is not None:
        parent = db.get(Result, first.parent_id)
        if parent is None or parent.kind != first.kind:
            break
        first = parent
    found, fresh = [first], [first.id]
    while fresh:
        versions = select(Result).where(Result.parent_id.in_(fresh), Result.kind == first.kind)
        rows = list(db.scalars(versions.order_by(Result.version)))
        found += rows
        fresh = [one.id for one in rows]
    return sorted(found, key=lambda one: one.version)
