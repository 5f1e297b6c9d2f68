"""What was found and what is proposed, and how we know: the nouns of ``drawing.json`` and ``plan.json``.

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
    "Ablation",
    "BlindSpot",
    "Clearance",
    "CodedConcept",
    "Drawing",
    "Evidence",
    "Finding",
    "Interval",
    "Kind",
    "Measurement",
    "Nearest",
    "NeedlePath",
    "PackNote",
    "Plan",
    "Point",
    "ProblemNote",
    "Refused",
    "Relaxation",
    "StudyNote",
    "Zone",
]
