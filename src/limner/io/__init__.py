"""The doors: DICOM and NIfTI in; NIfTI, SEG, SR and mesh files out; and the proof that what went out lies right.

DICOM, RAS axes, glTF metres and file formats live here and nowhere above. Nothing here predicts, measures or draws.
A door is opened when it is used: ``import limner.io`` loads neither pydicom nor highdicom nor nibabel.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from limner.io.channels import Channels, open_channels
    from limner.io.choose import choose_series
    from limner.io.drawing import Drawn, read_drawing
    from limner.io.look import look
    from limner.io.meshfiles import read_glb, read_stl, write_glb, write_stl
    from limner.io.nifti import read_nifti, read_nifti_labels, write_nifti_heat, write_nifti_labels
    from limner.io.picture import is_picture, read_picture
    from limner.io.picture_dicom import study_uid
    from limner.io.picture_labels import read_picture_labels, write_picture_labels
    from limner.io.reference import dicom_obstacle
    from limner.io.seg import read_seg, write_seg
    from limner.io.small_volume import read_input
    from limner.io.sources import open_studies
    from limner.io.sr import write_sr
    from limner.io.summary import summarize
    from limner.io.synthetic import Marks, Origin, read_marks
    from limner.io.verify import Check, verify_drawing

_DOORS = {
    "Channels": "limner.io.channels",
    "Check": "limner.io.verify",
    "Drawn": "limner.io.drawing",
    "Marks": "limner.io.synthetic",
    "Origin": "limner.io.synthetic",
    "choose_series": "limner.io.choose",
    "dicom_obstacle": "limner.io.reference",
    "is_picture": "limner.io.picture",
    "look": "limner.io.look",
    "open_channels": "limner.io.channels",
    "open_studies": "limner.io.sources",
    "read_drawing": "limner.io.drawing",
    "read_glb": "limner.io.meshfiles",
    "read_input": "limner.io.small_volume",
    "read_marks": "limner.io.synthetic",
    "read_nifti": "limner.io.nifti",
    "read_nifti_labels": "limner.io.nifti",
    "read_picture": "limner.io.picture",
    "read_picture_labels": "limner.io.picture_labels",
    "read_seg": "limner.io.seg",
    "read_stl": "limner.io.meshfiles",
    "study_uid": "limner.io.picture_dicom",
    "summarize": "limner.io.summary",
    "verify_drawing": "limner.io.verify",
    "write_glb": "limner.io.meshfiles",
    "write_nifti_heat": "limner.io.nifti",
    "write_nifti_labels": "limner.io.nifti",
    "write_nifti_shares": "limner.io.nifti",
    "write_picture_labels": "limner.io.picture_labels",
    "write_seg": "limner.io.seg",
    "write_sr": "limner.io.sr",
    "write_stl": "limner.io.meshfiles",
}

__all__ = [
    "Channels",
    "Check",
    "Drawn",
    "Marks",
    "Origin",
    "choose_series",
    "dicom_obstacle",
    "is_picture",
    "look",
    "open_channels",
    "open_studies",
    "read_drawing",
    "read_glb",
    "read_input",
    "read_marks",
    "read_nifti",
    "read_nifti_labels",
    "read_picture",
    "read_picture_labels",
    "read_seg",
    "read_stl",
    "study_uid",
    "summarize",
    "verify_drawing",
    "write_glb",
    "write_nifti_heat",
    "write_nifti_labels",
    "write_nifti_shares",
    "write_picture_labels",
    "write_seg",
    "write_sr",
    "write_stl",
]


def __getattr__(name: str) -> Any:
    """Loads the module of a public name on first use (PEP 562)."""
    if name not in _DOORS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(importlib.import_module(_DOORS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
