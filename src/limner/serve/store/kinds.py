"""What a file is, by its first bytes: names are not believed."""

from __future__ import annotations

import zlib
from pathlib import Path

UNKNOWN = ".bin"
ARCHIVES = (".zip", ".tar", ".tar.gz")
PICTURES = (".png", ".jpg", ".tif", ".bmp", ".webp")
_PICTURES = {
    b"\x89PNG\r\n\x1a\n": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"BM": ".bmp",
}
PACKED = {b"\xfd7zXZ\0": "xz", b"BZh": "bzip2", b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!": "rar", b"(\xb5/\xfd": "zstd"}
"""Archives that are not unpacked: what they unpack to cannot be bounded on the way, or nothing here reads them."""
_TAR_MAGIC, _NIFTI_MAGIC = slice(257, 262), slice(344, 347)
_HEAD = 512


def ending_of(path: Path) -> str:
    """The ending that a file should have, ``.bin`` where nothing is known that we read.

    Source: DICOM PS3.10 7.1; nifti1.h; POSIX ustar; APPNOTE.TXT 4.3.7 of ZIP.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if head[128:132] == b"DICM":
        return ".dcm"
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return ".zip"
    if head[:2] == b"\x1f\x8b":
        inner = _inflated(head)
        if _is_nifti(inner):
            return ".nii.gz"
        return ".tar.gz" if inner[_TAR_MAGIC] == b"ustar" else UNKNOWN
    if head[_TAR_MAGIC] == b"ustar":
        return ".tar"
    if _is_nifti(head):
        return ".nii"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ".webp"
    for magic, ending in _PICTURES.items():
        if head.startswith(magic):
            return ending
    from limner.io.header import is_dicom

    return ".dcm" if is_dicom(path) else UNKNOWN


def packed_as(path: Path) -> str | None:
    """The name of a way of packing that is not read here; None for other files."""
    with path.open("rb") as stream:
        head = stream.read(8)
    return next((name for magic, name in PACKED.items() if head.startswith(magic)), None)


def _is_nifti(head: bytes) -> bool:
    return head[_NIFTI_MAGIC] == b"n+1" or head[4:8] == b"n+2\0"


def _inflated(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, _HEAD)
    except zlib.error:
        return b""
