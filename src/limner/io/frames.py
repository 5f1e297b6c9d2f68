"""One picture inside a DICOM file: what its header says, read without its pixels.

A classic file holds one frame; an enhanced multi-frame file will give many :class:`Frame` from one file, and
nothing above this module needs to change for it.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID, ExplicitVRBigEndian

from limner.image import MRFacts
from limner.image.mr import agent_given

_KEYWORDS = """
SpecificCharacterSet SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID PatientID
PatientName StudyDate Modality SeriesDescription ImageType AcquisitionNumber InstanceNumber EchoNumbers
TemporalPositionIdentifier ImagePositionPatient ImageOrientationPatient PixelSpacing Rows Columns NumberOfFrames
SamplesPerPixel BitsAllocated RescaleSlope RescaleIntercept RescaleType ScanningSequence RepetitionTime EchoTime
InversionTime ContrastBolusAgent
"""
_TAGS: list[BaseTag | int] = [Tag(word) for word in _KEYWORDS.split()]
_PIXELS = {
    0x7FE00008: 4,
    0x7FE00009: 8,
    0x7FE00010: 0,
}  # Float, Double Float and plain Pixel Data (PS3.3 C.7.6.3, .24, .25)


class UnreadableFileError(Exception):
    """A file that gives no frame; ``code`` is a word of :class:`limner.image.Problem`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Frame:
    """The header of one picture.

    Args:
        path: its file.
        patient_key: a one-way hash of PatientID and PatientName; tells patients apart and names none.
        position: ImagePositionPatient, LPS mm, the centre of the first pixel; None where absent.
        orientation: ImageOrientationPatient, the direction of columns growing along a row, then of rows growing.
        pixel_spacing: ``(between rows, between columns)`` mm.
        phase: AcquisitionNumber, EchoNumbers, TemporalPositionIdentifier: what tells two pictures of one place apart.
        rescaled: whether RescaleSlope and RescaleIntercept are both there.
        truncated: whether the file ends before its pixels do.
        mr: how it was acquired, None where the modality is not MR.
    """

    path: Path
    patient_key: str
    study_uid: str
    series_uid: str
    sop_uid: str
    sop_class: str
    modality: str
    description: str
    date: str | None
    image_type: tuple[str, ...]
    phase: tuple[str, ...]
    number: int
    frame_of_reference: str
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    pixel_spacing: tuple[float, ...] | None
    rows: int
    columns: int
    frames: int
    samples: int
    rescaled: bool
    truncated: bool
    mr: MRFacts | None = None


def read_frame(path: Path) -> Frame:
    """Reads the header of a DICOM image.

    Raises:
        UnreadableFileError: ``not-dicom``, ``truncated`` (the header ends too early), or ``not-image`` (a DICOM object
            without pixels: a report, a plan, a directory).
    """
    try:
        with path.open("rb") as stream:
            if not looks_like_dicom(stream):
                raise UnreadableFileError("not-dicom")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # values that break their VR are judged below, where they matter
                header = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=_TAGS, force=True)
                return _frame(path, header, stream)
    except UnreadableFileError:
        raise
    except (
        InvalidDicomError,
        EOFError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        NotImplementedError,
        OSError,
    ) as error:
        raise UnreadableFileError("truncated" if _has_preamble(path) else "not-dicom") from error


def _frame(path: Path, header: pydicom.Dataset, stream: BinaryIO) -> Frame:
    has_pixels, short = pixel_extent(header, stream)
    sop_class = str(header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID") or "")
    if not has_pixels:
        cut = "Rows" in header or not sop_class or "Image Storage" in UID(sop_class).name
        raise UnreadableFileError("truncated" if cut else "not-image")
    if not header.get("Rows") or not header.get("Columns"):
        raise UnreadableFileError("truncated")
    return Frame(
        path=path,
        patient_key=patient_key(header),
        study_uid=str(header.get("StudyInstanceUID") or ""),
        series_uid=str(header.get("SeriesInstanceUID") or ""),
        sop_uid=str(header.get("SOPInstanceUID") or ""),
        sop_class=sop_class,
        modality=str(header.get("Modality") or ""),
        description=str(header.get("SeriesDescription") or ""),
        date=_date(str(header.get("StudyDate") or "")),
        image_type=tuple(str(word).upper() for word in _many(header.get("ImageType"))),
        phase=tuple(
            str(header.get(word) or "") for word in ("AcquisitionNumber", "EchoNumbers", "TemporalPositionIdentifier")
        ),
        number=_integer(header.get("InstanceNumber")),
        frame_of_reference=str(header.get("FrameOfReferenceUID") or ""),
        position=_numbers(header.get("ImagePositionPatient"), 3),
        orientation=_numbers(header.get("ImageOrientationPatient"), 6),
        pixel_spacing=_numbers(header.get("PixelSpacing"), 2),
        rows=int(header.Rows),
        columns=int(header.Columns),
        frames=max(1, _integer(header.get("NumberOfFrames"))),
        samples=int(header.get("SamplesPerPixel") or 1),
        rescaled=header.get("RescaleSlope") is not None and header.get("RescaleIntercept") is not None,
        truncated=short,
        mr=_mr(header) if str(header.get("Modality") or "") == "MR" else None,
    )


def _mr(header: pydicom.Dataset) -> MRFacts:
    return MRFacts(
        scanning=tuple(str(word).upper() for word in _many(header.get("ScanningSequence"))),
        repetition_ms=_number(header.get("RepetitionTime")),
        echo_ms=_number(header.get("EchoTime")),
        inversion_ms=_number(header.get("InversionTime")),
        contrast=agent_given(str(header.get("ContrastBolusAgent") or "")),
        derived="DERIVED" in (str(word).upper() for word in _many(header.get("ImageType"))),
    )


def looks_like_dicom(stream: BinaryIO) -> bool:
    """A preamble (PS3.10 7.1), or, as old archives wrote it, a data set that starts at once with group 2 or 8."""
    head = stream.read(132)
    stream.seek(0)
    bare = head[:2] in (b"\x02\x00", b"\x08\x00") and head[2:4] in (
        b"\x00\x00",
        b"\x01\x00",
        b"\x05\x00",
        b"\x08\x00",
        b"\x16\x00",
    )
    return head[128:132] == b"DICM" or bare


def _has_preamble(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(132)[128:] == b"DICM"
    except OSError:
        return False


def pixel_extent(header: pydicom.Dataset, stream: BinaryIO) -> tuple[bool, bool]:
    """Whether pixel data follow where pydicom stopped, and whether the file ends before they do."""
    syntax = header.file_meta.get("TransferSyntaxUID") if hasattr(header, "file_meta") else None
    if syntax is not None and syntax.is_deflated:
        return "Rows" in header, False  # inflated in memory: the decoder will tell
    order = "big" if syntax == ExplicitVRBigEndian else "little"
    start = stream.read(12)
    if len(start) < 8:
        return False, False
    tag = int.from_bytes(start[0:2], order) << 16 | int.from_bytes(start[2:4], order)  # type: ignore[arg-type]
    if tag not in _PIXELS:
        return False, False
    explicit = start[4:6] in (b"OB", b"OW", b"OF", b"OD", b"UN")
    length = int.from_bytes(start[8:12] if explicit else start[4:8], order)  # type: ignore[arg-type]
    body = stream.tell() if explicit else stream.tell() - 4
    size = os.fstat(stream.fileno()).st_size
    if length == 0xFFFFFFFF:
        return True, _fragments_cut(stream, body, size)
    bits = (_PIXELS[tag] * 8) or int(header.get("BitsAllocated") or 16)
    count = int(header.get("Rows") or 0) * int(header.get("Columns") or 0) * int(header.get("SamplesPerPixel") or 1)
    need = count * max(1, _integer(header.get("NumberOfFrames"))) * bits // 8
    return True, body + max(length, need) > size + 1  # a missing pad byte hurts nobody


def _fragments_cut(stream: BinaryIO, position: int, size: int) -> bool:
    """Walks the items of encapsulated pixel data (PS3.5 A.4) to their delimiter; True where the file ends before."""
    while position + 8 <= size:
        stream.seek(position)
        item = stream.read(8)
        if item[:4] == b"\xfe\xff\xdd\xe0":
            return False
        if item[:4] != b"\xfe\xff\x00\xe0":
            return True
        position += 8 + int.from_bytes(item[4:], "little")
    return position != size  # some writers leave the delimiter out


def patient_key(header: pydicom.Dataset) -> str:
    """A one-way hash of PatientID and PatientName."""
    identity = f"{header.get('PatientID') or ''}\0{header.get('PatientName') or ''}"
    return hashlib.sha256(identity.encode()).hexdigest()[:12]


def _many(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str) else list(value)


def _numbers(value: Any, count: int) -> tuple[float, ...] | None:
    try:
        numbers = tuple(float(one) for one in value)
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and all(abs(one) < 1e7 for one in numbers) else None


def _number(value: Any) -> float | None:
    found = _numbers([value], 1)
    return found[0] if found else None


def _integer(value: Any) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0


def _date(text: str) -> str | None:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 and text.isdigit() else None
