"""Distance fields of all obstacles, and what they leave of each rule: the slack at every cell.

The *slack* of a structure is its distance less its margin. A path keeps all rules where the least slack along it is
not negative. Cells see distances from middle to middle of cells, true to about half a cell; so the search lets
through what is short by half a cell's diagonal, and :mod:`limner.scene.needles.exact` judges it on voxels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import edt
import numpy as np
from numpy.typing import NDArray

from limner.scene.lattice import Lattice
from limner.scene.needles.obstacles import Obstacle
from limner.scene.needles.rules import NeedleRules
from limner.scene.parts import Box, Mask

REACH_MM = 25.0
"""Farther than this from a structure nothing is said but that it is farther."""
PER_MM = 4
"""Slack is kept in quarters of a millimetre."""
AIR = 255
GROUPS = ("vessels", "organs", "bones")
_GROUP = {"vessel": 0, "organ": 1, "lung": 1, "lesion": 1, "bone": 2}
THREADS = 2


@dataclass(frozen=True, eq=False)
class Distance:
    """How far cells lie from one obstacle.

    Args:
        obstacle: from this.
        box: in cells; outside, all is at least :data:`REACH_MM` away.
        array: float32 mm from cell to cell, 0 inside.
        surface: ``(N, 3)`` world mm: middles of the obstacle's cells that face others.
        square: ``(N,)``: their squared lengths.
        cells: ``(N, 3)`` int32: their indices.
    """

    obstacle: Obstacle
    box: Box
    array: NDArray[np.float32]
    surface: NDArray[np.float64]
    square: NDArray[np.float64]
    cells: NDArray[np.int32]

    @cached_property
    def corners(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Least and greatest coordinates of the surface, world mm."""
        return self.surface.min(axis=0), self.surface.max(axis=0)


@dataclass(frozen=True, eq=False)
class Slack:
    """What the margins leave, for one set of rules.

    Args:
        least: flat uint8 over all cells: least slack of all obstacles plus the tolerance, in quarters of a mm, rounded
            up; 0 where a rule is broken by more than the tolerance.
        which: flat uint8: the obstacle that has it; :data:`AIR` outside the body.
        groups: flat uint32, four bytes a cell: the same of vessels, organs and bones; the last byte is 1 in the
            organ and 2 in the target.
        tolerance_mm: how much a cell may lack and still be tried.
    """

    least: NDArray[np.uint8]
    which: NDArray[np.uint8]
    groups: NDArray[np.uint32]
    tolerance_mm: float


def distance(obstacle: Obstacle, lattice: Lattice) -> Distance:
    """The distance field of an obstacle, as far as it reaches."""
    cells, box = lattice.cells(obstacle.mask, obstacle.box)
    pad = [int(np.ceil(REACH_MM / step)) for step in lattice.work.spacing_mm]
    grown = tuple(
        slice(max(0, one.start - by), min(size, one.stop + by))
        for one, by, size in zip(box, pad, lattice.work.shape, strict=True)
    )
    widths = [(one.start - g.start, g.stop - one.stop) for one, g in zip(box, grown, strict=True)]
    padded = np.pad(cells, widths)
    array = edt.edt(~padded, anisotropy=lattice.work.spacing_mm, parallel=1)
    np.minimum(array, REACH_MM, out=array)
    rim = np.argwhere(_rim(cells)).astype(np.int32) + np.array([one.start for one in box], np.int32)
    surface = lattice.work.world(rim)
    square = np.einsum("ij,ij->i", surface, surface)
    return Distance(obstacle, (grown[0], grown[1], grown[2]), array, surface, square, rim)


def slack(
    distances: tuple[Distance, ...], rules: NeedleRules, lattice: Lattice, body: Mask, inside: NDArray[np.uint8] | None
) -> Slack:
    """Joins the fields of all obstacles under a set of rules.

    Args:
        distances: of each obstacle.
        rules: their margins.
        lattice: of the cells.
        body: cells of the body; a way that leaves it breaks a rule, too.
        inside: over all cells, 1 in the healthy parenchyma of the target's organ, 2 in the target, 0 outside.
    """
    shape = lattice.work.shape
    tolerance = lattice.half_diagonal_mm
    groups = np.full((4, *shape), 255, np.uint8)
    groups[3] = 0 if inside is None else inside
    which = np.full(shape, AIR, np.uint8)
    least = np.full(shape, 255, np.uint8)
    for index, one in enumerate(distances):
        margin = rules.margin_mm(one.obstacle.role)
        bytes_ = np.clip(np.ceil((one.array - np.float32(margin - tolerance)) * PER_MM), 0, 255).astype(np.uint8)
        near = bytes_ < least[one.box]
        which[one.box][near] = index
        np.minimum(least[one.box], bytes_, out=least[one.box])
        group = groups[_GROUP[one.obstacle.role]][one.box]
        np.minimum(group, bytes_, out=group)
    least[~body], which[~body] = 0, AIR
    packed = np.ascontiguousarray(np.moveaxis(groups, 0, -1)).view(np.uint32).ravel()
    return Slack(least.ravel(), which.ravel(), packed, tolerance)


def _rim(cells: Mask) -> Mask:
    """Cells that have a neighbour outside; where the array ends, too."""
    inner = np.zeros_like(cells)
    core = cells[1:-1, 1:-1, 1:-1].copy()
    core &= cells[:-2, 1:-1, 1:-1]
    core &= cells[2:, 1:-1, 1:-1]
    core &= cells[1:-1, :-2, 1:-1]
    core &= cells[1:-1, 2:, 1:-1]
    core &= cells[1:-1, 1:-1, :-2]
    core &= cells[1:-1, 1:-1, 2:]
    inner[1:-1, 1:-1, 1:-1] = core
    return np.asarray(cells & ~inner)
