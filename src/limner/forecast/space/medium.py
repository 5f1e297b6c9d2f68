"""Where a tumour can go: open cells, blocked ones, and how easily cells move along each axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]
Box = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class Medium:
    """Tissue on a regular grid.

    Args:
        open: ``(Z, Y, X)`` bool: where tumour cells can be. What is not open (bone, fluid, other organs) lets nothing
            in.
        spacing_mm: of the grid, along ``(Z, Y, X)``.
        ease: how easily cells move relative to the fitted D, a factor: ``(Z, Y, X)``, the same along all axes, or
            ``(3, Z, Y, X)``, the diagonal of a tensor; 1 everywhere where None.
    """

    open: NDArray[np.bool_]
    spacing_mm: tuple[float, float, float]
    ease: Float | None = None

    def __post_init__(self) -> None:
        if self.open.ndim != 3 or self.open.dtype != np.bool_:
            raise ValueError(f"Open cells are a (Z, Y, X) array of bool; got {self.open.dtype} {self.open.shape}.")
        if self.ease is not None and self.ease.shape not in (self.open.shape, (3, *self.open.shape)):
            raise ValueError(f"Ease has the shape {self.open.shape}, or 3 of them; got {self.ease.shape}.")

    @property
    def voxel_ml(self) -> float:
        """Volume of a cell in ml."""
        return float(np.prod(self.spacing_mm)) / 1000

    @property
    def stiffest(self) -> float:
        """The largest ``ease / spacing²`` of an axis longer than one cell, in 1/mm²: what limits a step."""
        largest = 0.0
        for axis, length in enumerate(self.open.shape):
            if length > 1:
                ease = 1.0 if self.ease is None else float(self._along(axis).max(initial=0.0))
                largest = max(largest, ease / self.spacing_mm[axis] ** 2)
        return largest

    def faces(self, axis: int, box: Box) -> Float:
        """Conductances in 1/mm² between neighbours along an axis, in a box.

        The flux between two cells is that of their harmonic mean: two resistances in a row. A face is closed where
        either side is blocked, and so is the rim of the box.
        """
        ease = self.open[box].astype(np.float64)
        if self.ease is not None:
            ease *= self._along(axis)[box]
        ahead = np.moveaxis(ease, axis, 0)
        first, second = ahead[:-1], ahead[1:]
        total = first + second
        mean = np.divide(2 * first * second, total, out=np.zeros_like(total), where=total > 0)
        return np.moveaxis(mean, 0, axis) / self.spacing_mm[axis] ** 2

    def _along(self, axis: int) -> Float:
        assert self.ease is not None
        return self.ease if self.ease.ndim == 3 else self.ease[axis]


def around(where: NDArray[np.bool_], margin: ArrayLike) -> Box:
    """The smallest box that holds all true cells and a margin of cells, within the array.

    Raises:
        ValueError: no cell is true.
    """
    margins = np.broadcast_to(np.asarray(margin, int), (3,))
    found = []
    for axis in range(3):
        others = tuple(k for k in range(3) if k != axis)
        there = np.flatnonzero(where.any(axis=others))
        if not len(there):
            raise ValueError("No cell is true.")
        low = max(0, int(there[0]) - int(margins[axis]))
        found.append(slice(low, min(where.shape[axis], int(there[-1]) + 1 + int(margins[axis]))))
    return found[0], found[1], found[2]
