"""MR studies made by tests: several series of one patient, each slice a DICOM file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from limner.image import Grid

FLAIR: dict[str, Any] = {
    "SeriesDescription": "AX T2 FLAIR", "ScanningSequence": ["SE", "IR"],
    "RepetitionTime": 9000.0, "EchoTime": 120.0, "InversionTime": 2500.0,
}  # fmt: skip
PRE: dict[str, Any] = {
    "SeriesDescription": "AX T1", "ScanningSequence": ["SE"], "RepetitionTime": 550.0, "EchoTime": 12.0,
}  # fmt: skip
POST: dict[str, Any] = {**PRE, "ContrastBolusAgent": "GADOLINIUM"}


@dataclass(frozen=True)
class MRStudy:
    """One patient's examination in a folder."""

    folder: Path
    study_uid: str = field(default_factory=generate_uid)
    frame_uid: str = field(default_factory=generate_uid)

    def add(self, array: np.ndarray, grid: Grid, **attributes: Any) -> Path:
        """Writes a series whose slices are the first axis of ``array``; returns its folder."""
        number = len(list(self.folder.glob("*"))) + 1 if self.folder.exists() else 1
        home = self.folder / f"series{number}"
        home.mkdir(parents=True)
        uid = generate_uid()
        for z, pixels in enumerate(array):
            _write(home / f"{z:03d}.dcm", pixels, grid, z, {
                "StudyInstanceUID": self.study_uid, "FrameOfReferenceUID": self.frame_uid, "SeriesInstanceUID": uid,
                "SeriesNumber": number, **attributes,
            })  # fmt: skip
        return home


def _write(path: Path, pixels: np.ndarray, grid: Grid, z: int, attributes: dict[str, Any]) -> None:
    one = pydicom.Dataset()
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = MRImageStorage
    one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    one.Modality, one.ImageType, one.InstanceNumber = "MR", ["ORIGINAL", "PRIMARY"], z + 1
    one.PatientName, one.PatientID, one.PatientBirthDate, one.PatientSex = "Phantom^Head", "phantom-mr", "", "O"
    one.StudyDate, one.StudyTime, one.StudyID, one.AccessionNumber = "20240101", "120000", "1", ""
    one.ReferringPhysicianName, one.Manufacturer = "", "Limner phantom"
    one.Rows, one.Columns = pixels.shape
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 12, 11, 0
    one.PixelSpacing, one.SliceThickness = list(grid.spacing_mm[1:]), grid.spacing_mm[0]
    one.ImageOrientationPatient = [*grid.direction[:, 2].tolist(), *grid.direction[:, 1].tolist()]
    one.ImagePositionPatient = grid.world((z, 0, 0)).tolist()
    one.PixelData = np.ascontiguousarray(pixels, np.uint16).tobytes()
    for name, value in attributes.items():
        setattr(one, name, value)
    one.save_as(path, enforce_file_format=True)
