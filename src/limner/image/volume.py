"""Images, label maps and meshes: values with a place in the world."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.image.grid import Grid


@dataclass(frozen=True, eq=False)
class Image:
    """Voxel values on a grid.

    Args:
        array: ``(Z, Y, X)``, C-contiguous.
        grid: where the voxels stand.
        modality: DICOM modality (``"CT"``, ``"MR"`` …), empty where unknown.
        unit: ``"HU"`` for CT in Hounsfield units, else what the values mean, or empty.
        clipped: ``(low, high)`` where values are known only inside this window and lie on its ends outside.
    """

    array: NDArray[Any]
    grid: Grid
    modality: str = ""
    unit: str = ""
    clipped: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        _check(self.array, self.grid)


@dataclass(frozen=True)
class Code:
    """A coded concept, as DICOM PS3.3 8.8 asks."""

    scheme: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Label:
    """One value of a label map.

    Args:
        value: the voxel value, 1 or more.
        name: the English term, lower case.
        kind: ``organ``, ``lesion``, ``vessel`` or ``tissue``.
        code: SNOMED CT concept.
        color: sRGB, 0-255.
        opacity: of its surface when a scene opens, 0-1.
        laterality: ``"left"``, ``"right"`` or None.
    """

    value: int
    name: str
    kind: str
    code: Code
    color: tuple[int, int, int]
    opacity: float = 1.0
    laterality: str | None = None


@dataclass(frozen=True, eq=False)
class LabelMap:
    """What each voxel belongs to: 0 is background, every other value has a :class:`Label`.

    Args:
        array: ``(Z, Y, X)``, uint8 or uint16.
        grid: where the voxels stand.
        labels: one for each value that may occur; those that don't occur may be there too.
    """

    array: NDArray[np.unsignedinteger]
    grid: Grid
    labels: tuple[Label, ...] = field(default=())

    def __post_init__(self) -> None:
        _check(self.array, self.grid)
        if self.array.dtype not in (np.uint8, np.uint16):
            raise ValueError(f"A label map is uint8 or uint16; got {self.array.dtype}.")

    def label(self, name: str) -> Label:
        """The label of that name. Raises KeyError that lists the names."""
        for label in self.labels:
            if label.name == name:
                return label
        raise KeyError(f"No label named {name!r}; there are {[one.name for one in self.labels]}.")

    def mask(self, *names: str) -> NDArray[np.bool_]:
        """Voxels that carry one of the named labels, ``(Z, Y, X)`` bool."""
        values = [self.label(name).value for name in names]
        return self.array == values[0] if len(values) == 1 else np.isin(self.array, values)

    def counts(self) -> dict[int, int]:
        """Voxels of every value that occurs, 0 included."""
        total = np.zeros(int(np.iinfo(self.array.dtype).max) + 1, np.int64)
        for slice_ in self.array:  # bincount widens what it counts to 64 bits: a slice at a time
            there = np.bincount(slice_.ravel())
            total[: len(there)] += there
        return {int(value): int(total[value]) for value in np.flatnonzero(total)}

    def present(self) -> tuple[Label, ...]:
        """The labels that occur in the array."""
        counts = self.counts()
        return tuple(one for one in self.labels if one.value in counts)


@dataclass(frozen=True, eq=False)
class Mesh:
    """A closed triangle surface in the world.

    Args:
        vertices_mm: ``(N, 3)`` float32, LPS.
        faces: ``(M, 3)`` int32, counter-clockwise seen from outside.
        label: what it is the surface of.
        id: unique in its scene, e.g. ``"tumor-1"``.
    """

    vertices_mm: NDArray[np.float32]
    faces: NDArray[np.int32]
    label: Label
    id: str


def _check(array: NDArray[Any], grid: Grid) -> None:
    if array.shape != grid.shape:
        raise ValueError(f"Array and grid must have one shape (Z, Y, X); got {array.shape} on a grid of {grid.shape}.")
