"""Cutting a picture out of a volume: true anatomical planes, square pixels, whatever the grid's axes are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from limner.image import Grid, Image, LabelMap

Plane = Literal["axial", "coronal", "sagittal"]
PLANES: tuple[Plane, ...] = ("axial", "coronal", "sagittal")
Float = NDArray[np.float32]

_ACROSS: dict[Plane, tuple[int, int, int, int]] = {
    # world axis of the columns, world axis of the rows, whether rows run down along it, axis across
    "axial": (0, 1, 1, 2),
    "coronal": (0, 2, -1, 1),
    "sagittal": (1, 2, -1, 0),
}
EDGES: dict[Plane, tuple[str, str, str, str]] = {
    "axial": ("R", "L", "A", "P"),
    "coronal": ("R", "L", "H", "F"),
    "sagittal": ("A", "P", "H", "F"),
}
"""Letters for the left, right, upper and lower edge (radiological convention: the patient's right on the left)."""


@dataclass(frozen=True)
class Frame:
    """A rectangle in one plane of the patient.

    Args:
        plane: which plane.
        position_mm: LPS coordinate across the plane.
        columns_mm: LPS coordinates of the left and right edge, along x (axial, coronal) or y (sagittal).
        rows_mm: LPS coordinates of the upper and lower edge, along y (axial) or z.
        pixel_mm: side of a pixel.
    """

    plane: Plane
    position_mm: float
    columns_mm: tuple[float, float]
    rows_mm: tuple[float, float]
    pixel_mm: float

    @classmethod
    def around(cls, plane: Plane, through_mm: ArrayLike, box_mm: NDArray[np.float64], pixels: int) -> Frame:
        """The frame of a plane through a point that shows a box.

        Args:
            plane: which plane.
            through_mm: a point ``(x, y, z)`` of the plane.
            box_mm: ``(2, 3)``, lowest and highest corner.
            pixels: along the longer side of the frame.
        """
        column, row, down, across = _ACROSS[plane]
        columns = (float(box_mm[0, column]), float(box_mm[1, column]))
        low, high = float(box_mm[0, row]), float(box_mm[1, row])
        rows = (low, high) if down > 0 else (high, low)
        pixel = max(columns[1] - columns[0], high - low) / pixels
        return cls(plane, float(np.asarray(through_mm, np.float64)[across]), columns, rows, pixel)

    @property
    def shape(self) -> tuple[int, int]:
        """Pixels ``(rows, columns)``."""
        height = abs(self.rows_mm[1] - self.rows_mm[0]) / self.pixel_mm
        width = abs(self.columns_mm[1] - self.columns_mm[0]) / self.pixel_mm
        return max(1, round(height)), max(1, round(width))

    @property
    def axis(self) -> str:
        """Name of the LPS axis across the plane."""
        return "xyz"[_ACROSS[self.plane][3]]

    def points_mm(self) -> NDArray[np.float64]:
        """World position of every pixel, ``(rows, columns, 3)`` in ``(x, y, z)``."""
        column, row, _, across = _ACROSS[self.plane]
        rows, columns = self.shape
        points = np.empty((rows, columns, 3))
        points[..., column] = _centres(self.columns_mm, columns)[None, :]
        points[..., row] = _centres(self.rows_mm, rows)[:, None]
        points[..., across] = self.position_mm
        return points


def sample_image(image: Image, frame: Frame) -> Float:
    """Values of an image in a frame, trilinear, ``(rows, columns)``; NaN outside of the image."""
    where = np.moveaxis(image.grid.index(frame.points_mm()), -1, 0)
    limits = np.array(image.grid.shape).reshape(3, 1, 1) - 0.5
    outside = ((where < -0.5) | (where > limits)).any(axis=0)
    values = ndimage.map_coordinates(image.array, where, output=np.float32, order=1, mode="nearest")
    values[outside] = np.nan
    return values


def sample_labels(labels: LabelMap, frame: Frame) -> dict[int, Float]:
    """How much of each label lies under each pixel, trilinear between voxel centres.

    Half is where the surface between two labels runs, so a contour at 0.5 is smooth also across thick slices.

    Returns:
        For each label value that occurs in the frame, ``(rows, columns)`` from 0 to 1.
    """
    where = labels.grid.index(frame.points_mm())
    last = np.array(labels.grid.shape) - 1
    inside = ((where >= -0.5) & (where <= last + 0.5)).all(axis=-1)
    low = np.floor(where).astype(np.int32)
    part = (where - low).astype(np.float32)
    shares: dict[int, Float] = {}
    for corner in np.ndindex(2, 2, 2):
        z, y, x = (np.clip(low[..., k] + corner[k], 0, last[k]) for k in range(3))
        wz, wy, wx = (part[..., k] if corner[k] else 1 - part[..., k] for k in range(3))
        value, weight = labels.array[z, y, x], wz * wy * wx * inside
        for one in np.flatnonzero(np.bincount(value.ravel())):
            if one:
                shares.setdefault(int(one), np.zeros(frame.shape, np.float32))[...] += weight * (value == one)
    return shares


def box_of_voxels(grid: Grid, low: Sequence[int], high: Sequence[int]) -> NDArray[np.float64]:
    """World box ``(2, 3)`` around the voxels from index ``low`` to ``high`` (inclusive), their outer faces included."""
    ends = np.array([np.subtract(low, 0.5), np.add(high, 0.5)])
    corners = np.array([[ends[i, 0], ends[j, 1], ends[k, 2]] for i, j, k in np.ndindex(2, 2, 2)])
    world = grid.world(corners)
    return np.array([world.min(axis=0), world.max(axis=0)])


def _centres(edges: tuple[float, float], count: int) -> NDArray[np.float64]:
    step = (edges[1] - edges[0]) / count
    return np.asarray(edges[0] + step * (np.arange(count) + 0.5), np.float64)
