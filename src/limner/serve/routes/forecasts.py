"""Forecasts of volumes over time, at once; a drawing's forecast in space is a job of the kind ``forecast``."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from limner.serve.house import AHouse
from limner.serve.safety.access import Planner

router = APIRouter(prefix="/api/forecasts", tags=["forecasts"])


class Table(BaseModel):
    """Readings of lesions, and the days that are asked."""

    model_config = ConfigDict(extra="forbid")

    csv: str = Field(max_length=200_000, description="Columns patient, day, volume_ml; an empty volume is forecast.")


class Row(BaseModel):
    """The forecast of one day: a tenth of readings lies below ``p10``, a tenth above ``p90``."""

    patient: str
    day: float
    p10: float
    p50: float
    p90: float
    median: float
    model: str
    readings: int


class Reading(BaseModel):
    """What was measured."""

    patient: str
    day: float
    volume_ml: float


class Forecasts(BaseModel):
    """What a table's lesions may come to."""

    forecasts: list[Row]
    readings: list[Reading]
    problems: list[str]
    learned_from: dict[str, Any]
    note: str = "Not for clinical use."


@router.post("/volumes", summary="Forecast volumes of a table")
def volumes(asked: Table, actor: Planner, house: AHouse) -> Forecasts:
    """By six laws of growth, weighed over the patients of five trials. Nothing is kept."""
    told = house.desk.ask("forecast.volumes", "table", asker=actor.user_id, table=asked.csv)
    return Forecasts.model_validate(told)
