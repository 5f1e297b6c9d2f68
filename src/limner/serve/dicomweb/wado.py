"""WADO-RS: studies, series and instances as files, as metadata, and their bulk data.

Source: DICOM PS3.18 10.4.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from limner.errors import NotAnImageError
from limner.io.dicom_json import bulk, metadata
from limner.io.multipart import new_boundary, write_multipart
from limner.io.stored_frames import EXPLICIT, as_explicit
from limner.serve.dicomweb.accept import JSON, MediaRange, accepted, require_json
from limner.serve.dicomweb.found import AnInstance, ASeries, AStudy, Kept, Target, find_kept
from limner.serve.dicomweb.qido import service_root
from limner.serve.house import AHouse, House
from limner.serve.safety.access import Actor, Reader

router = APIRouter(prefix="/dicom-web", tags=["DICOMweb"])

DICOM = "application/dicom"
OCTETS = "application/octet-stream"
PIECE = 1 << 18
NO_STORE = {"Cache-Control": "no-store"}
_MULTIPART = {200: {"content": {"multipart/related": {}}}, 406: {"description": "No form that the client can read."}}
_FILES: dict[str, Any] = {"response_class": Response, "responses": _MULTIPART}
_JSON: dict[str, Any] = {
    "response_class": Response,
    "responses": {200: {"content": {JSON: {"schema": {"type": "array", "items": {"type": "object"}}}}}},
}


@router.get("/studies/{study}", summary="A study's files", **_FILES)
def get_study(target: AStudy, request: Request, actor: Reader, house: AHouse) -> Response:
    """As multipart/related; type="application/dicom"; `transfer-syntax=*` gives them as they are stored."""
    return _files(request, find_kept(house, actor, target))


@router.get("/studies/{study}/series/{series}", summary="A series' files", **_FILES)
def get_series(target: ASeries, request: Request, actor: Reader, house: AHouse) -> Response:
    """As multipart/related; type="application/dicom"."""
    return _files(request, find_kept(house, actor, target))


@router.get("/studies/{study}/series/{series}/instances/{instance}", summary="An instance's file", **_FILES)
def get_instance(target: AnInstance, request: Request, actor: Reader, house: AHouse) -> Response:
    """As multipart/related, or as one part where the client asks for application/dicom."""
    return _files(request, find_kept(house, actor, target))


@router.get("/studies/{study}/metadata", summary="All attributes of a study's instances", **_JSON)
def get_study_metadata(target: AStudy, request: Request, actor: Reader, house: AHouse) -> Response:
    """DICOM JSON; large binary values are addresses."""
    return _metadata(request, actor, house, target)


@router.get("/studies/{study}/series/{series}/metadata", summary="All attributes of a series' instances", **_JSON)
def get_series_metadata(target: ASeries, request: Request, actor: Reader, house: AHouse) -> Response:
    """DICOM JSON; large binary values are addresses."""
    return _metadata(request, actor, house, target)


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/metadata", summary="All attributes of an instance", **_JSON
)
def get_instance_metadata(target: AnInstance, request: Request, actor: Reader, house: AHouse) -> Response:
    """DICOM JSON; large binary values are addresses."""
    return _metadata(request, actor, house, target)


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/bulkdata/{place:path}",
    summary="A large binary value",
    **_FILES,
)
def get_bulk_data(target: AnInstance, place: str, request: Request, actor: Reader, house: AHouse) -> Response:
    """At the addresses that metadata gives: a tag, or tags and items of the sequences that lead to it."""
    (kept,) = find_kept(house, actor, target)
    value = bulk(kept.path, place)
    if value is None:
        raise HTTPException(404, "There is no binary value at this place; metadata gives the addresses.")
    for one in accepted(request):
        if one.type in (OCTETS, "*/*", "application/*"):
            if one.several:
                return several([({"Content-Type": OCTETS}, [value])], OCTETS)
            return Response(value, media_type=OCTETS, headers=NO_STORE)
    raise HTTPException(406, f"Bulk data come as {OCTETS}, alone or as multipart/related.")


def several(parts: Iterable[tuple[dict[str, str], Iterable[bytes]]], kind: str) -> StreamingResponse:
    """An answer of several parts."""
    boundary = new_boundary()
    media_type = f'multipart/related; type="{kind}"; boundary={boundary}'
    return StreamingResponse(write_multipart(boundary, parts), media_type=media_type, headers=NO_STORE)


def _files(request: Request, kept: list[Kept]) -> Response:
    for one in accepted(request):
        if one.type not in (DICOM, "*/*", "application/*") or one.transfer_syntax not in ("", "*", EXPLICIT):
            stored = one.type == DICOM and all(file.transfer_syntax == one.transfer_syntax for file in kept)
            if not stored:
                continue
        if one.several or one.type != DICOM:
            return several(_parts(kept, one), DICOM)
        if len(kept) == 1:
            return _single(kept[0], one)
    raise HTTPException(
        406,
        f'Instances come as multipart/related; type="{DICOM}", in Explicit VR Little Endian, or as they are stored '
        "with transfer-syntax=*.",
    )


def _single(kept: Kept, wanted: MediaRange) -> Response:
    if _as_stored(kept, wanted):
        return FileResponse(kept.path, media_type=DICOM, headers=NO_STORE)
    try:
        return Response(as_explicit(kept.path), media_type=DICOM, headers=NO_STORE)
    except NotAnImageError as error:
        raise HTTPException(406, str(error)) from None


def _as_stored(kept: Kept, wanted: MediaRange) -> bool:
    return wanted.transfer_syntax == "*" or kept.transfer_syntax == (wanted.transfer_syntax or EXPLICIT)


def _parts(kept: list[Kept], wanted: MediaRange) -> Iterator[tuple[dict[str, str], Iterable[bytes]]]:
    for one in kept:
        stored = _as_stored(one, wanted)
        pieces: Iterable[bytes] = _pieces(one.path)
        if not stored:
            try:
                pieces = [as_explicit(one.path)]
            except NotAnImageError:  # the others are on their way already: better as it is stored than not at all
                stored = True
        syntax = one.transfer_syntax if stored else EXPLICIT
        yield {"Content-Type": f"{DICOM}; transfer-syntax={syntax}"}, pieces


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            yield piece


def _metadata(request: Request, actor: Actor, house: House, target: Target) -> Response:
    require_json(request)
    kept, root = find_kept(house, actor, target), service_root(request, house)
    return StreamingResponse(_array(kept, root), media_type=JSON, headers=NO_STORE)


def _array(kept: list[Kept], root: str) -> Iterator[str]:
    for k, one in enumerate(kept):
        address = f"{root}{one.target.address}/bulkdata/"
        yield ("[" if k == 0 else ",") + json.dumps(metadata(one.path, address.__add__))
    yield "]"
