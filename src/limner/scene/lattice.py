"""Voxels and cells: a near-isotropic lattice whose cells are whole blocks, or whole fractions, of voxels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limner.errors import InputError
from limner.image import Grid
from limner.scene.parts import Box, Mask

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Lattice:
    """How the voxels of a label map and the cells of a work lattice go together.

    Args:
        fine: grid of the voxels.
        work: grid of the cells; it may reach a part of a cell past the last voxel.
        down: voxels per cell along ``(Z, Y, X)``.
        up: cells per voxel; one of ``down`` and ``up`` is 1 along each axis.
    """

    fine: Grid
    work: Grid
    down: tuple[int, int, int]
    up: tuple[int, int, int]

    @classmethod
    def of(cls, fine: Grid, aim_mm: float) -> Lattice:
        """The lattice whose cells come nearest to a size from below, or cut thick slices into even parts.

        >>> lattice = Lattice.of(Grid.axial((41, 512, 512), (5.0, 0.7, 0.7)), 1.75)
        >>> lattice.down, lattice.up, lattice.work.shape
        ((1, 2, 2), (3, 1, 1), (123, 256, 256))
        """
        down = [max(1, int(aim_mm / step + 1e-6)) for step in fine.spacing_mm]
        up = [max(1, round(step / aim_mm)) for step in fine.spacing_mm]
        shape = [-(-size // d) * u for size, d, u in zip(fine.shape, down, up, strict=True)]
        scale = np.array(down) / np.array(up)
        affine = fine.affine.copy()
        affine[:3, :3] = fine.affine[:3, :3] * scale
        affine[:3, 3] = fine.world((scale - 1) / 2)
        work = Grid((shape[0], shape[1], shape[2]), affine)
        return cls(fine, work, (down[0], down[1], down[2]), (up[0], up[1], up[2]))

    @cached_property
    def half_diagonal_mm(self) -> float:
        """From the middle of a cell to its corner."""
        return float(np.linalg.norm(self.work.spacing_mm)) / 2

    def cells(self, mask: Mask, box: Box) -> tuple[Mask, Box]:
        """The cells that any voxel of a mask touches.

        Args:
            mask: voxels inside the box.
            box: in voxels.

        Returns:
            Cells and their box.
        """
        there = []
        for axis, (one, down, up) in enumerate(zip(box, self.down, self.up, strict=True)):
            first, last = one.start // down, -(-one.stop // down)
            width = [(0, 0)] * 3
            width[axis] = (one.start - first * down, last * down - one.stop)
            if any(width[axis]):
                mask = np.pad(mask, width)
            if down > 1:
                merged = mask[(slice(None),) * axis + (slice(0, None, down),)].copy()
                for k in range(1, down):
                    merged |= mask[(slice(None),) * axis + (slice(k, None, down),)]
                mask = merged
            elif up > 1:
                mask = np.repeat(mask, up, axis=axis)
            there.append(slice(first * up, last * up))
        return mask, (there[0], there[1], there[2])

    def share(self, mask: Mask) -> NDArray[np.uint16]:
        """How many voxels of a whole mask each cell holds."""
        counts: NDArray[Any] = mask.view(np.uint8)
        for axis, (down, up) in enumerate(zip(self.down, self.up, strict=True)):
            size = counts.shape[axis]
            if size % down:
                width = [(0, 0)] * 3
                width[axis] = (0, down - size % down)
                counts = np.pad(counts, width, mode="edge")
            if down > 1:
                merged = counts[(slice(None),) * axis + (slice(0, None, down),)].astype(np.uint16)
                for k in range(1, down):
                    merged = merged + counts[(slice(None),) * axis + (slice(k, None, down),)]
                counts = merged
            elif up > 1:
                counts = np.repeat(counts, up, axis=axis)
        return counts.astype(np.uint16, copy=False)

    @property
    def voxels_per_cell(self) -> int:
        """How many voxels a whole cell holds (1 where voxels are cut)."""
        return int(np.prod(self.down))

    def voxels(self, cells: ArrayLike) -> Ints:
        """Indices of all voxels of some cells, ``(M, 3)``, each once, inside the label map."""
        first = np.asarray(cells, np.int64) // self.up * self.down
        steps = np.stack(np.meshgrid(*(np.arange(one) for one in self.down), indexing="ij"), -1).reshape(-1, 3)
        found = (first[:, None, :] + steps).reshape(-1, 3)
        found = found[(found < self.fine.shape).all(axis=1)]
        if max(self.up) > 1:
            found = np.unique(found, axis=0)
        return found


def need_right_angles(grid: Grid) -> None:
    """Raises InputError for a label map whose axes are not orthogonal."""
    product: NDArray[np.float64] = grid.direction.T @ grid.direction
    if np.abs(product - np.eye(3)).max() > 1e-3:
        raise InputError(
            "A plan measures along the axes of the label map, which must stand at right angles; these don't "
            f"(cosines {np.round(product[np.triu_indices(3, 1)], 4).tolist()}). Resample the scan first."
        )
