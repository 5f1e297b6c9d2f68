"""Where the voxels of an image stand in the world."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular lattice of voxel centres in patient space.

    Index order is ``(Z, Y, X)``, as in memory; world is LPS (x to the patient's left, y to the back, z to the head),
    in millimetres, as in DICOM PS3.3 C.7.6.2.1.1.

    Args:
        shape: voxels along ``(Z, Y, X)``.
        affine: 4 × 4, takes ``(z, y, x, 1)`` to ``(x_mm, y_mm, z_mm, 1)``.

    >>> grid = Grid.axial((10, 20, 30), spacing_mm=(5, 2, 1), origin_mm=(-15, -20, 100))
    >>> grid.world((1, 0, 0)).tolist()
    [-15.0, -20.0, 105.0]
    """

    shape: tuple[int, int, int]
    affine: Float

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-12:
            raise ValueError(f"A grid's affine is an invertible 4 × 4 matrix; got {affine.tolist()}.")
        affine.setflags(write=False)
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))
        object.__setattr__(self, "affine", affine)

    @classmethod
    def axial(cls, shape: tuple[int, int, int], spacing_mm: ArrayLike, origin_mm: ArrayLike = (0.0, 0.0, 0.0)) -> Grid:
        """A grid whose slices are axial, z to the head, y to the back, x to the left.

        Args:
            shape: voxels along ``(Z, Y, X)``.
            spacing_mm: along ``(Z, Y, X)``.
            origin_mm: ``(x, y, z)`` of the first voxel's centre.
        """
        affine = np.zeros((4, 4))
        sz, sy, sx = np.asarray(spacing_mm, dtype=float)
        affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = sz, sy, sx, 1.0
        affine[:3, 3] = origin_mm
        return cls(shape, affine)

    @cached_property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxel centres along ``(Z, Y, X)``."""
        z, y, x = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(z), float(y), float(x)

    @cached_property
    def direction(self) -> Float:
        """3 × 3; column k is the unit world vector of index axis k, in the order Z, Y, X."""
        return self.affine[:3, :3] / np.array(self.spacing_mm)

    @property
    def origin_mm(self) -> Float:
        """World position ``(x, y, z)`` of the first voxel's centre."""
        return self.affine[:3, 3]

    @cached_property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(abs(np.linalg.det(self.affine[:3, :3])) / 1000.0)

    def world(self, index: ArrayLike) -> Float:
        """World positions, ``(..., 3)`` in ``(x, y, z)`` mm, of indices, ``(..., 3)`` in ``(z, y, x)``."""
        return np.asarray(index, dtype=np.float64) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def index(self, world_mm: ArrayLike) -> Float:
        """Fractional ``(z, y, x)`` indices of world positions; the inverse of :meth:`world`."""
        return (np.asarray(world_mm, dtype=np.float64) - self.affine[:3, 3]) @ np.linalg.inv(self.affine[:3, :3]).T

    def crop(self, start: ArrayLike, shape: tuple[int, int, int]) -> Grid:
        """The part that starts at index ``start`` (may be negative: padding)."""
        affine = self.affine.copy()
        affine[:3, 3] = self.world(start)
        return Grid(shape, affine)

    def with_spacing(self, spacing_mm: ArrayLike) -> Grid:
        """The same box in space with another spacing along ``(Z, Y, X)``; outer voxel faces stay where they are."""
        target = np.asarray(spacing_mm, dtype=float)
        shape = np.maximum(1, np.round(np.array(self.shape) * self.spacing_mm / target)).astype(int)
        affine = self.affine.copy()
        affine[:3, :3] = self.direction * target
        first = (target / self.spacing_mm - 1) / 2  # keep the outer face, move the centre
        affine[:3, 3] = self.world(first)
        return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)

    def same_as(self, other: Grid, tolerance_mm: float = 1e-2) -> bool:
        """Whether both have one shape and no corner is farther apart than the tolerance."""
        if self.shape != other.shape:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape], indexing="ij")).reshape(3, -1).T
        return bool(np.abs(self.world(corners) - other.world(corners)).max() <= tolerance_mm)

    @property
    def axis_codes(self) -> str:
        """Where each index axis points, e.g. ``"SPL"`` for Z to the head, Y to the back, X to the left."""
        names = (("L", "R"), ("P", "A"), ("S", "I"))
        codes = []
        for axis in range(3):
            column = self.direction[:, axis]
            k = int(np.abs(column).argmax())
            codes.append(names[k][0 if column[k] > 0 else 1])
        return "".join(codes)
