"""Radiographs, ultrasound stills and photographs that come as DICOM: what a viewer would show, in eight bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.errors import InvalidDicomError
from pydicom.pixels import apply_modality_lut, apply_voi

from limner.errors import NotAnImageError
from limner.image import Picture

STILLS = frozenset({"CR", "DX", "MG", "RG", "PX", "IO", "US", "XC", "ES", "GM", "OP", "DMS"})
"""Modalities (DICOM PS3.3 C.7.3.1.1.1) whose images stand alone; slices of CT, MR and PET belong to a scan."""


def is_still(path: Path) -> bool:
    """Whether a file is DICOM of a modality whose images stand alone."""
    return _modality(path) in STILLS


def _modality(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            if file.read(132)[128:] != b"DICM":
                return None
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["Modality"])
    except (OSError, InvalidDicomError):
        return None
    return str(header.get("Modality", ""))


def study_uid(path: Path) -> str | None:
    """The study that a DICOM still belongs to; None for other files."""
    if not is_still(path):
        return None
    header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["StudyInstanceUID"])
    return str(header.get("StudyInstanceUID", "")) or None


def read_still(path: Path) -> Picture:
    """Reads one frame as a viewer shows it.

    Modality and VOI transformation (the first window or table, else the range that occurs), MONOCHROME1 turned over,
    colours as RGB. Source: DICOM PS3.3 C.11.1, C.11.2, C.7.6.3.1.2; PS3.4 N.2.

    Raises:
        NotAnImageError: no image in it, several frames, or damaged pixels; names the file.
    """
    header = pydicom.dcmread(path)
    if "PixelData" not in header:
        raise NotAnImageError(f"{path.name!r} is DICOM without pixels ({header.get('Modality', 'no modality')}).")
    frames = int(header.get("NumberOfFrames") or 1)
    if frames != 1:
        raise NotAnImageError(
            f"{path.name!r} holds {frames} frames (a film), and one picture is expected: export the frame to be read."
        )
    try:
        array = header.pixel_array  # YBR becomes RGB
        if array.ndim == 3:
            return Picture(np.ascontiguousarray(np.moveaxis(eight_bits(header, array), -1, 0)))
        return Picture(grey(header, array)[None])
    except Exception as error:  # each of four decoders has its own kinds
        raise NotAnImageError(
            f"The pixels of {path.name!r} cannot be decoded ({type(error).__name__}): it is damaged; copy it again."
        ) from error


def grey(header: pydicom.Dataset, stored: NDArray[Any], window: tuple[float, float] | None = None) -> NDArray[np.uint8]:
    """Stored values of one frame as a viewer shows them.

    Args:
        header: of their file.
        stored: ``(Y, X)``.
        window: centre and width in place of the header's.
    """
    values = apply_modality_lut(stored, header).astype(np.float32)
    if window is not None:
        shown = (values - window[0]) / max(window[1], 1e-6) + 0.5
    elif header.get("VOILUTSequence"):
        most = 2 ** int(header.VOILUTSequence[0].LUTDescriptor[2]) - 1
        shown = apply_voi(apply_modality_lut(stored, header), header).astype(np.float32) / most
    elif header.get("WindowWidth") is not None:
        center, width = (float(np.atleast_1d(header[tag].value)[0]) for tag in ("WindowCenter", "WindowWidth"))
        shown = (values - center) / max(width, 1e-6)
        sigmoid = str(header.get("VOILUTFunction", "")).upper() == "SIGMOID"
        shown = 1 / (1 + np.exp(-4 * shown)) if sigmoid else shown + 0.5
    else:
        low, high = float(values.min()), float(values.max())
        shown = (values - low) / max(high - low, 1e-6)
    shown = np.clip(shown, 0, 1)
    if header.PhotometricInterpretation == "MONOCHROME1":
        shown = 1 - shown
    return np.asarray(shown * 255 + 0.5, np.uint8)


def eight_bits(header: pydicom.Dataset, array: NDArray[Any]) -> NDArray[np.uint8]:
    """Colours of more than eight bits brought to eight."""
    if array.dtype == np.uint8:
        return array
    return (array.astype(np.float32) * (255.0 / (2 ** int(header.BitsStored) - 1)) + 0.5).astype(np.uint8)
