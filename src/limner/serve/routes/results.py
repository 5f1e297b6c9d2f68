"""Results: what they are, their files, signing, and their end."""

from __future__ import annotations

import hashlib
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from sqlalchemy import delete, select
from sqlalchemy.orm import Session as Transaction

from limner.serve import audit
from limner.serve.house import AHouse, House
from limner.serve.jobs.finish import family
from limner.serve.jobs.queue import Request
from limner.serve.jobs.states import WAITING
from limner.serve.jobs.told import ResultTold, tell_results
from limner.serve.measures import MOST_MEASURES, own_measures
from limner.serve.routes.result_files import answer_file, files_in
from limner.serve.safety.access import Actor, Reader, ReaderWrites, find_result
from limner.serve.signing import content_digest
from limner.serve.store.removal import Leftover, delete_files, remove_instances
from limner.serve.tables import Job, Measure, Result, SignedMeasure, Study, User, now

router = APIRouter(prefix="/api/results", tags=["results"])

Id = Annotated[str, Path(max_length=24)]


class ResultWhole(ResultTold):
    """A result with its files; of a drawing also what ``drawing.json`` says."""

    files: list[str]
    newest: int = Field(description="Number of the newest version of this drawing; its own where it has no versions.")
    drawing: dict[str, Any] | None = None


class SeenMeasure(BaseModel):
    """A measurement as the one who signs saw it."""

    id: str = Field(max_length=24)
    version: int = Field(ge=1)


class Signature(BaseModel):
    """What the one who signs says."""

    text: str = Field(min_length=1, max_length=10_000)
    measures: list[SeenMeasure] | None = Field(
        None, max_length=MOST_MEASURES, description="One's own that the report holds; all of the study if not given."
    )
    lang: Literal["en", "zh"] = "en"


@router.get("/{result_id}", summary="One result")
def get_result(result_id: Id, actor: Reader, house: AHouse) -> ResultWhole:
    """Whoever sees the study sees what was made of it."""
    with house.database.reading() as db:
        result = find_result(db, actor, result_id)
        return _whole(db, house, result, actor.user_id)


@router.get("/{result_id}/files/{path:path}", summary="A file of a result", response_class=FileResponse)
def get_file(result_id: Id, path: Annotated[str, Path(max_length=200)], actor: Reader, house: AHouse) -> FileResponse:
    """Pages come sandboxed: they run their own script and reach nothing of this server."""
    with house.database.reading() as db:
        result = find_result(db, actor, result_id)
    return answer_file(house.result_folder(result.id), path)


@router.post("/{result_id}/sign", summary="Sign a result")
def sign(result_id: Id, signature: Signature, actor: ReaderWrites, house: AHouse) -> ResultWhole:
    """Locks this version: it cannot be changed or deleted. A correction afterwards makes a new, unsigned one.

    The audit log keeps the SHA-256 over all files, and over text and measurements, so that anyone can tell later that
    these were signed. Of a drawing that belongs to a study a report is made: the job stands in the same transaction,
    so that no crash comes between.
    """
    if not signature.text.strip():
        raise HTTPException(422, "A signature needs a text: say what was read, and what you found.")
    with house.database.reading() as db:
        result = find_result(db, actor, result_id)
    seen = digest(house.result_folder(result.id))
    with house.database.session() as db:
        result = find_result(db, actor, result_id)
        db.refresh(result, with_for_update=True)
        if result.signed_by is not None:
            raise HTTPException(409, "This version is signed already.")
        newest = family(db, result.id)[-1]
        if newest.version > result.version:
            raise HTTPException(409, f"Version {newest.version} is newer: read and sign that one, or delete it.")
        result.signed_by, result.signed_at, result.signed_text = actor.user_id, now(), signature.text.strip()
        held = _hold_measures(db, actor, result, signature)
        by = db.get_one(User, actor.user_id)
        signer = {"by": by.display or by.name, "organization": house.settings.organization}
        told = {
            "sha256": seen,
            "content_sha256": content_digest(result, held, signer),
            "measures": [one.id for one in held],
        }
        audit.append(db, actor.user_id, "result.sign", result.id, version=result.version, **told)
        job = None
        if result.kind == "drawing" and result.study_id is not None:
            options = {"lang": signature.lang, **signer}
            request = Request("report", actor.user_id, result.study_id, result.id, options)
            job = house.queue.add(db, request)
        db.flush()
        whole = _whole(db, house, result, actor.user_id)
    if job is not None:
        house.queue.carry(job)
    return whole


def _hold_measures(db: Transaction, actor: Actor, result: Result, signature: Signature) -> list[Measure]:
    """Ties the reader's measurements to the report: from now on they stay as they are."""
    if result.kind != "drawing" or result.study_id is None:
        return []
    seen = None if signature.measures is None else {one.id: one.version for one in signature.measures}
    held = own_measures(db, actor, result.study_id, seen)
    db.add_all(SignedMeasure(result_id=result.id, measure_id=one.id) for one in held)
    return held


@router.delete("/{result_id}", summary="Delete a result with all that was made of it", status_code=204)
def remove(result_id: Id, actor: ReaderWrites, house: AHouse) -> None:
    """Its owner's right, unless it or something made of it is signed, or is another's."""
    with house.database.session() as db:
        result = find_result(db, actor, result_id)
        if result.owner_id != actor.user_id:
            raise HTTPException(403, "Only the one who made it may delete it.")
        gone = _with_descendants(db, result)
        if result.kind == "report" or any(one.signed_by for one in gone):
            raise HTTPException(409, "It is signed, or something made of it is: what was signed stays.")
        if any(one.owner_id != actor.user_id for one in gone):
            raise HTTPException(409, "Others made plans or versions of it: it stays as long as those do.")
        ids = [one.id for one in gone]
        busy = select(Job.id).where(Job.result_id.in_(ids), Job.state.in_(WAITING))
        if db.scalars(busy).first() is not None:
            raise HTTPException(409, "A job works on it: wait for its end, or cancel it.")
        study = db.get(Study, result.study_id) if result.study_id else None
        objects = [uid for one in gone for uid in one.summary.get("objects", ())]
        left = remove_instances(db, study, objects, ids) if study else Leftover([], [], ids)
        for one in gone:
            audit.append(db, actor.user_id, "result.delete", one.id, kind=one.kind, study=one.study_id)
        db.execute(delete(Result).where(Result.id == result.id))  # those that come from it go with it
    delete_files(house, left)


def digest(folder: FilePath) -> str:
    """SHA-256 over the names and the SHA-256 of all files of a folder."""
    told = hashlib.sha256()
    for name in files_in(folder):
        with (folder / name).open("rb") as stream:
            told.update(f"{name}\0{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
    return told.hexdigest()


def _whole(db: Transaction, house: House, result: Result, reader_id: str) -> ResultWhole:
    from limner.findings import Drawing

    folder = house.result_folder(result.id)
    told = tell_results(db, [result], reader_id)[0]
    drawing = None
    if result.kind == "drawing":
        drawing = Drawing.model_validate_json((folder / "drawing.json").read_bytes()).model_dump(by_alias=True)
    newest = family(db, result.id)[-1].version
    return ResultWhole(
        **told.model_dump(exclude={"signed"}),
        signed=told.signed,
        files=files_in(folder),
        newest=newest,
        drawing=drawing,
    )


def _with_descendants(db: Transaction, result: Result) -> list[Result]:
    found, fresh = [result], [result.id]
    while fresh:
        rows = list(db.scalars(select(Result).where(Result.parent_id.in_(fresh))))
        found += rows
        fresh = [one.id for one in rows]
    return found
