"""Resections of a liver: cuts, what they leave, and which cut to propose.

``prepare`` makes a case out of masks once; ``judge`` says in milliseconds what a cut costs; ``propose`` searches.
No files, no models.
"""

from limner.scene.resection.case import Case, Lesion, prepare
from limner.scene.resection.curved import Curved
from limner.scene.resection.cuts import Cut, Plane, Segmentwise, Several, Surface, cut_from_json
from limner.scene.resection.doubt import Interval
from limner.scene.resection.judge import Resection, Threshold, judge
from limner.scene.resection.picture import cut_mesh, regions
from limner.scene.resection.propose import Proposal, propose
from limner.scene.resection.rules import ResectionRules
from limner.scene.resection.sides import flow_at, signed_mm
from limner.scene.resection.speed import ResectionSpeed, speed
from limner.scene.resection.vessels import CutVessel, Tree

__all__ = [
    "Case",
    "Curved",
    "Cut",
    "CutVessel",
    "Interval",
    "Lesion",
    "Plane",
    "Proposal",
    "Resection",
    "ResectionRules",
    "ResectionSpeed",
    "Segmentwise",
    "Several",
    "Surface",
    "Threshold",
    "Tree",
    "cut_from_json",
    "cut_mesh",
    "flow_at",
    "judge",
    "prepare",
    "propose",
    "regions",
    "signed_mm",
    "speed",
]
