"""The one workflow: a study or a picture goes in, a drawing comes out.

``draw`` tells the story, step by step; the rooms below do the work. Nothing here reads DICOM, runs a net or makes a
page, and nothing here imports torch.
"""

from limner.draw.corrected import CorrectedLabels
from limner.draw.meter import Meter, Step
from limner.draw.options import DrawOptions
from limner.draw.picture import draw_picture
from limner.draw.predictor import PackPredictor, Predictor, ThresholdPredictor
from limner.draw.workflow import draw
from limner.io.folder import new_folder

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
