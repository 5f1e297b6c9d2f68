"""Studies: the work list, one study, who else sees it, and its end."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path
from pydantic import BaseModel, Field
from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session, defer

from limner.serve import audit
from limner.serve.house import AHouse
from limner.serve.jobs.told import JobTold, ResultTold, tell_jobs, tell_results
from limner.serve.moments import Moment
from limner.serve.safety.access import Actor, Reader, ReaderWrites, find_study, owns, visible
from limner.serve.store.listing import Order, Row, Status, Wanted, rows_of, same_patient, search
from limner.serve.store.removal import delete_files, delete_rows
from limner.serve.store.series import NO_IMAGES
from limner.serve.tables import Grant, Job, Measure, Result, Series, Study, User

router = APIRouter(prefix="/api/studies", tags=["studies"])

Id = Annotated[str, Path(max_length=24)]
MOST_JOBS = 200


class Patient(BaseModel):
    """Whom a study shows, as its headers say."""

    name: str
    id: str
    birth_date: str
    sex: str


class ResultCounts(BaseModel):
    """How many results of each kind a study has."""

    drawings: int
    plans: int
    forecasts: int


class StudyFacts(BaseModel):
    """What its headers say of a study, whose it is, and how far it is."""

    id: str
    uid: str
    kind: Literal["scan", "picture"]
    patient: Patient
    date: str
    description: str
    modalities: list[str]
    instances: int
    owner: str
    shared: bool
    status: Status
    created: Moment
    mine: bool
    can_change: bool = Field(description="Whether the actor may share and delete it.")


class StudyRow(StudyFacts):
    """A study in the work list."""

    series: int
    results: ResultCounts


class StudyPage(BaseModel):
    """A page of the work list."""

    items: list[StudyRow]
    total: int


class Prior(StudyRow):
    """Another study of a patient."""

    newest_drawing: str | None = Field(description="Id of its newest drawing: to see that opens no study.")


class Priors(BaseModel):
    """Other studies of a patient."""

    items: list[Prior]
    total: int


class Search(BaseModel):
    """What is looked for; a POST, so that no name stands in an address."""

    text: str = Field("", max_length=200, pattern=r"^[^\x00]*$")
    modality: str = Field("", max_length=16, pattern=r"^[^\x00]*$")
    status: Status | None = None
    since: date | None = None
    until: date | None = None
    order: Order = "-created"
    limit: int = Field(50, ge=1, le=500)
    offset: int = Field(0, ge=0, le=10_000_000)


class SeriesRow(BaseModel):
    """A series of a study. Shape and spacing are there once its volume was made."""

    id: str
    uid: str
    number: int | None
    modality: str
    description: str
    instances: int
    shape: list[int] | None
    spacing_mm: list[float] | None
    drawable: bool
    suggested_pack: str | None


class Person(BaseModel):
    """Somebody who is shown the study."""

    id: str
    display: str


class StudyWhole(StudyFacts):
    """A study with its series, results and jobs."""

    series: list[SeriesRow]
    results: list[ResultTold]
    jobs: list[JobTold]
    grants: list[Person] = Field(description="To whom it is shown; only who may change that is told.")


class Sharing(BaseModel):
    """Who else sees a study."""

    shared: bool | None = Field(None, description="Everyone.")
    grants: list[Annotated[str, Field(max_length=24)]] | None = Field(
        None, max_length=500, description="Ids of the users to whom it is shown, in place of those before."
    )


@router.post("/search", summary="The work list")
def search_studies(wanted: Search, actor: Reader, house: AHouse) -> StudyPage:
    """What the actor owns, what is shared with everyone, and what is shown to them."""
    with house.database.reading() as db:
        rows, total = search(db, actor, Wanted(**wanted.model_dump()))
        return StudyPage(items=[study_row(row, actor) for row in rows], total=total)


@router.get("/{study_id}", summary="One study with its series, results and jobs")
def get_study(study_id: Id, actor: Reader, house: AHouse) -> StudyWhole:
    """Opening a study is written to the audit log."""
    with house.database.session() as db:
        study = find_study(db, actor, study_id)
        audit.append(db, actor.user_id, "study.open", study.id)
        (row,) = rows_of(db, [study_id])
        results = select(Result).where(Result.study_id == study_id).order_by(Result.created.desc())
        jobs = select(Job).where(Job.study_id == study_id).order_by(Job.created.desc()).limit(MOST_JOBS)
        shown = select(User.id, User.display).join(Grant).where(Grant.study_id == study_id).order_by(User.display)
        return StudyWhole(
            **_facts(row, actor),
            series=[_series(one) for one in db.scalars(_ordered(study_id))],
            results=tell_results(db, db.scalars(results), actor.user_id),
            jobs=tell_jobs(db, db.scalars(jobs)),
            grants=[Person(id=one, display=name) for one, name in db.execute(shown)] if owns(actor, study) else [],
        )


@router.get("/{study_id}/priors", summary="Other studies of the same patient")
def get_priors(study_id: Id, actor: Reader, house: AHouse) -> Priors:
    """Earlier and later ones that the actor may see, the newest first, by PatientID and birth date together."""
    with house.database.reading() as db:
        study = find_study(db, actor, study_id)
        others = select(Study.id).where(visible(actor), same_patient(study), Study.id != study.id)
        rows = rows_of(db, list(db.scalars(others)))
        drawings = select(Result.study_id, Result.id).where(
            Result.kind == "drawing", Result.study_id.in_([row.study.id for row in rows])
        )
        in_order = db.execute(drawings.order_by(Result.created, Result.version))
        newest = {row.study_id: row.id for row in in_order}  # the last stays
        items = [Prior(**dict(study_row(row, actor)), newest_drawing=newest.get(row.study.id)) for row in rows]
        return Priors(items=items, total=len(items))


@router.patch("/{study_id}", summary="Share a study, or stop sharing it", status_code=204)
def share(study_id: Id, sharing: Sharing, actor: ReaderWrites, house: AHouse) -> None:
    """Only its owner may; with what scanners sent, an admin."""
    with house.database.session() as db:
        study = find_study(db, actor, study_id, own=True)
        if sharing.shared is not None:
            study.shared = sharing.shared
        if sharing.grants is not None:
            _grant(db, study, set(sharing.grants))
        audit.append(db, actor.user_id, "study.share", study.id, shared=study.shared, grants=len(sharing.grants or ()))


@router.delete("/{study_id}", summary="Delete a study with all that was made of it", status_code=204)
def remove(study_id: Id, actor: ReaderWrites, house: AHouse) -> None:
    """Only its owner may, and not what was signed or made by others. Files of no other study leave the disk.

    What scanners sent an admin removes, with what people made of it, unless that is signed.
    """
    with house.database.session() as db:
        study = find_study(db, actor, study_id, own=True)
        made = list(db.scalars(select(Result).where(Result.study_id == study.id)))
        if any(one.signed_by for one in made):
            raise HTTPException(409, "Something that was made of it is signed: the study stays.")
        others = [one for one in made if one.owner_id != actor.user_id]
        if others and study.owner_id == actor.user_id:
            raise HTTPException(409, "Something that was made of it is another's: the study stays.")
        theirs = select(func.count()).where(Measure.study_id == study.id, Measure.author_id != actor.user_id)
        measured = db.scalars(theirs).one()
        if measured and study.owner_id == actor.user_id:
            raise HTTPException(409, "Others measured in it: the study stays as long as their measurements do.")
        told = {
            "instances": study.instance_count, "results": len(made), "others": len(others), "measures": measured
        }  # fmt: skip
        audit.append(db, actor.user_id, "study.delete", study.id, source=study.source, shared=study.shared, **told)
        left = delete_rows(db, study.id)
    delete_files(house, left)


def study_row(row: Row, actor: Actor) -> StudyRow:
    """A study as the work list shows it."""
    counts = {f"{kind}s": count for kind, count in row.results.items()}
    return StudyRow(**_facts(row, actor), series=row.study.series_count, results=ResultCounts(**counts))


def person_name(text: str) -> str:
    """A DICOM person name for people: the family name first, ideographic before alphabetic (PS3.5 6.2.1).

    >>> person_name("Doe^Jane^^Dr"), person_name("Wang^XiaoDong=王^小东")
    ('Doe, Jane Dr', '王小东 (Wang, XiaoDong)')
    """
    alphabetic, *others = [group.strip() for group in text.split("=")]
    family, *given = alphabetic.split("^")
    latin = ", ".join(part for part in (family.strip(), " ".join(one for one in given if one)) if part)
    other = next((group.replace("^", "") for group in others if group), "")
    return f"{other} ({latin})" if other and latin else other or latin


def _facts(row: Row, actor: Actor) -> dict[str, Any]:
    study = row.study
    name = person_name(study.patient_name)
    return {
        "id": study.id, "uid": study.uid, "kind": study.kind, "date": study.date, "description": study.description,
        "patient": Patient(name=name, id=study.patient_id, birth_date=study.birth_date, sex=study.sex),
        "modalities": study.modalities, "instances": study.instance_count, "owner": row.owner,
        "shared": study.shared, "status": row.status, "created": study.created,
        "mine": study.owner_id == actor.user_id, "can_change": owns(actor, study),
    }  # fmt: skip


def _ordered(study_id: str) -> Select[Series]:
    return (
        select(Series)
        .where(Series.study_id == study_id)
        .options(defer(Series.tags))
        .order_by(Series.number.is_(None), Series.number, Series.uid)
    )


def _series(series: Series) -> SeriesRow:
    known = series.geometry or {}
    return SeriesRow(
        id=series.id, uid=series.uid, number=series.number, modality=series.modality, description=series.description,
        instances=series.instance_count, shape=known.get("shape"), spacing_mm=known.get("spacing_mm"),
        drawable=bool(known.get("drawable", series.geometry is None and series.modality not in NO_IMAGES)),
        suggested_pack=known.get("suggested_pack"),
    )  # fmt: skip


def _grant(db: Session, study: Study, users: set[str]) -> None:
    known = set(db.scalars(select(User.id).where(User.id.in_(users), User.active)))
    if known != users:
        raise HTTPException(400, "Some of these users are not here (any more); GET /api/people lists them.")
    db.execute(delete(Grant).where(Grant.study_id == study.id))
    db.add_all(Grant(study_id=study.id, user_id=one) for one in users - {study.owner_id})
