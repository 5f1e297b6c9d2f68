"""What tests of every room share: the real data, and a small body with known truth, as arrays and as DICOM."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from limner.draw import ThresholdPredictor
from limner.image import Grid
from limner.image.anatomy import label

os.environ["PYTHONPATH"] = str(Path(__file__).parents[1] / "src")  # what a test starts sees this checkout too

BODY, LIVER, TUMOR, BONE = 0, 100, 60, 700
"""HU of the phantom's parts; air is -1000."""


@pytest.fixture(autouse=True)
def _loud_again() -> Iterator[None]:
    """A command that ran within a test silenced libraries, as if the process were its own: the next test hears them."""
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="session")
def limner_data() -> Path:
    """The shared data, by LIMNER_DATA or beside the checkout."""
    folder = Path(os.environ.get("LIMNER_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"The shared data are not at {folder}; set LIMNER_DATA.")
    return folder


@dataclass(frozen=True, eq=False)
class Body:
    """A body of ellipsoids: ``array`` in HU on ``grid``, and the true volume of each part that lies alone."""

    array: np.ndarray
    grid: Grid
    volume_ml: dict[str, float]


@pytest.fixture(scope="session")
def body() -> Body:
    """32 × 64 × 64 voxels of 5 × 3 × 3 mm: a liver to the patient's right with a tumour in it, and a spine behind."""
    grid = Grid.axial((32, 64, 64), spacing_mm=(5.0, 3.0, 3.0), origin_mm=(-94.5, -94.5, -77.5))
    centers = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1))
    array = np.full(grid.shape, -1000, np.int16)
    parts = {  # name: HU, centre (x, y, z) in mm LPS, radii in mm
        "body": (BODY, (0, 0, 0), (85, 70, 500)),
        "liver": (LIVER, (-35, -10, 0), (40, 35, 50)),
        "liver tumor": (TUMOR, (-45, -15, 10), (14, 14, 14)),
        "bones": (BONE, (0, 50, 0), (14, 14, 500)),
    }
    for value, center, radii in parts.values():
        array[(((centers - center) / radii) ** 2).sum(axis=-1) <= 1] = value
    tumor_ml = 4 / 3 * np.pi * 14**3 / 1000
    liver_ml = 4 / 3 * np.pi * 40 * 35 * 50 / 1000
    return Body(array, grid, {"liver tumor": tumor_ml, "liver": liver_ml - tumor_ml})


@pytest.fixture(scope="session")
def thresholds() -> ThresholdPredictor:
    """The predictor that is exact on :func:`body`."""
    return ThresholdPredictor(
        (
            (label("body", 10), BODY - 1, BODY + 1),
            (label("liver", 1), LIVER - 1, LIVER + 1),
            (label("liver tumor", 2), TUMOR - 1, TUMOR + 1),
            (label("bones", 9), BONE - 1, BONE + 1),
        )
    )


WriteCT = Callable[..., list[Path]]


@pytest.fixture(scope="session")
def write_ct(body: Body) -> WriteCT:
    """Writes the body as a CT series, a file a slice; keywords overwrite attributes of every slice."""

    def write(folder: Path, **attributes: Any) -> list[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        series = {
            "StudyInstanceUID": generate_uid(),
            "SeriesInstanceUID": generate_uid(),
            "FrameOfReferenceUID": generate_uid(),
            **attributes,
        }
        return [_write_slice(folder / f"{z + 1:03d}.dcm", body, z, series) for z in range(body.grid.shape[0])]

    return write


def _write_slice(path: Path, body: Body, z: int, attributes: dict[str, Any]) -> Path:
    dataset = pydicom.Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.Modality, dataset.ImageType, dataset.InstanceNumber = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"], z + 1
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate, dataset.PatientSex = "Phantom", "phantom", "", "O"
    dataset.StudyDate, dataset.StudyTime, dataset.StudyID, dataset.AccessionNumber = "20240101", "120000", "1", ""
    dataset.SeriesNumber, dataset.ReferringPhysicianName, dataset.Manufacturer = 1, "", "Limner phantom"
    dataset.Rows, dataset.Columns = body.array.shape[1:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "HU"
    dataset.PixelSpacing, dataset.SliceThickness = list(body.grid.spacing_mm[1:]), body.grid.spacing_mm[0]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = body.grid.world((z, 0, 0)).tolist()
    dataset.PixelData = body.array[z].tobytes()
    for name, value in attributes.items():
        setattr(dataset, name, value)
    dataset.save_as(path, enforce_file_format=True)
    return path
