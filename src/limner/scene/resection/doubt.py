"""How far volumes and margins may be off: borders that are not sure, and a cut that lands beside its plan.

A border's error counts as one shift of the whole border by a normal amount (fully correlated, the widest case); liver
border, tumour border and the place of the cut err independently. To first order a volume changes by the area that
shifts times the shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from limner.scene.resection.case import Case
from limner.scene.resection.rules import ResectionRules
from limner.scene.resection.sweep import Sweep


@dataclass(frozen=True)
class Interval:
    """A number and the ends between which it lies with the rules' coverage.

    >>> Interval(12.0, 8.5, 15.5).kept(10.0)
    'only at the value'
    """

    value: float
    low: float
    high: float

    def kept(self, least: float) -> str:
        """Whether it is at least so much: ``"yes"``, ``"only at the value"``, ``"no"``."""
        if self.low >= least - 1e-6:
            return "yes"
        return "only at the value" if self.value >= least - ROUNDING else "no"

    def as_json(self) -> dict[str, Any]:
        """Rounded; a number without bound (no cut through liver) becomes None."""
        rows = {"value": self.value, "low": self.low, "high": self.high}
        return {name: round(float(one), 2) if np.isfinite(one) else None for name, one in rows.items()}


ROUNDING = 0.05
"""Of a margin in mm or a remnant in percent: proposals keep a rule to this."""


def around(value: float, sd: float, rules: ResectionRules, least: float = -np.inf, most: float = np.inf) -> Interval:
    """An interval of the rules' coverage, kept inside what is possible."""
    wide = rules.z * sd
    return Interval(float(value), float(max(value - wide, least)), float(min(value + wide, most)))


@dataclass(frozen=True)
class Volumes:
    """Volumes of a resection with their doubt.

    Args:
        resected_ml: liver that is taken out, its tumour with it.
        remnant_ml: functional liver that stays.
        remnant_percent: 100 × remnant / (liver − tumour).
    """

    resected_ml: Interval
    remnant_ml: Interval
    remnant_percent: Interval


def volumes(swept: Sweep, case: Case) -> Volumes:
    """Volumes and their intervals by propagation of the three errors, mm² × mm / 1000 = ml."""
    rules, lattice = case.rules, case.lattice
    kept = 1 - swept.removed
    remnant = float((case.functional * kept).sum(dtype=np.float64))
    resected = float((lattice.liver_ml * swept.removed).sum(dtype=np.float64))
    functional = case.functional_ml
    skin = float((lattice.skin_mm2 * kept).sum(dtype=np.float64))
    skin_out = float(lattice.skin_mm2.sum(dtype=np.float64)) - skin
    border, tumor, cut = (
        rules.liver_border_sd_mm / 1000,
        rules.tumor_border_sd_mm / 1000,
        rules.registration_sd_mm / 1000,
    )
    remnant_sd = float(np.hypot(skin * border, swept.area_mm2 * cut))
    resected_sd = float(np.hypot(skin_out * border, swept.area_mm2 * cut))
    taken = max(functional - remnant, 0.0)
    percent_sd = 0.0
    if functional > 0:
        percent_sd = 100 * float(
            np.linalg.norm(
                [
                    border * (taken * skin - remnant * skin_out) / functional**2,
                    cut * swept.area_mm2 / functional,
                    tumor * remnant * lattice.tumor_skin_mm2 / functional**2,
                ]
            )
        )
    percent = 100 * remnant / functional if functional > 0 else 0.0
    return Volumes(
        around(resected, resected_sd, rules, 0.0),
        around(remnant, remnant_sd, rules, 0.0),
        around(percent, percent_sd, rules, 0.0, 100.0),
    )
