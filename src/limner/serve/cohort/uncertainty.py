"""How unsure a drawing is as a whole: what a correction of it would teach (active learning).

Source: Settles B. Active learning literature survey. University of Wisconsin 1648, 2009, section 3.1 (uncertainty
sampling by entropy); Shannon, Bell Syst. Tech. J. 27:379, 1948, section 6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from limner.findings import Drawing, Finding

FORMULA = (
    "The sum over lesions of the entropy of their probability in bits (1: as likely as not, and of one that is 'not "
    "sure' always 1), plus over all structures the width of their volume's interval by its sum, (high - low) / (high + "
    "low), plus 1 where the answer as a whole is 'not sure'."
)
REASONS = 3


@dataclass(frozen=True)
class Doubt:
    """How unsure, and what adds most to it: pairs of a finding's id and its share of the score."""

    score: float
    reasons: tuple[tuple[str, float], ...]


def doubt_of(drawing: Drawing) -> Doubt:
    """The score of :data:`FORMULA`; 0 is sure of everything."""
    shares = [(one.id, _of(one)) for one in drawing.findings if one.kind != "class"]
    if drawing.abstained:
        shares.append(("", 1.0))
    shares.sort(key=lambda pair: -pair[1])
    score = math.fsum(share for _, share in shares)
    return Doubt(round(score, 4), tuple((id, round(share, 4)) for id, share in shares[:REASONS] if share > 0))


def _of(finding: Finding) -> float:
    share = 0.0
    if finding.kind == "lesion":
        share = 1.0 if finding.abstained else entropy(finding.probability)
    volume = finding.measure("volume")
    if volume is not None and volume.low is not None and volume.high is not None and volume.high + volume.low > 0:
        share += (volume.high - volume.low) / (volume.high + volume.low)
    return share


def entropy(p: float | None) -> float:
    """Of something that is there with probability p, in bits; 0 where nothing is known of it.

    >>> entropy(0.5), entropy(1.0), round(entropy(0.9), 3), entropy(None)
    (1.0, 0.0, 0.469, 0.0)
    """
    if p is None or not 0 < p < 1:
        return 0.0
    return -(p * math.log2(p) + (1 - p) * math.log2(1 - p))
