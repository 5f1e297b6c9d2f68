"""Every change of a job's state: one conditional UPDATE each, so that of two who try, one succeeds.

``queued → running → done | failed | cancelled``; a job whose process ended without a verdict goes back to ``queued``
once. A number goes up with each start: who holds an old one can change nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session as Transaction

from limner.serve import audit
from limner.serve.tables import Job, now

ATTEMPTS = 2
"""A job that was stopped is started once more."""
WAITING = ("queued", "running")
STOPPED_TWICE = (
    "The work was stopped twice from outside, perhaps for lack of memory or because the server was switched off. "
    "Start it again when the machine has room."
)


@dataclass(frozen=True)
class Claim:
    """The right to work on a job: it holds while the row is running and has this attempt.

    Args:
        job_id: of the row.
        attempt: the number that this start has.
    """

    job_id: str
    attempt: int


def claim(db: Transaction, job_id: str) -> Claim | None:
    """Takes a queued job; None where it is not queued (any more)."""
    taken = _change(
        db,
        update(Job).where(Job.id == job_id, Job.state == "queued"),
        state="running",
        attempt=Job.attempt + 1,
        started=now(),
        step="",
        fraction=0.0,
        message="",
    )
    if not taken:
        return None
    return Claim(job_id, db.scalars(select(Job.attempt).where(Job.id == job_id)).one())


def holds(db: Transaction, mine: Claim) -> bool:
    """Whether the job is still ours to work on."""
    found = select(Job.id).where(Job.id == mine.job_id, Job.state == "running", Job.attempt == mine.attempt)
    return db.scalars(found).first() is not None


def tell(db: Transaction, mine: Claim, step: str, fraction: float) -> bool:
    """Writes where the work is; False where it is not ours any more."""
    return _change(db, _of(mine), step=step[:40], fraction=round(min(max(fraction, 0.0), 1.0), 3))


def complete(db: Transaction, mine: Claim, made_id: str | None) -> bool:
    """Done; False where it is not ours any more, and then nothing may be kept."""
    return _change(db, _of(mine), state="done", fraction=1.0, ended=now(), made_id=made_id)


def fail(db: Transaction, mine: Claim, message: str) -> bool:
    """Failed, with what the person reads; False where it is not ours any more."""
    failed = _change(db, _of(mine), state="failed", ended=now(), message=message)
    if failed:
        audit.append(db, _owner(db, mine.job_id), "job.fail", mine.job_id)
    return failed


def give_back(db: Transaction, mine: Claim) -> bool:
    """The server ends in good order: the job waits for the next start, and this one does not count."""
    return _change(db, _of(mine), state="queued", attempt=mine.attempt - 1, step="", fraction=0.0)


def recover(db: Transaction, mine: Claim) -> str | None:
    """A job whose process is gone without a verdict: once more, or failed. The new state; None where it is not so."""
    if mine.attempt >= ATTEMPTS:
        return "failed" if fail(db, mine, STOPPED_TWICE) else None
    if not _change(db, _of(mine), state="queued", step="", fraction=0.0):
        return None
    audit.append(db, _owner(db, mine.job_id), "job.restart", mine.job_id)
    return "queued"


def cancel(db: Transaction, job_id: str) -> bool:
    """Cancelled, whether it waits or runs; its worker notices. False where it has ended."""
    return _change(db, update(Job).where(Job.id == job_id, Job.state.in_(WAITING)), state="cancelled", ended=now())


def waiting(db: Transaction, owner_id: str) -> int:
    """How many of a user's jobs wait or run."""
    return db.scalars(select(func.count()).where(Job.owner_id == owner_id, Job.state.in_(WAITING))).one()


def _of(mine: Claim) -> Any:
    return update(Job).where(Job.id == mine.job_id, Job.state == "running", Job.attempt == mine.attempt)


def _change(db: Transaction, statement: Any, **values: Any) -> bool:
    done = db.execute(statement.values(**values).execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)
    return done.rowcount == 1


def _owner(db: Transaction, job_id: str) -> str:
    return db.scalars(select(Job.owner_id).where(Job.id == job_id)).one()
