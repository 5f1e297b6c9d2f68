"""Small DICOM series of any geometry, and meshes with known truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

Edit = Callable[[pydicom.Dataset, int], None]
WriteSeries = Callable[..., list[Path]]


@pytest.fixture
def write_series() -> WriteSeries:
    """Writes ``array`` (slice, row, column) as CT slices of a given geometry; ``edit(dataset, k)`` has the last word.

    ``step_mm`` is the vector from one slice to the next; SliceThickness and SpacingBetweenSlices lie on purpose.
    """

    def write(
        folder: Path,
        array: np.ndarray,
        *,
        origin: tuple[float, float, float] = (-10.0, -20.0, 30.0),
        cosines: tuple[float, ...] = (1, 0, 0, 0, 1, 0),
        spacing: tuple[float, float] = (0.8, 0.7),
        step_mm: tuple[float, float, float] = (0, 0, 2.0),
        edit: Edit | None = None,
    ) -> list[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        study, series, frame = generate_uid(), generate_uid(), generate_uid()
        paths = []
        for k, pixels in enumerate(array):
            one = pydicom.Dataset()
            one.file_meta = FileMetaDataset()
            one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            one.SOPClassUID, one.SOPInstanceUID = CTImageStorage, generate_uid()
            one.StudyInstanceUID, one.SeriesInstanceUID, one.FrameOfReferenceUID = study, series, frame
            one.Modality, one.ImageType, one.InstanceNumber = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"], k + 1
            one.PatientName, one.PatientID, one.PatientBirthDate, one.PatientSex = "Secret^Name", "SECRET-7", "", "O"
            one.StudyDate, one.StudyTime, one.StudyID, one.AccessionNumber = "20240102", "120000", "1", ""
            one.SeriesNumber, one.ReferringPhysicianName, one.Manufacturer = 1, "", "Limner phantom"
            one.SeriesDescription, one.AcquisitionNumber = "phantom", 1
            one.Rows, one.Columns, one.SamplesPerPixel = *pixels.shape, 1
            one.PhotometricInterpretation = "MONOCHROME2"
            one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 1
            one.RescaleIntercept, one.RescaleSlope, one.RescaleType = "0", "1", "HU"
            one.PixelSpacing, one.SliceThickness, one.SpacingBetweenSlices = list(spacing), 7.7, 9.9
            one.ImageOrientationPatient = [f"{cosine:.10g}" for cosine in cosines]
            one.ImagePositionPatient = [f"{mm:.8g}" for mm in np.add(origin, np.multiply(step_mm, k))]
            one.PixelData = np.ascontiguousarray(pixels, np.int16).tobytes()
            if edit:
                edit(one, k)
            one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID
            one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID or generate_uid()
            path = folder / f"slice_{(k * 7) % 101:03d}.dcm"  # names say nothing about the order
            one.save_as(path, enforce_file_format=True)
            paths.append(path)
        return paths

    return write


@pytest.fixture
def ramp() -> np.ndarray:
    """6 × 10 × 12 voxels, each of another value: a voxel that moves is seen."""
    return np.arange(6 * 10 * 12, dtype=np.int16).reshape(6, 10, 12)
