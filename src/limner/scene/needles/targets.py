"""Where in a tumour a tip may stand."""

from __future__ import annotations

import edt
import numpy as np
from numpy.typing import NDArray

from limner.scene.parts import Part

LEAST = 0.5
"""Tips lie at least this share of the greatest depth inside the tumour."""


def tips(lesion: Part, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The deepest point of a tumour, and points that are spread inside it: each the farthest from those before.

    Args:
        lesion: the tumour.
        count: how many at most.

    Returns:
        ``(N, 3)`` world mm, and ``(N,)`` their depth as a share of the greatest.
    """
    padded = np.pad(lesion.mask, 1)
    depth = edt.edt(padded, anisotropy=lesion.grid.spacing_mm)[1:-1, 1:-1, 1:-1]
    inside = np.argwhere(depth >= LEAST * depth.max())
    share = depth[tuple(inside.T)] / depth.max()
    world = lesion.grid.world(inside)
    middle = world.mean(axis=0)
    # of voxels that are deepest alike, the one nearest to the middle
    chosen = [int(np.lexsort((np.linalg.norm(world - middle, axis=1), -share))[0])]
    away = np.linalg.norm(world - world[chosen[0]], axis=1)
    while len(chosen) < min(count, len(world)):
        chosen.append(int(away.argmax()))
        np.minimum(away, np.linalg.norm(world - world[chosen[-1]], axis=1), out=away)
    return world[chosen], share[chosen]


def depth_share(lesion: Part, point_mm: NDArray[np.float64]) -> float:
    """Depth of any point in a tumour as a share of the greatest; 0 outside."""
    index = np.rint(lesion.grid.index(point_mm)).astype(int)
    if (index < 0).any() or (index >= lesion.mask.shape).any():
        return 0.0
    depth = edt.edt(np.pad(lesion.mask, 1), anisotropy=lesion.grid.spacing_mm)[1:-1, 1:-1, 1:-1]
    return float(depth[tuple(index)] / depth.max())
