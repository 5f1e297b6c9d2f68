"""What a reader's marks measure: lengths, angles, and the values of the voxels under them.

The same formulas as ``web/src/model/reading/measure.ts``, so that a report says what the reader saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limner.findings import Mark, Measurement, Plane
from limner.findings.plan import Point
from limner.image import Grid

Float = NDArray[np.float64]
_AXES: dict[Plane, tuple[int, int, int]] = {"axial": (2, 1, 0), "coronal": (2, 0, 1), "sagittal": (1, 0, 2)}
"""Of a plane: the index axes that run right and down on the screen, and the one through it."""


@dataclass(frozen=True, eq=False)
class Stored:
    """A volume as it is stored: ``value = array × slope + intercept``.

    Args:
        array: ``(Z, Y, X)``; it may lie on the disk.
        grid: where its voxels stand.
        slope: of the stored values.
        intercept: of the stored values.
        unit: of the values: HU, or nothing.
    """

    array: NDArray[Any]
    grid: Grid
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""

    def values(self, where: tuple[Any, ...]) -> Float:
        """Values of a part."""
        return np.asarray(self.array[where], np.float64) * self.slope + self.intercept


def measured(mark: Mark, volume: Stored) -> Mark:
    """The mark with its measurements, and the outline that a viewer draws.

    >>> grid = Grid.axial((2, 9, 9), spacing_mm=(5, 1, 1))
    >>> points = ((1.0, 1.0, 0.0), (4.0, 5.0, 0.0))
    >>> mark = Mark(id="a", kind="length", plane="axial", series_uid="1.2", points_mm=points)
    >>> measured(mark, Stored(np.zeros((2, 9, 9), np.int16), grid)).measurements[0].value
    5.0
    """
    if mark.kind == "length":
        notes = [Measurement(name="length", value=_length(mark.points_mm), unit="mm")]
    elif mark.kind == "angle":
        notes = [Measurement(name="angle", value=_angle(mark.points_mm), unit="deg")]
    elif mark.kind == "probe":
        notes = _probe(mark, volume)
    else:
        notes = _region(mark, volume)
    outline = _ends(mark, volume.grid) if mark.kind == "ellipse" else mark.points_mm
    return mark.model_copy(update={"measurements": tuple(notes), "outline_mm": outline})


def _length(points: Sequence[ArrayLike]) -> float:
    return float(np.linalg.norm(np.subtract(points[0], points[1])))


def _angle(points: Sequence[ArrayLike]) -> float:
    """At the second point, 0 to 180°."""
    p, q = np.subtract(points[0], points[1]), np.subtract(points[2], points[1])
    size = np.linalg.norm(p) * np.linalg.norm(q)
    return float(np.degrees(np.arccos(np.clip(p @ q / size, -1, 1)))) if size else 0.0


def _probe(mark: Mark, volume: Stored) -> list[Measurement]:
    at = np.floor(volume.grid.index(mark.points_mm[0]) + 0.5).astype(int)
    if ((at < 0) | (at >= volume.grid.shape)).any():
        return []
    return [Measurement(name="value", value=float(volume.values(tuple(at))), unit=volume.unit or "1")]


def _region(mark: Mark, volume: Stored) -> list[Measurement]:
    """Of the voxels of the slice whose centres lie in the ellipse."""
    grid = volume.grid
    u, v, w = _AXES[mark.plane]
    a, b = grid.index(mark.points_mm[0]), grid.index(mark.points_mm[1])
    middle, radius = (a + b) / 2, np.abs(a - b) / 2
    area = float(np.pi * radius[u] * grid.spacing_mm[u] * radius[v] * grid.spacing_mm[v])
    notes = [Measurement(name="area", value=area, unit="mm2")]
    k = int(np.floor(a[w] + 0.5))
    if not 0 <= k < grid.shape[w] or not radius[u] or not radius[v]:
        return notes
    first = np.maximum(0, np.ceil(middle - radius)).astype(int)
    last = np.minimum(np.array(grid.shape) - 1, np.floor(middle + radius)).astype(int)
    where: list[Any] = [slice(first[axis], last[axis] + 1) for axis in range(3)]
    where[w] = k
    low, high = sorted((u, v))  # as the axes of the slice lie in memory
    i = (np.arange(first[low], last[low] + 1)[:, None] - middle[low]) / radius[low]
    j = (np.arange(first[high], last[high] + 1)[None, :] - middle[high]) / radius[high]
    inside = volume.values(tuple(where))[i**2 + j**2 <= 1]
    if not inside.size:
        return notes
    told = {"mean": inside.mean(), "standard deviation": inside.std(), "minimum": inside.min(), "maximum": inside.max()}
    return notes + [Measurement(name=name, value=float(one), unit=volume.unit or "1") for name, one in told.items()]


def _ends(mark: Mark, grid: Grid) -> tuple[Point, ...]:
    """The ends of the ellipse's long axis, then of its short one."""
    u, v, _ = _AXES[mark.plane]
    a, b = grid.index(mark.points_mm[0]), grid.index(mark.points_mm[1])
    middle, half = (a + b) / 2, np.abs(a - b) / 2
    ends: list[Point] = []
    for axis in sorted((u, v), key=lambda one: -half[one] * grid.spacing_mm[one]):
        for sign in (-1, 1):
            end = middle.copy()
            end[axis] += sign * half[axis]
            x, y, z = grid.world(end).tolist()
            ends.append((x, y, z))
    return tuple(ends)
