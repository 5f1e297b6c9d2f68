"""A liver in numbered parts (segments, or territories of branches), and where these border on each other."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.scene.parts import Mask
from limner.scene.resection.lattice import Lattice

SOFT = 1.0
"""Of a border, in blocks."""


@dataclass(frozen=True, eq=False)
class Partition:
    """Parts of a liver, told on the lattice but counted on voxels.

    Args:
        ids: ``(P,)`` sorted ids of the parts.
        block: ``(K,)`` rows of the lattice; each pair of block and part that occurs stands once.
        part: ``(K,)`` positions in ``ids``.
        share: ``(K,)`` of the block's liver that belongs to the part.
        liver_ml: ``(P,)``.
        tumor_ml: ``(P,)``.
        filled: ``(Z, Y, X)`` of blocks: the position of the part there, or of the nearest one.
        voxels: ``(Z, Y, X)`` of the box: the position of each liver voxel's part, -1 outside the liver.
        faces: ``(2, F)`` positions of the two parts at each voxel face between parts.
        face_mm: ``(F, 3)`` LPS, middles of these faces.
        face_tumor_mm: ``(F,)`` from there to the tumour's surface.
        unnamed_ml: liver that had no part and was given to the nearest.
    """

    ids: NDArray[np.int64]
    block: NDArray[np.int32]
    part: NDArray[np.int32]
    share: NDArray[np.float32]
    liver_ml: NDArray[np.floating]
    tumor_ml: NDArray[np.floating]
    filled: NDArray[np.int32]
    voxels: NDArray[np.int32]
    faces: NDArray[np.int32]
    face_mm: NDArray[np.float32]
    face_tumor_mm: NDArray[np.float32]
    unnamed_ml: float

    def chosen(self, ids: Collection[int]) -> NDArray[np.bool_]:
        """``(P,)``: which parts are among some ids."""
        return np.isin(self.ids, list(ids))

    def removed(self, chosen: NDArray[np.bool_], blocks: int) -> NDArray[np.float32]:
        """Share of each block's liver that lies in chosen parts, ``(N,)``."""
        weights = self.share * chosen[self.part]
        return np.bincount(self.block, weights=weights, minlength=blocks).astype(np.float32)

    def border_mm2(self, chosen: NDArray[np.bool_], lattice: Lattice, share: NDArray[np.floating]) -> float:
        """Area of the border of chosen parts inside the liver: the total variation of their softened indicator.

        Args:
            chosen: ``(P,)``.
            lattice: of the case.
            share: ``(N,)`` of each block that counts.
        """
        soft = ndimage.gaussian_filter(chosen[self.filled].astype(np.float32), SOFT, mode="nearest")
        slopes = np.gradient(soft, *lattice.grid.spacing_mm)
        steep = np.sqrt(sum(one * one for one in slopes))[tuple(lattice.index.T)]
        return float((steep * lattice.liver_ml * share).sum(dtype=np.float64)) * 1000


def partition_of(labels: NDArray[np.integer], liver: Mask, tumor: Mask, lattice: Lattice) -> Partition:
    """The parts of a label map.

    Args:
        labels: ``(Z, Y, X)``, the box of the lattice; 0 belongs to no part.
        liver: likewise, bool.
        tumor: likewise.
        lattice: of the case.
    """
    ids, inside = np.unique(labels[liver], return_inverse=True)
    position = np.full(labels.shape, -1, np.int32)
    position[liver] = inside - (ids[0] == 0)
    ids = ids[ids != 0]
    unnamed = liver & (position < 0)
    filled = _filled(position, lattice)
    position[unnamed] = lattice.full(filled)[unnamed]
    rows = lattice.full(lattice.number)[liver].astype(np.int64)
    parts = position[liver]
    codes, counts = np.unique(rows * len(ids) + parts, return_counts=True)
    block = (codes // len(ids)).astype(np.int32)
    voxel_ml = lattice.voxels.voxel_ml
    faces, middle = _faces(position, lattice)
    from_tumor = _between(lattice, middle)
    return Partition(
        ids=ids.astype(np.int64),
        block=block,
        part=(codes % len(ids)).astype(np.int32),
        share=(counts * voxel_ml / lattice.liver_ml[block]).astype(np.float32),
        liver_ml=np.bincount(parts, minlength=len(ids)) * voxel_ml,
        tumor_ml=np.bincount(position[liver & tumor], minlength=len(ids)) * voxel_ml,
        filled=filled,
        voxels=position,
        faces=faces,
        face_mm=middle.astype(np.float32),
        face_tumor_mm=from_tumor,
        unnamed_ml=float(np.count_nonzero(unnamed) * voxel_ml),
    )


def _filled(position: NDArray[np.int32], lattice: Lattice) -> NDArray[np.int32]:
    """The part at the middle of each block, or the nearest one that has a part."""
    middle = [
        np.minimum(np.arange(size) * factor + factor // 2, full - 1)
        for size, factor, full in zip(lattice.number.shape, lattice.factors, position.shape, strict=True)
    ]
    there = position[np.ix_(*middle)]
    nearest = ndimage.distance_transform_edt(
        there < 0, sampling=lattice.grid.spacing_mm, return_distances=False, return_indices=True
    )
    return there[tuple(nearest)]


def _faces(position: NDArray[np.int32], lattice: Lattice) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Parts on both sides, and middle, of each voxel face between two parts."""
    pairs, middles = [], []
    for axis in range(3):
        before = position[(slice(None),) * axis + (slice(None, -1),)]
        after = position[(slice(None),) * axis + (slice(1, None),)]
        where = np.nonzero((before != after) & (before >= 0) & (after >= 0))
        index = np.stack(where, axis=1).astype(np.float64)
        index[:, axis] += 0.5
        pairs.append(np.stack([before[where], after[where]]))
        middles.append(lattice.voxels.world(index))
    return np.concatenate(pairs, axis=1), np.concatenate(middles)


def _between(lattice: Lattice, points_mm: NDArray[np.float64]) -> NDArray[np.float32]:
    """Distance to the tumour at points, linear between blocks; a block without liver takes its nearest value."""
    dense = lattice.dense(lattice.tumor_mm, fill=np.nan)
    hole = np.isnan(dense)
    nearest = ndimage.distance_transform_edt(hole, return_distances=False, return_indices=True)
    return ndimage.map_coordinates(dense[tuple(nearest)], lattice.grid.index(points_mm).T, order=1, mode="nearest")
