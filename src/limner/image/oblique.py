"""Planes at any angle through a volume: reformatted slices along a needle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from limner.image.grid import Grid

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Oblique:
    """A rectangle of square pixels anywhere in the patient.

    Args:
        center_mm: the middle of the picture, LPS.
        right: unit vector of its columns, LPS.
        down: unit vector of its rows, orthogonal to ``right``.
        shape: rows and columns.
        pixel_mm: side of a pixel.
    """

    center_mm: Vector
    right: Vector
    down: Vector
    shape: tuple[int, int]
    pixel_mm: float

    @classmethod
    def along(
        cls, start_mm: ArrayLike, stop_mm: ArrayLike, across: ArrayLike, shape: tuple[int, int], pixel_mm: float
    ) -> Oblique:
        """The plane that holds a line, which runs downwards through its middle, and lies nearest to a direction.

        Args:
            start_mm: where the line begins, above.
            stop_mm: where it ends.
            across: what shall be to the right in the picture, as far as the line allows.
            shape: rows and columns.
            pixel_mm: side of a pixel.

        Raises:
            ValueError: for a line without length, or one that runs along ``across``.
        """
        start, stop = np.asarray(start_mm, float), np.asarray(stop_mm, float)
        length = float(np.linalg.norm(stop - start))
        if length == 0:
            raise ValueError("A plane along a line needs two points that differ.")
        down = (stop - start) / length
        right = np.asarray(across, float) - down * (np.asarray(across, float) @ down)
        if np.linalg.norm(right) < 1e-6:
            raise ValueError("The line runs along what shall lie across it.")
        return cls((start + stop) / 2, right / np.linalg.norm(right), down, shape, pixel_mm)

    def points_mm(self) -> Vector:
        """World positions of the pixels' middles, ``(rows, columns, 3)``."""
        rows = (np.arange(self.shape[0]) - (self.shape[0] - 1) / 2) * self.pixel_mm
        columns = (np.arange(self.shape[1]) - (self.shape[1] - 1) / 2) * self.pixel_mm
        return self.center_mm + rows[:, None, None] * self.down + columns[None, :, None] * self.right

    def pixel(self, world_mm: ArrayLike) -> Vector:
        """Where world points ``(..., 3)`` fall in the picture, seen along its normal: fractional ``(row, column)``."""
        away = np.asarray(world_mm, float) - self.center_mm
        middle = (np.array(self.shape) - 1) / 2
        return np.stack([away @ self.down, away @ self.right], axis=-1) / self.pixel_mm + middle


def cut(array: NDArray[np.generic], grid: Grid, plane: Oblique, *, order: int = 1, outside: float = 0.0) -> Vector:
    """The values of a volume in a plane.

    Args:
        array: ``(Z, Y, X)``.
        grid: where its voxels stand.
        plane: where to cut.
        order: 1 interpolates linearly, 0 takes the nearest voxel (labels).
        outside: value where the volume does not reach.

    Returns:
        ``(rows, columns)`` float64.
    """
    index = np.moveaxis(grid.index(plane.points_mm()), -1, 0)
    values: Vector = ndimage.map_coordinates(
        array, index, output=np.float64, order=order, mode="constant", cval=outside, prefilter=False
    )
    return values
