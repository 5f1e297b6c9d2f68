"""A drawing's DICOM objects and its signed report go to a PACS node, over one association.

Until it is signed, its PDF is wrapped for the way and says of itself that nobody verified it; afterwards the signed
report goes in its stead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session as Transaction

from limner.errors import InputError
from limner.io.dicom_net import Calling, NodeError, Transfer, send_files
from limner.io.header import read_header
from limner.serve import audit
from limner.serve.jobs.context import JobContext, Made
from limner.serve.jobs.states import WAITING
from limner.serve.nodes import PacsNode, find_receiver
from limner.serve.tables import Instance, Job, Result, Series, Study

STEPS = {"gather": 10, "send": 90}
DRAFT_SERIES, DRAFT_NUMBER = "Limner report (unverified)", 913


class Options(BaseModel):
    """Where to."""

    model_config = ConfigDict(extra="forbid")

    node: Annotated[str, Field(min_length=1, max_length=40)]


@dataclass(frozen=True)
class Parcel:
    """One instance on its way.

    Args:
        name: for people.
        path: of the file.
    """

    name: str
    path: Path


def run(job: JobContext) -> Made:
    """Sends; the job's message says what became of each instance."""
    node = find_receiver(job.house, Options.model_validate(job.options).node)
    job.progress("gather", 0.0)
    parcels = _gather(job)
    if not parcels:
        raise InputError("The drawing has no DICOM object: its study is not DICOM, so nothing of it can be sent.")

    with job.house.database.session() as db:  # what leaves is written down before it does: a kill may come between
        details = {"node": node.node.ae_title, "instances": len(parcels)}
        audit.append(db, job.job.owner_id, "pacs.send.begin", job.job.result_id or "", **details)

    def progress(done: int, of: int) -> None:
        job.progress("send", done / max(of, 1))

    try:
        calling = Calling(job.house.settings.ae_title)
        transfer = send_files(node.node, [one.path for one in parcels], calling, progress)
    except NodeError:
        raise InputError(
            f"{node.name} does not answer, or refuses; an admin can check its address and titles."
        ) from None
    _note(job, node, parcels, transfer)
    return Made(None)


def _note(job: JobContext, node: PacsNode, parcels: list[Parcel], transfer: Transfer) -> None:
    """Writes down what arrived, in the row and in the audit log; a job of which something did not arrive has failed."""
    fates = [(one.name, transfer.fates.get(read_header(one.path).sop_uid, "it was not sent")) for one in parcels]
    arrived = [name for name, reason in fates if not reason]
    missed = [f"{name} ({reason})" for name, reason in fates if reason]
    told = f"Sent to {node.name}: {', '.join(arrived) or 'nothing'}."
    with job.house.database.session() as db:
        details = {"node": node.ae_title, "arrived": len(arrived), "failed": len(missed)}
        audit.append(db, job.job.owner_id, "pacs.send", job.job.result_id or "", **details)
        db.get_one(Job, job.job.id).message = told
    if missed:
        raise InputError(f"{told} Not taken: {'; '.join(missed)}.")


def _gather(job: JobContext) -> list[Parcel]:
    with job.house.database.reading() as db:
        drawing = db.get(Result, job.job.result_id)
        if drawing is None or drawing.study_id is None:
            raise InputError("The drawing was deleted while this waited.")
        study = db.get_one(Study, drawing.study_id)
        report = db.scalars(select(Result).where(Result.parent_id == drawing.id, Result.kind == "report")).first()
        if drawing.signed_by is not None and report is None:
            raise InputError(_without_report(db, drawing))
        results = [one for one in (drawing, report) if one is not None]
        uids = [uid for one in results for uid in one.summary.get("objects", ())]
        rows = db.execute(
            select(Instance, Series)
            .join(Series)
            .where(Series.study_id == study.id, Instance.uid.in_(uids))
            .order_by(Series.number, Instance.uid)
        ).all()
    parcels = []
    for number, (instance, series) in enumerate(rows):
        signed = report is not None and instance.uid in report.summary.get("objects", ())
        if report is not None and series.modality == "SR" and not signed:
            continue  # the signed one says what it says, and who stands for it
        path = job.aside / f"{number:03d}.dcm"
        path.symlink_to(job.house.blobs.open_or_refuse(instance.sha256, instance.ending).resolve())
        parcels.append(
            Parcel(f"{'signed ' if signed else ''}{'PDF' if series.modality == 'DOC' else series.modality}", path)
        )
    if report is None and study.dicom:
        parcels += _draft(job, drawing)
    return parcels


def _without_report(db: Transaction, drawing: Result) -> str:
    """Why a signed drawing has no report, and what to do."""
    asked = select(Job).where(Job.kind == "report", Job.result_id == drawing.id).order_by(Job.created.desc())
    job = db.scalars(asked).first()
    if job is not None and job.state in WAITING:
        return "The signed report is still being made: send again when it is there."
    if job is not None:
        return "The signed report could not be made: whoever signed finds the reason under Jobs, and asks again there."
    return "This was signed before reports were made of signatures: save it as a new version, and sign that."


def _draft(job: JobContext, drawing: Result) -> list[Parcel]:
    """The drawing's PDF, as it was drawn: the same object each time that it is sent."""
    from limner.io.encapsulated import Document, write_encapsulated_pdf

    pdf = job.result_folder() / "report.pdf"
    if not pdf.is_file():
        return []
    at = drawing.created.replace(tzinfo=UTC)
    document = Document("Drawing, not signed", at, f"draft {drawing.id}", DRAFT_SERIES, DRAFT_NUMBER, verified=False)
    path = job.aside / "draft.dcm"
    source = job.study_files(series_id=drawing.series_id)
    write_encapsulated_pdf(pdf, min(source.iterdir()), document, path)
    return [Parcel("PDF", path)]
