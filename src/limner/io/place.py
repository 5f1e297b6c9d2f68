"""Where a thing is and how large, in world millimetres: what two copies of one thing are compared by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.image import Grid, LabelMap, Mesh

SIDES = ("left-right", "front-back", "head-foot")  # of the world's x, y and z


@dataclass(frozen=True, eq=False)
class Place:
    """Centroid, box and volume of one thing.

    Args:
        center_mm: ``(x, y, z)`` LPS.
        low_mm: the corner of its box towards the right, front and feet.
        high_mm: the opposite corner.
        volume_ml: signed for a mesh: negative where its faces look inward.
        skew_mm: of a mesh, the cube root of its third moments along x, y and z about the middle of its box: a mirror
            in place changes their signs.
    """

    center_mm: NDArray[np.float64]
    low_mm: NDArray[np.float64]
    high_mm: NDArray[np.float64]
    volume_ml: float
    skew_mm: NDArray[np.float64] | None = None


def places(labels: LabelMap) -> dict[str, Place]:
    """The place of every label that occurs, by its name; boxes reach to voxel centres."""
    from scipy.ndimage import find_objects

    boxes = find_objects(labels.array)
    found = {}
    for label in labels.labels:
        box = boxes[label.value - 1] if label.value <= len(boxes) else None
        if box is not None:
            start = np.array([one.start for one in box])
            found[label.name] = place_of_mask(labels.array[box] == label.value, labels.grid, start)
    return found


def moved(place: Place, source: Grid, target: Grid) -> Place:
    """The place of the same voxels on another grid of the same shape."""
    corners = target.world(source.index(np.stack([place.low_mm, place.high_mm])))
    volume = place.volume_ml * target.voxel_ml / source.voxel_ml
    return Place(target.world(source.index(place.center_mm)), corners.min(axis=0), corners.max(axis=0), volume)


def place_of_mask(mask: NDArray[np.bool_], grid: Grid, start: NDArray[Any], step: NDArray[Any] | None = None) -> Place:
    """The place of the true voxels of a part of a grid.

    Args:
        mask: ``(Z, Y, X)``, at least one voxel true.
        grid: of the whole.
        start: index of the mask's first voxel in the grid.
        step: voxels of the grid from one to the next of the mask, along each axis; 1 where None.
    """
    step = np.ones(3) if step is None else np.asarray(step, dtype=float)
    planes = [mask.sum(axis=tuple(k for k in range(3) if k != axis), dtype=np.int64) for axis in range(3)]
    count = int(planes[0].sum())
    index = [start[axis] + step[axis] * np.arange(len(planes[axis])) for axis in range(3)]
    center = np.array([(planes[axis] * index[axis]).sum() / count for axis in range(3)])
    ends = [index[axis][np.flatnonzero(planes[axis])[[0, -1]]] for axis in range(3)]
    corners = grid.world(np.array(np.meshgrid(*ends, indexing="ij")).reshape(3, -1).T)
    volume = count * grid.voxel_ml * float(np.prod(step))
    return Place(grid.world(center), corners.min(axis=0), corners.max(axis=0), volume)


def place_of_mesh(mesh: Mesh) -> Place:
    """The place of a closed surface: centroid, moments and signed volume of what it encloses.

    Source: divergence theorem over tetrahedra from a point near the surface (Mirtich, J. Graphics Tools 1, 1996).
    """
    vertices = np.asarray(mesh.vertices_mm, dtype=np.float64)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    origin = (low + high) / 2
    a, b, c = (vertices[mesh.faces[:, k]] - origin for k in range(3))
    six = np.einsum("ij,ij->i", a, np.cross(b, c))
    volume = float(six.sum() / 6)
    safe = volume if abs(volume) > 1e-9 else 1e-9
    center = six @ (a + b + c) / 24 / safe
    # The integral of x³ over a tetrahedron with one corner at the origin is |det| / 120 · h3(a, b, c), the complete
    # homogeneous polynomial of degree three.
    third = six @ _h3(a, b, c) / 120 / safe
    return Place(origin + center, low, high, volume / 1000, np.cbrt(third))


def _h3(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
    total = a + b + c
    pairs = a * b + b * c + c * a
    # in elementary symmetric polynomials: h3 = e1³ − 2 e1 e2 + e3
    return total * (total * total - 2 * pairs) + a * b * c


def suspicion(expected: Place, got: Place, grid: Grid) -> str:
    """What mistake would explain a thing in the wrong place: a mirror, RAS for LPS, metres; empty where none does."""
    middle = grid.world((np.array(grid.shape) - 1) / 2)
    near = 2.0 + 0.02 * float(np.linalg.norm(expected.high_mm - expected.low_mm))
    for words, about in (("about the origin", np.zeros(3)), ("about the middle of the scan", middle)):
        for axes in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2)):
            turned = got.center_mm.copy()
            turned[list(axes)] = 2 * about[list(axes)] - turned[list(axes)]
            moved = np.abs(turned - got.center_mm).max()
            if moved > near and np.abs(turned - expected.center_mm).max() < near:
                return f"It looks mirrored {' and '.join(SIDES[k] for k in axes)} {words}."
    if np.abs(got.center_mm * 1000 - expected.center_mm).max() < near:
        return "It looks as if metres were taken for millimetres."
    return ""
