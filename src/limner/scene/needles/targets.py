"""Where in a tumour a tip may stand."""

from __future__ import annotations

from dataclasses import dataclass

import edt
import numpy as np
from numpy.typing import NDArray

from limner.scene.parts import Part

LEAST = 0.5
"""Tips lie at least this share of the greatest depth inside the tumour."""


@dataclass(frozen=True, eq=False)
class Depth:
    """How deep every voxel of a tumour lies in it.

    Args:
        lesion: the tumour.
        share: ``(Z, Y, X)`` of its box: depth as a share of the greatest; 0 outside.
    """

    lesion: Part
    share: NDArray[np.float32]

    @classmethod
    def of(cls, lesion: Part) -> Depth:
        """Measures a tumour; where the image ends, it is taken to end."""
        depth = edt.edt(np.pad(lesion.mask, 1), anisotropy=lesion.grid.spacing_mm)[1:-1, 1:-1, 1:-1]
        return cls(lesion, depth / depth.max())

    def at(self, point_mm: NDArray[np.float64]) -> float:
        """The share at a point, 0 outside."""
        index = np.rint(self.lesion.grid.index(point_mm)).astype(int)
        if (index < 0).any() or (index >= self.share.shape).any():
            return 0.0
        return float(self.share[tuple(index)])

    def tips(self, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The deepest point, and points that are spread inside: each the farthest from those before.

        Args:
            count: how many at most.

        Returns:
            ``(N, 3)`` world mm, and ``(N,)`` their shares.
        """
        inside = np.argwhere(self.share >= LEAST)
        share = self.share[tuple(inside.T)].astype(np.float64)
        world = self.lesion.grid.world(inside)
        middle = np.linalg.norm(world - world.mean(axis=0), axis=1)
        # of voxels that are deepest alike, the one nearest to the middle
        chosen = [int(np.lexsort((middle, -share))[0])]
        away = np.linalg.norm(world - world[chosen[0]], axis=1)
        while len(chosen) < min(count, len(world)):
            chosen.append(int(away.argmax()))
            np.minimum(away, np.linalg.norm(world - world[chosen[-1]], axis=1), out=away)
        return world[chosen], share[chosen]
