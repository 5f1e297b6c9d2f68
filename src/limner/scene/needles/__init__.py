"""Straight needles from the skin to a tumour: searched, scored, refused with reasons, rechecked.

Here live rules, distance fields, the search, intervals and ablation zones. No files, no pictures, no models.
"""

from limner.scene.needles.path import Clearance, Found, Interval, Nearest, Path, Refusal, Relaxation, SkinMap
from limner.scene.needles.planner import Planner
from limner.scene.needles.recheck import violations
from limner.scene.needles.rules import NeedleRules, Weights

__all__ = [
    "Clearance",
    "Found",
    "Interval",
    "Nearest",
    "NeedleRules",
    "Path",
    "Planner",
    "Refusal",
    "Relaxation",
    "SkinMap",
    "Weights",
    "violations",
]
