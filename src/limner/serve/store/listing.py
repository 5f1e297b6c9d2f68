"""The work list: studies with their state and their counts, by a fixed number of queries however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, case, cast, false, func, or_, select
from sqlalchemy import String as Text
from sqlalchemy.orm import Session, defer

from limner.serve.safety.access import Actor, visible
from limner.serve.tables import Job, Result, Study, User

Status = Literal["new", "drawing", "drawn", "planned", "signed", "failed"]
Order = Literal["created", "-created", "date", "-date", "patient", "-patient"]
_OWNER = func.coalesce(func.nullif(User.display, ""), User.name)
RESULTS = ("drawing", "plan", "forecast")


@dataclass(frozen=True)
class Wanted:
    """What is asked of the work list.

    Args:
        text: words that must all stand in the patient's name or id, the description or the accession number.
        since, until: StudyDate, both included.
    """

    text: str = ""
    modality: str = ""
    status: Status | None = None
    since: date | None = None
    until: date | None = None
    order: Order = "-created"
    limit: int = 50
    offset: int = 0


@dataclass
class Row:
    """A study of the list."""

    study: Study
    status: Status
    owner: str
    results: dict[str, int] = field(default_factory=dict)


def search(db: Session, actor: Actor, wanted: Wanted) -> tuple[list[Row], int]:
    """One page of what an actor may see, and how many there are."""
    conditions = [visible(actor), *_conditions(wanted)]
    page = select(Study.id).where(*conditions).order_by(*_order(wanted.order)).limit(wanted.limit)
    ids = list(db.scalars(page.offset(wanted.offset)))  # the ids first: whole rows would be sorted and thrown away
    total = db.scalar(select(func.count()).select_from(Study).where(*conditions)) or 0
    rows = {row.study.id: row for row in rows_of(db, ids)}
    return [rows[one] for one in ids], total


def same_patient(study: Study) -> ColumnElement[bool]:
    """Studies of the patient of a study: by PatientID and birth date together, and of nobody where it names nobody."""
    if not study.patient_id:
        return false()
    return and_(Study.patient_id == study.patient_id, Study.birth_date == study.birth_date)


def rows_of(db: Session, studies: Sequence[str]) -> list[Row]:
    """Some studies by id, the newest examination first."""
    query = select(Study, _status(), _OWNER).join(User, User.id == Study.owner_id).options(defer(Study.tags))
    return _rows(db, query.where(Study.id.in_(studies)).order_by(*_order("-date")))


def _rows(db: Session, query: Select[Any]) -> list[Row]:
    rows = [Row(study, status, owner) for study, status, owner in db.execute(query)]
    counts: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(RESULTS, 0))
    counted = (
        select(Result.study_id, Result.kind, func.count())
        .where(Result.study_id.in_([row.study.id for row in rows]), Result.kind.in_(RESULTS))
        .group_by(Result.study_id, Result.kind)
    )
    for study_id, kind, count in db.execute(counted):
        counts[str(study_id)][kind] = count
    for row in rows:
        row.results = counts[row.study.id]
    return rows


def _conditions(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    for word in wanted.text.split():
        columns = (Study.patient_name, Study.patient_id, Study.description, Study.accession)
        yield or_(*(column.icontains(word, autoescape=True) for column in columns))
    if wanted.modality:
        yield cast(Study.modalities, Text).contains(f'"{wanted.modality}"', autoescape=True)
    if wanted.status:
        yield _status() == wanted.status
    if wanted.since:
        yield Study.date >= wanted.since.isoformat()
    if wanted.until:
        yield and_(Study.date <= wanted.until.isoformat(), Study.date != "")


def _status() -> ColumnElement[Any]:
    """How far a study is: what runs comes first, then the furthest that was reached, then a failure."""

    def has(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        return Study.id.in_(select(Result.study_id).where(Result.study_id.is_not(None), *conditions))

    def draws(*states: str) -> ColumnElement[bool]:
        # never null in the set, or NOT IN would be null
        asked = select(Job.study_id).where(Job.study_id.is_not(None), Job.kind == "draw", Job.state.in_(states))
        return Study.id.in_(asked)

    return case(
        (draws("queued", "running"), "drawing"),
        (has(Result.signed_at.is_not(None)), "signed"),
        (has(Result.kind == "plan"), "planned"),
        (has(Result.kind.in_(("drawing", "explanation"))), "drawn"),
        (draws("failed"), "failed"),
        else_="new",
    )


def _order(order: Order) -> list[ColumnElement[Any]]:
    column: Any = {"created": Study.created, "date": Study.date, "patient": func.lower(Study.patient_name)}[
        order.removeprefix("-")
    ]
    return [column.desc(), Study.id.desc()] if order.startswith("-") else [column.asc(), Study.id.asc()]
