"""Correcting a drawing: a new label map becomes its next version; a click is answered with a mask."""

from __future__ import annotations

import base64
from pathlib import Path as FilePath
from typing import Annotated, Literal

from fastapi import APIRouter, Header, HTTPException, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session as Transaction

from limner.errors import PackError
from limner.findings import Drawing
from limner.infer.sight import asked_of
from limner.io.drawing import labels_of
from limner.packs import load_pack
from limner.report import terms
from limner.serve.house import AHouse, House
from limner.serve.jobs.finish import family
from limner.serve.jobs.kinds.correct import LABELS
from limner.serve.jobs.packs import pack_folder
from limner.serve.jobs.queue import Request as Work
from limner.serve.jobs.scratch import Scratch
from limner.serve.jobs.states import WAITING
from limner.serve.jobs.told import JobTold, tell_jobs
from limner.serve.safety.access import Actor, Planner, PlannerWrites, find_result
from limner.serve.settings import MIB
from limner.serve.tables import Job, Result, User, new_id

router = APIRouter(prefix="/api/results/{result_id}", tags=["corrections"])

MOST_VOXELS = 2048 * MIB
CLICK_S, NET_S, CHECK_S = 20.0, 60.0, 60.0

Id = Annotated[str, Path(max_length=24)]
Index = Annotated[int, Field(ge=0, le=100_000)]


class Point(BaseModel):
    """A voxel of the turned volume, ``(x, y, z)``: from the right, the front and the feet."""

    ijk: tuple[Index, Index, Index]
    inside: bool


class Clicked(BaseModel):
    """Points that say what is meant."""

    label: int = Field(ge=1, le=65535, description="The label that is corrected: what carries it is looked through.")
    points: list[Point] = Field(min_length=1, max_length=64)
    method: Literal["graph-cut", "pack"] = "graph-cut"


class Mask(BaseModel):
    """Voxels in a box of the turned volume."""

    origin: tuple[int, int, int] = Field(description="(z, y, x) of its first voxel.")
    shape: tuple[int, int, int] = Field(description="(z, y, x)")
    mask: str = Field(description="Base64 of gzip of bits, x fastest, the lowest bit of a byte first.")
    voxels: int
    ml: float


class LabelOut(BaseModel):
    """A label that may be painted."""

    value: int
    name: str
    kind: str
    color: tuple[int, int, int]
    within: int | None = Field(None, description="The label of the organ that it lies in: what an eraser leaves.")


class Labels(BaseModel):
    """All labels that a corrected map may hold."""

    items: list[LabelOut]
    total: int
    clicks: list[int] = Field(description="Labels that a net of the pack draws, so that a click may ask it.")


@router.get("/labels", summary="The labels that may be painted")
def get_labels(
    result_id: Id, actor: Planner, house: AHouse, lang: Annotated[Literal["en", "zh"], Query()] = "en"
) -> Labels:
    """Those of the drawing, and what its pack could have found."""
    with house.database.reading() as db:
        result = find_result(db, actor, result_id, "drawing")
    drawing = Drawing.model_validate_json((house.result_folder(result.id) / "drawing.json").read_bytes())
    pack = _pack_of(house, result)
    found = {one.value: one for one in labels_of(drawing)}
    within: dict[int, int] = {}
    asked: list[int] = []
    if pack is not None:
        known = load_pack(pack)
        found = {**{one.value: one for one in known.labels}, **found}
        values = {one.name: one.value for one in found.values()}
        for organ, parts in known.spec.regions.items():
            within |= {values[part]: values[organ] for part in parts if part in values and organ in values}
        asked = sorted(values[name] for name in asked_of(known) if name in values)
    items = [
        LabelOut(
            value=one.value,
            name=terms.structure(one.name, lang),
            kind=one.kind,
            color=one.color,
            within=within.get(one.value),
        )
        for one in sorted(found.values(), key=lambda one: one.value)
    ]
    return Labels(items=items, total=len(items), clicks=asked)


@router.post("/click", summary="Find what was clicked on")
def click(result_id: Id, asked: Clicked, actor: Planner, house: AHouse) -> Mask:
    """A minimal cut around the points; ``pack`` also asks the net that drew it. Nothing is changed by it."""
    with house.database.reading() as db:
        result = find_result(db, actor, result_id, "drawing")
    if result.series_id is None:
        raise HTTPException(409, "The series of this drawing is not there any more.")
    if not house.volumes.geometry(result.series_id).get("shape"):
        raise HTTPException(409, "The series of this drawing has no volume to click in.")
    told = house.desk.ask(
        "correct.segment",
        str(house.result_folder(result.id)),
        limit_s=CLICK_S if asked.method == "graph-cut" else NET_S,
        asker=actor.user_id,
        instead_of=f"{actor.user_id} click",
        scan=str(house.volumes.path(result.series_id)),
        label=asked.label,
        inside=[list(reversed(one.ijk)) for one in asked.points if one.inside],
        outside=[list(reversed(one.ijk)) for one in asked.points if not one.inside],
        pack=str(pack_folder(house, result.pack)) if asked.method == "pack" else None,
    )
    return Mask.model_validate({**told, "mask": base64.b64encode(told["mask"]).decode()})


@router.post(
    "/corrections",
    summary="Save a corrected label map as a new version",
    status_code=201,
    responses={
        409: {"description": "Somebody saved a version meanwhile."},
        413: {"description": "The map is too large."},
    },
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)
async def correct(
    result_id: Id,
    request: Request,
    actor: PlannerWrites,
    house: AHouse,
    x_base: Annotated[int, Header(ge=1, description="Number of the version that was corrected.")],
    x_comment: Annotated[str, Header(max_length=6000, description="Percent-encoded UTF-8.")] = "",
) -> JobTold:
    """The body is gzipped NIfTI on the drawing's grid. What is measured anew is a job; the map is safe when it begins.

    A version that somebody else saved meanwhile is not overwritten: the answer is 409 and says whose it is.
    """
    path = house.folder("scratch") / f"{new_id()}.nii.gz"
    try:
        await _receive(request, path)
        return await run_in_threadpool(_correct, house, actor, result_id, x_base, x_comment, path)
    finally:
        path.unlink(missing_ok=True)


async def _receive(request: Request, path: FilePath) -> None:
    """The body as a file; the guard bounds it by ``limits.mask_bytes``."""
    size = 0
    with path.open("wb") as file:
        async for piece in request.stream():
            size += len(piece)
            await run_in_threadpool(file.write, piece)
    if not size:
        raise HTTPException(422, "The body is empty: send the corrected label map, gzipped NIfTI.")


def _correct(house: House, actor: Actor, result_id: str, base: int, comment: str, path: FilePath) -> JobTold:
    with house.database.reading() as db:
        result = find_result(db, actor, result_id, "drawing")
        _refuse_stale(db, result, base)
    house.desk.ask(
        "correct.check",
        str(house.result_folder(result.id)),
        limit_s=CHECK_S,
        asker=actor.user_id,
        path=str(path),
        most_bytes=MOST_VOXELS,
        pack=_pack_of(house, result),
    )
    work = Work("correct", actor.user_id, result.study_id, result.id, {"comment": _comment(comment)})
    job_id = new_id()
    scratch = Scratch.of(house, job_id)
    scratch.keep({LABELS: path.read_bytes()})
    try:
        with house.database.session() as db:  # which nobody else can hold: of two who save at once, one is told
            _refuse_stale(db, db.get_one(Result, result.id), base)
            job = house.queue.add(db, work, job_id)
            db.flush()
            told = tell_jobs(db, [job])[0]
    except BaseException:
        scratch.clear(given=True)
        raise
    house.queue.carry(job)
    return told


def _refuse_stale(db: Transaction, result: Result, base: int) -> None:
    """Whoever corrected an older version than there is must look at the newer one first.

    Raises:
        HTTPException: 409, says who saved and when; or who is about to.
    """
    versions = family(db, result.id)
    newest = versions[-1]
    if newest.version != base or newest.id != result.id:
        by = db.get_one(User, newest.owner_id)
        raise HTTPException(
            409,
            f"Version {newest.version} was saved by {by.display or by.name} at {newest.created:%Y-%m-%d %H:%M} UTC, "
            f"and you corrected version {base}. Open version {newest.version}, compare, and save again.",
        )
    waiting = select(Job).where(
        Job.kind == "correct", Job.result_id.in_([one.id for one in versions]), Job.state.in_(WAITING)
    )
    if (job := db.scalars(waiting).first()) is not None:
        by = db.get_one(User, job.owner_id)
        raise HTTPException(409, f"A correction of {by.display or by.name} is being measured; wait until it is there.")


def _pack_of(house: House, result: Result) -> str | None:
    try:
        return str(pack_folder(house, result.pack))
    except PackError:  # the pack has gone, or another program drew it
        return None


def _comment(header: str) -> str:
    from urllib.parse import unquote

    return unquote(header)[:2000]
