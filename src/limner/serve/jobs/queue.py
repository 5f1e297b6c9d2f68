"""Giving work to the workers.

A job is first a committed row; then its id is put into the queue (huey: SQLite in the data folder, or Redis). A crash
between the two leaves a queued row that nobody carries: :func:`Queue.reconcile` finds it. An id that is carried twice
does no harm, since a worker takes the row itself (:func:`limner.serve.jobs.states.claim`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException
from sqlalchemy import select
from sqlalchemy.orm import Session as Transaction

from limner.serve import audit
from limner.serve.jobs import states
from limner.serve.jobs.kinds import kind_of
from limner.serve.jobs.scratch import Scratch
from limner.serve.tables import Job, new_id

if TYPE_CHECKING:
    from huey import Huey

    from limner.serve.house import House

log = logging.getLogger("limner.serve.jobs")


@dataclass(frozen=True)
class Request:
    """Work that somebody asks for.

    Args:
        kind: a name of :data:`limner.serve.jobs.kinds.KINDS`.
        owner_id: who asks; the result will be theirs.
        study_id: on which study, if any.
        result_id: on which result, if any.
        options: as the kind's ``Options`` take them.
        given: files that the job needs and that are nowhere else: name to bytes.
    """

    kind: str
    owner_id: str
    study_id: str | None = None
    result_id: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    given: Mapping[str, bytes] = field(default_factory=dict)


class Queue:
    """The queue of one house.

    Args:
        house: whose jobs they are.
        run: what a worker does with a job's id; the server, which only gives ids away, has none.
    """

    def __init__(self, house: House, run: Callable[[str], None] | None = None) -> None:
        self._house = house
        self._run = run

    @cached_property
    def huey(self) -> Huey:
        """The carrier of ids.

        Raises:
            MissingExtraError: Redis is asked for and its package is not installed.
        """
        from limner.serve.jobs.carrier import open_carrier  # huey loads every database's client that is installed

        return open_carrier(self._house.settings)

    @cached_property
    def task(self) -> Any:
        """The queue's one task: its argument is a job's id."""

        def job(job_id: str) -> None:
            assert self._run is not None
            self._run(job_id)

        return self.huey.task()(job)

    def submit(self, request: Request) -> Job:
        """Makes the job and has it carried. When this returns, the job will be done, or say why not.

        Raises:
            HTTPException: 429, too many jobs of this user wait.
        """
        job_id = new_id()
        scratch = Scratch.of(self._house, job_id)
        try:
            if request.given:
                scratch.keep(request.given)
            with self._house.database.session() as db:
                job = self.add(db, request, job_id)
        except BaseException:
            scratch.clear(given=True)
            raise
        self.carry(job)
        return job

    def add(self, db: Transaction, request: Request, job_id: str | None = None) -> Job:
        """The row alone, within the caller's transaction; :meth:`carry` it after the commit.

        Args:
            db: a transaction that may write.
            request: the work.
            job_id: where files came with the request; a new one if not given.

        Raises:
            HTTPException: 429, too many jobs of this user wait; never of a kind that follows from another deed.
        """
        limit = self._house.settings.limits.jobs_per_user
        if not kind_of(request.kind).owed and states.waiting(db, request.owner_id) >= limit:
            raise HTTPException(429, f"{limit} of your jobs wait or run already. Wait for one to end, or cancel one.")
        job = Job(
            id=job_id or new_id(),
            kind=request.kind,
            owner_id=request.owner_id,
            study_id=request.study_id,
            result_id=request.result_id,
            options=request.options,
        )
        db.add(job)
        audit.append(db, request.owner_id, "job.create", job.id, kind=job.kind)
        return job

    def carry(self, job: Job) -> None:
        """Puts the id into the queue; where that fails, :meth:`reconcile` will."""
        try:
            self._put(job.id, job.kind)
        except Exception:  # whatever the carrier raises: the row stands
            log.warning("job %s waits until the queue answers", job.id, exc_info=True)

    def given_to(self, job_id: str) -> dict[str, bytes]:
        """The files that came with a job that has not been done."""
        folder = Scratch.of(self._house, job_id).given
        return {one.name: one.read_bytes() for one in folder.iterdir()} if folder.is_dir() else {}

    def reconcile(self) -> int:
        """Carries queued jobs that are not in the queue; how many there were."""
        with self._house.database.reading() as db:
            rows = db.execute(select(Job.id, Job.kind).where(Job.state == "queued").order_by(Job.created)).all()
        if not rows:
            return 0
        carried = {task.args[0] for task in self.huey.pending()}
        lost = [(job_id, kind) for job_id, kind in rows if job_id not in carried]
        for job_id, kind in lost:
            self._put(job_id, kind)
        return len(lost)

    def _put(self, job_id: str, kind: str) -> None:
        self.huey.enqueue(self.task.s(job_id, priority=kind_of(kind).priority))
