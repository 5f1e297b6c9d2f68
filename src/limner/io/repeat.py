"""A longer or shorter copy of a series, to see what a study of another size costs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np


def repeat_slices(files: Sequence[Path], count: int, target: Path) -> list[Path]:
    """Writes ``count`` slices into a folder: the first ones, or all of them up and down again until there are enough.

    Anatomy stays continuous where the copy turns. Positions go on at the spacing of the source; all UIDs are new.

    Args:
        files: single-frame DICOM slices in the order of the slice axis, at least two.
        count: slices to write, at least two.
        target: an existing folder.

    Returns:
        The files written, in order.
    """
    import pydicom
    from pydicom.uid import generate_uid

    first, second = (
        np.array(pydicom.dcmread(one, specific_tags=["ImagePositionPatient"]).ImagePositionPatient, dtype=float)
        for one in files[:2]
    )
    study, series, frame = (generate_uid() for _ in range(3))
    written = []
    for number in range(count):
        lap, place = divmod(number, len(files))
        dataset = pydicom.dcmread(files[place if lap % 2 == 0 else len(files) - 1 - place])
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = study, series, frame
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.InstanceNumber = number + 1
        dataset.ImagePositionPatient = [f"{mm:.6g}" for mm in first + number * (second - first)]
        written.append(target / f"{number + 1:04d}.dcm")
        dataset.save_as(written[-1])
    return written
