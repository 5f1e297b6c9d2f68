"""A series as pages see it: where its voxels stand, and its slices as bytes."""

from __future__ import annotations

from pathlib import Path as File
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from limner.serve.house import AHouse, House
from limner.serve.safety.access import Actor, Reader, find_series
from limner.serve.store.volumes import Geometry

router = APIRouter(prefix="/api/series", tags=["series"])

MOST_SLICES = 64
"""Of one answer: 32 MB of 512² slices."""
NO_STORE = {"Cache-Control": "no-store"}
SeriesId = Annotated[str, Path(max_length=24)]


class WindowOut(BaseModel):
    """A preset: stored under a key of the page's words."""

    name: str
    center: float
    width: float


class SliceOut(BaseModel):
    """One axial slice: its number from the feet, and the image that it is, where it is one."""

    k: int
    sop_uid: str | None


class ProblemOut(BaseModel):
    """Something that a reader must know of the series."""

    code: str
    severity: Literal["warning", "error"]
    text: str


class PictureOut(BaseModel):
    """The size of a photograph or still."""

    rows: int
    columns: int
    channels: int


class SeriesOut(BaseModel):
    """A series: its axial volume, if it has one."""

    id: str
    study_id: str
    modality: str
    description: str
    drawable: bool
    suggested_pack: str | None
    problems: list[ProblemOut]
    shape: tuple[int, int, int] | None = Field(None, description="Slices, rows, columns of the axial volume.")
    spacing_mm: tuple[float, float, float] | None = Field(None, description="Between slices, rows, columns.")
    affine: list[list[float]] | None = Field(None, description="4 × 4, takes (x, y, z, 1) of a voxel to LPS mm.")
    window: list[WindowOut] = Field([], description="Presets; the keys 1 to 7.")
    opening: str | None = Field(None, description="The name of the preset to open with.")
    value_range: tuple[float, float] | None = None
    unit: str = Field("", description="HU, or nothing where values have no unit.")
    slope: float = Field(1.0, description="value = stored × slope + intercept")
    intercept: float = 0.0
    slices: list[SliceOut] = []
    picture: PictureOut | None = None


@router.get("/{series_id}", summary="A series, its geometry and windows")
def get_series(series_id: SeriesId, actor: Reader, house: AHouse) -> SeriesOut:
    """The first time this may take seconds: the volume is turned then."""
    with house.database.reading() as db:
        series = find_series(db, actor, series_id)
    known = dict(house.volumes.geometry(series_id, series.geometry))
    known["slices"] = [{"k": k, "sop_uid": uid} for k, uid in enumerate(known.get("slices", ()))]
    known["modality"] = series.modality or known.get("modality", "")
    return SeriesOut(id=series.id, study_id=series.study_id, description=series.description, **known)


@router.get(
    "/{series_id}/slices/{k}",
    summary="Axial slices as 16-bit integers",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_slices(
    series_id: SeriesId,
    k: Annotated[int, Path(ge=0, le=100_000)],
    actor: Reader,
    house: AHouse,
    count: Annotated[int, Query(ge=1, le=MOST_SLICES, description="How many, from k on.")] = 1,
) -> Response:
    """Little endian, row by row, from the head of the picture; fewer than ``count`` where the volume ends."""
    shape = _shape(house, actor, series_id)
    if k >= shape[0]:
        raise HTTPException(404, f"The series has {shape[0]} axial slices, 0 to {shape[0] - 1}; {k} was asked for.")
    body = house.volumes.slices(series_id, shape, k, min(count, shape[0] - k))
    sizes = {"X-Rows": str(shape[1]), "X-Columns": str(shape[2])}
    return Response(body, media_type="application/octet-stream", headers=NO_STORE | sizes)


@router.get("/{series_id}/volume.nii", summary="The axial volume as NIfTI", response_class=FileResponse)
def get_volume(series_id: SeriesId, actor: Reader, house: AHouse) -> FileResponse:
    """Uncompressed, 16-bit integers, x fastest."""
    _shape(house, actor, series_id)
    return _file(house.volumes.path(series_id), "application/octet-stream", "volume")


@router.get("/{series_id}/preview.png", summary="A small picture", response_class=FileResponse)
def get_preview(series_id: SeriesId, actor: Reader, house: AHouse) -> FileResponse:
    """The middle slice, or the photograph, within 128 × 128."""
    _geometry(house, actor, series_id)
    return _file(house.volumes.preview(series_id), "image/png", "preview")


@router.get("/{series_id}/image", summary="A photograph or still, whole", response_class=FileResponse)
def get_image(series_id: SeriesId, actor: Reader, house: AHouse) -> FileResponse:
    """PNG, turned upright, without the file's metadata."""
    _geometry(house, actor, series_id)
    return _file(house.volumes.image(series_id), "image/png", "picture")


def _geometry(house: House, actor: Actor, series_id: str) -> Geometry:
    with house.database.reading() as db:
        series = find_series(db, actor, series_id)
    return house.volumes.geometry(series_id, series.geometry)


def _shape(house: House, actor: Actor, series_id: str) -> tuple[int, int, int]:
    geometry: dict[str, Any] = dict(_geometry(house, actor, series_id))
    if not geometry.get("shape"):
        raise HTTPException(404, "The series has no volume; GET /api/series/{id} lists the reasons under `problems`.")
    slices, rows, columns = geometry["shape"]
    return slices, rows, columns


def _file(path: File, media_type: str, noun: str) -> FileResponse:
    if not path.is_file():
        raise HTTPException(404, f"The series has no {noun}.")
    return FileResponse(path, media_type=media_type, headers=NO_STORE)
