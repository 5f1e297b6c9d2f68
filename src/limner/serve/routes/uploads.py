"""Uploading: begin, send files one by one, finish."""

from __future__ import annotations

import errno
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Header, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from limner.samples import demo_study
from limner.serve import audit
from limner.serve.house import AHouse, House
from limner.serve.safety.access import Actor, Reader, ReaderWrites
from limner.serve.store import uploads
from limner.serve.store.intake import Outcome, Sender, ingest
from limner.serve.store.reading import Given
from limner.serve.tables import Upload

router = APIRouter(prefix="/api/uploads", tags=["uploads"])
ROUNDS = 3
"""How often an upload is read into which files still come."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Begun(BaseModel):
    """An upload."""

    id: str


class ReceivedFile(BaseModel):
    """A file that is on the server's disk."""

    name: str
    bytes: int
    sha256: str | None = None


class UploadNow(BaseModel):
    """What of an upload has come: these files need not be sent again."""

    id: str
    files: list[ReceivedFile]
    finished: bool


class RefusedFile(BaseModel):
    """A file that was not taken, and why."""

    file: str
    reason: str


class Finished(BaseModel):
    """What became of the files."""

    studies: list[str] = Field(description="Ids of the studies that hold them.")
    refused: list[RefusedFile]


@router.post("", summary="Begin an upload", status_code=201)
def begin(actor: ReaderWrites, house: AHouse) -> Begun:
    """Files are sent to it one by one; studies appear when it is finished."""
    with house.database.session() as db:
        upload = Upload(owner_id=actor.user_id, bytes=0, files=0)
        db.add(upload)
        db.flush()
        return Begun(id=upload.id)


@router.post("/sample", summary="Take in the built-in study", status_code=201)
async def sample(actor: ReaderWrites, house: AHouse) -> Finished:
    """A real CT of the abdomen that may be passed on; it becomes yours."""
    return await house.turns.take(actor.user_id, lambda: _sample(house, actor))


@router.get("/{upload_id}", summary="What of an upload has come")
def get_upload(upload_id: str, actor: Reader, house: AHouse) -> UploadNow:
    """For a client who was cut off."""
    with house.database.reading() as db:
        upload = _find(db, actor, upload_id)
        done = upload.outcome is not None
    files = uploads.received(uploads.folder_of(house, upload_id))
    return UploadNow(id=upload_id, files=[ReceivedFile(**vars(one)) for one in files], finished=done)


@router.put(
    "/{upload_id}/files",
    summary="Send one file",
    responses={413: {"description": "The upload has its limit."}, 507: {"description": "The disk is full."}},
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)
async def put_file(
    upload_id: str,
    request: Request,
    actor: ReaderWrites,
    house: AHouse,
    x_file_name: Annotated[str, Header(max_length=4096, description="Percent-encoded UTF-8.")],
) -> ReceivedFile:
    """One DICOM, NIfTI or picture file, or one archive of them (zip, tar, tar.gz).

    It is on the disk when this answers. The same name again replaces the file.
    """
    receiver = await run_in_threadpool(_receiver, house, actor, upload_id)
    try:
        with receiver.open() as stream:
            async for piece in request.stream():
                await run_in_threadpool(receiver.write, stream, piece)
            await run_in_threadpool(stream.flush)
        kept = await run_in_threadpool(_keep, house, upload_id, receiver, unquote(x_file_name))
    except uploads.TooLargeError as error:
        raise HTTPException(413, str(error)) from None
    except OSError as error:
        raise _disk(error) from None
    return ReceivedFile(**vars(kept))


@router.post("/{upload_id}/finish", summary="Make studies of what came")
async def finish(upload_id: str, actor: ReaderWrites, house: AHouse) -> Finished:
    """Archives are unpacked, files are read and grouped into studies. What cannot be taken is told by file.

    Asking again gives the same answer, without the names of refused files. Where others' uploads are being read this
    waits a minute for its turn, then answers 503: ask again.
    """
    told = await run_in_threadpool(_outcome, house, actor, upload_id)
    if told is not None:
        return told
    return await house.turns.take(actor.user_id, lambda: _finish(house, actor, upload_id))


@router.delete("/{upload_id}", summary="Give up an upload", status_code=204)
def delete_upload(upload_id: str, actor: ReaderWrites, house: AHouse) -> None:
    """Its files go; studies that were made of it stay."""
    with house.database.session() as db:
        db.delete(_find(db, actor, upload_id))
    uploads.forget(uploads.folder_of(house, upload_id))


def _sample(house: House, actor: Actor) -> Finished:
    files = [Given(path, path.name) for path in sorted(demo_study().glob("*.dcm"))]
    return _told(ingest(house, Sender(actor.user_id, "sample"), files))


def _outcome(house: House, actor: Actor, upload_id: str) -> Finished | None:
    with house.database.reading() as db:
        upload = _find(db, actor, upload_id)
    return None if upload.outcome is None else Finished.model_validate(upload.outcome)


def _finish(house: House, actor: Actor, upload_id: str) -> Finished:
    """One at a time, since an upload has one owner: who asked meanwhile finds the outcome when their turn comes."""
    for _ in range(ROUNDS):
        with house.database.reading() as db:
            upload = _find(db, actor, upload_id)
        if upload.outcome is not None:
            return Finished.model_validate(upload.outcome)
        folder = uploads.folder_of(house, upload_id)
        try:
            finished = _told(uploads.finish(house, Sender(actor.user_id), folder))
        except FileNotFoundError:
            done = _outcome(house, actor, upload_id)  # given up meanwhile: 404
            if done is None:
                raise
            return done  # another server process was first
        except OSError as error:
            raise _disk(error) from None
        unnamed = [{"file": "", "reason": one.reason} for one in finished.refused]
        with house.database.session() as db:
            now = _find(db, actor, upload_id)
            db.refresh(now, with_for_update=True)  # no file is acknowledged between this look and the outcome
            if now.outcome is not None:  # another server process was first
                return Finished.model_validate(now.outcome)
            if now.files != upload.files:
                continue  # a file came while others were read: acknowledged is kept
            now.outcome = {"studies": finished.studies, "refused": unnamed}
            told = {"studies": len(finished.studies), "refused": len(unnamed)}
            audit.append(db, actor.user_id, "upload.finish", upload_id, **told)
        uploads.forget(folder)
        return finished
    raise HTTPException(409, "Files of this upload still arrive. Finish it when all are sent.")


def _find(db: Session, actor: Actor, upload_id: str) -> Upload:
    upload = db.get(Upload, upload_id)
    if upload is None or upload.owner_id != actor.user_id:
        raise HTTPException(404, "There is no such upload, or it is not yours.")
    return upload


def _receiver(house: House, actor: Actor, upload_id: str) -> uploads.Receiver:
    with house.database.reading() as db:
        upload = _find(db, actor, upload_id)
    if upload.outcome is not None:
        raise HTTPException(409, "This upload is finished; begin another.")
    try:
        return uploads.Receiver(uploads.folder_of(house, upload_id), upload, house.settings.limits)
    except uploads.TooLargeError as error:
        raise HTTPException(413, str(error)) from None


def _keep(house: House, upload_id: str, receiver: uploads.Receiver, name: str) -> uploads.Received:
    kept = receiver.keep(name)
    if not uploads.add_up(house, upload_id, kept):
        raise HTTPException(409, "This upload was finished or given up before this file had arrived; begin another.")
    return kept


def _told(outcome: Outcome) -> Finished:
    refused = [RefusedFile(file=one.file, reason=one.reason) for one in outcome.refused]
    return Finished(studies=outcome.studies, refused=refused)


def _disk(error: OSError) -> HTTPException:
    if error.errno in _FULL:
        return HTTPException(507, "The server's disk is full; what was acknowledged is kept. Tell its administrator.")
    raise error
