"""Jobs and results as clients are told them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session as Transaction

from limner.serve.moments import Moment, tell_moment
from limner.serve.tables import Job, Result, User

State = Literal["queued", "running", "done", "failed", "cancelled"]


class JobTold(BaseModel):
    """A job. ``fraction`` is of the whole, 0 to 1; ``message`` says why it failed; ``made_id`` is its result."""

    id: str
    kind: str
    state: State
    attempt: int
    step: str
    fraction: float
    message: str
    study_id: str | None
    result_id: str | None
    made_id: str | None
    created: Moment
    started: Moment | None
    ended: Moment | None
    owner: str


class Signed(BaseModel):
    """Who signed a result, when, and what they wrote."""

    by: str
    at: str
    text: str


class ResultTold(BaseModel):
    """A result, without its files."""

    id: str
    kind: Literal["drawing", "plan", "forecast", "explanation", "generated", "report"]
    study_id: str | None
    series_id: str | None
    parent_id: str | None
    author: str
    created: Moment
    pack: str
    version: int
    title: str
    summary: dict[str, Any]
    signed: Signed | None
    mine: bool


def tell_jobs(db: Transaction, jobs: Iterable[Job], *, own: str | None = None) -> list[JobTold]:
    """Jobs with their owners' names.

    Args:
        db: any transaction.
        jobs: of the table.
        own: the reader's id, who of other people's jobs sees kind and state only; None where all are theirs to see.
    """
    rows = list(jobs)
    names = _names(db, {one.owner_id for one in rows})
    told = [_job(one, names[one.owner_id]) for one in rows]
    return [
        one if own is None or row.owner_id == own else _without_object(one) for one, row in zip(told, rows, strict=True)
    ]


def tell_results(db: Transaction, results: Iterable[Result], reader_id: str) -> list[ResultTold]:
    """Results with their authors' names."""
    rows = list(results)
    names = _names(db, {who for one in rows for who in (one.owner_id, one.signed_by) if who})
    return [_result(one, names, reader_id) for one in rows]


def _job(row: Job, owner: str) -> JobTold:
    fields = {name: getattr(row, name) for name in JobTold.model_fields if name != "owner"}
    return JobTold(**fields, owner=owner)


def _without_object(told: JobTold) -> JobTold:
    return told.model_copy(update={"message": "", "study_id": None, "result_id": None, "made_id": None})


def _result(row: Result, names: dict[str, str], reader_id: str) -> ResultTold:
    signed = None
    if row.signed_by and row.signed_at:
        signed = Signed(by=names[row.signed_by], at=tell_moment(row.signed_at), text=row.signed_text or "")
    skipped = ("author", "signed", "mine")
    fields = {name: getattr(row, name) for name in ResultTold.model_fields if name not in skipped}
    return ResultTold(**fields, author=names[row.owner_id], signed=signed, mine=row.owner_id == reader_id)


def _names(db: Transaction, ids: set[str]) -> dict[str, str]:
    """What people call each other."""
    rows = db.execute(select(User.id, User.display, User.name).where(User.id.in_(ids)))
    return {user_id: display or name for user_id, display, name in rows}
