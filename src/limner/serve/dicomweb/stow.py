"""STOW-RS: instances that a client adds.

Source: DICOM PS3.18 10.5; failure reasons of PS3.18 table 10.5.3-1 and PS3.4 table B.2-1.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from limner.errors import InputError
from limner.io.dicom_json import element
from limner.io.header import Header
from limner.io.multipart import MultipartReader
from limner.serve.dicomweb.accept import JSON, boundary_of, require_json
from limner.serve.dicomweb.found import AStudy, Target
from limner.serve.dicomweb.qido import service_root
from limner.serve.house import AHouse, House
from limner.serve.safety.access import Actor, ReaderWrites
from limner.serve.settings import MIB, Limits
from limner.serve.store.blobs import fsync
from limner.serve.store.intake import Outcome, Sender, ingest
from limner.serve.store.reading import Given, Refused, Rules
from limner.serve.tables import new_id

router = APIRouter(prefix="/dicom-web", tags=["DICOMweb"])

CANNOT_UNDERSTAND = 0xC000
"""Failure reason: the instance cannot be read, or does not go with what is there."""
_HOW: dict[str, Any] = {
    "response_class": JSONResponse,
    "responses": {
        200: {"content": {JSON: {"schema": {"type": "object"}}}, "description": "All are kept."},
        202: {"description": "Some are kept."},
        409: {"description": "None is kept."},
        413: {"description": "Too many or too large at once."},
        415: {"description": "Not multipart/related of application/dicom."},
        503: {"description": "Others' uploads are being read."},
        507: {"description": "The disk is full."},
    },
    "openapi_extra": {
        "requestBody": {"required": True, "content": {'multipart/related; type="application/dicom"': {}}}
    },
}


@router.post("/studies", summary="Add instances", **_HOW)
async def store(request: Request, actor: ReaderWrites, house: AHouse) -> JSONResponse:
    """Of any studies; they become the actor's own. When this answers, what is kept is on the disk."""
    return await _store(request, actor, house, None)


@router.post("/studies/{study}", summary="Add instances to a study", **_HOW)
async def store_in_study(target: AStudy, request: Request, actor: ReaderWrites, house: AHouse) -> JSONResponse:
    """Instances of other studies are refused."""
    return await _store(request, actor, house, target)


class _Spool:
    """Writes the parts of a body into files of a folder, within limits."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder, self._limits = folder, limits
        self.files: list[Path] = []
        self._bytes = 0
        self._file: IO[bytes] | None = None

    def begin(self, headers: Mapping[str, str]) -> None:
        kind = headers.get("content-type", "application/dicom").split(";")[0].strip().lower()
        if kind != "application/dicom":
            raise HTTPException(415, "The parts are application/dicom; metadata with bulk data are not taken.")
        if len(self.files) >= self._limits.files:
            raise HTTPException(413, f"Send {self._limits.files} instances at most at once.")
        self.files.append(self.folder / f"{len(self.files):06d}.dcm")
        self._file = self.files[-1].open("wb")

    def data(self, piece: bytes) -> None:
        assert self._file is not None
        self._bytes += len(piece)
        if self._bytes > self._limits.upload_bytes:
            raise HTTPException(413, f"Send {self._limits.upload_bytes // MIB} MiB at most at once.")
        self._file.write(piece)

    def end(self) -> None:
        assert self._file is not None
        self._file.close()
        fsync(self.files[-1])

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


async def _store(request: Request, actor: Actor, house: House, target: Target | None) -> JSONResponse:
    require_json(request)
    boundary, kind = boundary_of(request)
    if kind not in ("application/dicom", ""):
        raise HTTPException(415, 'Send multipart/related; type="application/dicom".')
    folder = house.folder("uploads") / new_id()
    folder.mkdir()
    spool = _Spool(folder, house.settings.limits)
    try:
        reader = MultipartReader(boundary, spool)
        async for piece in request.stream():
            await run_in_threadpool(reader.feed, piece)
        reader.close()
        if not spool.files:
            raise HTTPException(400, "The body has no parts.")
        outcome = await house.turns.take(actor.user_id, lambda: _ingest(house, actor, spool.files, target))
    except InputError as error:
        raise HTTPException(400, str(error)) from None
    except OSError as error:
        raise HTTPException(507, f"The instances could not be kept ({error.strerror}).") from None
    finally:
        spool.close()
        await run_in_threadpool(lambda: shutil.rmtree(folder, ignore_errors=True))
    status = 200 if not outcome.refused else 202 if outcome.kept else 409
    return JSONResponse(_told(outcome, service_root(request, house)), status, {"Cache-Control": "no-store"}, JSON)


def _ingest(house: House, actor: Actor, files: list[Path], target: Target | None) -> Outcome:
    given = [Given(path, str(k)) for k, path in enumerate(files, 1)]
    rules = Rules(make_uids=False, dicom_only=True, study_uid=target.study if target else "")
    return ingest(house, Sender(actor.user_id, "stow"), given, rules)


def _told(outcome: Outcome, root: str) -> dict[str, Any]:
    """The answer's data set (PS3.18 table 10.5.3-2)."""
    kept = [item.header for item in outcome.kept]
    told: dict[str, Any] = {}
    if kept:
        told |= element("RetrieveURL", root + Target(kept[0].study_uid).address)
        told |= element("ReferencedSOPSequence", *(_kept(one, root) for one in kept))
    if outcome.refused:
        told |= element("FailedSOPSequence", *(_failed(one) for one in outcome.refused))
    return told


def _kept(header: Header, root: str) -> dict[str, Any]:
    address = root + Target(header.study_uid, header.series_uid, header.sop_uid).address
    return (
        element("ReferencedSOPClassUID", header.sop_class)
        | element("ReferencedSOPInstanceUID", header.sop_uid)
        | element("RetrieveURL", address)
    )


def _failed(refused: Refused) -> dict[str, Any]:
    named = element("ReferencedSOPClassUID", refused.sop_class) if refused.sop_class else {}
    named |= element("ReferencedSOPInstanceUID", refused.sop_uid) if refused.sop_uid else {}
    return named | element("FailureReason", CANNOT_UNDERSTAND) | element("ErrorComment", refused.reason[:64])
