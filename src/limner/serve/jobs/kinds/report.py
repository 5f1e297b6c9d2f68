"""What was signed becomes a report: DICOM SR and PDF in the study; a PDF alone where the study is not DICOM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from limner.errors import InputError
from limner.findings import Drawing, Mark, SignedReport
from limner.image import Grid
from limner.image import Series as Opened
from limner.serve.house import House
from limner.serve.jobs.context import JobContext, Made
from limner.serve.moments import tell_moment
from limner.serve.signing import check_signed
from limner.serve.store.turn import HEADER_BYTES
from limner.serve.tables import Measure, Result, Series, SignedMeasure, Study

STEPS = {"measure": 10, "report": 90}
SR, PDF, PDF_OBJECT = "report.sr.dcm", "report.pdf", "report.pdf.dcm"


class Options(BaseModel):
    """In which language the PDF is written, and who signed, as they were called then."""

    model_config = ConfigDict(extra="forbid")

    lang: Literal["en", "zh"] = "en"
    by: str
    organization: str


@dataclass(frozen=True)
class Signed:
    """Rows as they were when the job began."""

    result: Result
    study: Study
    series: Series | None
    marks: tuple[tuple[Measure, Series], ...]


def run(job: JobContext) -> Made:
    """Makes it."""
    from limner.report.signed_pdf import SignedContent, write_signed_pdf

    asked = Options.model_validate(job.options)
    signed = _signed(job, asked)
    job.progress("measure", 0.0)
    report = _report(job.house, signed, asked)
    drawing = Drawing.model_validate_json((job.result_folder() / "drawing.json").read_bytes())
    job.out.mkdir()
    (job.out / "signed.json").write_text(report.model_dump_json(by_alias=True, indent=1), encoding="utf-8")
    job.progress("report", 0.0)
    source = _source(job, signed, drawing)
    objects: list[str] = []
    content = SignedContent(report, drawing, signed.result.version, _patient(signed.study), dicom=source is not None)
    write_signed_pdf(job.out / PDF, content, asked.lang)
    if source is not None:
        objects = _write_objects(job, signed, report, source)
    summary = {"dicom": bool(objects), "measures": len(report.marks)}
    return Made(
        job.out,
        kind="report",
        title=drawing.pack.name,
        pack=drawing.pack.name,
        summary=summary,
        series_id=signed.result.series_id,
        parent_id=signed.result.id,
        objects=tuple(objects),
    )


def _signed(job: JobContext, asked: Options) -> Signed:
    with job.house.database.reading() as db:
        result = db.get(Result, job.job.result_id)
        if result is None or result.signed_by is None or result.study_id is None:
            raise InputError("The drawing was deleted, or nobody signed it.")
        made = select(Result.id).where(Result.parent_id == result.id, Result.kind == "report")
        if db.scalars(made).first() is not None:
            raise InputError("The report of this drawing is there already.")
        held = (
            select(Measure, Series)
            .join(SignedMeasure, SignedMeasure.measure_id == Measure.id)
            .join(Series, Series.id == Measure.series_id)
            .where(SignedMeasure.result_id == result.id)
            .order_by(Measure.created, Measure.id)
        )
        marks = tuple((measure, series) for measure, series in db.execute(held).all())
        check_signed(db, result, [measure for measure, _ in marks], asked.model_dump(include={"by", "organization"}))
        series = db.get(Series, result.series_id) if result.series_id else None
        return Signed(result, db.get_one(Study, result.study_id), series, marks)


def _report(house: House, signed: Signed, asked: Options) -> SignedReport:
    assert signed.result.signed_at is not None
    return SignedReport(
        by=asked.by,
        organization=asked.organization,
        at=tell_moment(signed.result.signed_at),
        text=signed.result.signed_text or "",
        marks=tuple(_mark(house, measure, series) for measure, series in signed.marks),
    )


def _mark(house: House, measure: Measure, series: Series) -> Mark:
    from limner.scene.marks import Stored, measured

    told = house.volumes.geometry(series.id, series.geometry)
    shape = tuple(told["shape"])
    array = np.memmap(house.volumes.path(series.id), "<i2", "r", HEADER_BYTES, shape)
    grid = Grid(shape, np.array(told["affine"])[:, [2, 1, 0, 3]])
    mark = Mark.model_validate(
        {"id": measure.id, "kind": measure.kind, "plane": measure.plane, "series_uid": series.uid,
         "points_mm": measure.points_mm}
    )  # fmt: skip
    return measured(mark, Stored(array, grid, told["slope"], told["intercept"], told["unit"]))


def _source(job: JobContext, signed: Signed, drawing: Drawing) -> Path | None:
    """Where the DICOM files of what was drawn lie; None where no DICOM object can point at them."""
    if not signed.study.dicom:
        return None
    return job.study_files(series_id=signed.result.series_id)


def _write_objects(job: JobContext, signed: Signed, report: SignedReport, source: Path) -> list[str]:
    from limner.io.encapsulated import Document, write_encapsulated_pdf
    from limner.io.signed_sr import SERIES, SERIES_NUMBER, Signing, write_signed_sr

    objects = []
    folder = job.result_folder()
    if (folder / "labels.nii.gz").is_file():
        from limner.io import read_drawing
        from limner.io.reference import read_source

        drawn = read_drawing(folder)
        others = {series.uid: series.id for _, series in signed.marks if series.id != signed.result.series_id}
        signing = Signing(
            report,
            drawn,
            read_source(_open(source, drawn.drawing.study.series_uid)),
            {uid: read_source(_open(job.study_files(series_id=one), uid)) for uid, one in others.items()},
            signed.result.id,
        )
        write_signed_sr(signing, job.out / SR)
        objects.append(SR)
    document = Document(
        title=f"{SERIES}: {report.by}",
        at=datetime.fromisoformat(report.at),
        key=f"signed {signed.result.id}",
        series=SERIES,
        series_number=SERIES_NUMBER + 1,
        verified=True,
    )
    write_encapsulated_pdf(job.out / PDF, min(source.iterdir()), document, job.out / PDF_OBJECT)
    return [*objects, PDF_OBJECT]


def _open(folder: Path, uid: str) -> Opened:
    from limner.io import open_studies

    found = [series for study in open_studies([folder]) for series in study.series]
    named = [one for one in found if one.uid == uid] if uid else found
    if not named:
        raise InputError("The series on which something was drawn or measured is not in the study any more.")
    return max(named, key=lambda one: len(one.files))


def _patient(study: Study) -> tuple[tuple[str, str], ...]:
    """The head of the page: a paper that names nobody is somebody else's."""
    from limner.serve.routes.studies import person_name

    return (
        ("patient", person_name(study.patient_name)),
        ("patient_id", study.patient_id),
        ("birth_date", study.birth_date),
        ("study", f"{study.date} {study.description}".strip()),
        ("accession", study.accession),
    )
