"""Measurements by hand: kept with the study, shown to all who see it, changed by their author alone.

A page gives each its id, so that a request may be sent again, and names the version that it knows, so that of two
machines neither overwrites what the other did.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
from fastapi import HTTPException
from pydantic import BaseModel, Field, model_validator
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction

from limner.findings import POINTS, MarkKind, Plane
from limner.serve import audit
from limner.serve.safety.access import Actor, find_series, find_study
from limner.serve.tables import Measure, SignedMeasure, now

MOST_MEASURES = 500
"""Of one reader in one study."""
FARTHEST_MM = 1e5
_THROUGH: dict[Plane, int] = {"axial": 2, "coronal": 1, "sagittal": 0}
"""Of a plane: the voxel axis (x, y, z) through it."""
_ROUNDED = 1e-3
"""Voxels that a point may lie off by rounding."""

Coordinate = Annotated[float, Field(ge=-FARTHEST_MM, le=FARTHEST_MM)]


class Measured(BaseModel):
    """A measurement: its points in world millimetres (LPS), on a slice of a plane of a series."""

    series_id: str = Field(max_length=24)
    kind: MarkKind
    plane: Plane
    points_mm: list[tuple[Coordinate, Coordinate, Coordinate]] = Field(min_length=1, max_length=3)
    base: int = Field(0, ge=0, description="The version that the page knows; 0 for a new one.")

    @model_validator(mode="after")
    def _whole(self) -> Measured:
        if len(self.points_mm) != POINTS[self.kind]:
            raise ValueError(f"A {self.kind} has {POINTS[self.kind]} points; {len(self.points_mm)} came.")
        if not all(math.isfinite(one) for point in self.points_mm for one in point):
            raise ValueError("Points are numbers of millimetres.")
        return self

    def same_as(self, row: Measure) -> bool:
        """Whether a row says the same."""
        here = (self.series_id, self.kind, self.plane, [list(one) for one in self.points_mm])
        return here == (row.series_id, row.kind, row.plane, row.points_mm)


def check_place(told: Measured, geometry: Mapping[str, Any]) -> None:
    """Refuses what a report could not measure: it would be signed, and have no value.

    Args:
        told: the measurement.
        geometry: of its series.

    Raises:
        HTTPException: 422, the series has no volume, a point lies outside it, an ellipse not on one slice, or the
            points are one.
    """
    if geometry.get("shape") is None:
        raise HTTPException(422, "This series has no volume: nothing can be measured on it.")
    points = np.array(told.points_mm)
    voxels = np.linalg.solve(np.array(geometry["affine"]), np.c_[points, np.ones(len(points))].T).T[:, :3]
    last = np.array(geometry["shape"][::-1]) - 0.5
    if ((voxels < -0.5 - _ROUNDED) | (voxels > last + _ROUNDED)).any():
        raise HTTPException(422, "A point lies outside the series: measure within its images.")
    for one, other in pairwise(points):
        if not np.linalg.norm(one - other) > 0:
            raise HTTPException(422, "Two points are one: draw the measurement again.")
    if told.kind == "ellipse":
        through = _THROUGH[told.plane]
        flat = np.abs(voxels[0] - voxels[1])
        if flat[through] > _ROUNDED:
            raise HTTPException(422, "The corners of a region lie on one slice: draw it again there.")
        if not np.delete(flat, through).min() > 0:
            raise HTTPException(422, "A region has a width and a height: draw it again.")


def keep(db: Transaction, actor: Actor, study_id: str, measure_id: str, told: Measured) -> Measure:
    """Writes a new measurement, or a new state of one; the same again is no news.

    Raises:
        HTTPException: 404 it is in no study that the actor sees, 403 another's, 409 changed elsewhere or signed.
    """
    study = find_study(db, actor, study_id)
    if find_series(db, actor, told.series_id).study_id != study.id:
        raise HTTPException(404, "There is no such series in this study.")
    row = _row(db, measure_id)
    if row is None:
        return _new(db, actor, study.id, measure_id, told)
    _check(row, actor, study.id)
    if told.same_as(row):
        return row
    _check_free(db, row)
    if told.base != row.version:
        raise HTTPException(409, "This measurement was changed elsewhere meanwhile: the page shows it as it is now.")
    row.series_id, row.kind, row.plane = told.series_id, told.kind, told.plane
    row.points_mm = [list(one) for one in told.points_mm]
    row.version, row.changed = row.version + 1, now()
    audit.append(db, actor.user_id, "measure.change", row.id, study=study.id, kind=row.kind, version=row.version)
    db.flush()
    return row


def remove(db: Transaction, actor: Actor, study_id: str, measure_id: str) -> None:
    """Deletes one.

    Raises:
        HTTPException: 404, 403 another's, 409 signed.
    """
    study = find_study(db, actor, study_id)
    row = _row(db, measure_id)
    if row is None:
        raise _missing()
    _check(row, actor, study.id)
    _check_free(db, row)
    db.delete(row)
    audit.append(db, actor.user_id, "measure.delete", row.id, study=study.id, kind=row.kind)


def own_measures(db: Transaction, actor: Actor, study_id: str, seen: dict[str, int] | None) -> list[Measure]:
    """The actor's measurements of a study that a report is to hold, locked until the transaction ends.

    Args:
        db: a transaction that may write.
        actor: who signs.
        study_id: of the drawing.
        seen: those that are meant, with the versions that the reader saw; None for all.

    Raises:
        HTTPException: 409, one is not there any more, is another's, or was changed meanwhile.
    """
    mine = select(Measure).where(Measure.study_id == study_id, Measure.author_id == actor.user_id)
    rows = {one.id: one for one in db.scalars(mine.order_by(Measure.created, Measure.id).with_for_update())}
    if seen is None:
        return list(rows.values())
    if any(one not in rows or rows[one].version != version for one, version in seen.items()):
        raise HTTPException(409, "Your measurements were changed elsewhere meanwhile: look at them, then sign.")
    return [row for one, row in rows.items() if one in seen]


def _new(db: Transaction, actor: Actor, study_id: str, measure_id: str, told: Measured) -> Measure:
    if told.base:
        raise HTTPException(404, "This measurement was deleted elsewhere meanwhile.")
    mine = select(func.count()).where(Measure.study_id == study_id, Measure.author_id == actor.user_id)
    if db.scalars(mine).one() >= MOST_MEASURES:
        raise HTTPException(409, f"You have {MOST_MEASURES} measurements in this study; delete some first.")
    points = [list(one) for one in told.points_mm]
    row = Measure(
        id=measure_id, study_id=study_id, series_id=told.series_id, author_id=actor.user_id, kind=told.kind,
        plane=told.plane, points_mm=points,
    )  # fmt: skip
    try:
        with db.begin_nested():
            db.add(row)
            db.flush()
    except IntegrityError:  # the same request came twice at once: the other was first
        raise HTTPException(409, "This measurement is being kept already: ask again.") from None
    audit.append(db, actor.user_id, "measure.create", measure_id, study=study_id, kind=told.kind)
    db.flush()
    return row


def _row(db: Transaction, measure_id: str) -> Measure | None:
    return db.scalars(select(Measure).where(Measure.id == measure_id).with_for_update()).first()


def _check(row: Measure, actor: Actor, study_id: str) -> None:
    if row.study_id != study_id:
        raise _missing()
    if row.author_id != actor.user_id:
        raise HTTPException(403, "Only the one who measured it may change it.")


def _check_free(db: Transaction, row: Measure) -> None:
    if db.scalars(select(SignedMeasure).where(SignedMeasure.measure_id == row.id)).first() is not None:
        raise HTTPException(409, "It stands in a signed report: it stays as it was signed.")


def _missing() -> HTTPException:
    return HTTPException(404, "There is no such measurement, or it is not shown to you.")
