"""What each branch feeds or drains: the part of the liver that lies nearest to it, and what a cut takes away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from limner.errors import InputError
from limner.image import Grid
from limner.scene.parts import Mask
from limner.scene.vessels.build import check_mask
from limner.scene.vessels.tree import Cut, VesselTree

CELLS = 400_000
"""Most voxels that are asked one by one; a finer grid is asked in blocks."""
FAR_MM = 15.0
"""Vessels that come no nearer to the liver belong to something else."""


@dataclass(frozen=True, eq=False)
class Territories:
    """The liver, shared out among the branches of one tree.

    Args:
        tree: whose branches they are.
        array: ``(Z, Y, X)`` uint16, ids of branches in the liver, 0 outside.
        along_mm: ``(Z, Y, X)`` float32, how far along its branch each voxel is fed; 0 outside.
        grid: of both.
    """

    tree: VesselTree
    array: NDArray[np.uint16]
    along_mm: NDArray[np.float32]
    grid: Grid

    @property
    def volume_ml(self) -> dict[int, float]:
        """Of every branch, what it feeds itself."""
        counts = np.bincount(self.array.ravel(), minlength=len(self.tree.branches) + 1)
        return {one.id: float(counts[one.id] * self.grid.voxel_ml) for one in self.tree.branches}

    @property
    def downstream_ml(self) -> dict[int, float]:
        """Of every branch, what it and all its descendants feed: what is lost where it is cut at its beginning."""
        found = self.volume_ml
        for one in reversed(self.tree.branches):  # parents stand before children
            if one.parent is not None:
                found[one.parent] += found[one.id]
        return found

    def mask(self, cut: Cut) -> Mask:
        """Voxels ``(Z, Y, X)`` that lose their vessel where it is cut.

        Raises:
            InputError: the tree has no such branch, or the cut lies beyond its end.
        """
        branch = self.tree.branch(cut.branch)
        if not 0 <= cut.along_mm <= branch.length_mm:
            raise InputError(
                f"A cut through branch {branch.id} lies 0 to {branch.length_mm:.1f} mm along it; got {cut.along_mm:g}. "
                "tree.nearest(point_mm) finds the cut nearest to a point."
            )
        lost = np.zeros(len(self.tree.branches) + 1, bool)
        lost[list(self.tree.descendants(branch.id))] = True
        lost[branch.id] = False
        return np.asarray(lost[self.array] | ((self.array == branch.id) & (self.along_mm >= cut.along_mm)))


def territories(liver_mask: Mask, tree: VesselTree, grid: Grid) -> Territories:
    """Shares the liver out among the branches of a tree, by the power distance ``d² - r²`` to its centre line.

    Of two vessels at one distance the wider one feeds. Take portal vein and hepatic veins one at a time: what is
    without inflow and what is without outflow are two questions.

    Args:
        liver_mask: ``(Z, Y, X)`` bool, the whole liver with its tumours and vessels.
        tree: of the vessels.
        grid: of the mask.

    Raises:
        InputError: no liver, or no vessel in it or near it.

    Source: Aurenhammer F., *Power diagrams: properties, algorithms and applications*, SIAM J Comput 16:78, 1987;
    nearest-branch territories as in Selle D. et al., *Analysis of vasculature for liver surgical planning*, IEEE Trans
    Med Imaging 21:1344, 2002.
    """
    check_mask(liver_mask, grid, "liver")
    # a fork is a point of the parent: it stands at the beginning of each child, too
    own = [slice(0 if one.parent is None else 1, None) for one in tree.branches]
    points = np.concatenate([one.points_mm[part] for one, part in zip(tree.branches, own, strict=True)])
    radius = np.concatenate([one.radius_mm[part] for one, part in zip(tree.branches, own, strict=True)])
    along = np.concatenate([one.along_mm[part] for one, part in zip(tree.branches, own, strict=True)])
    ids = np.repeat(
        [one.id for one in tree.branches], [len(one.points_mm[p]) for one, p in zip(tree.branches, own, strict=True)]
    )
    inside = np.argwhere(liver_mask)
    _refuse_far(points, grid.world(inside[:: max(1, len(inside) // 50_000)]), tree.name)
    # the fourth coordinate turns power distances into plain ones
    lifted = np.column_stack([points, np.sqrt(radius.max() ** 2 - radius**2)])
    index, nearest = _asked(inside, grid, cKDTree(lifted))
    array = np.zeros(grid.shape, np.uint16)
    way = np.zeros(grid.shape, np.float32)
    array[tuple(index.T)] = ids[nearest]
    way[tuple(index.T)] = along[nearest]
    return Territories(tree, array, way, grid)


def downstream(tree: VesselTree, cut: Cut, shares: Territories) -> float:
    """Millilitres of liver that lose this tree's blood where a vessel is cut.

    Args:
        tree: that ``shares`` were made of.
        cut: where.
        shares: of :func:`territories`.
    """
    if shares.tree is not tree:
        raise InputError(f"These territories belong to another tree ({shares.tree.name}); make them of {tree.name}.")
    return float(np.count_nonzero(shares.mask(cut)) * shares.grid.voxel_ml)


def _asked(inside: NDArray[np.int_], grid: Grid, tree: cKDTree) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Of each voxel the nearest point; voxels of one block, near 2 mm wide, ask once, at the middle of theirs."""
    block = np.ones(3, int)
    if len(inside) > CELLS:
        edge = np.cbrt(len(inside) * np.prod(grid.spacing_mm) / CELLS)
        block = np.maximum(1, np.floor(edge / np.array(grid.spacing_mm) + 0.5).astype(int))
    cell = inside // block
    shape = np.array(grid.shape) // block + 1
    flat = np.ravel_multi_index(tuple(cell.T), tuple(shape))
    _, back = np.unique(flat, return_inverse=True)
    count = np.bincount(back)
    middle = np.column_stack([np.bincount(back, inside[:, k]) / count for k in range(3)])
    asked = np.column_stack([grid.world(middle), np.zeros(len(middle))])
    return inside, tree.query(asked)[1][back]


def _refuse_far(points: NDArray[np.float64], liver: NDArray[np.float64], name: str) -> None:
    away = float(cKDTree(liver).query(points)[0].min())
    if away > FAR_MM:
        raise InputError(
            f"{name}: vessels that run through the liver are expected; the nearest point of these lies {away:.0f} mm "
            "from it. Are both label maps of one study, and on one grid?"
        )
