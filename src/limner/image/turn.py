"""A volume's axes turned to axial, and the way back to how its file stores them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limner.image.grid import Grid
from limner.image.orient import reorient_grid, to_axial


@dataclass(frozen=True, eq=False)
class Turn:
    """How a file's axes became ``(Z head, Y back, X left)``, and back.

    Args:
        stored: the file's own grid: of NIfTI ``(k, j, i)``, of DICOM ``(slice, row, column)``.
        order: the turned axis ``n`` is the stored axis ``order[n]``.
        flips: whether it is reversed.

    >>> turn = Turn.axial(Grid(np.array([2, 3, 4]), np.diag([1, -1, 1, 1.0])[[2, 1, 0, 3]]))  # Y to the front
    >>> turn.flips, turn.forth([[0, 0, 1]]).tolist(), turn.back([[0, 3, 1]]).tolist()
    ((False, True, False), [[0.0, 3.0, 1.0]], [[0.0, 0.0, 1.0]])
    """

    stored: Grid
    order: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    @classmethod
    def axial(cls, stored: Grid) -> Turn:
        """The turn that brings a grid nearest to axial."""
        return cls(stored, *to_axial(stored))

    @property
    def turned(self) -> Grid:
        """The same lattice, axial."""
        return reorient_grid(self.stored, self.order, self.flips)

    def array(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Voxels as the file stores them, axial; C-contiguous."""
        return np.ascontiguousarray(np.transpose(stored, self.order)[self._steps])

    def undo(self, turned: NDArray[Any]) -> NDArray[Any]:
        """Axial voxels as the file stores them; C-contiguous."""
        return np.ascontiguousarray(np.transpose(turned[self._steps], np.argsort(self.order)))

    def forth(self, points: ArrayLike) -> NDArray[np.float64]:
        """Points ``(N, 3)`` of the stored volume, in voxel edges along its axes, on the turned one."""
        found = np.asarray(points, float).reshape(-1, 3)[:, self.order]
        return np.where(self.flips, np.array(self.stored.shape, float)[list(self.order)] - found, found)

    def back(self, points: ArrayLike) -> NDArray[np.float64]:
        """Points ``(N, 3)`` of the turned volume on the stored one."""
        given = np.asarray(points, float).reshape(-1, 3)
        found = np.where(self.flips, np.array(self.stored.shape, float)[list(self.order)] - given, given)
        return found[:, np.argsort(self.order)]

    @property
    def _steps(self) -> tuple[slice, ...]:
        return tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)
