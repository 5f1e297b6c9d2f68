"""Of what drafts a browser keeps, which still have something to become part of."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from limner.serve.house import AHouse
from limner.serve.safety.access import Reader, may_see_result, visible
from limner.serve.tables import Result, Study

router = APIRouter(prefix="/api/drafts", tags=["drafts"])

Ids = Annotated[list[Annotated[str, Field(max_length=24)]], Field(max_length=500)]


class Kept(BaseModel):
    """What drafts of this browser belong to."""

    model_config = ConfigDict(extra="forbid")

    results: Ids = []
    studies: Ids = []


@router.post("/there", summary="Which studies and results are still there")
def there(asked: Kept, actor: Reader, house: AHouse) -> Kept:
    """Those of the given ones that the actor may see. Nothing is opened, so the audit log holds nothing of it."""
    with house.database.reading() as db:
        found = db.scalars(select(Result).where(Result.id.in_(asked.results))).all()
        results = [one.id for one in found if may_see_result(db, actor, one)]
        studies = db.scalars(select(Study.id).where(Study.id.in_(asked.studies), visible(actor))).all()
    return Kept(results=sorted(results), studies=sorted(studies))
