"""What a folder holds: a study, its series, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from limner.image.grid import Grid
from limner.image.mr import MRFacts
from limner.image.volume import Image


@dataclass(frozen=True)
class Problem:
    """Something about an input that its reader must know.

    Args:
        code: a fixed word for programs, e.g. ``"missing-slice"``.
        severity: an ``error`` keeps the series from being drawn.
        text: a sentence for people, without names or ids of patients.
    """

    code: str
    severity: Literal["warning", "error"]
    text: str


@dataclass(frozen=True, eq=False)
class Series:
    """Images of one acquisition that share a frame of reference.

    Args:
        uid: SeriesInstanceUID, or one made from the file's content for NIfTI.
        modality: DICOM modality.
        description: SeriesDescription.
        files: the files, ordered along the slice axis.
        grid: true geometry, None where there is none (a photograph, an irregular series).
        load: reads the pixels; HU for CT.
        problems: what is wrong with it.
        format: ``"dicom"`` or ``"nifti"``.
        mr: how an MR series was acquired; None for other modalities and for NIfTI.
        frame_of_reference: FrameOfReferenceUID; series that share it share their millimetres. Empty where unknown.
    """

    uid: str
    modality: str
    description: str
    files: tuple[Path, ...]
    grid: Grid | None
    load: Callable[[], Image]
    problems: tuple[Problem, ...] = ()
    format: Literal["dicom", "nifti"] = "dicom"
    mr: MRFacts | None = None
    frame_of_reference: str = ""

    @property
    def drawable(self) -> bool:
        """Whether it has a geometry and no error."""
        return self.grid is not None and not any(one.severity == "error" for one in self.problems)


@dataclass(frozen=True, eq=False)
class Study:
    """One examination of one patient.

    Args:
        uid: StudyInstanceUID.
        series: its series, largest first.
        patient_key: a one-way hash that tells patients apart and names none.
        date: StudyDate as YYYY-MM-DD, None where it is absent.
        problems: what concerns the study as a whole.
    """

    uid: str
    series: tuple[Series, ...]
    patient_key: str
    date: str | None = None
    problems: tuple[Problem, ...] = field(default=())
