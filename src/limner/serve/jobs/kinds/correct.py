"""Labels that a person corrected become a new version of their drawing: measures, SEG, SR, scene and report anew."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from limner.errors import InputError
from limner.image import Label, LabelMap
from limner.io import Drawn, read_drawing
from limner.packs import load_pack
from limner.serve.jobs.context import JobContext, Made
from limner.serve.jobs.kinds.draw import STEPS as DRAW
from limner.serve.jobs.kinds.draw import made_of
from limner.serve.jobs.packs import pack_folder
from limner.serve.tables import Result, User, now

STEPS = {**DRAW, "predict": 5, "explain": 1}
LABELS = "labels.nii.gz"
"""What the request brings with it."""


class Options(BaseModel):
    """A correction. The label map comes as the file ``labels.nii.gz`` of the request."""

    model_config = ConfigDict(extra="forbid")

    comment: Annotated[str, Field(max_length=2000)] = ""
    lang: Literal["en", "zh"] = "en"


def run(job: JobContext) -> Made:
    """Makes the drawing anew from the labels."""
    from limner.draw import CorrectedLabels, DrawOptions, draw
    from limner.io import read_nifti_labels

    asked = Options.model_validate(job.options)
    before = read_drawing(job.result_folder())
    with job.house.database.reading() as db:
        base = db.get_one(Result, job.job.result_id)
        author = db.get_one(User, job.job.owner_id)
    given = read_nifti_labels(job.given(LABELS))
    labels = LabelMap(given.array, given.grid, names_of(given, before, _known(job, before)))
    predictor = CorrectedLabels(labels, before)
    source = job.study_files(series_id=base.series_id)
    options = DrawOptions(lang=asked.lang, explain="none")
    drawing = draw(source, job.out, options=options, predictor=predictor, progress=job.progress)
    record = {
        "by": author.display or author.name,
        "at": now().isoformat(timespec="seconds") + "Z",
        "of": {"result": base.id, "version": base.version},
        "voxels": predictor.changed,
        "comment": asked.comment,
    }
    _note(job, record)
    made = made_of(job, drawing, series_id=base.series_id)
    return Made(
        made.folder,
        kind=made.kind,
        title=made.title,
        pack=made.pack,
        summary={**made.summary, "corrected": {"voxels": predictor.changed, "comment": asked.comment}},
        series_id=base.series_id,
        parent_id=base.id,
        newer=True,
        objects=made.objects,
    )


def names_of(given: LabelMap, before: Drawn, known: tuple[Label, ...]) -> tuple[Label, ...]:
    """What the values mean: as in the drawing that was corrected, else as its pack names them.

    Raises:
        InputError: a value that neither knows.
    """
    labels = {one.value: one for one in (*known, *before.labels.labels)}
    there = [int(value) for value in np.unique(given.array) if value]
    unknown = [value for value in there if value not in labels]
    if unknown:
        named = ", ".join(f"{value} {labels[value].name}" for value in sorted(labels))
        raise InputError(f"The corrected map holds the values {unknown}, which this drawing does not know: {named}.")
    return tuple(labels[value] for value in sorted({*there, *(one.value for one in before.labels.labels)}))


def _known(job: JobContext, before: Drawn) -> tuple[Label, ...]:
    """All labels of the pack that drew it: a person may paint what it missed."""
    try:
        return load_pack(pack_folder(job.house, before.drawing.pack.name)).labels
    except InputError:  # the pack has gone; what was drawn is known all the same
        return ()


def _note(job: JobContext, record: dict[str, object]) -> None:
    path = job.out / "run.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**told, "corrected": record}, indent=1) + "\n", encoding="utf-8")
