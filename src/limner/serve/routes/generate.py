"""Generator packs, and a picture of nobody for each move of a slider."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from limner.errors import PackError
from limner.packs import Pack, PictureSpec
from limner.report import terms
from limner.serve.house import AHouse, House
from limner.serve.jobs.packs import all_packs, find_pack
from limner.serve.safety.access import Actor, Planner, Reader

if TYPE_CHECKING:
    from limner.infer.generate import Wish

router = APIRouter(prefix="/api/generators", tags=["generate"])

Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Share = Annotated[float, Field(ge=0, le=1)]
Steps = Annotated[float, Field(ge=-4, le=4, description="standard deviations")]
PNG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}, "description": "The picture."}
}


class GeneratorItem(BaseModel):
    """A pack that makes pictures of nobody."""

    name: str
    version: str
    description: str
    size: list[int] = Field(description="Pixels along y and x.")
    channels: int
    modalities: list[str]
    condition: Literal["none", "label", "mask", "place"]
    classes: list[str] = Field(description="That can be asked for, where the condition is a class.")
    attributes: list[str] = Field(description="That can be set, each a share from 0 to 1.")
    has_labels: bool = Field(description="Each picture is made from a label map that can be shown.")
    zh: dict[str, str] = Field(description="What is said in Chinese for the classes.")
    licence: str
    non_commercial: bool


class Generators(BaseModel):
    """Packs that make pictures."""

    items: list[GeneratorItem]
    total: int


class Direction(BaseModel):
    """A way along which pictures change."""

    id: str
    name: str
    principal: bool
    correlation: float | None = Field(description="Of the attribute with the way along it, as the pack measured it.")
    share: float | None = Field(description="Of the variance of all styles that lies along a principal direction.")


class GeneratorTold(GeneratorItem):
    """A pack that makes pictures, and what its sliders move."""

    directions: list[Direction]


class Between(BaseModel):
    """A place on the way from one seed to another."""

    model_config = ConfigDict(extra="forbid")

    a: Seed
    b: Seed
    t: Share


class ImageWish(BaseModel):
    """Which picture."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    seed: Seed = 0
    between: Between | None = Field(None, description="In place of the seed.")
    kind: str | None = Field(None, alias="class", max_length=80)
    values: dict[str, Share] = Field(default_factory=dict, max_length=16)
    moves: dict[str, Steps] = Field(default_factory=dict, max_length=32)
    truncation: Annotated[float, Field(ge=0, le=1.5)] = 1.0
    show: Literal["picture", "labels"] = "picture"

    def wish(self) -> Wish:
        """As the generator takes it."""
        from limner.infer.generate import Wish  # nets and what they stand on load with the first picture

        way = (self.between.a, self.between.b, self.between.t) if self.between else None
        return Wish(self.seed, way, self.kind, self.values, self.moves, self.truncation, self.show)


@router.get("", summary="Packs that make pictures of nobody")
def get_generators(actor: Reader, house: AHouse) -> Generators:
    """None where no generative pack is at hand."""
    items = [_item(pack) for pack in all_packs(house) if _makes_pictures(pack)]
    return Generators(items=items, total=len(items))


@router.get("/{pack}", summary="A generator and what its sliders move")
def get_generator(pack: str, actor: Reader, house: AHouse) -> GeneratorTold:
    """The first question after the server's start takes a second: the desk opens the pack and finds its directions."""
    found = _generator(house, pack)
    return GeneratorTold(**_item(found).model_dump(), directions=_ask(house, actor, "generator.directions", found))


@router.post("/{pack}/image", summary="One picture of nobody", response_class=Response, responses=PNG)
def make_image(pack: str, wish: ImageWish, actor: Planner, house: AHouse) -> Response:
    """A PNG that says in its words and in its pixels that no scanner took it. The same wish gives the same bytes."""
    found = _generator(house, pack)
    png: bytes = _ask(house, actor, "generator.image", found, wish=dataclasses.asdict(wish.wish()))
    return Response(png, media_type="image/png", headers={"Cache-Control": "no-store", "X-Synthetic": "true"})


def _ask(house: House, actor: Actor, verb: str, pack: Pack, **arguments: Any) -> Any:
    return house.desk.ask(verb, str(pack.folder), asker=actor.user_id, **arguments)


def _generator(house: House, name: str) -> Pack:
    try:
        pack = find_pack(house, name)
    except PackError as error:
        raise HTTPException(404, str(error)) from None
    if not _makes_pictures(pack):
        raise HTTPException(404, f"Pack {name!r} makes no pictures; GET /api/generators lists those that do.")
    return pack


def _makes_pictures(pack: Pack) -> bool:
    return pack.spec.task == "generate" and isinstance(pack.spec.input, PictureSpec)


def _item(pack: Pack) -> GeneratorItem:
    from limner.infer.generate.conditions import CONDITIONS

    spec, known, picture = pack.spec, pack.generator, pack.main.picture
    return GeneratorItem(
        name=pack.name,
        version=pack.version,
        description=spec.description,
        size=list(picture.size),
        channels=picture.channels,
        modalities=list(picture.modality),
        condition=known.condition,
        classes=list(spec.classes) if known.condition == "label" else [],
        attributes=list(CONDITIONS[known.condition](pack).names),
        has_labels=known.condition == "mask",
        zh={name: terms.structure(name, "zh") for name in spec.classes},
        licence=spec.licence,
        non_commercial=spec.non_commercial,
    )
