"""What crashes and deletions leave behind: folders of results without a row, folders of jobs that ended."""

from __future__ import annotations

import shutil
from datetime import timedelta

from sqlalchemy import select

from limner.serve.house import House
from limner.serve.jobs.scratch import Scratch, jobs_with_scratch
from limner.serve.jobs.states import WAITING
from limner.serve.tables import Job, Result, now

KEPT = timedelta(days=7)
"""How long what came with a request is kept after the job failed or was cancelled: it may be started again."""


def sweep(house: House) -> int:
    """Removes what nobody can reach; how many folders that were. It may run at any time, in any process."""
    return _sweep_results(house) + _sweep_scratch(house)


def _sweep_results(house: House) -> int:
    """A result has its job's id: a folder without a row belongs to a job that runs, or to nobody."""
    swept = 0
    for folder in house.folder("results").iterdir():
        with house.database.reading() as db:  # in this order: a job that ends between the two has its row by then
            busy = db.scalars(select(Job.id).where(Job.id == folder.name, Job.state.in_(WAITING))).first()
            row = db.scalars(select(Result.id).where(Result.id == folder.name)).first()
        if row is None and busy is None:
            shutil.rmtree(folder, ignore_errors=True)
            swept += 1
    return swept


def _sweep_scratch(house: House) -> int:
    swept = 0
    for job_id in jobs_with_scratch(house):
        scratch = Scratch.of(house, job_id)
        with house.database.reading() as db:
            job = db.get(Job, job_id)
        if not _is_wanted(job, scratch):
            scratch.clear(given=True)
            swept += 1
    return swept


def _is_wanted(job: Job | None, scratch: Scratch) -> bool:
    if job is None:
        return scratch.is_young(KEPT.total_seconds())  # a request that has not written its row yet
    if job.state in WAITING:
        return True
    return job.state != "done" and job.ended is not None and now() - job.ended < KEPT
