"""WADO-RS: single frames, and pictures of them.

Source: DICOM PS3.18 10.4.1.1.5 (rendered), 10.4.1.1.6 (frames), 10.4.1.1.7 (thumbnails).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi import Path as InPath

from limner.io.rendered import FORMATS, Rendering, render
from limner.io.stored_frames import EXPLICIT, MEDIA_TYPES, is_compressed, raw_frames, stored_frames
from limner.serve.dicomweb.accept import MediaRange, accepted
from limner.serve.dicomweb.found import AnInstance, ASeries, AStudy, Kept, find_kept
from limner.serve.dicomweb.wado import NO_STORE, OCTETS, several
from limner.serve.house import AHouse
from limner.serve.safety.access import Reader

router = APIRouter(prefix="/dicom-web", tags=["DICOMweb"])

MOST_FRAMES = 1000
MOST_PIXELS = 8192
THUMBNAIL = 128
_SERIES, _INSTANCE = "/studies/{study}/series/{series}", "/studies/{study}/series/{series}/instances/{instance}"
_PLAIN = (EXPLICIT, "1.2.840.10008.1.2")
Frame = Annotated[int, InPath(ge=1, le=1_000_000)]
Frames = Annotated[str, InPath(pattern=r"^\d{1,6}(,\d{1,6})*$", max_length=7000, description="Numbers from 1.")]
_NOT = {406: {"description": "No form that the client can read."}}
_FRAMES: dict[str, Any] = {
    "response_class": Response,
    "responses": {200: {"content": {"multipart/related": {}, OCTETS: {}}}, **_NOT},
}
_PICTURE: dict[str, Any] = {
    "response_class": Response,
    "responses": {200: {"content": {one: {} for one in FORMATS}}, **_NOT},
}


class Look:
    """How a picture is wanted (PS3.18 8.3.5)."""

    def __init__(
        self,
        viewport: Annotated[str, Query(max_length=100, description="width,height[,left,top,width,height]")] = "",
        window: Annotated[str, Query(max_length=60, description="centre,width[,linear]")] = "",
        quality: Annotated[int, Query(ge=1, le=100)] = 90,
    ) -> None:
        numbers = _numbers(viewport)
        if len(numbers) not in (0, 2, 6) or any(not 1 <= one <= MOST_PIXELS for one in numbers[:2]):
            raise HTTPException(400, f"viewport is width,height[,left,top,width,height], at most {MOST_PIXELS} wide.")
        self.size = (round(numbers[0]), round(numbers[1])) if numbers else None
        self.region = (numbers[2], numbers[3], numbers[4], numbers[5]) if len(numbers) == 6 else None
        values = _numbers(",".join(window.split(",")[:2]))
        if window and (len(values) != 2 or values[1] <= 0):
            raise HTTPException(400, "window is centre,width[,linear], and the width is more than 0.")
        self.window = (values[0], values[1]) if values else None
        self.quality = quality

    def rendering(self, media_type: str, size: tuple[int, int] | None = None) -> Rendering:
        """As ``limner.io`` wants it told."""
        return Rendering(media_type, self.size or size, self.region, self.window, self.quality)


ALook = Annotated[Look, Depends()]


@router.get(_INSTANCE + "/frames/{frames}", summary="Frames of an instance", **_FRAMES)
def get_frames(frames: Frames, target: AnInstance, request: Request, actor: Reader, house: AHouse) -> Response:
    """Plain little endian (`application/octet-stream`), or compressed as they are stored (`image/jls` and kin).

    `transfer-syntax=*` gives what is stored. Compressed colours that are decoded here become RGB.
    """
    (kept,) = find_kept(house, actor, target)
    numbers = [int(one) for one in frames.split(",")]
    if len(numbers) > MOST_FRAMES:
        raise HTTPException(400, f"Ask for {MOST_FRAMES} frames at most.")
    if len(set(numbers)) < len(numbers):
        raise HTTPException(400, "Ask for each frame once.")
    _check(kept, numbers)
    for one in accepted(request):
        found = _form(kept, one)
        if found is None:
            continue
        kind, syntax = found
        contents = (stored_frames if is_compressed(syntax) else raw_frames)(kept.path, numbers)
        header = {"Content-Type": f"{kind}; transfer-syntax={syntax}"}
        if one.several or len(contents) > 1 or one.type == "*/*":
            return several([(header, [content]) for content in contents], kind)
        return Response(contents[0], media_type=header["Content-Type"], headers=NO_STORE)
    stored = MEDIA_TYPES.get(kept.transfer_syntax)
    also = f", or as {stored} as they are stored" if stored else ""
    raise HTTPException(406, f"These frames come as {OCTETS} in Explicit VR Little Endian{also}.")


@router.get("/studies/{study}/rendered", summary="Pictures of a study", **_PICTURE)
def render_study(target: AStudy, request: Request, look: ALook, actor: Reader, house: AHouse) -> Response:
    """JPEG or PNG of every frame, as multipart/related."""
    return _all(request, find_kept(house, actor, target), look)


@router.get(_SERIES + "/rendered", summary="Pictures of a series", **_PICTURE)
def render_series(target: ASeries, request: Request, look: ALook, actor: Reader, house: AHouse) -> Response:
    """JPEG or PNG of every frame, as multipart/related."""
    return _all(request, find_kept(house, actor, target), look)


@router.get(_INSTANCE + "/rendered", summary="A picture of an instance", **_PICTURE)
def render_instance(target: AnInstance, request: Request, look: ALook, actor: Reader, house: AHouse) -> Response:
    """JPEG or PNG; of several frames, the middle one."""
    (kept,) = find_kept(house, actor, target)
    return _picture(request, kept, _middle_frame(kept), look)


@router.get(_INSTANCE + "/frames/{frame}/rendered", summary="A picture of a frame", **_PICTURE)
def render_frame(
    frame: Frame, target: AnInstance, request: Request, look: ALook, actor: Reader, house: AHouse
) -> Response:
    """JPEG or PNG."""
    (kept,) = find_kept(house, actor, target)
    return _picture(request, kept, frame, look)


@router.get("/studies/{study}/thumbnail", summary="A small picture of a study", **_PICTURE)
def thumbnail_of_study(target: AStudy, request: Request, look: ALook, actor: Reader, house: AHouse) -> Response:
    """The middle of its first series of images."""
    return _thumbnail(request, find_kept(house, actor, target), look)


@router.get(_SERIES + "/thumbnail", summary="A small picture of a series", **_PICTURE)
def thumbnail_of_series(target: ASeries, request: Request, look: ALook, actor: Reader, house: AHouse) -> Response:
    """Its middle image."""
    return _thumbnail(request, find_kept(house, actor, target), look)


@router.get(_INSTANCE + "/thumbnail", summary="A small picture of an instance", **_PICTURE)
def thumbnail_of_instance(target: AnInstance, request: Request, look: ALook, actor: Reader, house: AHouse) -> Response:
    """Its middle frame."""
    return _thumbnail(request, find_kept(house, actor, target), look)


@router.get(_INSTANCE + "/frames/{frame}/thumbnail", summary="A small picture of a frame", **_PICTURE)
def thumbnail_of_frame(
    frame: Frame, target: AnInstance, request: Request, look: ALook, actor: Reader, house: AHouse
) -> Response:
    """JPEG or PNG."""
    (kept,) = find_kept(house, actor, target)
    return _picture(request, kept, frame, look, (THUMBNAIL, THUMBNAIL))


def _form(kept: Kept, wanted: MediaRange) -> tuple[str, str] | None:
    """Media type and transfer syntax of frames as a client wants them, None where they are not to be had so."""
    stored, syntax = kept.transfer_syntax, wanted.transfer_syntax
    if is_compressed(stored):
        kind = MEDIA_TYPES.get(stored, OCTETS)
        if wanted.type in (kind, "image/*") and syntax in ("", "*", stored):
            return kind, stored
        if wanted.type in (OCTETS, "application/*", "*/*") and syntax in ("*", stored):
            return OCTETS, stored
    if wanted.type in (OCTETS, "application/*", "*/*") and syntax in ("", "*", *_PLAIN):
        return OCTETS, EXPLICIT
    return None


def _check(kept: Kept, numbers: Sequence[int]) -> None:
    for one in numbers:
        if not 1 <= one <= kept.frames:
            told = f"frames 1 to {kept.frames}" if kept.frames else "no frames"
            raise HTTPException(404, f"The instance has {told}; {one} was asked for.")


def _picture(request: Request, kept: Kept, number: int, look: Look, size: tuple[int, int] | None = None) -> Response:
    media_type = _picture_type(request)
    _check(kept, [number])
    content = render(kept.path, number, look.rendering(media_type, size))
    return Response(content, media_type=media_type, headers=NO_STORE)


def _picture_type(request: Request) -> str:
    for one in accepted(request):
        if one.type in FORMATS:
            return one.type
        if one.type in ("*/*", "image/*"):
            return next(iter(FORMATS))
    raise HTTPException(406, f"Pictures come as {' or '.join(FORMATS)}.")


def _all(request: Request, kept: list[Kept], look: Look) -> Response:
    media_type = _picture_type(request)
    header, rendering = {"Content-Type": media_type}, look.rendering(media_type)
    images = [(one, number) for one in _images(kept) for number in range(1, one.frames + 1)]
    return several(((header, [render(one.path, number, rendering)]) for one, number in images), media_type)


def _thumbnail(request: Request, kept: list[Kept], look: Look) -> Response:
    images = _images(kept)
    series = [one for one in images if one.target.series == images[0].target.series]
    middle = series[len(series) // 2]
    return _picture(request, middle, _middle_frame(middle), look, (THUMBNAIL, THUMBNAIL))


def _images(kept: list[Kept]) -> list[Kept]:
    images = [one for one in kept if one.frames]
    if not images:
        raise HTTPException(404, "There are no images in it.")
    return images


def _middle_frame(kept: Kept) -> int:
    return kept.frames // 2 + 1 if kept.frames > 1 else 1


def _numbers(text: str) -> list[float]:
    try:
        found = [float(one) for one in text.split(",")] if text else []
    except ValueError:
        found = [math.nan]
    if not all(math.isfinite(one) for one in found):
        raise HTTPException(400, "viewport and window are numbers with commas between them.")
    return found
