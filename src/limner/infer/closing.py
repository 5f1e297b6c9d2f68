"""Closing by a ball, in millimetres."""

from __future__ import annotations

from collections.abc import Sequence

import edt
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def closed(mask: Mask, spacing_mm: Sequence[float], radius_mm: float) -> Mask:
    """The mask with every gap that a ball of this radius, kept outside of it, cannot enter.

    Args:
        mask: ``(Z, Y, X)``.
        spacing_mm: of its grid; a ball is one whatever the spacing.
        radius_mm: of the ball.
    """
    reach = [int(np.ceil(radius_mm / step)) + 1 for step in spacing_mm]
    padded = np.pad(mask, [(one, one) for one in reach])
    grown = edt.edt(~padded, anisotropy=tuple(spacing_mm), black_border=False) <= radius_mm
    shrunk = edt.edt(grown, anisotropy=tuple(spacing_mm), black_border=False) > radius_mm
    inner = tuple(slice(one, one + n) for one, n in zip(reach, mask.shape, strict=True))
    return np.ascontiguousarray((shrunk | padded)[inner])
