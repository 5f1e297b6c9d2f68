"""What a store must know of a DICOM file: its place among studies and series, and the attributes that are asked for.

The pixels are not read, only held against the length that the header claims.
"""

from __future__ import annotations

import hashlib
import re
import warnings
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID

from limner.errors import NotAnImageError
from limner.io.dicom_json import json_of
from limner.io.frames import looks_like_dicom, patient_key, pixel_extent

_STUDY = """
StudyDate StudyTime AccessionNumber ReferringPhysicianName TimezoneOffsetFromUTC StudyDescription StudyID
StudyInstanceUID PatientName PatientID IssuerOfPatientID PatientBirthDate PatientSex PatientAge
"""
_SERIES = """
Modality SeriesDescription SeriesInstanceUID SeriesNumber SeriesDate SeriesTime BodyPartExamined Laterality
ProtocolName PerformedProcedureStepStartDate PerformedProcedureStepStartTime RequestAttributesSequence Manufacturer
ManufacturerModelName StationName FrameOfReferenceUID
"""
_INSTANCE = """
SOPClassUID SOPInstanceUID InstanceNumber NumberOfFrames Rows Columns BitsAllocated ImageType ContentDate ContentTime
AcquisitionNumber AcquisitionDate AcquisitionTime
"""
_MORE = "SpecificCharacterSet SamplesPerPixel PixelData"
_DIRECTORY = "1.2.840.10008.1.3.10"
_UID = re.compile(r"[0-9][0-9.]{0,63}")
_DEFLATED = "1.2.840.10008.1.2.1.99"
MOST_INFLATED = 1 << 29
"""Bytes that a deflated data set may hold: pydicom inflates it in memory."""
MOST_PIXELS = 1 << 35
"""Bytes of pixels that a file may claim to unpack to."""


@dataclass(frozen=True)
class Header:
    """Where a file belongs, and what is asked of it.

    Args:
        patient_name: all its groups, as ``Family^Given=…``.
        date: StudyDate as YYYY-MM-DD, empty where it is absent.
        frames: 0 where there are no pixels (a report).
        transfer_syntax: how its data set is encoded (PS3.5 chapter 10).
        study_tags, series_tags, instance_tags: DICOM JSON (PS3.18 annex F) of what QIDO-RS answers.
        uids_made: some of its UIDs were missing and are made up.
    """

    study_uid: str
    series_uid: str
    sop_uid: str
    sop_class: str = ""
    modality: str = ""
    patient_name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    sex: str = ""
    date: str = ""
    description: str = ""
    accession: str = ""
    series_number: int | None = None
    series_description: str = ""
    number: int | None = None
    frames: int = 1
    transfer_syntax: str = ""
    study_tags: dict[str, Any] = field(default_factory=dict)
    series_tags: dict[str, Any] = field(default_factory=dict)
    instance_tags: dict[str, Any] = field(default_factory=dict)
    uids_made: bool = False


def is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM does (PS3.10 7.1), or as old archives wrote it without its preamble."""
    with path.open("rb") as stream:
        return looks_like_dicom(stream)


def read_header(path: Path, *, make_uids: bool = False) -> Header:
    """Reads what a store must know.

    Args:
        path: of any file.
        make_uids: make up the UIDs that de-identification took, always the same ones for the same file and series.

    Raises:
        NotAnImageError: not DICOM, damaged or cut off, a directory, without UIDs, or larger unpacked than is safe. The
            message names no file: names of files may name patients.
    """
    try:
        with path.open("rb") as stream:
            if not looks_like_dicom(stream):
                raise NotAnImageError("This is not DICOM.")
            _refuse_inflating(path, stream)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # values that break their VR are somebody else's, and kept
                words = (_STUDY + _SERIES + _INSTANCE + _MORE).split()
                data = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=list(words), force=True)
                return _header(data, stream, path if make_uids else None)
    except NotAnImageError:
        raise
    except (InvalidDicomError, EOFError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as error:
        raise NotAnImageError(f"This is damaged DICOM ({type(error).__name__}): copy it again.") from error


def _header(data: pydicom.Dataset, stream: BinaryIO, making_from: Path | None) -> Header:
    meta = getattr(data, "file_meta", pydicom.Dataset())
    sop_class = str(data.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID") or "")
    if sop_class == _DIRECTORY:
        raise NotAnImageError("This is a directory of DICOM files (DICOMDIR), which is not needed here.")
    has_pixels, short = pixel_extent(data, stream)
    if short or ("Rows" in data and not has_pixels) or (not has_pixels and "Image Storage" in UID(sop_class).name):
        raise NotAnImageError("This DICOM file ends before its pixels do: copy it again.")
    _refuse_claims(data)
    made = _complete(data, meta, making_from)
    studied = {word: json_of(data, word.split()) for word in (_STUDY, _SERIES, _INSTANCE)}
    return Header(
        study_uid=str(data.StudyInstanceUID),
        series_uid=str(data.SeriesInstanceUID),
        sop_uid=str(data.SOPInstanceUID),
        sop_class=sop_class,
        modality=_text(data, "Modality", 16),
        patient_name=_text(data, "PatientName", 200),
        patient_id=_text(data, "PatientID", 80),
        birth_date=_day(_text(data, "PatientBirthDate", 16)),
        sex=_text(data, "PatientSex", 16),
        date=_day(_text(data, "StudyDate", 16)),
        description=_text(data, "StudyDescription", 200),
        accession=_text(data, "AccessionNumber", 64),
        series_number=_whole(data, "SeriesNumber"),
        series_description=_text(data, "SeriesDescription", 200),
        number=_whole(data, "InstanceNumber"),
        frames=max(1, _whole(data, "NumberOfFrames") or 1) if has_pixels else 0,
        transfer_syntax=str(meta.get("TransferSyntaxUID") or "1.2.840.10008.1.2"),
        study_tags=studied[_STUDY],
        series_tags=studied[_SERIES],
        instance_tags=studied[_INSTANCE],
        uids_made=made,
    )


def _complete(data: pydicom.Dataset, meta: pydicom.Dataset, making_from: Path | None) -> bool:
    """Puts UIDs where they are missing, if that is asked for; whether some were."""
    if not data.get("SOPInstanceUID") and meta.get("MediaStorageSOPInstanceUID"):
        data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    if not data.get("SOPClassUID") and meta.get("MediaStorageSOPClassUID"):
        data.SOPClassUID = meta.MediaStorageSOPClassUID
    names = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    missing = [word for word in names if not _UID.fullmatch(str(data.get(word) or ""))]
    if not missing:
        return False
    if making_from is None:
        raise NotAnImageError(f"This DICOM file has no valid {' and no '.join(missing)}, by which it could be kept.")
    patient = f"{patient_key(data)}|{data.get('StudyDate') or ''}"
    series = "|".join(str(data.get(word) or "") for word in ("Modality", "SeriesDescription", "FrameOfReferenceUID"))
    parts = {
        "StudyInstanceUID": patient.encode(),
        "SeriesInstanceUID": f"{patient}|{series}".encode(),
        "SOPInstanceUID": _digest(making_from) if "SOPInstanceUID" in missing else b"",
    }
    for word in missing:
        setattr(data, word, f"2.25.{int.from_bytes(hashlib.sha256(parts[word]).digest()[:16], 'big')}")
    return True


def _digest(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _refuse_claims(data: pydicom.Dataset) -> None:
    rows, columns = _whole(data, "Rows") or 0, _whole(data, "Columns") or 0
    samples, bits = _whole(data, "SamplesPerPixel") or 1, _whole(data, "BitsAllocated") or 16
    claimed = rows * columns * samples * bits * (_whole(data, "NumberOfFrames") or 1) // 8
    if claimed > MOST_PIXELS:
        raise NotAnImageError(
            f"This DICOM file says that it unpacks to {claimed >> 30} GiB of pixels; at most {MOST_PIXELS >> 30} are "
            "taken."
        )


def _refuse_inflating(path: Path, stream: BinaryIO) -> None:
    """A deflated data set (PS3.5 A.5) is unpacked here first, in pieces, and no further than is safe."""
    if stream.read(132)[128:] == b"DICM" and _syntax_in(stream.read(4096)) == _DEFLATED:
        meta = pydicom.filereader.read_file_meta_info(path)
        stream.seek(144 + int(meta.FileMetaInformationGroupLength))
        inflate, found = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while piece := stream.read(1 << 20):
            while piece:
                found += len(inflate.decompress(piece, 1 << 20))
                if found > MOST_INFLATED:
                    raise NotAnImageError(f"This DICOM file inflates to more than {MOST_INFLATED >> 20} MiB.")
                piece = inflate.unconsumed_tail
    stream.seek(0)


def _syntax_in(meta: bytes) -> str:
    """The transfer syntax (0002,0010) among the first bytes of a file's meta information."""
    at = meta.find(b"\x02\x00\x10\x00UI")
    return meta[at + 8 : at + 8 + int.from_bytes(meta[at + 6 : at + 8], "little")].rstrip(b"\0 ").decode("latin-1")


def _text(data: pydicom.Dataset, word: str, most: int) -> str:
    value = data.get(word)
    return "" if value is None else str(value).replace("\0", "").strip()[:most]


def _whole(data: pydicom.Dataset, word: str) -> int | None:
    try:
        number = int(str(data.get(word)))
    except ValueError:
        return None
    return number if abs(number) < 1 << 31 else None


def _day(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 and text.isdigit() else ""
