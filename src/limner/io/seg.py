"""DICOM Segmentation, binary: one segment a label, frames only where a label occurs.

Source: DICOM PS3.3 A.51 and C.8.20; categories PS3.16 CID 7150; laterality CID 244.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from limner.errors import InputError, NotAnImageError
from limner.image import Code, Grid, Label, LabelMap, Series
from limner.io.reference import MANUFACTURER, MODEL, NOT_CLINICAL, new_uid, on_source_grid, read_source, save_aside

SEG_CLASS = "1.2.840.10008.5.1.4.1.1.66.4"
_CATEGORIES = {
    "organ": ("123037004", "Anatomical Structure"),
    "vessel": ("123037004", "Anatomical Structure"),
    "tissue": ("85756007", "Tissue"),
    "lesion": ("49755003", "Morphologically Altered Structure"),
}
_SIDES = {"right": ("24028007", "Right"), "left": ("7771000", "Left")}


def write_seg(
    labels: LabelMap, series: Series, path: Path, *, pack_name: str, pack_version: str, by_hand: bool = False
) -> None:
    """Writes the labels that occur as a DICOM SEG on the slices of their series.

    Args:
        labels: on the grid of ``series`` (any turn of its axes).
        series: the DICOM series that the labels were drawn from.
        path: appears whole or not at all.
        pack_name: what found the labels: the algorithm's name.
        pack_version: the algorithm's version.
        by_hand: a person corrected what it found, so that it is no longer AUTOMATIC (PS3.3 C.8.20.2, 0062,0008).

    Raises:
        InputError: the series cannot be referred to, or no label occurs.
        GeometryError: the labels do not lie on the grid of the series.
    """
    from highdicom.seg import Segmentation

    source = read_source(series)
    lying = on_source_grid(labels, source)
    present = lying.present()
    if not present:
        raise InputError("No label occurs in the label map: there is nothing to write as DICOM SEG.")
    numbers = np.zeros(max(int(lying.array.max()), max(one.value for one in present)) + 1, np.uint8)
    for number, label in enumerate(present, start=1):
        numbers[label.value] = number
    headers = list(source.headers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values copied from the source's patient module are the source's
        seg = Segmentation(
            source_images=headers,
            pixel_array=numbers[lying.array],
            segmentation_type="BINARY",
            segment_descriptions=[
                _describe(n, one, (pack_name, pack_version), by_hand) for n, one in enumerate(present, start=1)
            ],
            series_instance_uid=new_uid(),
            series_number=900,
            sop_instance_uid=new_uid(),
            instance_number=1,
            manufacturer=MANUFACTURER,
            manufacturer_model_name=MODEL,
            software_versions=pack_version,
            device_serial_number="0",
            content_label="LIMNER",
            content_description=f"{NOT_CLINICAL}: {pack_name} {pack_version}"[:64],
            series_description=f"Limner: {pack_name}"[:64],
            omit_empty_frames=True,
        )
        save_aside(seg, path)


def _describe(number: int, label: Label, pack: tuple[str, str], by_hand: bool) -> Any:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentDescription
    from pydicom.sr.codedict import codes
    from pydicom.sr.coding import Code as DicomCode

    value, meaning = _CATEGORIES[label.kind]
    description = SegmentDescription(
        segment_number=number,
        segment_label=label.name[:64],
        segmented_property_category=DicomCode(value, "SCT", meaning),
        segmented_property_type=DicomCode(label.code.value, label.code.scheme, label.code.meaning),
        algorithm_type="SEMIAUTOMATIC" if by_hand else "AUTOMATIC",
        algorithm_identification=AlgorithmIdentificationSequence(
            name=pack[0][:64], family=codes.DCM.ArtificialIntelligence, version=pack[1][:64], source=MANUFACTURER
        ),
        display_color=CIELabColor.from_rgb(*label.color),
    )
    if label.laterality in _SIDES:
        side, word = _SIDES[label.laterality]
        modifier = pydicom.Dataset()
        modifier.CodeValue, modifier.CodingSchemeDesignator, modifier.CodeMeaning = side, "SCT", word
        description.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [modifier]
    return description


def read_seg(path: Path, grid: Grid) -> LabelMap:
    """Reads a binary DICOM SEG onto a grid whose slices are its frames.

    Every frame is placed by its own ImagePositionPatient and the shared orientation and pixel spacing, not by its
    number or by the image it refers to: what is read is where a PACS will show it.

    Args:
        path: the SEG.
        grid: the lattice to read onto, in any turn of its axes.

    Returns:
        Labels numbered and named as the segments; where segments overlap, the higher number wins.

    Raises:
        NotAnImageError: no binary SEG, or damaged.
        InputError: a frame does not lie on a slice of ``grid``; says where it lies.
    """
    try:
        seg = pydicom.dcmread(path)
        bits = np.frombuffer(seg.PixelData, np.uint8)
        per_frame, shared = seg.PerFrameFunctionalGroupsSequence, seg.SharedFunctionalGroupsSequence[0]
        rows, columns, kind, bits_allocated = int(seg.Rows), int(seg.Columns), seg.SegmentationType, seg.BitsAllocated
    except Exception as error:  # any damage ends here
        raise NotAnImageError(f"{Path(path).name!r} cannot be read as DICOM SEG ({type(error).__name__}).") from error
    size = rows * columns
    if kind != "BINARY" or bits_allocated != 1 or len(bits) * 8 < size * len(per_frame):
        raise NotAnImageError(
            f"{Path(path).name!r}: a whole binary SEG is expected; got {kind}, {len(bits)} bytes of frames."
        )
    labels = tuple(_label(item) for item in seg.SegmentSequence)
    array = np.zeros(grid.shape, np.uint8 if len(labels) < 256 else np.uint16)
    for k, item in enumerate(per_frame):
        number = _group(item, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber
        first, last = k * size, (k + 1) * size
        # Frames are packed without gaps, least significant bit first (PS3.5 8.1.1): a frame may start inside a byte.
        flat = np.unpackbits(bits[first // 8 : (last + 7) // 8], bitorder="little")[first % 8 : first % 8 + size]
        window = _slab(item, shared, (rows, columns), grid, Path(path).name)
        array[window.region][window.turn(flat.reshape(rows, columns)).view(bool)] = number
    return LabelMap(array, grid, labels)


class _Window:
    """One frame's place in a grid: the region it covers, and how its rows and columns turn to fill it."""

    def __init__(self, region: tuple[slice | int, ...], swap: bool, flips: tuple[bool, bool]) -> None:
        self.region, self._swap, self._flips = region, swap, flips

    def turn(self, frame: np.ndarray) -> np.ndarray:
        frame = frame[:: -1 if self._flips[0] else 1, :: -1 if self._flips[1] else 1]
        return np.ascontiguousarray(frame.T if self._swap else frame)


def _slab(item: Any, shared: Any, size: tuple[int, int], grid: Grid, name: str) -> _Window:
    """Where a frame lies in the grid, from its position, orientation and pixel spacing (PS3.3 C.7.6.2.1.1)."""
    position = np.array(_group(item, shared, "PlanePositionSequence").ImagePositionPatient, dtype=float)
    along, down = np.array(
        _group(item, shared, "PlaneOrientationSequence").ImageOrientationPatient, dtype=float
    ).reshape(2, 3)
    between_rows, between_columns = (float(mm) for mm in _group(item, shared, "PixelMeasuresSequence").PixelSpacing)
    corners = np.array(
        [position, position + down * between_rows * (size[0] - 1), position + along * between_columns * (size[1] - 1)]
    )
    found = grid.index(corners)
    index = np.rint(found)
    if np.abs((found - index) * grid.spacing_mm).max() > 0.1:
        at, near = position.round(2).tolist(), grid.world(index[0]).round(2).tolist()
        raise InputError(
            f"A frame of {name!r} at {at} mm does not lie on the grid, whose nearest voxel is at {near} mm."
        )
    axes = [int(np.abs(index[k] - index[0]).argmax()) if size[k - 1] > 1 else -1 for k in (1, 2)]
    low, high = index.min(axis=0).astype(int), index.max(axis=0).astype(int)
    if (low < 0).any() or (high >= grid.shape).any() or axes[0] == axes[1]:
        raise InputError(
            f"A frame of {name!r} at {position.round(2).tolist()} mm lies outside the grid of {grid.shape} voxels."
        )
    flips = tuple(bool(index[k][axes[k - 1]] < index[0][axes[k - 1]]) for k in (1, 2))
    region = tuple(slice(low[a], high[a] + 1) if a in axes else int(index[0][a]) for a in range(3))
    return _Window(region, axes[0] > axes[1], (flips[0], flips[1]))


def _group(item: Any, shared: Any, word: str) -> Any:
    """A functional group macro: of the frame, or shared by all frames."""
    return (item[word] if word in item else shared[word]).value[0]


def _label(item: Any) -> Label:
    from highdicom.color import CIELabColor

    code = item.SegmentedPropertyTypeCodeSequence[0]
    category = item.SegmentedPropertyCategoryCodeSequence[0].CodeValue
    kind = {"85756007": "tissue", "49755003": "lesion"}.get(category, "organ")
    color = (128, 128, 128)
    if "RecommendedDisplayCIELabValue" in item:
        red, green, blue = CIELabColor.from_dicom_value(list(item.RecommendedDisplayCIELabValue)).to_rgb()
        color = (int(red), int(green), int(blue))
    sides = code.get("SegmentedPropertyTypeModifierCodeSequence") or []
    side = next((word for word, (value, _) in _SIDES.items() if any(one.CodeValue == value for one in sides)), None)
    return Label(
        int(item.SegmentNumber), str(item.SegmentLabel), kind,
        Code(str(code.CodingSchemeDesignator), str(code.CodeValue), str(code.CodeMeaning)), color, laterality=side,
    )  # fmt: skip
