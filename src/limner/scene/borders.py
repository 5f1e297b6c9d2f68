"""How far the border of a structure may lie from where it is drawn."""

from __future__ import annotations

import numpy as np
from scipy.special import erfinv


def surface_sd_mm(low_ml: float, high_ml: float, area_mm2: float, confidence: float = 0.90) -> float:
    """How far a border may lie from where it is drawn, from the interval of a volume.

    A border that moves by δ all around changes the volume by δ · area.

    Args:
        low_ml: lower end of the volume's interval.
        high_ml: upper end.
        area_mm2: of the surface.
        confidence: of the interval.

    Returns:
        Standard deviation in mm: (V_high − V_low) / (2 z · area), z = 1.645 for 90 %.

    >>> round(surface_sd_mm(90, 110, 12_000), 3)
    0.507
    """
    z = float(np.sqrt(2) * erfinv(confidence))
    return max(0.0, high_ml - low_ml) * 1000 / (2 * z * area_mm2)
