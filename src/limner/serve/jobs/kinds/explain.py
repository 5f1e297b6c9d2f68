"""Why a pack answers as it does: of a picture, or of one finding of a drawing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from limner.errors import InputError, PackError
from limner.packs import Pack
from limner.serve.jobs.context import JobContext, Made
from limner.serve.jobs.packs import find_pack
from limner.serve.tables import Result, Study

STEPS = {"open": 2, "predict": 8, "grad-cam": 25, "lime": 45, "attributes": 15, "export": 5}
"""Seconds of each would be fewer for a picture and more for a scan; their shares are alike."""


class Options(BaseModel):
    """What is asked."""

    model_config = ConfigDict(extra="forbid")

    pack: Annotated[str, Field(max_length=80)] | None = Field(None, description="Of a picture; a drawing has its own.")
    n: Annotated[int, Field(ge=0, le=9999)] = Field(0, description="Of a study of several pictures, which one from 0.")
    drawing_id: Annotated[str, Field(max_length=24)] | None = Field(None, description="Explain a finding of it.")
    about: Annotated[str, Field(max_length=80)] | None = Field(
        None, description="A class or group of a classifier, else a finding's id; what is surest if not given."
    )
    method: Literal["grad-cam", "lime", "both", "attributes", "all"] | None = Field(
        None, description="Both maps, and attributes where they suit the pack, if not given."
    )
    lang: Literal["en", "zh"] = "en"

    @model_validator(mode="after")
    def _of_something(self) -> Options:
        if (self.pack is None) == (self.drawing_id is None):
            raise ValueError("Give a pack for a picture, or the drawing_id of a scan's drawing.")
        return self


def run(job: JobContext) -> Made:
    """Explains."""
    asked = Options.model_validate(job.options)
    job.out.mkdir()
    if asked.drawing_id is not None:
        return _finding(job, asked, asked.drawing_id)
    with job.house.database.reading() as db:
        kind = db.get_one(Study, job.job.study_id).kind
    if kind != "picture":
        raise InputError("This study is a scan: draw it first, then ask about one of the drawing's findings.")
    assert asked.pack is not None
    return _picture(job, asked, find_pack(job.house, asked.pack))


def _picture(job: JobContext, asked: Options, pack: Pack) -> Made:
    from limner.draw.explained import Ask, explain_picture

    pictures = sorted(job.study_files().iterdir())
    if asked.n >= len(pictures):
        raise InputError(f"The study holds {len(pictures)} pictures, counted from 0; got n = {asked.n}.")
    ask = Ask(about=asked.about, method=asked.method, lang=asked.lang)
    told = explain_picture(pack, pictures[asked.n], job.out, ask, job.progress)
    explained = told["explained"] or {}
    summary = {
        "n": asked.n,
        "asked": asked.about,
        "about": told["about"],
        "name": explained.get("name"),
        "probability": explained.get("probability"),
        "abstained": told["abstained"],
        "lang": asked.lang,
    }
    return Made(job.out, "explanation", title=str(explained.get("name") or pack.name), pack=pack.name, summary=summary)


def _finding(job: JobContext, asked: Options, drawing_id: str) -> Made:
    from limner.draw.explained import Ask, explain_finding

    with job.house.database.reading() as db:
        drawing = db.get(Result, drawing_id)
    if drawing is None or drawing.study_id != job.job.study_id:
        raise InputError("This study has no such drawing (any more).")
    pack = find_pack(job.house, drawing.pack)
    if pack.draws_slices:
        raise PackError(
            f"Pack {pack.name!r} draws scans of several series slice by slice, and its nets are not asked why. Its "
            "drawings hold the measured shape of the lesions."
        )
    ask = Ask(about=asked.about, method=asked.method, lang=asked.lang)
    told = explain_finding(pack, job.study_files(series_id=drawing.series_id), job.out, ask, job.progress)
    summary = {"finding": told["finding"], "name": told["name"], "lang": asked.lang, **_figures(told)}
    return Made(
        job.out,
        "explanation",
        title=f"{told['name']} ({told['finding']})",
        pack=drawing.pack,
        summary=summary,
        series_id=drawing.series_id,
        parent_id=drawing.id,
    )


def _figures(told: dict[str, Any]) -> dict[str, Any]:
    failed = [one["kind"] for one in told["maps"] if not all(check["passed"] for check in one["checks"])]
    return {"probability": told["probability"], "abstained": told["abstained"], "failed": failed}
