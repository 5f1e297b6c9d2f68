"""Which voxels belong to a vessel that is thick enough to matter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.scene.parts import Mask


def large_vessels(mask: Mask, spacing_mm: tuple[float, float, float], diameter_mm: float) -> Mask:
    """Voxels of a vessel that lie in a ball of a diameter inside the vessel: an opening.

    The middle of a vessel may lie half a voxel's diagonal from the middle of a voxel, so the ball is smaller by that:
    what is in doubt counts as thick, on thick slices every vessel.

    Args:
        mask: ``(Z, Y, X)`` bool.
        spacing_mm: of the voxels.
        diameter_mm: of the thinnest vessel that counts; 0 keeps all.

    >>> two = np.zeros((9, 9, 12), bool)
    >>> two[:, 1, 1], two[:, 3:8, 6:11] = True, True
    >>> kept = large_vessels(two, (1.0, 1.0, 1.0), 4.0)
    >>> bool(kept[:, 1, 1].any()), int(kept.sum()) == 9 * 25
    (False, True)
    """
    half = float(np.linalg.norm(spacing_mm)) / 2
    radius = diameter_mm / 2 - half
    if radius <= 0:
        return mask
    reach = [int((diameter_mm / 2 + half) / step) + 1 for step in spacing_mm]
    padded = np.pad(mask, [(by, by) for by in reach], mode="edge")  # a vessel goes on where the image ends
    flat = padded.ravel()
    inside = np.zeros(padded.shape, bool)
    inside[tuple(slice(by, -by) for by in reach)] = mask
    voxels = np.flatnonzero(inside.ravel())
    core = voxels
    for step in _ball(radius, spacing_mm, padded.shape):
        core = core[flat[core + step]]
    kept = np.zeros(flat.size, bool)
    for step in _ball(diameter_mm / 2 + half, spacing_mm, padded.shape):
        kept[core + step] = True
    kept &= flat
    return np.ascontiguousarray(kept.reshape(padded.shape)[tuple(slice(by, -by) for by in reach)])


def _ball(radius: float, spacing: tuple[float, float, float], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Flat steps to all voxels whose centres lie within a radius; the farthest first, which leaves few to look at."""
    reach = [int(radius / step) for step in spacing]
    steps = np.stack(np.meshgrid(*(np.arange(-by, by + 1) for by in reach), indexing="ij"), -1).reshape(-1, 3)
    away = np.linalg.norm(steps * spacing, axis=1)
    steps = steps[away <= radius][np.argsort(-away[away <= radius], kind="stable")]
    return np.asarray(steps @ np.array([shape[1] * shape[2], shape[2], 1]), np.int64)
