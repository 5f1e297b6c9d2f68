"""A drawing becomes a plan, under the site's rules."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from limner.findings import Plan
from limner.serve.jobs.context import JobContext, Made
from limner.serve.rules import site_rules
from limner.serve.tables import Result

STEPS = {"open": 20, "needles": 30, "ablation": 5, "resection": 25, "scene": 10, "report": 10}


class Options(BaseModel):
    """How to plan. The rules are the site's."""

    model_config = ConfigDict(extra="forbid")

    target: Annotated[str, Field(max_length=80)] | None = Field(None, description="A lesion; the largest if not given.")
    resection: bool = True
    lang: Literal["en", "zh"] = "en"


def run(job: JobContext) -> Made:
    """Plans."""
    from limner.plan import PlanOptions, plan, write_settings

    asked = Options.model_validate(job.options)
    drawing = job.result_folder()
    with job.house.database.reading() as db:
        rules = site_rules(db)
        drawn = db.get_one(Result, job.job.result_id)
    settings = job.aside / "plan.yaml"
    write_settings(rules, settings)
    options = PlanOptions(
        target=asked.target,
        image=job.study_files(series_id=drawn.series_id),
        settings=settings,
        resection=asked.resection,
        lang=asked.lang,
    )
    made = plan(drawing, job.out, options=options, progress=job.progress)
    return Made(
        job.out,
        kind="plan",
        title=made.target,
        pack=drawn.pack,
        summary=_summary(made),
        series_id=drawn.series_id,
        parent_id=drawn.id,
        objects=("plan.sr.dcm",) if "sr" in made.files else (),
    )


def _summary(made: Plan) -> dict[str, object]:
    """What a list shows: how many ways, the best one's clearance, why entries were refused."""
    best = made.paths[0] if made.paths else None
    cuts = (made.resection or {}).get("resections") or []
    return {
        "target": made.target,
        "paths": len(made.paths),
        "length_mm": round(best.length_mm, 1) if best else None,
        "clearance_mm": best.clearance_mm.model_dump() if best and best.clearance_mm else None,
        "resections": len(cuts),
        "refused": sum(one.count for one in made.refused),
        "problems": [one.code for one in made.problems],
    }
