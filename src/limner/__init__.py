"""Limner: medical images to drawings that people can act on.

The nouns and the doors to files are here; the verbs live in their rooms, each under the name of its command::

    from limner.draw import draw
    from limner.infer import predict

Nothing heavy is loaded until it is used. Not for clinical use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from limner.errors import LimnerError
    from limner.findings import Drawing, Evidence, Finding, Measurement
    from limner.image import Code, Grid, Image, Label, LabelMap, Mesh, Problem, Series, Study, resample
    from limner.infer import list_packs, load_pack
    from limner.io import choose_series, open_studies, read_nifti, read_nifti_labels
    from limner.samples import demo_study
    from limner.scene import measure, surfaces

__all__ = [
    "Code",
    "Drawing",
    "Evidence",
    "Finding",
    "Grid",
    "Image",
    "Label",
    "LabelMap",
    "LimnerError",
    "Measurement",
    "Mesh",
    "Problem",
    "Series",
    "Study",
    "__version__",
    "choose_series",
    "demo_study",
    "list_packs",
    "load_pack",
    "measure",
    "open_studies",
    "read_nifti",
    "read_nifti_labels",
    "resample",
    "surfaces",
]

_HOME = {
    **dict.fromkeys(("Code", "Grid", "Image", "Label", "LabelMap", "Mesh", "Problem", "Series", "Study"), "image"),
    **dict.fromkeys(("Drawing", "Evidence", "Finding", "Measurement"), "findings"),
    **dict.fromkeys(("choose_series", "open_studies", "read_nifti", "read_nifti_labels"), "io"),
    **dict.fromkeys(("list_packs", "load_pack"), "infer"),
    **dict.fromkeys(("measure", "surfaces"), "scene"),
    "LimnerError": "errors",
    "demo_study": "samples",
    "resample": "image",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'limner' has no attribute {name!r}; it offers {', '.join(__all__)}.")
    return getattr(importlib.import_module(f"limner.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
