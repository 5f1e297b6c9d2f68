"""Whether a NIfTI file holds what its header promises, found without unpacking it into memory."""

from __future__ import annotations

import zlib
from pathlib import Path

from limner.errors import NotAnImageError
from limner.io.nifti import load_nifti, open_nifti

_SLACK = 1 << 20
"""Bytes for the header and its extensions."""
_PIECE = 1 << 20


def check_nifti(path: Path, most: int) -> str:
    """Reads a file through once.

    Args:
        path: ``.nii`` or ``.nii.gz``.
        most: bytes of voxels that are taken.

    Returns:
        The UID of the series that it is, as :func:`limner.io.nifti.open_nifti` makes it.

    Raises:
        NotAnImageError: not NIfTI, not one volume, cut off, or larger than it says or than is taken.
    """
    study, volume = open_nifti(path), load_nifti(path)
    promised = int(volume.get_data_dtype().itemsize)
    for length in volume.shape:
        promised *= int(length)
    if promised > most:
        raise NotAnImageError(f"This volume unpacks to {promised >> 20} MiB of voxels; at most {most >> 20} are taken.")
    found = _length(path, promised + int(volume.dataobj.offset) + _SLACK)
    if found < promised + int(volume.dataobj.offset):
        raise NotAnImageError("This NIfTI file ends before its voxels do: copy it again.")
    return study.series[0].uid


def _length(path: Path, enough: int) -> int:
    """Bytes of a file, unpacked where it is packed; counting ends soon after ``enough``."""
    if not path.name.endswith(".gz"):
        return path.stat().st_size
    inflate, found = zlib.decompressobj(zlib.MAX_WBITS | 16), 0
    try:
        with path.open("rb") as stream:
            while (piece := stream.read(_PIECE)) and found <= enough:
                while piece and not inflate.eof:
                    found += len(inflate.decompress(piece, _PIECE))
                    piece = inflate.unconsumed_tail
    except zlib.error as error:
        raise NotAnImageError("This NIfTI file is damaged inside its compression: copy it again.") from error
    if found > enough:
        raise NotAnImageError("This NIfTI file holds more than its header says.")
    return found
