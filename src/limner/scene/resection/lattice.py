"""The liver on a lattice of about 2.5 mm that knows how much liver and tumour each of its blocks holds.

Blocks are whole voxels (as :func:`limner.scene.field.reduced` makes them), and hold millilitres, not a yes or no: their
sum is the voxel count, so that a remnant agrees with counted voxels though it is found on a thirtieth of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from limner.image import Grid
from limner.scene.field import crossings, shape_field
from limner.scene.parts import Box, Mask

LATTICE_MM = 2.5
SMOOTH_MM = 0.8
"""Of the tumour's surface: stairs of voxels would decide which plane is best. No voxel changes its side."""
LEAST_SHARE = 0.25
"""Blocks with less liver than this are its skin: a cut there is not a cut through parenchyma."""
CROFTON = 1.5
"""Voxel faces of a smooth surface have 1.5 times its area on average: the mean of |x| + |y| + |z| over directions."""
COARSE_MM = 2.5
"""``Lattice.tumor_mm`` errs by about this much at most."""
FIRST = 100


@dataclass(frozen=True, eq=False)
class Lattice:
    """Blocks of a liver; ``N`` of them hold liver.

    Args:
        box: where the liver lies in the grid of the case.
        voxels: the grid of that box.
        factors: voxels per block along ``(Z, Y, X)``.
        grid: of the blocks.
        index: ``(N, 3)`` of blocks with liver.
        number: ``(Z, Y, X)`` int32 of blocks: the row in ``index``, -1 where there is no liver.
        liver_ml: ``(N,)``.
        tumor_ml: ``(N,)``, of tumour inside the liver.
        tumor_mm: ``(N,)``, about how far a block's centre lies from the tumour's surface, negative inside.
        tumor_tree: of points of that surface, for what must be exact.
        skin_mm2: ``(N,)``, area of the liver's own surface.
        tumor_skin_mm2: area of the tumour's surface inside the liver.
    """

    box: Box
    voxels: Grid
    factors: tuple[int, int, int]
    grid: Grid
    index: NDArray[np.int32]
    number: NDArray[np.int32]
    liver_ml: NDArray[np.float32]
    tumor_ml: NDArray[np.float32]
    tumor_mm: NDArray[np.float32]
    tumor_tree: cKDTree
    skin_mm2: NDArray[np.float32]
    tumor_skin_mm2: float

    @cached_property
    def points_mm(self) -> NDArray[np.float32]:
        """``(N, 3)`` LPS, centres of blocks."""
        return np.ascontiguousarray(self.grid.world(self.index), dtype=np.float32)

    @cached_property
    def pairs(self) -> NDArray[np.int32]:
        """``(2, K)`` neighbours that both hold a fair share of liver."""
        solid = np.zeros(self.number.shape, bool)
        solid[tuple(self.index.T)] = self.liver_ml >= LEAST_SHARE * self.grid.voxel_ml
        found = []
        for axis in range(3):
            before = (slice(None),) * axis + (slice(None, -1),)
            after = (slice(None),) * axis + (slice(1, None),)
            both = solid[before] & solid[after]
            found.append(np.stack([self.number[before][both], self.number[after][both]]))
        return np.ascontiguousarray(np.concatenate(found, axis=1))

    @cached_property
    def coarse(self) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
        """For searches, blocks of 2 × 2 × 2: centres ``(M, 3)``, ml of liver without tumour, mean extent in mm."""
        cells = self.index // 2
        shape = cells.max(axis=0) + 1
        flat = np.ravel_multi_index(tuple(cells.T), shape)
        ml = (self.liver_ml - self.tumor_ml).astype(np.float64)
        held = np.bincount(flat, minlength=int(shape.prod()))
        total = np.bincount(flat, weights=ml, minlength=len(held))
        there = np.flatnonzero(held)
        middle = [np.bincount(flat, weights=self.points_mm[:, k], minlength=len(held))[there] for k in range(3)]
        points = np.stack(middle, axis=1) / held[there, None]
        return points.astype(np.float32), total[there].astype(np.float32), 2 * self.width_mm()

    def width_mm(self, normal: NDArray[np.floating] | None = None) -> float:
        """Extent of a block along a direction; a mean over directions where none is given."""
        if normal is None:
            return float(np.mean(self.grid.spacing_mm) * CROFTON)
        return float(np.abs(np.asarray(normal) @ self.grid.direction) @ np.array(self.grid.spacing_mm))

    def crossed(self, signed: NDArray[np.float32], free: NDArray[np.bool_] | None = None) -> NDArray[np.int32]:
        """Pairs of neighbours, ``(2, K)``, between which a field changes its sign.

        Args:
            signed: ``(N,)``.
            free: ``(N,)``, blocks that count; all where None.
        """
        side = signed > 0
        here, there = self.pairs
        found = side[here] != side[there]
        if free is not None:
            found &= free[here] & free[there]
        return self.pairs[:, found]

    def between(self, signed: NDArray[np.float32], pairs: NDArray[np.int32]) -> NDArray[np.float32]:
        """Where a field passes zero between neighbours, linear: ``(K, 3)`` LPS mm."""
        here, there = pairs
        along = (signed[here] / (signed[here] - signed[there]))[:, None]
        return np.asarray(self.points_mm[here] * (1 - along) + self.points_mm[there] * along)

    def nearest_tumor_mm(self, points_mm: NDArray[np.floating], about_mm: NDArray[np.floating]) -> float:
        """The shortest distance of some points from the tumour's surface, infinite where there are none.

        Args:
            points_mm: ``(K, 3)`` LPS.
            about_mm: ``(K,)``, their distances to about :data:`COARSE_MM`.
        """
        if not len(about_mm):
            return float("inf")
        least = float(about_mm.min())
        if least < -COARSE_MM:
            return least
        first = np.argpartition(about_mm, min(FIRST, len(about_mm)) - 1)[:FIRST]
        found = self._exact(points_mm[first], about_mm[first], np.inf)
        near = about_mm <= found + COARSE_MM
        near[first] = False
        return min(found, self._exact(points_mm[near], about_mm[near], max(found, 0.0) + 1e-3)) if near.any() else found

    def _exact(self, points_mm: NDArray[np.floating], about_mm: NDArray[np.floating], bound_mm: float) -> float:
        distance, _ = self.tumor_tree.query(points_mm, distance_upper_bound=bound_mm, workers=1)
        return float(np.where(about_mm < 0, -distance, distance).min(initial=np.inf, where=np.isfinite(distance)))

    def dense(self, values: NDArray[np.generic], fill: float = 0) -> NDArray[np.generic]:
        """Values of blocks with liver, ``(N,)``, as ``(Z, Y, X)``."""
        out = np.full(self.number.shape, fill, values.dtype)
        out[tuple(self.index.T)] = values
        return out

    def at(self, points_mm: NDArray[np.floating]) -> NDArray[np.int32]:
        """Rows of the blocks that points lie in, ``(N,)``; -1 where there is no liver."""
        index = np.rint(self.grid.index(points_mm)).astype(int)
        inside = ((index >= 0) & (index < self.number.shape)).all(axis=1)
        found = np.full(len(index), -1, np.int32)
        found[inside] = self.number[tuple(index[inside].T)]
        return found

    def full(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        """``(Z, Y, X)`` values of blocks as voxels of the box."""
        for axis, factor in enumerate(self.factors):
            values = np.repeat(values, factor, axis=axis)
        return values[tuple(slice(size) for size in self.voxels.shape)]


def blocks_of(grid: Grid, target_mm: float = LATTICE_MM) -> tuple[int, int, int]:
    """Voxels per block, as near to a spacing as whole voxels come."""
    z, y, x = (max(1, round(target_mm / step)) for step in grid.spacing_mm)
    return z, y, x


def lattice_of(liver: Mask, tumor: Mask, surface_mm: NDArray[np.float64], grid: Grid, box: Box) -> Lattice:
    """The lattice of a liver.

    Args:
        liver: ``(Z, Y, X)`` bool, the box cut out of the case.
        tumor: likewise.
        surface_mm: ``(M, 3)`` points of the tumour's surface, LPS.
        grid: of the case.
        box: of the cut.
    """
    shape = (liver.shape[0], liver.shape[1], liver.shape[2])
    voxels = grid.crop([one.start for one in box], shape)
    factors = blocks_of(grid)
    counts = summed(liver, factors)
    first = (np.array(factors) - 1) / 2
    affine = voxels.affine.copy()
    affine[:3, :3] *= factors
    affine[:3, 3] = voxels.world(first)
    blocks = Grid((counts.shape[0], counts.shape[1], counts.shape[2]), affine)
    index = np.argwhere(counts > 0).astype(np.int32)
    number = np.full(counts.shape, -1, np.int32)
    number[tuple(index.T)] = np.arange(len(index))
    rows = tuple(index.T)
    inner = summed(liver & tumor, factors)
    return Lattice(
        box=box,
        voxels=voxels,
        factors=factors,
        grid=blocks,
        index=index,
        number=number,
        liver_ml=(counts[rows] * voxels.voxel_ml).astype(np.float32),
        tumor_ml=(inner[rows] * voxels.voxel_ml).astype(np.float32),
        tumor_mm=_to_tumor(number, blocks, surface_mm, np.asarray(2 * inner > np.prod(factors))),
        tumor_tree=cKDTree(surface_mm),
        skin_mm2=_skin(liver, liver, voxels, factors)[rows].astype(np.float32),
        tumor_skin_mm2=float(_skin(tumor, liver & tumor, voxels, factors).sum()),
    )


def surface_of(mask: Mask, grid: Grid) -> NDArray[np.float64]:
    """Points of a mask's surface, LPS mm, to a fraction of a voxel, about a voxel apart."""
    field = shape_field(mask, grid.spacing_mm, max(1.0, min(grid.spacing_mm)), SMOOTH_MM, faithful=True)
    return grid.world(crossings(field))


def summed(values: NDArray[Any], factors: tuple[int, int, int]) -> NDArray[np.unsignedinteger]:
    """Sums of small counts over blocks of whole voxels; the last blocks may reach beyond the end.

    Args:
        values: ``(Z, Y, X)`` bool, or uint8 of 2 at most.
        factors: voxels per block.
    """
    counts: NDArray[np.unsignedinteger] = values.view(np.uint8)
    kind = np.uint8 if 2 * np.prod(factors) < 256 else np.uint16
    for axis, factor in enumerate(factors):
        if factor == 1:
            continue
        width = [(0, 0)] * 3
        width[axis] = (0, -counts.shape[axis] % factor)
        padded = np.pad(counts, width)
        parts = [padded[(slice(None),) * axis + (slice(offset, None, factor),)] for offset in range(factor)]
        counts = parts[0].astype(kind)
        for one in parts[1:]:
            counts += one
    return counts


def _skin(mask: Mask, inside: Mask, grid: Grid, factors: tuple[int, int, int]) -> NDArray[np.float32]:
    """Area in mm² of a mask's surface per block: its open voxel faces over Crofton's factor, of voxels ``inside``."""
    spacing = grid.spacing_mm
    total: NDArray[np.float32] = np.zeros(1, np.float32)
    for axis in range(3):
        area = float(np.prod(spacing)) / spacing[axis] / CROFTON
        edges = np.zeros(mask.shape, np.uint8)
        before = (slice(None),) * axis + (slice(None, -1),)
        after = (slice(None),) * axis + (slice(1, None),)
        step = mask[before] != mask[after]
        edges[before] += step & inside[before]
        edges[after] += step & inside[after]
        for end in (0, -1):
            face = (slice(None),) * axis + (end,)
            edges[face] += inside[face]
        total = total + summed(edges, factors) * np.float32(area)
    return total


def _to_tumor(
    number: NDArray[np.int32], blocks: Grid, surface: NDArray[np.float64], solid: Mask
) -> NDArray[np.float32]:
    """From blocks' centres to the nearest block of the tumour's surface, there to the mean of its surface points."""
    index = np.clip(np.rint(blocks.index(surface)).astype(int), 0, np.array(number.shape) - 1)
    flat = np.ravel_multi_index(tuple(index.T), number.shape)
    seeds, which, counts = np.unique(flat, return_inverse=True, return_counts=True)
    means = np.stack([np.bincount(which, weights=surface[:, k]) for k in range(3)], axis=1) / counts[:, None]
    free = np.ones(number.shape, bool)
    free.ravel()[seeds] = False
    nearest = ndimage.distance_transform_edt(
        free, sampling=blocks.spacing_mm, return_distances=False, return_indices=True
    )
    rows = np.full(number.size, -1, np.int32)
    rows[seeds] = np.arange(len(seeds))
    here = number >= 0
    found = rows[np.ravel_multi_index(tuple(one[here] for one in nearest), number.shape)]
    distance = np.linalg.norm(blocks.world(np.argwhere(here)) - means[found], axis=1)
    return np.where(solid[here], -distance, distance).astype(np.float32)
