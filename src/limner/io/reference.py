"""How new DICOM objects point back at the series that they were made from."""

from __future__ import annotations

import uuid
import warnings
from dataclasses import dataclass
from pathlib import Path

import pydicom

from limner.errors import GeometryError, InputError
from limner.image import Grid, LabelMap, Series, reorient, to_axial
from limner.io.frames import read_frame
from limner.io.stack import stack

MANUFACTURER = "Limner"
MODEL = "Limner"
NOT_CLINICAL = "Not for clinical use"

# Type 2 attributes (present, perhaps empty) of the Patient and General Study modules: PS3.3 C.7.1.1, C.7.2.1.
_MAY_BE_EMPTY = """
PatientID PatientName PatientBirthDate PatientSex AccessionNumber StudyID StudyDate StudyTime
ReferringPhysicianName
"""
_NEEDED = """
SpecificCharacterSet SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID Modality
Rows Columns ImagePositionPatient ImageOrientationPatient PixelSpacing SliceThickness StudyDescription
SeriesDescription SeriesNumber PatientAge PatientSize PatientWeight PositionReferenceIndicator
PatientIdentityRemoved DeidentificationMethod LossyImageCompression LossyImageCompressionRatio
LossyImageCompressionMethod ImageType InstanceNumber
"""


@dataclass(frozen=True, eq=False)
class Source:
    """The headers of a series as other objects need them.

    Args:
        headers: one per slice, in the order of ``grid``.
        grid: the lattice as the files hold it: slice, row, column.
    """

    headers: tuple[pydicom.Dataset, ...]
    grid: Grid


def dicom_obstacle(series: Series) -> str | None:
    """Why no SEG and no SR can be made from a series, None where they can.

    A SEG or SR that pointed at made-up images would be refused by a PACS, or worse, accepted by it.
    """
    if series.format != "dicom":
        return "The input is NIfTI, without a DICOM series to refer to: no DICOM SEG and no SR were written."
    if any(one.code == "no-uid" for one in series.problems):
        return "The series has no UIDs to refer to: no DICOM SEG and no SR were written."
    return None


def read_source(series: Series) -> Source:
    """Reads the headers again, completed where a reader of SEG would stumble over an absent attribute.

    Raises:
        InputError: the series cannot be referred to, see :func:`dicom_obstacle`.
        GeometryError: the files changed since they were opened.
    """
    obstacle = dicom_obstacle(series)
    if obstacle is not None:
        raise InputError(obstacle)
    stacked = stack([read_frame(path) for path in series.files])
    if stacked.grid is None:
        raise GeometryError(
            "The files of the series changed while they were used: " + " ".join(one.text for one in stacked.problems)
        )
    return Source(tuple(_header(frame.path) for frame in stacked.frames), stacked.grid)


def on_source_grid(labels: LabelMap, source: Source) -> LabelMap:
    """The label map with its axes as the files hold them; no voxel moves in the world.

    Raises:
        GeometryError: the label map does not lie on the grid of the series.
    """
    array, grid = reorient(labels.array, labels.grid, *to_axial(labels.grid))
    order, flips = to_axial(source.grid)
    back = [order.index(axis) for axis in range(3)]
    array, grid = reorient(array, grid, back, [flips[k] for k in back])
    if not grid.same_as(source.grid, tolerance_mm=0.05):
        raise GeometryError(
            f"The label map must lie on the grid of its series: {source.grid.shape} voxels from "
            f"{source.grid.origin_mm.round(2).tolist()} mm; got {grid.shape} voxels from "
            f"{grid.origin_mm.round(2).tolist()} mm."
        )
    return LabelMap(array, source.grid, labels.labels)  # type: ignore[arg-type]


def save_aside(dataset: pydicom.Dataset, path: Path) -> None:
    """Writes a DICOM file that appears whole or not at all."""
    path = Path(path)
    aside = path.with_name(f".{path.name}.part")
    try:
        dataset.save_as(aside, enforce_file_format=True)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def new_uid(*parts: str) -> str:
    """A UID made from a UUID (PS3.5 B.2): the same parts always give the same one, no parts a new one."""
    made = uuid.uuid5(uuid.NAMESPACE_OID, "|".join(parts)) if parts else uuid.uuid4()
    return f"2.25.{made.int}"


def _header(path: Path) -> pydicom.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tags = (_MAY_BE_EMPTY + _NEEDED).split()
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=tags, force=True)
        for word in _MAY_BE_EMPTY.split():
            if word not in header:
                setattr(header, word, "")
        if not header.get("SOPClassUID"):
            header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID
        if not header.get("FrameOfReferenceUID"):
            # Old conversions dropped it. The slices of one series share one, so it is derived from the series.
            header.FrameOfReferenceUID = new_uid(str(header.SeriesInstanceUID), "frame of reference")
    return header
