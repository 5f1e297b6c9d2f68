"""The skin as a surface to look at and to point at, with what a search said of each place of it."""

from __future__ import annotations

from dataclasses import dataclass

import fast_simplification
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from limner.scene.anatomy import Anatomy
from limner.scene.field import Field
from limner.scene.surfaces import flying_edges, mesh_volume_mm3

SMOOTH_CELLS = 0.8
TRIANGLES = 90_000
"""About 3 mm each on an abdomen: fine enough to tell the gaps between ribs."""
FAR_MM = 6.0
"""A place of the surface farther than this from every cell that was judged has no code of its own."""
UNKNOWN = 255
PAD = 2


@dataclass(frozen=True, eq=False)
class SkinMesh:
    """The outer surface of the body; closed, where the scan cuts the body off too.

    Args:
        points_mm: ``(N, 3)`` float32 LPS.
        faces: ``(M, 3)`` int32, counter-clockwise seen from outside.
    """

    points_mm: NDArray[np.float32]
    faces: NDArray[np.int32]

    def codes(self, judged_mm: NDArray[np.floating], codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Of each point the code of the nearest judged cell.

        Args:
            judged_mm: ``(K, 3)`` middles of cells, LPS.
            codes: ``(K,)`` theirs.

        Returns:
            ``(N,)``; :data:`UNKNOWN` where no cell is near.
        """
        away, nearest = cKDTree(judged_mm).query(self.points_mm, distance_upper_bound=FAR_MM)
        found = np.full(len(self.points_mm), UNKNOWN, np.uint8)
        near = np.isfinite(away)
        found[near] = codes[nearest[near]]
        return found


def skin_mesh(anatomy: Anatomy, triangles: int = TRIANGLES) -> SkinMesh:
    """The surface of the body, from the cells in which entries are judged.

    Args:
        anatomy: with a label that draws the body.
        triangles: at most about so many.

    Raises:
        InputError: no label draws the body, or no air is seen beside it.
    """
    _ = anatomy.skin  # says what is missing
    body = np.pad(anatomy.body.astype(np.float32), PAD)
    soft = ndimage.gaussian_filter(body, SMOOTH_CELLS, truncate=2.5) - np.float32(0.5)
    field = Field(soft, np.full(3, -float(PAD)), np.ones(3), anatomy.lattice.work.spacing_mm)
    index, faces = flying_edges(field, 0.0)
    points = anatomy.lattice.work.world(index)
    center = points.mean(axis=0)
    near = (points - center).astype(np.float32)
    if len(faces) > triangles:
        near, faces = fast_simplification.simplify(near, faces, target_count=triangles, agg=3)
    faces = faces if mesh_volume_mm3(near, faces) > 0 else faces[:, ::-1]
    return SkinMesh((near + center).astype(np.float32), np.ascontiguousarray(faces, np.int32))
