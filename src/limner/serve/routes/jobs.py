"""Jobs: ask for one, see how far it is, cancel it, ask for it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session as Transaction

from limner.serve import audit
from limner.serve.house import AHouse
from limner.serve.jobs import states
from limner.serve.jobs.finish import family
from limner.serve.jobs.kinds import Kind, kind_of
from limner.serve.jobs.queue import Request
from limner.serve.jobs.told import JobTold, State, tell_jobs
from limner.serve.safety.access import ROLES, Actor, Reader, ReaderWrites, find_result, find_series, find_study
from limner.serve.store.listing import same_patient
from limner.serve.tables import Job, Result, Study

router = APIRouter(prefix="/api/jobs", tags=["jobs"])

Id = Annotated[str, Field(max_length=24)]


class NewJob(BaseModel):
    """Work that somebody asks for. ``options`` are the kind's own."""

    kind: str = Field(max_length=16, description="draw, plan, forecast, explain, generate, pacs-get or pacs-send.")
    study_id: Id | None = None
    result_id: Id | None = Field(None, description="The drawing that a plan or a forecast is made of, or that is sent.")
    options: dict[str, Any] = {}


class Jobs(BaseModel):
    """Some jobs, the newest first, and how many there are."""

    items: list[JobTold]
    total: int


@router.get("", summary="Jobs, the newest first")
def list_jobs(
    actor: Reader,
    house: AHouse,
    state: Annotated[State | None, Query(description="Only these.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Jobs:
    """One's own. An admin sees that others' are there, of which kind, and how far; not on what."""
    conditions = [] if actor.role == "admin" else [Job.owner_id == actor.user_id]
    if state is not None:
        conditions.append(Job.state == state)
    with house.database.reading() as db:
        total = db.scalars(select(func.count()).select_from(Job).where(*conditions)).one()
        page = select(Job).where(*conditions).order_by(Job.created.desc(), Job.id).limit(limit).offset(offset)
        return Jobs(items=tell_jobs(db, db.scalars(page), own=actor.user_id), total=total)


@router.post("", summary="Ask for work", status_code=201)
def new_job(asked: NewJob, actor: ReaderWrites, house: AHouse) -> JobTold:
    """Answers when the job is safely written down; it is done even if the server is killed meanwhile."""
    kind = kind_of(asked.kind)
    if not kind.asked:
        raise HTTPException(422, f"A job of the kind {asked.kind!r} has its own route: POST the labels there.")
    _check_role(kind, actor)
    options = _options(kind, asked.options)
    with house.database.reading() as db:
        study_id, result_id = _on(db, actor, kind, asked)
        _check_named(db, actor, options)
        _check_patient(db, study_id, options)
    job = house.queue.submit(Request(asked.kind, actor.user_id, study_id, result_id, options))
    return _told(house, job)


@router.get("/{job_id}", summary="One job")
def get_job(job_id: str, actor: Reader, house: AHouse) -> JobTold:
    """One's own; of another's an admin sees kind and state."""
    with house.database.reading() as db:
        job = _find(db, actor, job_id, admin=True)
        return tell_jobs(db, [job], own=actor.user_id)[0]


@router.post("/{job_id}/cancel", summary="Cancel a job")
def cancel_job(job_id: str, actor: ReaderWrites, house: AHouse) -> JobTold:
    """Ends it, also while it runs; nothing that it made is kept. An admin may cancel anybody's."""
    with house.database.session() as db:
        job = _find(db, actor, job_id, admin=True)
        if kind_of(job.kind).owed:
            raise HTTPException(409, "A signed report follows from its signature: it is not cancelled.")
        if not states.cancel(db, job.id):
            raise HTTPException(409, f"This job has ended: it is {job.state}.")
        audit.append(db, actor.user_id, "job.cancel", job.id)
        db.refresh(job)
        return tell_jobs(db, [job], own=actor.user_id)[0]


@router.post("/{job_id}/again", summary="Ask for the same work again", status_code=201)
def again(job_id: str, actor: ReaderWrites, house: AHouse) -> JobTold:
    """A new job like one that failed or was cancelled."""
    with house.database.reading() as db:
        job = _find(db, actor, job_id)
        if job.state in (*states.WAITING, "done"):
            raise HTTPException(409, f"This job is {job.state}; only one that failed or was cancelled is begun again.")
        kind = kind_of(job.kind)
        _check_role(kind, actor)
        asked = NewJob(kind=job.kind, study_id=job.study_id, result_id=job.result_id, options=job.options)
        study_id, result_id = _on(db, actor, kind, asked)
        _check_named(db, actor, job.options)
        _check_patient(db, study_id, job.options)
        if job.kind == "correct" and result_id and family(db, result_id)[-1].id != result_id:
            raise HTTPException(409, "A newer version was saved meanwhile: open it, compare, and save again.")
    given = house.queue.given_to(job.id)
    made = house.queue.submit(Request(job.kind, actor.user_id, study_id, result_id, dict(job.options), given))
    return _told(house, made)


def _check_named(db: Transaction, actor: Actor, options: Mapping[str, Any]) -> None:
    """What options name, the actor may see: now, not only when the job was first asked for."""
    if options.get("series_id"):
        find_series(db, actor, options["series_id"])
    for one in options.get("quiz_with", []):
        find_study(db, actor, one)
    for name in ("earlier_id", "drawing_id"):
        if options.get(name):
            find_result(db, actor, options[name], "drawing")


def _check_patient(db: Transaction, study_id: str | None, options: Mapping[str, Any]) -> None:
    """No tumour grows from one patient into another.

    Raises:
        HTTPException: 422, the earlier drawing is not of the patient of this study.
    """
    if not options.get("earlier_id") or study_id is None:
        return
    earlier = db.get_one(Result, options["earlier_id"]).study_id
    same = Study.id == study_id, same_patient(db.get_one(Study, study_id))
    if db.scalars(select(Study.id).where(Study.id == earlier, or_(*same))).first() is None:
        raise HTTPException(
            422,
            "earlier_id names a drawing of another patient, or of one whom no header names: PatientID and birth date "
            "must be those of this study. GET /api/studies/{id}/priors lists what may be compared.",
        )


def _check_role(kind: Kind, actor: Actor) -> None:
    if ROLES.index(actor.role) < ROLES.index(kind.role):
        raise HTTPException(403, f"This needs the role {kind.role}; you are {actor.role}. An admin can change it.")


def _options(kind: Kind, given: dict[str, Any]) -> dict[str, Any]:
    """Checked at the door, so that nobody waits for a job only to read of a slip."""
    try:
        checked: BaseModel = kind.load().Options.model_validate(given)
    except ValidationError as error:
        told = [{**one, "loc": ("body", "options", *one["loc"])} for one in error.errors(include_url=False)]
        raise RequestValidationError(told) from None
    return checked.model_dump(mode="json", exclude_none=True)


def _on(db: Transaction, actor: Actor, kind: Kind, asked: NewJob) -> tuple[str | None, str | None]:
    """What the job works on, if the actor may see it."""
    if kind.on == "study":
        if asked.study_id is None:
            raise HTTPException(422, f"A job of the kind {asked.kind!r} works on a study: give study_id.")
        return find_study(db, actor, asked.study_id).id, None
    if kind.on == "drawing":
        if asked.result_id is None:
            raise HTTPException(422, f"A job of the kind {asked.kind!r} works on a drawing: give result_id.")
        drawing = find_result(db, actor, asked.result_id, "drawing")
        return drawing.study_id, drawing.id
    return None, None


def _find(db: Transaction, actor: Actor, job_id: str, *, admin: bool = False) -> Job:
    job = db.get(Job, job_id)
    if job is None or (job.owner_id != actor.user_id and not (admin and actor.role == "admin")):
        raise HTTPException(404, "There is no such job, or it is not shown to you.")
    return job


def _told(house: Any, job: Job) -> JobTold:
    with house.database.reading() as db:
        return tell_jobs(db, [job])[0]
