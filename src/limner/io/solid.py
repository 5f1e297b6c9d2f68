"""Which voxels a closed surface encloses, by rays through voxel centres; no rendering library needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.image import Grid, Mesh

_OFF = (1.3e-4, 2.1e-4)  # rays pass beside vertices and edges that lie on voxel centres
_PAIRS = 2_000_000  # triangle-ray pairs held at once


@dataclass(frozen=True, eq=False)
class Solid:
    """The inside of a surface on a sparse lattice of voxels.

    Args:
        mask: ``(Z, Y, X)`` of the lattice: which of its voxels are inside.
        start: index of its first voxel in the grid, ``(z, y, x)``.
        step: voxels of the grid between two of its own, along each axis.
    """

    mask: NDArray[np.bool_]
    start: NDArray[np.int64]
    step: NDArray[np.int64]

    @property
    def window(self) -> tuple[slice, slice, slice]:
        """The lattice in an array on the grid."""
        s, n, d = self.start, self.mask.shape, self.step
        return (
            slice(int(s[0]), int(s[0] + n[0] * d[0]), int(d[0])),
            slice(int(s[1]), int(s[1] + (n[1] - 1) * d[1] + 1), int(d[1])),
            slice(int(s[2]), int(s[2] + (n[2] - 1) * d[2] + 1), int(d[2])),
        )


def solid(mesh: Mesh, grid: Grid, box: tuple[slice, ...], most_rays: int = 40_000) -> Solid:
    """The voxels of a box of a grid that a closed surface encloses.

    Args:
        mesh: closed; winding decides the inside, so nested shells of opposite turn are cavities.
        grid: any affine.
        box: slices along ``(Z, Y, X)``; the surface may reach beyond it.
        most_rays: rays are thinned along Y and X until they are no more than this.

    Returns:
        The inside, on every slice of the box and on every ``step``-th row and column.
    """
    start = np.array([one.start for one in box], dtype=np.int64)
    size = np.array([one.stop - one.start for one in box], dtype=np.int64)
    thin = max(1, int(np.ceil(np.sqrt(size[1] * size[2] / most_rays))))
    step = np.array([1, thin, thin], dtype=np.int64)
    shape = tuple(int(n) for n in (size + step - 1) // step)
    vertices = (grid.index(mesh.vertices_mm) - start) / step
    vertices[:, 1] += _OFF[0]
    vertices[:, 2] += _OFF[1]
    turns = np.zeros((shape[0] + 1, shape[1] * shape[2]), dtype=np.int32)
    for corners, rows, columns in _crossed(vertices[mesh.faces], shape):
        _count(turns, corners, rows, columns, shape)
    return Solid((np.cumsum(turns[:-1], axis=0) != 0).reshape(shape), start, step)


def _crossed(triangles: NDArray[np.float64], shape: tuple[int, ...]):  # type: ignore[no-untyped-def]
    """Triangles with each ray (row, column) that passes through their box, a chunk at a time."""
    low, high = triangles.min(axis=1), triangles.max(axis=1)
    first = np.maximum(np.ceil(low[:, 1:]), 0).astype(np.int64)
    last = np.minimum(np.floor(high[:, 1:]), np.array(shape[1:]) - 1).astype(np.int64)
    width = np.maximum(last - first + 1, 0)
    rays = width[:, 0] * width[:, 1]
    hit = np.flatnonzero(rays)
    ends = np.cumsum(rays[hit])
    begin = 0
    while begin < len(hit):
        stop = int(np.searchsorted(ends, (ends[begin - 1] if begin else 0) + _PAIRS)) + 1
        chosen = hit[begin:stop]
        which = np.repeat(chosen, rays[chosen])
        nth = np.arange(len(which)) - np.repeat(np.cumsum(rays[chosen]) - rays[chosen], rays[chosen])
        yield triangles[which], first[which, 0] + nth // width[which, 1], first[which, 1] + nth % width[which, 1]
        begin = stop


def _count(
    turns: NDArray[np.int32],
    corners: NDArray[np.float64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    shape: tuple[int, ...],
) -> None:
    """Adds +1 or −1 at the first voxel behind each crossing."""
    a, b, c = (corners[:, k] for k in range(3))
    area = (b[:, 1] - a[:, 1]) * (c[:, 2] - a[:, 2]) - (b[:, 2] - a[:, 2]) * (c[:, 1] - a[:, 1])
    flat = area == 0
    safe = np.where(flat, 1.0, area)
    v = ((rows - a[:, 1]) * (c[:, 2] - a[:, 2]) - (columns - a[:, 2]) * (c[:, 1] - a[:, 1])) / safe
    w = ((b[:, 1] - a[:, 1]) * (columns - a[:, 2]) - (b[:, 2] - a[:, 2]) * (rows - a[:, 1])) / safe
    within = (v >= 0) & (w >= 0) & (v + w <= 1) & ~flat
    z = (a[:, 0] + v * (b[:, 0] - a[:, 0]) + w * (c[:, 0] - a[:, 0]))[within]
    at = np.clip(np.ceil(z), 0, shape[0]).astype(np.int64)
    np.add.at(turns, (at, (rows * shape[2] + columns)[within]), np.sign(area[within]).astype(np.int32))
