"""Straight needles from the skin to a tumour: searched, scored, refused with reasons, rechecked.

Here live rules, distance fields, the search, intervals and ablation zones. No files, no pictures, no models.
"""

from limner.scene.needles.ablation import Ablation, Cover, HeatSink, Zone, plan_ablation
from limner.scene.needles.found import Found, SkinMap
from limner.scene.needles.planner import Planner
from limner.scene.needles.probes import Probe, load_probes
from limner.scene.needles.recheck import violations
from limner.scene.needles.rules import AblationRules, NeedleRules, Weights

__all__ = [
    "Ablation",
    "AblationRules",
    "Cover",
    "Found",
    "HeatSink",
    "NeedleRules",
    "Planner",
    "Probe",
    "SkinMap",
    "Weights",
    "Zone",
    "load_probes",
    "plan_ablation",
    "violations",
]
