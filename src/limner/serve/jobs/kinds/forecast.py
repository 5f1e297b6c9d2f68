"""A drawing's tumour goes on, as a model sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from limner.serve.jobs.context import JobContext, Made
from limner.serve.tables import Result

STEPS = {"anatomy": 10, "fit": 20, "futures": 50, "write": 20}


class Options(BaseModel):
    """What is asked of the future."""

    model_config = ConfigDict(extra="forbid")

    target: Annotated[str, Field(max_length=80)] | None = Field(None, description="A lesion; the largest if not given.")
    days: Annotated[int, Field(ge=1, le=3650)] = 180
    genes: dict[Annotated[str, Field(max_length=40)], str | int | float] = Field(
        default_factory=dict, max_length=60, description="Gene to status; also grade and age."
    )
    treatment: Annotated[str, Field(max_length=80)] | None = None
    earlier_id: Annotated[str, Field(max_length=24)] | None = Field(None, description="An earlier drawing of it.")
    days_between: Annotated[float, Field(gt=0, le=20_000)] | None = Field(None, description="By the dates if None.")


def run(job: JobContext) -> Made:
    """Forecasts."""
    from limner.forecast.drawing import forecast_drawing
    from limner.forecast.sights import Asked

    asked = Options.model_validate(job.options)
    drawing = job.result_folder()
    with job.house.database.reading() as db:
        drawn = db.get_one(Result, job.job.result_id)
    wanted = Asked(
        target=asked.target,
        earlier=job.result_folder(asked.earlier_id) if asked.earlier_id else None,
        days_between=asked.days_between,
        treatment=asked.treatment,
        image=job.study_files(series_id=drawn.series_id),
    )
    made = forecast_drawing(
        drawing, genes=_genes(job, asked), days=asked.days, out=job.out, asked=wanted, progress=job.progress
    )
    return Made(
        job.out,
        kind="forecast",
        title=f"{asked.days}",
        pack=drawn.pack,
        summary=_summary(made.told, asked),
        series_id=drawn.series_id,
        parent_id=drawn.id,
    )


def _genes(job: JobContext, asked: Options) -> Path | None:
    if not asked.genes:
        return None
    path = job.aside / "genes.json"
    path.write_text(json.dumps(asked.genes), encoding="utf-8")
    return path


def _summary(told: dict[str, Any], asked: Options) -> dict[str, Any]:
    """What a list shows: today's volume and that of the last day, with its interval."""
    volume = told["volume_ml"]
    last = {name: round(float(values[-1]), 3) for name, values in volume.items()}
    return {
        "days": asked.days,
        "treatment": asked.treatment,
        "genes": sorted(asked.genes),
        "volume_ml": {"now": round(float(volume["p50"][0]), 3), **last},
    }
