"""Model packs: what they are for, how good they are, and on what terms."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import FileResponse
from pydantic import BaseModel

from limner.errors import PackError
from limner.packs import InputSpec, Pack, SlicesSpec
from limner.packs.shelf import SHIPPED
from limner.serve.house import AHouse, House
from limner.serve.jobs.packs import all_packs, find_pack
from limner.serve.safety.access import Reader

router = APIRouter(prefix="/api/packs", tags=["packs"])

Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
SHOWN = {".md": "text/markdown; charset=utf-8", ".png": "image/png", ".json": "application/json"}
"""Files of a pack that may be read, by ending: words and pictures. Weights stay on the server."""


class Interval(BaseModel):
    """A figure with its 95 % interval."""

    value: float | None
    low: float | None = None
    high: float | None = None


class FigureRow(BaseModel):
    """What a pack reached on some data, and the command that prints it."""

    data: str
    n: int
    region: str
    metrics: dict[str, Interval]
    baseline: dict[str, Any] = {}
    calibration: dict[str, Any] = {}
    command: str = ""


class PackTold(BaseModel):
    """A pack. ``reads`` is scan, slices or picture."""

    name: str
    version: str
    task: str
    description: str
    licence: str
    non_commercial: bool
    modalities: list[str]
    reads: str
    classes: list[str]
    figures: list[FigureRow]
    calibration: dict[str, Any] | None
    shipped: bool


class PackWhole(PackTold):
    """A pack with its card; ``files`` may be asked for."""

    card: str
    sha256: str
    sources: list[dict[str, Any]]
    citations: list[str]
    history: str
    files: list[str]


class Packs(BaseModel):
    """All packs that are at hand."""

    items: list[PackTold]
    total: int


@router.get("", summary="The model packs")
def get_packs(actor: Reader, house: AHouse) -> Packs:
    """The shipped ones, and those that the site put into its data folder."""
    del actor
    items = [_told(one) for one in all_packs(house)]
    return Packs(items=items, total=len(items))


@router.get("/{pack}", summary="One pack with its card")
def get_pack(pack: Name, actor: Reader, house: AHouse) -> PackWhole:
    """Its card, what it learned from, and its figures."""
    del actor
    found = _find(house, pack)
    card = found.folder / "CARD.md"
    counted: dict[tuple[str, str], int] = {}
    for row in found.spec.training:
        counted[row.source, row.licence] = counted.get((row.source, row.licence), 0) + 1
    return PackWhole(
        **_told(found).model_dump(),
        card=card.read_text(encoding="utf-8") if card.is_file() else "",
        sha256=found.sha256,
        sources=[{"source": one, "licence": terms, "rows": rows} for (one, terms), rows in counted.items()],
        citations=found.spec.citations,
        history=found.spec.history,
        files=sorted(path.name for path in found.folder.iterdir() if path.is_file() and path.suffix in SHOWN),
    )


@router.get("/{pack}/files/{path}", summary="A file of a pack", response_class=FileResponse)
def get_file(
    pack: Name, path: Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")], actor: Reader, house: AHouse
) -> FileResponse:
    """Its card, pack.json or a picture; weights are not given out."""
    del actor
    file = _find(house, pack).folder / path
    if file.suffix not in SHOWN or not file.is_file() or file.is_symlink():
        raise HTTPException(404, "The pack has no such file to show.")
    return FileResponse(file, media_type=SHOWN[file.suffix], headers={"Cache-Control": "no-store"})


def _find(house: House, name: str) -> Pack:
    try:
        return find_pack(house, name)
    except PackError as error:
        raise HTTPException(404, str(error)) from None


def _told(pack: Pack) -> PackTold:
    spec = pack.spec
    reads = (
        "scan" if isinstance(spec.input, InputSpec) else "slices" if isinstance(spec.input, SlicesSpec) else "picture"
    )
    return PackTold(
        name=spec.name,
        version=spec.version,
        task=spec.task,
        description=spec.description,
        licence=spec.licence,
        non_commercial=spec.non_commercial,
        modalities=spec.input.modality,
        reads=reads,
        classes=spec.classes,
        figures=[FigureRow.model_validate({k: v for k, v in row.items() if v is not None}) for row in spec.figures],
        calibration=spec.calibration.model_dump(mode="json") if spec.calibration else None,
        shipped=pack.folder.parent == SHIPPED,
    )
