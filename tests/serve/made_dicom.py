"""Small DICOM files whose every attribute a test may choose."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

PATIENT = {"PatientName": "Secret^Name", "PatientID": "SECRET-7", "PatientBirthDate": "19700102", "PatientSex": "O"}
STUDY = {"StudyInstanceUID": "1.2.3", "StudyDate": "20240102", "StudyTime": "101112", "StudyDescription": "Liver"}
SERIES = {"SeriesInstanceUID": "1.2.3.4", "SeriesNumber": 3, "SeriesDescription": "portal", "Modality": "CT"}


def made_dataset(number: int = 1, **attributes: Any) -> pydicom.Dataset:
    """One CT slice of 8 × 6 pixels, whose values are those of its number and place."""
    one = pydicom.Dataset()
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one.SOPClassUID, one.SOPInstanceUID = CTImageStorage, f"1.2.3.4.{number}"
    one.InstanceNumber, one.FrameOfReferenceUID = number, "1.2.3.9"
    one.Rows, one.Columns, one.SamplesPerPixel, one.PhotometricInterpretation = 8, 6, 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 1
    one.RescaleIntercept, one.RescaleSlope, one.PixelSpacing = "0", "1", [0.8, 0.7]
    one.ImageOrientationPatient, one.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 2.0 * number]
    one.PixelData = (np.arange(48, dtype=np.int16) + 100 * number).tobytes()
    for word, value in (PATIENT | STUDY | SERIES | attributes).items():
        if value is None:
            delattr(one, word)
        else:
            setattr(one, word, value)
    one.file_meta.MediaStorageSOPClassUID = one.get("SOPClassUID", CTImageStorage)
    one.file_meta.MediaStorageSOPInstanceUID = one.get("SOPInstanceUID") or generate_uid()
    return one


def as_bytes(dataset: pydicom.Dataset) -> bytes:
    """As a file holds it."""
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def made_dicom(number: int = 1, **attributes: Any) -> bytes:
    """The bytes of :func:`made_dataset`."""
    return as_bytes(made_dataset(number, **attributes))


def made_report(**attributes: Any) -> bytes:
    """A structured report: DICOM without pixels."""
    pixels = ("Rows", "Columns", "PixelData", "BitsAllocated", "SamplesPerPixel")
    told = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.33", "SOPInstanceUID": "1.2.3.5.1"}
    told |= {"SeriesInstanceUID": "1.2.3.5", "Modality": "SR"} | dict.fromkeys(pixels)
    return made_dicom(1, **(told | attributes))
