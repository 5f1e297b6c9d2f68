"""Measurements by hand in a study."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session as Transaction
from sqlalchemy.orm import joinedload

from limner.findings import MarkKind, Plane
from limner.serve import measures
from limner.serve.house import AHouse
from limner.serve.moments import Moment
from limner.serve.safety.access import Actor, Reader, ReaderWrites, find_series, find_study
from limner.serve.tables import Measure, SignedMeasure

router = APIRouter(prefix="/api/studies/{study_id}/measures", tags=["measures"])

StudyId = Annotated[str, Path(max_length=24)]
MeasureId = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$", description="The page's own: 24 random hexadecimal digits.")]


class MeasureTold(BaseModel):
    """A measurement. ``signed``: it stands in a signed report, and cannot be changed."""

    id: str
    series_id: str
    kind: MarkKind
    plane: Plane
    points_mm: list[tuple[float, float, float]]
    author: str
    mine: bool
    signed: bool
    version: int
    created: Moment
    changed: Moment


class MeasuresTold(BaseModel):
    """All of a study, the oldest first."""

    items: list[MeasureTold]
    total: int


@router.get("", summary="What was measured in a study")
def list_measures(study_id: StudyId, actor: Reader, house: AHouse) -> MeasuresTold:
    """Of everyone who measured there, with their names."""
    with house.database.reading() as db:
        study = find_study(db, actor, study_id)
        rows = select(Measure).where(Measure.study_id == study.id).options(joinedload(Measure.author))
        told = _told(db, list(db.scalars(rows.order_by(Measure.created, Measure.id))), actor)
    return MeasuresTold(items=told, total=len(told))


@router.put("/{measure_id}", summary="Keep a measurement")
def keep_measure(
    study_id: StudyId, measure_id: MeasureId, measured: measures.Measured, actor: ReaderWrites, house: AHouse
) -> MeasureTold:
    """New, or in place of the version that the page knows. Sent again, it does nothing."""
    with house.database.reading() as db:
        series = find_series(db, actor, measured.series_id)
    measures.check_place(measured, house.volumes.geometry(series.id, series.geometry))
    with house.database.session() as db:
        row = measures.keep(db, actor, study_id, measure_id, measured)
        return _told(db, [row], actor)[0]


@router.delete("/{measure_id}", summary="Delete a measurement", status_code=204)
def delete_measure(study_id: StudyId, measure_id: MeasureId, actor: ReaderWrites, house: AHouse) -> None:
    """Its author's right, unless it stands in a signed report."""
    with house.database.session() as db:
        measures.remove(db, actor, study_id, measure_id)


def _told(db: Transaction, rows: list[Measure], actor: Actor) -> list[MeasureTold]:
    ids = [one.id for one in rows]
    signed = set(db.scalars(select(SignedMeasure.measure_id).where(SignedMeasure.measure_id.in_(ids))))
    same = ("id", "series_id", "kind", "plane", "points_mm", "version", "created", "changed")
    return [
        MeasureTold(
            **{name: getattr(one, name) for name in same},
            author=one.author.display or one.author.name,
            mine=one.author_id == actor.user_id,
            signed=one.id in signed,
        )
        for one in rows
    ]
