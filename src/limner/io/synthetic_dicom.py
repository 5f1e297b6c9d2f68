"""Synthetic images as DICOM: a generated picture as Secondary Capture, a volume as CT or MR slices, all marked.

Each instance says it four times, since PACS drop what they do not know: Synthetic Data (0008,001C) is ``YES`` (PS3.3
C.12.1, SOP Common: "some or all of the content of this instance was made artificially"), Image Type begins with
DERIVED, SECONDARY; Derivation Description, Series Description and Image Comments tell people, and a private block
(PS3.5 7.8) tells programs the pack, its hash and the seed. The equipment is a Contributing Equipment item with the
purpose (109100, DCM, "Synthesizing Equipment"). The pixels carry the watermark.

A generated image belongs to a patient named SYNTHETIC^LIMNER. An image made from a real study stays in that study:
patient, study and frame of reference are the source's, and Source Image Sequence points at every slice of it.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, SecondaryCaptureImageStorage

from limner.errors import InputError, NotAnImageError
from limner.image import Image, Picture, Series, watermark
from limner.io.reference import MANUFACTURER, MODEL, Source, new_uid, read_source, save_aside
from limner.io.synthetic import Marks, Origin, marked_pixels, marked_volume, origin_of

PRIVATE_GROUP = 0x4C4D  # "LM"; odd, as private groups are
PRIVATE_CREATOR = "LIMNER SYNTHETIC"
_ELEMENTS = {
    0x01: "Limner-Pack",
    0x02: "Limner-Pack-SHA256",
    0x03: "Limner-Seed",
    0x04: "Limner-Task",
    0x05: "Software",
}
_STORAGE = {"CT": CTImageStorage, "MR": MRImageStorage}
# What an instance shares with the study that it was made from: Patient, General Study, Patient Study modules.
_SHARED = """
SpecificCharacterSet PatientID PatientName PatientBirthDate PatientSex PatientAge PatientSize PatientWeight
PatientIdentityRemoved DeidentificationMethod StudyInstanceUID StudyDate StudyTime StudyID StudyDescription
AccessionNumber ReferringPhysicianName FrameOfReferenceUID PositionReferenceIndicator
"""


class DicomSeries:
    """A folder of generated pictures that are one series of one study.

    Args:
        folder: made with the first picture.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0
        self.study_uid, self.series_uid = new_uid(), new_uid()

    def add(self, picture: Picture, name: str, origin: Origin) -> None:
        """Writes a picture as :func:`write_dicom_picture` does, as the next instance."""
        self.folder.mkdir(exist_ok=True)
        self.count += 1
        write_dicom_picture(picture, self.folder / name, origin, self)


def write_dicom_picture(picture: Picture, path: Path, origin: Origin, series: DicomSeries | None = None) -> None:
    """Writes a generated picture as Secondary Capture (PS3.3 A.8.1).

    Args:
        picture: flat, in grey or colour.
        path: appears whole or not at all.
        origin: what made it.
        series: that it belongs to; one of its own where None.
    """
    pixels = marked_pixels(picture, origin)
    series = series or DicomSeries(Path(path).parent)
    one = _instance(SecondaryCaptureImageStorage, "OT", origin, None, series.study_uid, max(series.count, 1))
    one.SeriesInstanceUID = series.series_uid
    one.ConversionType, one.PatientOrientation, one.Laterality = "SYN", "", ""
    one.ImageType = ["DERIVED", "SECONDARY"]
    colour = pixels.ndim == 3
    one.SamplesPerPixel, one.PhotometricInterpretation = (3, "RGB") if colour else (1, "MONOCHROME2")
    if colour:
        one.PlanarConfiguration = 0
    if picture.spacing_mm:
        one.PixelSpacing = [_decimal(mm) for mm in picture.spacing_mm]
    _put_pixels(one, pixels, signed=False)
    save_aside(one, Path(path))


def write_dicom_volume(image: Image, folder: Path, origin: Origin, source: Series | None = None) -> list[Path]:
    """Writes a volume that a pack made as a series of CT or MR slices, one file each, in a new folder.

    Args:
        image: CT in HU, or MR; floats are rounded (CT) or brought to 0–4095 (MR).
        folder: must not be there yet; appears whole or not at all.
        origin: what made it.
        source: the DICOM series that it was made from; None for a generated volume.

    Returns:
        The files, from the first slice to the last.

    Raises:
        InputError: another modality, the folder is there, or the source cannot be referred to.
    """
    folder = Path(folder)
    if image.modality not in _STORAGE:
        raise InputError(f"A synthetic volume is written as CT or MR; got modality {image.modality!r}.")
    if folder.exists():
        raise InputError(f"{str(folder)!r} is already there. Name a folder that is not.")
    whole = Image(_whole(image), image.grid, image.modality, image.unit)
    marked = marked_volume(whole, origin)
    headers = read_source(source) if source else None
    series_uid, frame_uid = new_uid(), new_uid()
    study_uid = new_uid()
    aside = folder.with_name(f".{folder.name}.part")
    try:
        aside.mkdir(parents=True)
        for k, pixels in enumerate(marked.array):
            one = _instance(_STORAGE[image.modality], image.modality, origin, headers, study_uid, k + 1)
            one.SeriesInstanceUID = series_uid
            if headers is None:
                one.FrameOfReferenceUID = frame_uid
            if "PositionReferenceIndicator" not in one:
                one.PositionReferenceIndicator = ""
            _place(one, image, k)
            _acquisition(one, image.modality)
            _put_pixels(one, pixels, signed=pixels.dtype.kind == "i")
            save_aside(one, aside / f"{k + 1:04d}.dcm")
        aside.replace(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return sorted(folder.glob("*.dcm"))


def read_dicom_marks(path: Path, *, pixels: bool = True) -> Marks:
    """Both marks of a DICOM image.

    Raises:
        NotAnImageError: no DICOM, or damaged pixels.
    """
    try:
        one = pydicom.dcmread(path, stop_before_pixels=not pixels)
    except (InvalidDicomError, OSError) as error:
        raise NotAnImageError(
            f"{Path(path).name!r} cannot be asked for marks: a picture, NIfTI or DICOM image is expected."
        ) from error
    said = _said(one)
    if not pixels or "PixelData" not in one:
        return Marks(said, None)
    try:
        stored = one.pixel_array
    except Exception as error:  # each of four decoders has its own kinds
        raise NotAnImageError(
            f"The pixels of {Path(path).name!r} cannot be decoded ({type(error).__name__}): damaged; copy it again."
        ) from error
    if stored.ndim == 4:  # a film in colour
        stored = stored[len(stored) // 2]
    return Marks(said, watermark.detect(_values(one, stored)))


def _values(one: Dataset, stored: NDArray[np.generic]) -> NDArray[np.generic]:
    slope, intercept = float(one.get("RescaleSlope", 1)), float(one.get("RescaleIntercept", 0))
    if stored.dtype == np.uint8 or (slope, intercept) == (1.0, 0.0):
        return stored
    values = stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)
    return np.rint(values).astype(np.int32) if slope.is_integer() and intercept.is_integer() else values


def _said(one: Dataset) -> Origin | None:
    try:
        block = one.private_block(PRIVATE_GROUP, PRIVATE_CREATOR)
    except KeyError:
        if str(one.get("SyntheticData", "")).upper() != "YES":
            return None
        made = str(one.get("DerivationDescription", "")) or "unknown"
        return Origin(pack=made, sha256="", software=str(one.get("Manufacturer", "unknown")))
    words = {name: str(block[element].value) for element, name in _ELEMENTS.items() if element in block}
    return origin_of({**words, "Synthetic": "true"})


def _instance(
    storage: str, modality: str, origin: Origin, source: Source | None, study_uid: str, number: int
) -> Dataset:
    """What all instances hold: identity, patient, series, equipment, and that they are synthetic."""
    one = Dataset()
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one.SOPClassUID, one.SOPInstanceUID = storage, new_uid()
    one.file_meta.MediaStorageSOPClassUID, one.file_meta.MediaStorageSOPInstanceUID = storage, one.SOPInstanceUID
    now = datetime.now(UTC)
    one.SpecificCharacterSet = "ISO_IR 192"
    one.InstanceCreationDate, one.InstanceCreationTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    one.PatientName, one.PatientID = "SYNTHETIC^LIMNER", "LIMNER-SYNTHETIC"
    one.PatientBirthDate = one.PatientSex = one.ReferringPhysicianName = one.AccessionNumber = ""
    one.StudyInstanceUID, one.StudyID = study_uid, "1"
    one.StudyDate, one.StudyTime = one.InstanceCreationDate, one.InstanceCreationTime
    if source is not None:
        header = source.headers[0]
        for word in _SHARED.split():
            if word in header:
                one[word] = header[word]
    one.Modality, one.SeriesInstanceUID, one.SeriesNumber, one.InstanceNumber = modality, new_uid(), 900, number
    one.SeriesDescription = f"SYNTHETIC Limner {origin.pack}"[:64]
    one.Manufacturer, one.ManufacturerModelName, one.SoftwareVersions = MANUFACTURER, MODEL, origin.software
    one.ImageComments = one.DerivationDescription = origin.sentence
    one.BurnedInAnnotation, one.SyntheticData = "NO", "YES"
    one.ContributingEquipmentSequence = [_equipment(origin)]
    one.DerivationCodeSequence = _derivation(origin)
    if source is not None:
        one.SourceImageSequence = [_reference(header) for header in source.headers]
    words, block = origin.words(), one.private_block(PRIVATE_GROUP, PRIVATE_CREATOR, create=True)
    for element, name in _ELEMENTS.items():
        if name in words:
            block.add_new(element, "LO", words[name][:64])
    return one


def _equipment(origin: Origin) -> Dataset:
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = [_code("109100", "DCM", "Synthesizing Equipment")]
    item.Manufacturer, item.ManufacturerModelName, item.SoftwareVersions = MANUFACTURER, MODEL, origin.software
    item.ContributionDescription = origin.pack
    return item


def _derivation(origin: Origin) -> list[Dataset]:
    """CID 7203 has a word for resampling and none for synthesis; it may be extended."""
    made = [_code("SYNTH", "99LIMNER", "Image synthesis by neural network")]
    return [_code("113085", "DCM", "Spatial resampling"), *made] if origin.task == "superresolve" else made


def _reference(header: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    item.PurposeOfReferenceCodeSequence = [_code("121322", "DCM", "Source image for image processing operation")]
    return item


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _place(one: Dataset, image: Image, k: int) -> None:
    """Image Plane module (PS3.3 C.7.6.2): rows run along X, columns along Y of the grid."""
    grid = image.grid
    one.ImagePositionPatient = [_decimal(mm) for mm in grid.world((k, 0, 0))]
    one.ImageOrientationPatient = [_decimal(c) for c in (*grid.direction[:, 2], *grid.direction[:, 1])]
    one.PixelSpacing = [_decimal(grid.spacing_mm[1]), _decimal(grid.spacing_mm[2])]
    one.SliceThickness = _decimal(grid.spacing_mm[0])


def _acquisition(one: Dataset, modality: str) -> None:
    """What the CT and MR Image modules ask for, empty where nothing was acquired."""
    one.AcquisitionNumber, one.PatientPosition, one.Laterality = None, "", ""
    if modality == "CT":
        one.ImageType, one.KVP = ["DERIVED", "SECONDARY", "AXIAL"], None
        one.RescaleIntercept, one.RescaleSlope, one.RescaleType = "0", "1", "HU"
    else:
        one.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
        one.ScanningSequence, one.SequenceVariant, one.ScanOptions = "RM", "NONE", ""
        one.MRAcquisitionType = ""
        one.RepetitionTime = one.EchoTime = one.EchoTrainLength = None


def _put_pixels(one: Dataset, pixels: NDArray[np.generic], *, signed: bool) -> None:
    bits = pixels.dtype.itemsize * 8
    if "SamplesPerPixel" not in one:
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.Rows, one.Columns = pixels.shape[:2]
    one.BitsAllocated, one.BitsStored, one.HighBit = bits, bits, bits - 1
    one.PixelRepresentation = int(signed)
    data = np.ascontiguousarray(pixels).astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()
    one.PixelData = data + b"\0" * (len(data) % 2)
    one["PixelData"].VR = "OW" if bits > 8 else "OB"


def _whole(image: Image) -> NDArray[np.integer]:
    if image.array.dtype in (np.int16, np.uint16):
        return image.array
    if image.modality == "CT" or image.array.dtype == np.uint8:
        return np.clip(np.rint(image.array), -32768, 32767).astype(np.int16)
    low, high = float(image.array.min()), float(image.array.max())
    return np.rint((image.array - low) * (4095.0 / max(high - low, 1e-6))).astype(np.uint16)


def _decimal(value: float) -> str:
    """A Decimal String of at most 16 characters (PS3.5 6.2)."""
    for digits in range(14, 3, -1):
        if len(text := f"{float(value) + 0.0:.{digits}g}") <= 16:
            return text
    raise InputError(f"{value} does not fit a DICOM Decimal String.")
