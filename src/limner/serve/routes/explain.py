"""Packs that can be asked why, and the pictures that they are asked about."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy import Select, select

from limner.draw.explainable import reads_pictures
from limner.packs import Pack, Weakness, weaknesses
from limner.report import terms
from limner.serve.house import AHouse
from limner.serve.jobs.packs import all_packs
from limner.serve.safety.access import Reader, find_study
from limner.serve.tables import Instance, Series

router = APIRouter(tags=["explain"])

PNG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}, "description": "The picture."}
}


class ExplainerItem(BaseModel):
    """A pack that answers about pictures and can be asked why."""

    name: str
    version: str
    task: str
    description: str
    modalities: list[str]
    size: list[int] = Field(description="Pixels along y and x that its net sees.")
    channels: int
    channel_names: list[str] = Field(description="What the channels must be, where they are several series of MR.")
    classes: list[str]
    groups: dict[str, list[str]]
    zh: dict[str, str] = Field(description="What is said in Chinese for the classes and groups.")
    multi_label: bool
    calibrated: bool
    abstain_below: float | None = Field(description="An answer less sure than this is given as 'not sure'.")
    weaknesses: list[Weakness]
    licence: str
    non_commercial: bool


class Explainers(BaseModel):
    """Packs that read pictures."""

    items: list[ExplainerItem]
    total: int


@router.get("/api/explainers", summary="Packs that answer about pictures and can be asked why")
def get_explainers(actor: Reader, house: AHouse) -> Explainers:
    """Each with its weakest figures: they belong beside every answer."""
    items = [_item(pack) for pack in all_packs(house) if reads_pictures(pack)]
    return Explainers(items=items, total=len(items))


@router.get("/api/studies/{study_id}/picture.png", summary="A study's picture", response_class=Response, responses=PNG)
def get_picture(
    study_id: str,
    actor: Reader,
    house: AHouse,
    n: Annotated[int, Query(ge=0, le=9999, description="Of several pictures, the n-th from 0.")] = 0,
    longest: Annotated[int, Query(ge=32, le=4096, description="Pixels of the longer side at most.")] = 1600,
) -> Response:
    """The pixels without any word of the file, turned as its EXIF says. One that says it is synthetic stays so."""
    with house.database.reading() as db:
        study = find_study(db, actor, study_id)
        one = db.scalars(pictures_of(study.id).offset(n).limit(1)).first()
    if study.kind != "picture" or one is None:
        raise HTTPException(404, "This study holds no such picture; slices of scans are at /api/series.")
    from limner.io.shown import shown_png  # watermarks, and scipy with them, load with the first picture

    png = shown_png(house.blobs.open_or_refuse(one.sha256, one.ending), longest)
    return Response(png, media_type="image/png", headers={"Cache-Control": "private, no-store"})


def pictures_of(study_id: str) -> Select[Instance]:
    """The pictures of a study, in the order in which ``n`` counts them."""
    of_study = select(Instance).join(Series).where(Series.study_id == study_id)
    return of_study.order_by(Series.number, Series.uid, Instance.number, Instance.uid)


def _item(pack: Pack) -> ExplainerItem:
    spec, picture = pack.spec, pack.main.picture
    return ExplainerItem(
        name=pack.name,
        version=pack.version,
        task=spec.task,
        description=spec.description,
        modalities=list(picture.modality),
        size=list(picture.size),
        channels=picture.channels,
        channel_names=list(picture.channel_names),
        classes=list(spec.classes),
        groups=dict(spec.groups),
        zh={name: terms.structure(name, "zh") for name in (*spec.classes, *spec.groups)},
        multi_label=spec.multi_label,
        calibrated=spec.calibration is not None,
        abstain_below=spec.calibration.abstain_below if spec.calibration else None,
        weaknesses=list(weaknesses(spec)),
        licence=spec.licence,
        non_commercial=spec.non_commercial,
    )
