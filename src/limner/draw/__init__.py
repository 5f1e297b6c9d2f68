"""The one workflow: a study or a picture goes in, a drawing comes out.

``draw`` tells the story, step by step; the rooms below do the work. Nothing here reads DICOM, runs a net or makes a
page, and nothing here imports torch.
What a name needs is loaded when the name is used (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from limner.draw.corrected import CorrectedLabels
    from limner.draw.meter import Meter, Step
    from limner.draw.options import DrawOptions
    from limner.draw.picture import draw_picture
    from limner.draw.predictor import PackPredictor, Predictor, ThresholdPredictor
    from limner.draw.workflow import draw
    from limner.io.folder import new_folder

_HOME = {
    "CorrectedLabels": "limner.draw.corrected",
    "DrawOptions": "limner.draw.options",
    "Meter": "limner.draw.meter",
    "PackPredictor": "limner.draw.predictor",
    "Predictor": "limner.draw.predictor",
    "Step": "limner.draw.meter",
    "ThresholdPredictor": "limner.draw.predictor",
    "draw": "limner.draw.workflow",
    "draw_picture": "limner.draw.picture",
    "new_folder": "limner.io.folder",
}

__all__ = [
    "CorrectedLabels",
    "DrawOptions",
    "Meter",
    "PackPredictor",
    "Predictor",
    "Step",
    "ThresholdPredictor",
    "draw",
    "draw_picture",
    "new_folder",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
