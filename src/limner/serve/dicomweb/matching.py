"""A QIDO-RS query as conditions on the tables.

Source: DICOM PS3.18 8.3.4 (query parameters), PS3.4 C.2.2.2 (matching: single value, UID list, wildcard, range).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from fastapi import HTTPException
from sqlalchemy import ColumnElement, and_, cast, func, or_
from sqlalchemy import String as Text

from limner.io.dicom_json import tag_of, tags_of, vr_of
from limner.serve.tables import Instance, Series, Study

Level = Literal["study", "series", "instance"]
LEVELS: tuple[Level, ...] = ("study", "series", "instance")
_ASIDE = {"limit", "offset", "includefield", "fuzzymatching", "emptyvaluematching", "multiplevaluematching", "accept"}
_RANGES = ("DA", "TM", "DT")
_NUMBERS = ("IS", "DS", "US", "SS", "UL", "SL", "FL", "FD")
_MODALITIES_IN_STUDY, _STUDY_DATE = "00080061", "00080020"
_COLUMNS: dict[Level, dict[str, Any]] = {
    "study": {
        "0020000D": Study.uid,
        "00100010": Study.patient_name,
        "00100020": Study.patient_id,
        "00080050": Study.accession,
        "00081030": Study.description,
    },
    "series": {"0020000E": Series.uid, "00080060": Series.modality, "0008103E": Series.description},
    "instance": {"00080018": Instance.uid, "00080016": Instance.sop_class},
}
KNOWN: dict[Level, frozenset[str]] = {
    "study": tags_of(
        "StudyInstanceUID PatientName PatientID AccessionNumber StudyDescription StudyDate StudyTime ModalitiesInStudy "
        "ReferringPhysicianName StudyID PatientBirthDate PatientSex IssuerOfPatientID PatientAge TimezoneOffsetFromUTC"
    ),
    "series": tags_of(
        "SeriesInstanceUID Modality SeriesDescription SeriesNumber SeriesDate SeriesTime BodyPartExamined Laterality "
        "ProtocolName PerformedProcedureStepStartDate PerformedProcedureStepStartTime Manufacturer "
        "ManufacturerModelName StationName FrameOfReferenceUID"
    ),
    "instance": tags_of(
        "SOPInstanceUID SOPClassUID InstanceNumber NumberOfFrames Rows Columns BitsAllocated ImageType ContentDate "
        "ContentTime AcquisitionNumber AcquisitionDate AcquisitionTime"
    ),
}
"""Attributes that can be matched, by level (PS3.18 tables 10.6.1-5, 8.3.4-1)."""


@dataclass
class Query:
    """What a client looks for.

    Args:
        conditions: on the tables.
        included: attributes that are to be told beside the usual ones.
        everything: all attributes that are kept.
        warnings: what was asked for and is not done, in words for the Warning header.
    """

    conditions: list[ColumnElement[bool]] = field(default_factory=list)
    included: set[str] = field(default_factory=set)
    everything: bool = False
    warnings: list[str] = field(default_factory=list)


def read_query(params: Iterable[tuple[str, str]], level: Level) -> Query:
    """Reads the parameters of a search.

    Args:
        params: name and value of each.
        level: of what is searched for; attributes of the levels above can be matched, too.

    Raises:
        HTTPException: 400 for values that cannot be read.
    """
    query = Query()
    levels = LEVELS[: LEVELS.index(level) + 1]
    for name, value in params:
        if "\0" in value:
            raise HTTPException(400, "No attribute holds a null character.")
        if name == "includefield":
            _include(query, value)
        elif name == "fuzzymatching" and value.lower() == "true":
            query.warnings.append("Fuzzy matching is not done; only literal matching was.")
        elif name.lower() in _ASIDE:
            continue
        else:
            tag = tag_of(name)
            home = next((one for one in levels if tag in KNOWN[one]), None)
            if tag is None or home is None:
                query.warnings.append("A parameter was ignored: it is no attribute that can be matched here.")
            elif value not in ("", "*", '""'):
                query.conditions.append(_condition(home, tag, value))
    query.warnings = sorted(set(query.warnings))
    return query


def _include(query: Query, value: str) -> None:
    for one in value.split(","):
        if one.strip().lower() == "all":
            query.everything = True
        elif tag := tag_of(one.strip()):
            query.included.add(tag)
        else:
            raise HTTPException(400, f"includefield={one[:64]!r} is no attribute: give a keyword or eight digits.")


def _condition(level: Level, tag: str, value: str) -> ColumnElement[bool]:
    vr = vr_of(tag)
    if tag == _MODALITIES_IN_STUDY:
        kinds = cast(Study.modalities, Text)
        return or_(*(kinds.contains(f'"{one}"', autoescape=True) for one in re.split(r"[\\,]", value)))
    if tag == _STUDY_DATE:
        return _between(Study.date, value, lambda text: f"{text[:4]}-{text[4:6]}-{text[6:8]}", r"\d{8}")
    column = _COLUMNS[level].get(tag)
    if column is None:
        column = _kept(level, tag, vr)
    if vr == "UI":
        return column.in_([one for one in re.split(r"[\\,]", value) if one])
    if vr in _RANGES:
        return _between(column, value, str, r"\d{8}" if vr == "DA" else r"[\d.+]{2,26}")
    if vr in _NUMBERS:
        try:
            return column == float(value)
        except ValueError:
            raise HTTPException(400, f"{tag} is a number; {value[:64]!r} is none.") from None
    if vr == "PN":
        return _name(column, value)
    if "*" in value or "?" in value:
        return column.like(_pattern(value), escape="\\")
    return column == value


def _kept(level: Level, tag: str, vr: str) -> Any:
    """An attribute that is kept as DICOM JSON and has no column of its own."""
    table = {"study": Study, "series": Series, "instance": Instance}[level]
    place = (tag, "Value", 0, "Alphabetic") if vr == "PN" else (tag, "Value", 0)
    value = table.tags[place]  # type: ignore[attr-defined]
    return value.as_float() if vr in _NUMBERS else value.as_string()


def _between(column: Any, value: str, told: Any, pattern: str) -> ColumnElement[bool]:
    first, dash, last = value.partition("-")
    if (not first and not last) or any(one and not re.fullmatch(pattern, one) for one in (first, last)):
        raise HTTPException(400, f"{value[:64]!r} is no date or time, nor a range of them (20260131-20260228).")
    if not dash:
        return column == told(first)
    ends = [column >= told(first)] if first else []
    return and_(*ends, *([column <= told(last)] if last else []), column != "")


def _name(column: Any, value: str) -> ColumnElement[bool]:
    """Names match whatever their case, in any of their groups: alphabetic, ideographic, phonetic (PS3.5 6.2)."""
    pattern, lower = _pattern(value.lower().rstrip("^")), func.lower(column)
    ways = (pattern, f"{pattern}=%", f"%={pattern}", f"%={pattern}=%")
    return or_(*(lower.like(one, escape="\\") for one in ways))


def _pattern(value: str) -> str:
    r"""Wildcards of DICOM (PS3.4 C.2.2.2.4) as those of SQL.

    >>> print(_pattern("Do?_*"))
    Do_\_%
    """
    return re.sub(r"[\\%_]", r"\\\g<0>", value).replace("*", "%").replace("?", "_")
