"""Pixels of a stack of DICOM slices, in Hounsfield units where the modality has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray

from limner.errors import NotAnImageError
from limner.image import Image, reorient, to_axial
from limner.io.stack import Stack

AIR_HU = -1024  # nothing is thinner; scanners paint the outside of their field of view far below
_TISSUE_HU = (-900.0, 3000.0)  # a padding value in here would punch holes into the patient: it is not believed
_RAW = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")


def read_pixels(stack: Stack, modality: str) -> Image:
    """Reads every slice of a stack that has a grid, and turns the volume nearest to ``SPL`` (a view for most CT).

    Args:
        stack: ordered frames with their grid.
        modality: ``"CT"`` gives int16 HU, clipped at −1024, with padding set to −1024; others keep their stored
            numbers (int16 or uint16), or float32 where they carry a rescale.

    Raises:
        NotAnImageError: a slice cannot be decoded; names the file.
    """
    assert stack.grid is not None
    ct = modality == "CT"
    array: NDArray[Any] | None = np.empty(stack.grid.shape, np.int16) if ct else None
    for k, frame in enumerate(stack.frames):
        try:
            slice_ = pydicom.dcmread(frame.path, force=True)
            stored = _stored(slice_)
        except Exception as error:  # each of four decoders has its own kinds
            raise NotAnImageError(
                f"The pixels of {frame.path.name!r} (slice {k + 1} of {len(stack.frames)}) cannot be decoded: "
                f"{type(error).__name__}. The file is damaged; copy the study again."
            ) from error
        if stored.shape != stack.grid.shape[1:]:
            raise NotAnImageError(
                f"{frame.path.name!r} holds {stored.shape} pixels; its header said {stack.grid.shape[1:]}."
            )
        if ct:
            _to_hu(slice_, stored, array[k])  # type: ignore[index]
        else:
            values = _values(slice_, stored)
            array = np.empty(stack.grid.shape, values.dtype) if array is None else array
            if values.dtype != array.dtype:
                array = array.astype(np.float32)
            array[k] = values
    assert array is not None
    turned, grid = reorient(array, stack.grid, *to_axial(stack.grid))
    return Image(turned, grid, modality, "HU" if ct else "")


def _stored(slice_: pydicom.Dataset) -> NDArray[Any]:
    """Stored values ``(Y, X)``: plain 16-bit pixels where they lie, the rest through pydicom's decoders."""
    bits, size = slice_.BitsAllocated, slice_.Rows * slice_.Columns
    plain = slice_.file_meta.get("TransferSyntaxUID", _RAW[0]) in _RAW and bits == 16 and slice_.BitsStored == 16
    if plain and slice_.get("SamplesPerPixel", 1) == 1 and len(slice_.PixelData) >= size * 2:
        kind = "<i2" if slice_.PixelRepresentation else "<u2"
        return np.frombuffer(slice_.PixelData, kind, size).reshape(slice_.Rows, slice_.Columns)
    return slice_.pixel_array


def _to_hu(slice_: pydicom.Dataset, stored: NDArray[Any], out: NDArray[np.int16]) -> None:
    """Modality LUT (PS3.3 C.11.1.1.2), padding (C.7.5.1.1.2) and clipping, into one slice of the volume."""
    slope, intercept = float(slice_.RescaleSlope), float(slice_.RescaleIntercept)
    if slope == 1.0 and intercept.is_integer():
        hu = stored.astype(np.int32)
        hu += int(intercept)
    else:
        hu = np.rint(stored.astype(np.float32) * slope + intercept).astype(np.int32)
    np.clip(hu, AIR_HU, 32767, out=hu)
    out[:] = hu
    padding = _padding(slice_)
    if padding is not None:
        low, high = padding
        low_hu, high_hu = sorted((low * slope + intercept, high * slope + intercept))
        if high_hu < _TISSUE_HU[0] or low_hu > _TISSUE_HU[1]:
            out[(stored >= low) & (stored <= high)] = AIR_HU


def _padding(slice_: pydicom.Dataset) -> tuple[int, int] | None:
    first = slice_.get("PixelPaddingValue")
    if first is None or first == "":
        return None
    last = slice_.get("PixelPaddingRangeLimit")
    ends = [_signed(slice_, int(end)) for end in (first, first if last is None else last)]
    return min(ends), max(ends)


def _signed(slice_: pydicom.Dataset, value: int) -> int:
    """Writers mix up US and SS; read the sixteen bits as the pixels are read."""
    bits = value & 0xFFFF
    return bits - 0x10000 if slice_.PixelRepresentation and bits >= 0x8000 else bits


def _values(slice_: pydicom.Dataset, stored: NDArray[Any]) -> NDArray[Any]:
    slope, intercept = float(slice_.get("RescaleSlope") or 1), float(slice_.get("RescaleIntercept") or 0)
    if slope == 1.0 and intercept == 0.0:
        return stored.astype(np.float32) if stored.dtype.itemsize > 2 else stored
    return (stored.astype(np.float32) * slope + intercept).astype(np.float32)
