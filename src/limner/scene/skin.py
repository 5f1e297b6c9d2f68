"""The body and its skin: where a needle may enter, and where the image ends before the skin does."""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.errors import InputError
from limner.image import Grid
from limner.scene.lattice import Lattice
from limner.scene.parts import Mask

SMOOTH_MM = 6.0
"""Normals are taken from a body smoothed this much: as a hand sees the skin, not its folds."""
_IN_PLANE = np.zeros((3, 3, 3), bool)
_IN_PLANE[1, 1, :] = _IN_PLANE[1, :, 1] = True


@dataclass(frozen=True, eq=False)
class Skin:
    """Cells of the body that face air, and those where the image cuts the body off.

    Args:
        cells: ``(N, 3)`` int32 indices ``(z, y, x)`` on the work lattice; each touches air inside the image.
        normals: ``(N, 3)`` float32, unit vectors out of the body, world LPS.
        cut: ``(M, 3)`` int32: cells on the faces of the image that are body: outside the scan.
    """

    cells: NDArray[np.int32]
    normals: NDArray[np.float32]
    cut: NDArray[np.int32]


def find_body(there: Mask, lattice: Lattice) -> tuple[Mask, Mask]:
    """All that belongs to the body on the work lattice: its largest piece, with the holes of each axial slice filled.

    Args:
        there: voxels that carry any label.
        lattice: of the work cells.

    Returns:
        The body, and those of its cells that were holes.
    """
    body = lattice.share(there) * 2 >= lattice.voxels_per_cell
    pieces = cc3d.connected_components(body, connectivity=6)
    counts = np.bincount(pieces.ravel())
    if len(counts) < 2:
        raise InputError("The label map holds no body that is larger than a cell of the lattice.")
    counts[0] = 0
    body = pieces == counts.argmax()
    holes, count = ndimage.label(~body, structure=_IN_PLANE)
    outside = np.zeros(count + 1, bool)
    for face in (holes[:, 0], holes[:, -1], holes[:, :, 0], holes[:, :, -1]):
        outside[face] = True
    outside[0] = False
    whole = ~outside[holes]
    return whole, whole & ~body


def find_skin(body: Mask, work: Grid) -> Skin:
    """The skin of a body.

    Raises:
        InputError: no cell of the body faces air within the image.
    """
    air = ~body
    beside = np.zeros_like(body)
    for axis in range(3):
        before = (slice(None),) * axis + (slice(None, -1),)
        after = (slice(None),) * axis + (slice(1, None),)
        beside[before] |= air[after]
        beside[after] |= air[before]
    cells = np.argwhere(beside & body).astype(np.int32)
    if not len(cells):
        raise InputError("No skin: the body fills the image, no air is seen beside it. A wider scan is needed.")
    face = np.zeros_like(body)
    for axis in range(3):
        for end in (0, -1):
            face[(slice(None),) * axis + (end,)] = True
    face &= body & ~beside
    return Skin(cells, _normals(body, cells, work), np.argwhere(face).astype(np.int32))


def _normals(body: Mask, cells: NDArray[np.int32], work: Grid) -> NDArray[np.float32]:
    """Down the slope of the smoothed body; beyond the image the body goes on."""
    small = _halved(_halved(body.astype(np.uint8), 1), 2).astype(np.float32)
    spacing = np.array(work.spacing_mm) * (1, 2, 2)
    soft = ndimage.gaussian_filter(small, SMOOTH_MM / spacing, mode="nearest", truncate=2.5)
    at = (cells.T - np.array([[0.0], [0.5], [0.5]])) / np.array([[1.0], [2.0], [2.0]])
    slope = np.empty((len(cells), 3))
    for axis in range(3):
        step = np.zeros((3, 1))
        step[axis] = SMOOTH_MM / 2 / spacing[axis]
        low = ndimage.map_coordinates(soft, at - step, order=1, mode="nearest")
        slope[:, axis] = low - ndimage.map_coordinates(soft, at + step, order=1, mode="nearest")
    world = slope @ work.direction.T
    length = np.linalg.norm(world, axis=1, keepdims=True)
    return (world / np.maximum(length, 1e-9)).astype(np.float32)


def _halved(counts: NDArray[np.uint8], axis: int) -> NDArray[np.uint8]:
    """Sums of two neighbours along an axis; an odd last one counts twice."""
    if counts.shape[axis] % 2:
        counts = np.pad(counts, [(0, 1 if k == axis else 0) for k in range(3)], mode="edge")
    first = (slice(None),) * axis + (slice(0, None, 2),)
    return counts[first] + counts[(slice(None),) * axis + (slice(1, None, 2),)]
