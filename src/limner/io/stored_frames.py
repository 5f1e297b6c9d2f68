"""Single frames of a DICOM file: their bytes as the file holds them, or decoded to plain little endian.

Source: DICOM PS3.18 10.4.1.1.6 (frame resources), PS3.5 annex A (transfer syntaxes) and 8.2 (encapsulation).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.encaps import get_frame
from pydicom.pixels import iter_pixels
from pydicom.uid import UID, ExplicitVRBigEndian

from limner.errors import InputError, NotAnImageError

EXPLICIT = "1.2.840.10008.1.2.1"
MEDIA_TYPES = {
    "1.2.840.10008.1.2.4.50": "image/jpeg",
    "1.2.840.10008.1.2.4.51": "image/jpeg",
    "1.2.840.10008.1.2.4.57": "image/jpeg",
    "1.2.840.10008.1.2.4.70": "image/jpeg",
    "1.2.840.10008.1.2.4.80": "image/jls",
    "1.2.840.10008.1.2.4.81": "image/jls",
    "1.2.840.10008.1.2.4.90": "image/jp2",
    "1.2.840.10008.1.2.4.91": "image/jp2",
    "1.2.840.10008.1.2.4.92": "image/jpx",
    "1.2.840.10008.1.2.4.93": "image/jpx",
    "1.2.840.10008.1.2.4.201": "image/jphc",
    "1.2.840.10008.1.2.4.202": "image/jphc",
    "1.2.840.10008.1.2.4.203": "image/jphc",
    "1.2.840.10008.1.2.5": "image/dicom-rle",
}
"""What a compressed frame is called (PS3.18 table 8.7.3-2), by transfer syntax."""
MOST_BYTES = 256 << 20
"""Of decoded frames that are held at once."""


def is_compressed(transfer_syntax: str) -> bool:
    """Whether the pixels of a transfer syntax are encapsulated (PS3.5 A.4)."""
    uid = UID(transfer_syntax)
    return uid in MEDIA_TYPES or (uid.is_transfer_syntax and uid.is_encapsulated)


def stored_frames(path: Path, numbers: Sequence[int]) -> list[bytes]:
    """Compressed frames as the file holds them.

    Args:
        path: of a file whose transfer syntax is compressed.
        numbers: of frames, from 1.

    Raises:
        InputError: a frame that is not there.
        NotAnImageError: the file is damaged.
    """
    data = _read(path)
    count = _count(data, numbers)
    offsets = None
    if "ExtendedOffsetTable" in data:
        offsets = (data.ExtendedOffsetTable, data.ExtendedOffsetTableLengths)
    try:
        return [get_frame(data.PixelData, k - 1, number_of_frames=count, extended_offsets=offsets) for k in numbers]
    except Exception as error:  # of whatever kind, the encapsulation is broken
        raise NotAnImageError(f"A frame cannot be taken out of its file ({type(error).__name__}): damaged.") from error


def raw_frames(path: Path, numbers: Sequence[int]) -> list[bytes]:
    """Frames as Explicit VR Little Endian would hold them; compressed colours become RGB.

    Raises:
        InputError: a frame that is not there, or more than :data:`MOST_BYTES` of several.
        NotAnImageError: the pixels cannot be decoded.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    _count(header, numbers)
    _bound(header, len(numbers))
    syntax = header.file_meta.get("TransferSyntaxUID", EXPLICIT)
    if header.get("BitsAllocated", 0) in (8, 16, 32, 64) and not is_compressed(syntax):
        found = _cut(_read(path), numbers, swap=syntax == ExplicitVRBigEndian)
        if found is not None:
            return found
    return [_bytes(header, frame) for frame in decoded_frames(path, numbers)]


def decoded_frames(path: Path, numbers: Sequence[int]) -> Iterator[NDArray[Any]]:
    """Frames as arrays ``(Y, X)`` or ``(Y, X, 3)`` of stored values, colours as RGB.

    Raises:
        NotAnImageError: the pixels cannot be decoded.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
            if header.get("BitsAllocated") == 1 and not is_compressed(header.file_meta.get("TransferSyntaxUID", "")):
                yield from _bit_frames(_read(path), numbers)
                return
            yield from iter_pixels(path, indices=[one - 1 for one in numbers])
    except Exception as error:  # each of four decoders has its own kinds
        raise NotAnImageError(f"The pixels cannot be decoded ({type(error).__name__}): the file is damaged.") from error


def as_explicit(path: Path) -> bytes:
    """A whole file in Explicit VR Little Endian, the transfer syntax that every client reads (PS3.18 8.7.3.5.2).

    Raises:
        NotAnImageError: the pixels cannot be decoded.
    """
    from io import BytesIO

    data = _read(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if is_compressed(data.file_meta.get("TransferSyntaxUID", EXPLICIT)):
                data.decompress(generate_instance_uid=False)
            data.file_meta.TransferSyntaxUID = EXPLICIT
            out = BytesIO()
            pydicom.dcmwrite(out, data, implicit_vr=False, little_endian=True, enforce_file_format=True)
    except Exception as error:  # of decoders, or of values that break their VR
        raise NotAnImageError(
            f"The file cannot be written in another transfer syntax ({type(error).__name__}); ask for it as it is "
            "stored: transfer-syntax=*."
        ) from error
    return out.getvalue()


def _read(path: Path) -> pydicom.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(path, force=True)


def _count(data: pydicom.Dataset, numbers: Sequence[int]) -> int:
    if "Rows" not in data:
        raise InputError("This instance has no pixels, so it has no frames.")
    count = max(1, int(data.get("NumberOfFrames") or 1))
    wrong = [one for one in numbers if not 1 <= one <= count]
    if wrong:
        raise InputError(f"The instance has frames 1 to {count}; {wrong[0]} was asked for.")
    return count


def _bound(header: pydicom.Dataset, count: int) -> None:
    bits = header.Rows * header.Columns * header.get("SamplesPerPixel", 1) * header.get("BitsAllocated", 8)
    most = max(1, 8 * MOST_BYTES // max(1, bits))
    if count > most:
        raise InputError(f"Ask for {most} frames of this size at once; {count} were asked for.")


def _cut(data: pydicom.Dataset, numbers: Sequence[int], *, swap: bool) -> list[bytes] | None:
    """Frames of plain pixels, cut out where they lie; None where their lengths don't add up."""
    if "PixelData" not in data or data.get("PhotometricInterpretation", "").startswith("YBR_FULL_422"):
        return None
    width = data.BitsAllocated // 8
    size = data.Rows * data.Columns * data.get("SamplesPerPixel", 1) * width
    frames = [data.PixelData[(one - 1) * size : one * size] for one in numbers]
    if any(len(one) != size for one in frames):
        return None
    return [np.frombuffer(one, f">u{width}").astype(f"<u{width}").tobytes() for one in frames] if swap else frames


def _bit_frames(data: pydicom.Dataset, numbers: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
    """Frames of single bits, which begin anywhere within a byte (PS3.5 8.1.1)."""
    size = data.Rows * data.Columns
    bits = np.unpackbits(np.frombuffer(data.PixelData, np.uint8), bitorder="little")
    for one in numbers:
        yield bits[(one - 1) * size : one * size].reshape(data.Rows, data.Columns)


def _bytes(header: pydicom.Dataset, frame: NDArray[Any]) -> bytes:
    if header.get("BitsAllocated") == 1:
        return np.packbits(frame.ravel().astype(bool), bitorder="little").tobytes()  # PS3.5 8.1.1
    return np.ascontiguousarray(frame, frame.dtype.newbyteorder("<")).tobytes()
