"""What a drawing found, as the workstation lists it: the report's words, colours and numbers, in a language."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel, ValidationError

from limner.findings import Drawing
from limner.report.structures import structures
from limner.serve.house import AHouse
from limner.serve.routes.series import ProblemOut
from limner.serve.safety.access import Reader, find_result

router = APIRouter(prefix="/api/results", tags=["results"])


class FactOut(BaseModel):
    """One measurement, ready to read."""

    name: str
    value: str


class StructureOut(BaseModel):
    """One finding."""

    id: str
    title: str
    name: str
    kind: str
    label: int
    color: tuple[int, int, int]
    opacity: float
    center_mm: tuple[float, float, float] | None
    probability: float | None
    abstained: bool
    volume: str | None
    facts: list[FactOut]
    reasons: list[str]


class StructuresOut(BaseModel):
    """All findings of a drawing, lesions first, and what was wrong."""

    structures: list[StructureOut]
    problems: list[ProblemOut]


@router.get("/{result_id}/structures", summary="A drawing's findings, ready to read")
def get_structures(
    result_id: Annotated[str, Path(max_length=24)],
    actor: Reader,
    house: AHouse,
    lang: Annotated[Literal["en", "zh"], Query()] = "en",
) -> StructuresOut:
    """Of a drawing of a scan."""
    with house.database.reading() as db:
        find_result(db, actor, result_id, "drawing")
    try:
        drawing = Drawing.model_validate_json((house.result_folder(result_id) / "drawing.json").read_bytes())
    except (OSError, ValidationError):
        raise HTTPException(404, "The drawing's folder holds no drawing.json that can be read.") from None
    return StructuresOut.model_validate(
        {"structures": structures(drawing, lang), "problems": [one.model_dump() for one in drawing.problems]}
    )
