"""A study becomes a drawing, or a picture does."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from limner.findings import Drawing
from limner.serve.cohort.uncertainty import doubt_of
from limner.serve.jobs.context import JobContext, Made
from limner.serve.jobs.packs import pack_folder
from limner.serve.tables import Series, Study

STEPS = {
    "open": 6, "predict": 45, "measure": 9, "explain": 6, "surfaces": 8, "export": 10, "verify": 8, "report": 8,
}  # fmt: skip
"""Seconds of each on two cores, for a scan of the abdomen; a picture has some of them."""
OBJECTS = ("seg", "sr")


class Options(BaseModel):
    """How to draw."""

    model_config = ConfigDict(extra="forbid")

    pack: Annotated[str, Field(max_length=80)] | None = Field(None, description="Name; the suggested one if not given.")
    series_id: Annotated[str, Field(max_length=24)] | None = Field(None, description="The largest if not given.")
    lang: Literal["en", "zh"] = "en"
    explain: Literal["auto", "none", "grad-cam", "lime", "both", "attributes", "all"] = "auto"


def run(job: JobContext) -> Made:
    """Draws."""
    from limner.draw import DrawOptions, draw

    asked = Options.model_validate(job.options)
    with job.house.database.reading() as db:
        study = db.get_one(Study, job.job.study_id)
    pack = asked.pack or _suggested(job, asked.series_id)
    options = DrawOptions(
        pack=str(pack_folder(job.house, pack)) if pack else None, lang=asked.lang, explain=asked.explain,
        confidence=study.kind == "scan",
    )  # fmt: skip
    source = job.study_picture() if study.kind == "picture" else job.study_files(series_id=asked.series_id)
    drawing = draw(source, job.out, options=options, progress=job.progress)
    return made_of(job, drawing, series_id=asked.series_id or series_of(job, drawing))


def made_of(job: JobContext, drawing: Drawing, *, series_id: str | None) -> Made:
    """What a drawing is as a result."""
    return Made(
        job.out,
        kind="drawing",
        title=drawing.pack.name,
        pack=drawing.pack.name,
        summary=summary(drawing),
        series_id=series_id,
        objects=tuple(drawing.files[key] for key in OBJECTS if key in drawing.files),
    )


def summary(drawing: Drawing) -> dict[str, object]:
    """What a list shows of a drawing: how many, how large, how sure."""
    doubt = doubt_of(drawing)
    lesions = [one for one in drawing.findings if one.kind == "lesion"]
    volumes = [found.value for one in lesions if (found := one.measure("volume")) is not None]
    sure = [one.probability for one in lesions if one.probability is not None]
    return {
        "findings": len(drawing.findings),
        "lesions": len(lesions),
        "lesions_ml": round(sum(volumes), 3),
        "classes": [one.name for one in drawing.findings if one.kind == "class"],
        "least_probability": min(sure, default=None),
        "not_sure": sum(one.abstained for one in drawing.findings),
        "abstained": drawing.abstained,
        "problems": [one.code for one in drawing.problems],
        "doubt": {"score": doubt.score, "reasons": [list(one) for one in doubt.reasons]},
    }


def series_of(job: JobContext, drawing: Drawing) -> str | None:
    """The row of the series that was drawn, which the drawing names by its UID."""
    with job.house.database.reading() as db:
        query = select(Series.id).where(Series.study_id == job.job.study_id)
        rows = list(db.scalars(query.where(Series.uid == drawing.study.series_uid)))
        if not rows:  # a picture, or NIfTI: its UIDs are made of its bytes, and it is alone
            rows = list(db.scalars(query))
    return rows[0] if len(rows) == 1 else None


def _suggested(job: JobContext, series_id: str | None) -> str | None:
    """What was found to fit when the series came in; the default of ``draw`` where nothing was."""
    if series_id is None:
        return None
    with job.house.database.reading() as db:
        series = db.get(Series, series_id)
    found = (series.geometry or {}).get("suggested_pack") if series else None
    return str(found) if found else None
