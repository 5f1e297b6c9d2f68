"""Which drawings were corrected, and by which name their patients go in a cohort."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session as Transaction

from limner.serve.safety.access import Actor, visible
from limner.serve.tables import Result, Study, User

VALIDATION = 5
"""Every so-manieth patient is for validation."""


@dataclass(frozen=True)
class Corrected:
    """A case of the cohort: the newest version of a corrected drawing.

    Args:
        id: of the result, and of the case.
        series_id: of the scan.
        study_id: of the scan.
        pack: that drew it first: cases of one pack share their labels.
        patient: the same for all studies of one patient, and nobody's name.
        split: train or val, by the patient.
        version: of the drawing.
        author: who corrected it.
        comment: what they said.
    """

    id: str
    series_id: str
    study_id: str
    pack: str
    patient: str
    split: str
    version: int
    author: str
    comment: str


def corrected_cases(db: Transaction, actor: Actor) -> list[Corrected]:
    """The corrected drawings that an actor may see, of each drawing its newest version, the oldest case first."""
    newest = [one for one in newest_drawings(db, actor) if "corrected" in one.summary and one.series_id]
    names = {user.id: user.display or user.name for user in db.scalars(select(User))}
    studies = {one.id: one for one in db.scalars(select(Study).where(Study.id.in_({r.study_id for r in newest})))}
    patients = _patients(db, studies.values())
    found = []
    for one in newest:
        assert one.study_id is not None and one.series_id is not None
        patient = patients[one.study_id]
        comment = str(one.summary["corrected"].get("comment", ""))
        found.append(
            Corrected(
                id=one.id,
                series_id=one.series_id,
                study_id=one.study_id,
                pack=one.pack,
                patient=patient,
                split=split_of(patient),
                version=one.version,
                author=names[one.owner_id],
                comment=comment,
            )
        )
    return found


def newest_drawings(db: Transaction, actor: Actor) -> list[Result]:
    """Drawings that an actor may see and that no newer version stands above, the oldest first."""
    query = select(Result).join(Study, Study.id == Result.study_id).where(Result.kind == "drawing", visible(actor))
    rows = list(db.scalars(query.order_by(Result.created, Result.id)))
    older = {one.parent_id for one in rows}
    return [one for one in rows if one.id not in older]


def split_of(patient: str) -> str:
    """Where a patient goes, whatever other patients there are."""
    return "val" if hashlib.sha256(patient.encode()).digest()[0] % VALIDATION == 0 else "train"


def _patients(db: Transaction, studies: Iterable[Study]) -> dict[str, str]:
    """Study → a name that all studies of its patient share: the id of the first of them, which tells nothing."""
    ids = {one.patient_id for one in studies if one.patient_id}
    query = select(Study.patient_id, Study.birth_date, Study.id).where(Study.patient_id.in_(ids))
    first: dict[tuple[str, str], str] = {}
    for patient_id, birth_date, study_id in db.execute(query.order_by(Study.created, Study.id)):
        first.setdefault((patient_id, birth_date), study_id)
    return {one.id: f"p-{first.get((one.patient_id, one.birth_date), one.id)[:12]}" for one in studies}
