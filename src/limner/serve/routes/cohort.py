"""Corrected drawings as a cohort, and the queue of what is best corrected next."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from sqlalchemy import select

from limner.errors import PackError
from limner.findings import Drawing
from limner.packs import Pack, load_pack
from limner.serve import audit
from limner.serve.cohort import FORMULA, Doubt, corrected_cases, doubt_of, write_archive
from limner.serve.cohort.cases import newest_drawings
from limner.serve.house import AHouse, House
from limner.serve.jobs.packs import pack_folder
from limner.serve.safety.access import Planner
from limner.serve.tables import Result, Study

router = APIRouter(tags=["cohort"])


class CaseOut(BaseModel):
    """A corrected case. ``patient`` is no name: it is the same for all studies of one patient."""

    id: str
    study_id: str
    pack: str
    patient: str
    split: str
    version: int
    author: str
    comment: str


class Cases(BaseModel):
    """The cohort."""

    items: list[CaseOut]
    total: int


class Reason(BaseModel):
    """What adds to a drawing's doubt: a finding's id, empty for the answer as a whole."""

    finding: str
    share: float


class Waiting(BaseModel):
    """A drawing that nobody corrected yet."""

    result_id: str
    study_id: str
    pack: str
    doubt: float
    reasons: list[Reason]
    lesions: int = 0
    patient: str = Field("", description="As the work list calls them.")
    date: str = ""


class Ranked(BaseModel):
    """Drawings, the most uncertain first."""

    formula: str = FORMULA
    items: list[Waiting]
    total: int = Field(description="Of all that wait, also those beyond the limit.")


@router.get("/api/cohort", summary="Corrected cases")
def get_cohort(actor: Planner, house: AHouse) -> Cases:
    """Of each corrected drawing that you may see, its newest version."""
    with house.database.reading() as db:
        cases = corrected_cases(db, actor)
    told = [CaseOut.model_validate(one, from_attributes=True) for one in cases]
    return Cases(items=told, total=len(told))


@router.get("/api/cohort/queue", summary="What is best corrected next")
def get_queue(actor: Planner, house: AHouse, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> Ranked:
    """Drawings that nobody corrected, ranked by how unsure they are."""
    with house.database.reading() as db:
        rows = [one for one in newest_drawings(db, actor) if "corrected" not in one.summary and one.series_id]
        studies = {one.id: one for one in db.scalars(select(Study).where(Study.id.in_({one.study_id for one in rows})))}
    doubts = [(one, _doubt(house, one)) for one in rows]
    ranked = sorted(((one, doubt) for one, doubt in doubts if doubt), key=lambda pair: -pair[1].score)
    items = [_waiting(one, studies[one.study_id], doubt) for one, doubt in ranked[:limit] if one.study_id]
    return Ranked(items=items, total=len(ranked))


@router.get(
    "/api/cohort.zip",
    summary="The cohort, as `limner train` and `limner evaluate` read it",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_archive(
    actor: Planner,
    house: AHouse,
    pack: Annotated[str | None, Query(max_length=80, description="Only its cases.")] = None,
) -> StreamingResponse:
    """A folder a pack: ``cohort.csv``, ``regions.json``, images and masks. It is written while it is sent."""
    with house.database.session() as db:
        cases = [one for one in corrected_cases(db, actor) if pack in (None, one.pack)]
        audit.append(db, actor.user_id, "cohort.export", "", cases=len(cases))
    packs = {name: _pack(house, name) for name in {one.pack for one in cases}}
    headers = {"Content-Disposition": 'attachment; filename="limner-cohort.zip"', "Cache-Control": "no-store"}
    return StreamingResponse(write_archive(house, cases, packs), media_type="application/zip", headers=headers)


def _doubt(house: House, result: Result) -> Doubt | None:
    """As its summary says, where its job knew already; else as the drawing itself does."""
    kept = result.summary.get("doubt")
    if kept is not None:
        return Doubt(kept["score"], tuple((id, share) for id, share in kept["reasons"]))
    try:
        text = (house.result_folder(result.id) / "drawing.json").read_bytes()
        return doubt_of(Drawing.model_validate_json(text))
    except (OSError, ValueError):
        return None


def _waiting(result: Result, study: Study, doubt: Doubt) -> Waiting:
    return Waiting(
        result_id=result.id,
        study_id=study.id,
        pack=result.pack,
        doubt=doubt.score,
        reasons=[Reason(finding=id, share=share) for id, share in doubt.reasons],
        lesions=int(result.summary.get("lesions", 0)),
        patient=study.patient_name or study.patient_id,
        date=study.date,
    )


def _pack(house: House, name: str) -> Pack | None:
    try:
        return load_pack(pack_folder(house, name))
    except PackError:
        return None
