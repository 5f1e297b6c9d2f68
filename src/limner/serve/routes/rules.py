"""The site's rules of planning: every threshold with its range, its reason, and who may change it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from limner.plan import PlanSettings
from limner.serve import audit
from limner.serve.house import AHouse
from limner.serve.rules import NAME, set_site_rules, site_rules
from limner.serve.safety.access import Admin, Planner

router = APIRouter(prefix="/api/rules", tags=["rules"])


class Rules(BaseModel):
    """The rules in force, and what may be set."""

    values: PlanSettings
    defaults: PlanSettings
    schema_: dict[str, Any] = Field(alias="schema", description="JSON Schema: unit, range and source of each setting.")


class NewRules(BaseModel):
    """Rules to put in force; a section or setting that is left out goes back to its default."""

    values: dict[str, Any]


@router.get("", summary="The rules of planning in force", response_model_by_alias=True)
def get_rules(actor: Planner, house: AHouse) -> Rules:
    """Values, defaults and schema."""
    del actor
    with house.database.reading() as db:
        return _told(site_rules(db))


@router.put("", summary="Put rules of planning in force", response_model_by_alias=True)
def put_rules(actor: Admin, house: AHouse, new: NewRules) -> Rules:
    """Checks them, keeps them, and writes down what changed. Plans that stand keep the rules they were made under."""
    with house.database.session() as db:
        wanted, changed = set_site_rules(db, new.values)
        if changed:
            audit.append(db, actor.user_id, "rules.change", NAME, changed=changed)
    return _told(wanted)


def _told(values: PlanSettings) -> Rules:
    return Rules(values=values, defaults=PlanSettings(), schema=PlanSettings.model_json_schema())
