"""A PDF inside a DICOM object, so that it lies in the PACS beside the images that it speaks of.

Source: DICOM PS3.3 A.45.1 (Encapsulated PDF), C.24.2 (Encapsulated Document).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from limner.io.reference import MANUFACTURER, MODEL, new_uid, save_aside

# Patient, General Study and Patient Study modules: who and which study, as the source says.
_COPIED = """
PatientID PatientName PatientBirthDate PatientSex AccessionNumber StudyID StudyDate StudyTime ReferringPhysicianName
StudyInstanceUID StudyDescription PatientAge PatientSize PatientWeight PatientIdentityRemoved DeidentificationMethod
"""
_TYPE_2 = """
PatientID PatientName PatientBirthDate PatientSex AccessionNumber StudyID StudyDate StudyTime ReferringPhysicianName
"""


@dataclass(frozen=True)
class Document:
    """What a document says of itself.

    Args:
        title: for lists.
        at: when it was made; UTC.
        key: from which its UIDs are made: the same key gives the same object.
        series: what its series is called.
        series_number: of its series.
        verified: whether a person answers for what it says.
    """

    title: str
    at: datetime
    key: str
    series: str
    series_number: int
    verified: bool


def write_encapsulated_pdf(pdf: Path, source: Path, document: Document, path: Path) -> None:
    """Writes an Encapsulated PDF object into the study of ``source``.

    Args:
        pdf: the document.
        source: a DICOM file of the study: patient and study come from it, and the document names it as its source.
        document: what it says of itself.
        path: appears whole or not at all.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values copied from the source are the source's
        tags = ["SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", *_COPIED.split()]
        header = pydicom.dcmread(source, stop_before_pixels=True, specific_tags=tags)
        made = _object(pdf.read_bytes(), document)
        for word in _COPIED.split():
            if word in header:
                setattr(made, word, getattr(header, word))
        for word in _TYPE_2.split():
            if word not in made:
                setattr(made, word, "")
        image = pydicom.Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
        made.SourceInstanceSequence = [image]
        save_aside(made, path)


def _object(content: bytes, document: Document) -> pydicom.Dataset:
    made = pydicom.Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = EncapsulatedPDFStorage
    made.SOPInstanceUID = new_uid("limner", "pdf", document.key)
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.SpecificCharacterSet = "ISO_IR 192"
    made.Modality = "DOC"
    made.SeriesInstanceUID = new_uid("limner", "pdf", document.key, "series")
    made.SeriesNumber, made.InstanceNumber = document.series_number, 1
    made.SeriesDescription = document.series[:64]
    made.Manufacturer, made.ManufacturerModelName = MANUFACTURER, MODEL
    made.ConversionType = "WSD"
    made.ContentDate, made.ContentTime = document.at.strftime("%Y%m%d"), document.at.strftime("%H%M%S")
    made.TimezoneOffsetFromUTC = "+0000"
    made.AcquisitionDateTime = ""
    made.BurnedInAnnotation = "YES"
    made.DocumentTitle = document.title
    made.VerificationFlag = "VERIFIED" if document.verified else "UNVERIFIED"
    name = pydicom.Dataset()
    name.CodeValue, name.CodingSchemeDesignator, name.CodeMeaning = "18748-4", "LN", "Diagnostic imaging report"
    made.ConceptNameCodeSequence = [name]
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocumentLength = len(content)
    made.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    return made
