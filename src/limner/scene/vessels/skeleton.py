"""From a mask to a network: an isotropic lattice, its skeleton, and the radius at each of its points."""

from __future__ import annotations

from dataclasses import dataclass

import edt
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.morphology import skeletonize

from limner.image import Grid, resample_array
from limner.scene.field import shape_field
from limner.scene.parts import Mask
from limner.scene.vessels.network import Network

FINEST_MM = 0.5
CELLS = 1.2e7
"""Most voxels of the lattice: larger boxes get a coarser one."""
OUTWARD = 0.0
"""How much farther, in voxels, the nearest voxel outside is than the surface of a tube, seen from its skeleton. That
centre lies beyond the surface, the skeleton beside the axis: on tubes of 2 to 8 voxels the two cancel (a test)."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """A mask on isotropic voxels, with the distance of each to the nearest voxel outside."""

    mask: Mask
    depth_mm: NDArray[np.float32]
    grid: Grid

    @property
    def step_mm(self) -> float:
        """Between voxel centres."""
        return self.grid.spacing_mm[0]


def isotropic(mask: Mask, grid: Grid) -> Lattice:
    """A mask on isotropic voxels around it; thick slices are interpolated by their shapes (:mod:`limner.scene.field`).

    Args:
        mask: ``(Z, Y, X)`` bool, not empty.
        grid: of the mask.
    """
    box = ndimage.find_objects(mask.view(np.uint8))[0]
    start = np.array([one.start for one in box])
    small = np.ascontiguousarray(mask[box])
    extent = np.array([one.stop - one.start for one in box]) * grid.spacing_mm
    finest = max(FINEST_MM, min(grid.spacing_mm), float(np.cbrt(np.prod(extent + 4 * FINEST_MM) / CELLS)))
    field = shape_field(small, grid.spacing_mm, finest, 0.5 * finest, faithful=True)
    affine = grid.affine.copy()
    affine[:3, :3] = grid.affine[:3, :3] * field.step
    affine[:3, 3] = grid.world(start + field.start)
    z, y, x = field.values.shape
    there = Grid((z, y, x), affine)
    step = min(finest, *field.spacing_mm) if np.prod(extent) / min(field.spacing_mm) ** 3 < CELLS else finest
    even = there.with_spacing((step, step, step))
    inside = resample_array(field.values, there, even, outside=-1.0) > 0
    depth = edt.edt(inside, anisotropy=(step, step, step)).astype(np.float32, copy=False)
    return Lattice(inside, depth, even)


def skeleton(lattice: Lattice) -> Network:
    """The centre line of a lattice's mask: every skeleton voxel a point, neighbours (26) joined.

    Source: Lee T.-C., Kashyap R.L., Chu C.-N., *Building skeleton models via 3-D medial surface/axis thinning
    algorithms*, CVGIP 56:462, 1994, as scikit-image has it.
    """
    index = np.argwhere(skeletonize(lattice.mask))
    pairs = cKDTree(index).query_pairs(1.75, output_type="ndarray")  # sqrt(3): a corner neighbour
    # the thinning may run a voxel beside the ridge of the distances
    depth = ndimage.maximum_filter(lattice.depth_mm, 3)[tuple(index.T)].astype(float)
    radius = np.maximum(depth - OUTWARD * lattice.step_mm, 0.5 * lattice.step_mm)
    return Network(lattice.grid.world(index), radius, pairs.astype(np.int64), np.zeros(len(pairs), bool))
