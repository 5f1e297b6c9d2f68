"""QIDO-RS: searching for studies, series and instances.

Source: DICOM PS3.18 10.6.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import ColumnElement, Select, select

from limner.io.dicom_json import element, tags_of
from limner.serve.dicomweb.accept import JSON, require_json
from limner.serve.dicomweb.found import ASeries, AStudy, Target, find_study_id, shown
from limner.serve.dicomweb.matching import LEVELS, Level, read_query
from limner.serve.dicomweb.matching import Query as Asked
from limner.serve.house import AHouse, House
from limner.serve.safety.access import Actor, Reader
from limner.serve.tables import Instance, Series, Study

router = APIRouter(prefix="/dicom-web", tags=["DICOMweb"])

MOST = 1000
"""Answers at once; a client asks on with ``offset``."""
_ALWAYS = "SpecificCharacterSet InstanceAvailability TimezoneOffsetFromUTC RetrieveURL "
USUAL: dict[Level, frozenset[str]] = {
    "study": tags_of(
        _ALWAYS + "StudyDate StudyTime AccessionNumber ModalitiesInStudy ReferringPhysicianName PatientName PatientID "
        "PatientBirthDate PatientSex StudyInstanceUID StudyID StudyDescription NumberOfStudyRelatedSeries "
        "NumberOfStudyRelatedInstances"
    ),
    "series": tags_of(
        _ALWAYS + "Modality SeriesDescription SeriesInstanceUID SeriesNumber SeriesDate SeriesTime BodyPartExamined "
        "NumberOfSeriesRelatedInstances PerformedProcedureStepStartDate PerformedProcedureStepStartTime "
        "RequestAttributesSequence"
    ),
    "instance": tags_of(
        _ALWAYS + "SOPClassUID SOPInstanceUID InstanceNumber Rows Columns BitsAllocated NumberOfFrames "
        "AvailableTransferSyntaxUID"
    ),
}
"""Attributes that are always told, by level (PS3.18 tables 10.6.3-3, -4, -5, and what viewers list)."""
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {JSON: {"schema": {"type": "array", "items": {"type": "object"}}}}, "description": "Matches."},
    204: {"description": "Nothing matches."},
    406: {"description": "The client cannot read DICOM JSON."},
}
_HOW: dict[str, Any] = {"response_class": Response, "responses": _ANSWERS}


class Page:
    """Which of the matches are wanted, beside the attributes that a query matches by keyword or tag."""

    def __init__(
        self,
        limit: Annotated[int, Query(ge=0, le=1_000_000)] = MOST,
        offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
        includefield: Annotated[list[str] | None, Query(description="Keywords or tags, or `all`.")] = None,
        fuzzymatching: Annotated[bool, Query(description="Not done; a warning says so.")] = False,
    ) -> None:
        del includefield, fuzzymatching  # read with the rest of the query
        self.limit, self.offset = limit, offset


APage = Annotated[Page, Depends()]


@router.get("/studies", summary="Search for studies", **_HOW)
def search_studies(request: Request, page: APage, actor: Reader, house: AHouse) -> Response:
    """By any attribute of studies: `PatientName=Doe*`, `StudyDate=20260101-20260131`, `ModalitiesInStudy=CT`."""
    return _search(request, page, actor, house, "study")


@router.get("/series", summary="Search for series", **_HOW)
def search_series(request: Request, page: APage, actor: Reader, house: AHouse) -> Response:
    """In all studies, by attributes of series and studies."""
    return _search(request, page, actor, house, "series")


@router.get("/instances", summary="Search for instances", **_HOW)
def search_instances(request: Request, page: APage, actor: Reader, house: AHouse) -> Response:
    """In all studies, by attributes of instances, series and studies."""
    return _search(request, page, actor, house, "instance")


@router.get("/studies/{study}/series", summary="Search for series of a study", **_HOW)
def search_study_series(target: AStudy, request: Request, page: APage, actor: Reader, house: AHouse) -> Response:
    """By attributes of series."""
    return _search(request, page, actor, house, "series", target)


@router.get("/studies/{study}/instances", summary="Search for instances of a study", **_HOW)
def search_study_instances(target: AStudy, request: Request, page: APage, actor: Reader, house: AHouse) -> Response:
    """By attributes of instances and series."""
    return _search(request, page, actor, house, "instance", target)


@router.get("/studies/{study}/series/{series}/instances", summary="Search for instances of a series", **_HOW)
def search_series_instances(target: ASeries, request: Request, page: APage, actor: Reader, house: AHouse) -> Response:
    """By attributes of instances."""
    return _search(request, page, actor, house, "instance", target)


def _search(
    request: Request, page: Page, actor: Actor, house: House, level: Level, within: Target | None = None
) -> Response:
    require_json(request)
    asked = read_query(request.query_params.multi_items(), level)
    root = service_root(request, house)
    limit = min(page.limit, MOST)
    with house.database.reading() as db:
        if within is not None:
            find_study_id(db, actor, within.study)
        query = _select(level, [shown(actor), *_inside(within), *asked.conditions])
        rows = db.execute(query.limit(limit + 1).offset(page.offset)).all()
    told = [_told(row, level, asked, root, whole=within is None) for row in rows[:limit]]
    headers = {"Cache-Control": "no-store"}
    if len(rows) > limit and page.limit > MOST:
        asked.warnings.append(f"There are more than {MOST} results; ask on with offset.")
    if asked.warnings:
        headers["Warning"] = ", ".join(f'299 limner "{one}"' for one in asked.warnings)
    if not told:
        return Response(status_code=204, headers=headers)
    return JSONResponse(told, 200, headers, JSON)


def service_root(request: Request, house: House) -> str:
    """The address of this service, as clients reach it."""
    return f"{(house.settings.public_url or str(request.base_url)).rstrip('/')}/dicom-web"


def _inside(within: Target | None) -> list[ColumnElement[bool]]:
    if within is None:
        return []
    return [Study.uid == within.study, *([Series.uid == within.series] if within.series else [])]


def _select(level: Level, conditions: list[ColumnElement[bool]]) -> Select[*tuple[Any, ...]]:
    if level == "study":
        return select(Study).where(*conditions).order_by(Study.date.desc(), Study.id)
    rows: Select[*tuple[Any, ...]]
    order = [Study.id, Series.number, Series.uid]
    if level == "series":
        rows = select(Series, Study)
    else:
        rows = select(Instance, Series, Study).join(Series, Series.id == Instance.series_id)
        order += [Instance.number, Instance.uid]
    return rows.join(Study, Study.id == Series.study_id).where(*conditions).order_by(*order)


def _told(row: Any, level: Level, asked: Asked, root: str, *, whole: bool) -> dict[str, Any]:
    """One match as DICOM JSON. Without a study in the address, the attributes of the levels above come along."""
    parts = dict(zip(reversed(LEVELS[: LEVELS.index(level) + 1]), row, strict=True))
    known: dict[str, Any] = {}
    wanted: set[str] = set(asked.included)
    for one in LEVELS:
        if one in parts:
            known |= parts[one].tags | _counted(one, parts[one])
            wanted |= USUAL[one] if one == level or whole else set()
    wanted |= {"0020000D", "0020000E"}
    target = Target(*(parts[one].uid for one in LEVELS if one in parts))
    known |= element("RetrieveURL", root + target.address) | element("InstanceAvailability", "ONLINE")
    known |= element("SpecificCharacterSet", "ISO_IR 192")
    return {tag: known[tag] for tag in sorted(known) if asked.everything or tag in wanted}


def _counted(level: Level, row: Any) -> dict[str, Any]:
    if level == "study":
        return (
            element("StudyInstanceUID", row.uid)
            | element("ModalitiesInStudy", *row.modalities)
            | element("NumberOfStudyRelatedSeries", row.series_count)
            | element("NumberOfStudyRelatedInstances", row.instance_count)
        )
    if level == "series":
        return element("SeriesInstanceUID", row.uid) | element("NumberOfSeriesRelatedInstances", row.instance_count)
    syntaxes = element("AvailableTransferSyntaxUID", row.transfer_syntax) if row.transfer_syntax else {}
    return element("SOPInstanceUID", row.uid) | element("SOPClassUID", row.sop_class) | syntaxes
