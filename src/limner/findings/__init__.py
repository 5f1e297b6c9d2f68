"""What was found and what is proposed, and how we know: the nouns of ``drawing.json``, ``plan.json``, ``signed.json``.

Values with units, intervals and reasons; no voxels, no files, no computing.
"""

from limner.findings.drawing import (
    CodedConcept,
    Drawing,
    Evidence,
    Finding,
    Kind,
    Measurement,
    PackNote,
    ProblemNote,
    StudyNote,
)
from limner.findings.mark import POINTS, Mark, MarkKind, Plane, SignedReport
from limner.findings.plan import (
    Ablation,
    BlindSpot,
    Clearance,
    Interval,
    Nearest,
    NeedlePath,
    Plan,
    Point,
    Refused,
    Relaxation,
    Zone,
)

__all__ = [
    "POINTS",
    "Ablation",
    "BlindSpot",
    "Clearance",
    "CodedConcept",
    "Drawing",
    "Evidence",
    "Finding",
    "Interval",
    "Kind",
    "Mark",
    "MarkKind",
    "Measurement",
    "Nearest",
    "NeedlePath",
    "PackNote",
    "Plan",
    "Plane",
    "Point",
    "ProblemNote",
    "Refused",
    "Relaxation",
    "SignedReport",
    "StudyNote",
    "Zone",
]
