"""A smooth field whose zero level is the surface of a mask: shape-based interpolation.

Thick slices make stairs where a mask is contoured as it is. Here every slice becomes a map of signed distances to its
contour, and the maps are interpolated between slices, so that a contour glides into the next.

Source: Raya SP, Udupa JK. Shape-based interpolation of multidimensional objects. IEEE Trans Med Imaging 9:32-42,
1990.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import edt
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.scene.parts import Mask

Field3 = NDArray[np.float32]
THICK = 1.6
"""From this ratio of slice distance to pixel size on, slices are interpolated."""
PAD = 3
THREADS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, eq=False)
class Field:
    """Signed distance (mm, positive inside) on a near-isotropic lattice.

    Args:
        values: ``(Z, Y, X)`` float32, negative on its whole rim.
        start: index ``(z, y, x)`` of the mask where the first value lies; the mask was padded.
        step: mask voxels from one value to the next, along ``(Z, Y, X)``.
        spacing_mm: of the values.
    """

    values: Field3
    start: NDArray[np.float64]
    step: NDArray[np.float64]
    spacing_mm: tuple[float, float, float]

    @property
    def cell_mm3(self) -> float:
        """Volume of one cell."""
        return float(np.prod(self.spacing_mm))

    def level_of(self, volume_mm3: float) -> float:
        """The level that encloses a volume: bisection on the soft count of cells, from a fine histogram."""
        half = 0.5 * float(np.mean(self.spacing_mm))
        near = self.values[np.abs(self.values) < 12 * half]
        deep = np.count_nonzero(self.values >= 12 * half)
        counts = np.bincount(((near + 12 * half) * (50 / half)).astype(np.int32), minlength=1201)
        centers = (np.arange(len(counts)) + 0.5) * half / 50 - 12 * half
        low, high = -8 * half, 8 * half
        for _ in range(20):
            level = 0.5 * (low + high)
            cells = deep + float(counts @ np.clip((centers - level) / (2 * half) + 0.5, 0, 1))
            low, high = (level, high) if cells * self.cell_mm3 > volume_mm3 else (low, level)
        return 0.5 * (low + high)


def reduced(mask: Mask, spacing_mm: tuple[float, float, float], target_mm: float) -> tuple[Mask, tuple[int, int, int]]:
    """A mask in blocks of whole voxels, as near to a spacing as they come without passing it.

    Returns:
        The blocks that are at least half full, and voxels per block along ``(Z, Y, X)``.
    """
    z, y, x = (max(1, int(target_mm / step + 0.25)) for step in spacing_mm)
    factors = (z, y, x)
    if max(factors) == 1:
        return mask, factors
    shape = [-(-size // factor) for size, factor in zip(mask.shape, factors, strict=True)]
    padding = [(0, size * factor - old) for size, factor, old in zip(shape, factors, mask.shape, strict=True)]
    counts = np.pad(mask, padding).view(np.uint8)
    for axis, factor in enumerate(factors):
        blocks = [counts[(slice(None),) * axis + (slice(offset, None, factor),)] for offset in range(factor)]
        counts = blocks[0].astype(np.uint16 if axis == 2 else np.uint8)
        for one in blocks[1:]:
            counts += one
    return counts * 2 >= np.prod(factors), factors


def shape_field(
    mask: Mask,
    spacing_mm: tuple[float, float, float],
    target_mm: float,
    sigma_mm: float,
    *,
    closed: bool = True,
    faithful: bool = False,
) -> Field:
    """The field of a mask.

    Args:
        mask: ``(Z, Y, X)`` bool.
        spacing_mm: of the mask, along ``(Z, Y, X)``.
        target_mm: wanted spacing of the field; an axis that is much thicker is interpolated.
        sigma_mm: Gaussian smoothing.
        closed: what touches the ends of the mask is closed there; else it goes on beyond them, without a surface.
        faithful: no voxel changes its side by smoothing, so that a vessel of one voxel stays. For measures.
    """
    small = np.pad(mask, PAD) if closed else np.pad(mask, PAD, mode="edge")
    spacing = list(spacing_mm)
    step = np.ones(3)
    thick = int(np.argmax(spacing))
    others = max(one for axis, one in enumerate(spacing) if axis != thick)
    between = max(1, round(spacing[thick] / max(others, target_mm))) if spacing[thick] > THICK * others else 1
    values = _distance(small, spacing, thick if between > 1 else None)
    if between > 1:
        values = _interpolated(values, thick, between)
        spacing[thick] /= between
        step[thick] /= between
    if sigma_mm > 0:
        sigmas = [sigma_mm / one for one in spacing]
        values = ndimage.gaussian_filter(values, sigmas, mode="nearest", truncate=3.0)
    if faithful:
        _hold(values[(slice(None),) * thick + (slice(None, None, between),)], small, 0.1 * min(spacing))
    if closed:
        _close_rim(values)
    return Field(values, np.full(3, -float(PAD)), step, (spacing[0], spacing[1], spacing[2]))


def slice_field(mask: Mask, spacing_mm: tuple[float, float, float], axis: int, sigma: float) -> Field:
    """The field of each slice by itself, nothing taken from its neighbours.

    Args:
        mask: ``(Z, Y, X)`` bool.
        spacing_mm: of the mask.
        axis: across the slices.
        sigma: Gaussian smoothing within slices, in pixels.
    """
    padded = np.pad(mask, PAD)
    values = _distance(padded, list(spacing_mm), axis)
    values = ndimage.gaussian_filter(values, [0.0 if k == axis else sigma for k in range(3)], mode="nearest")
    _hold(values, padded, 0.1 * min(spacing_mm))
    return Field(values, np.full(3, -float(PAD)), np.ones(3), spacing_mm)


def crossings(field: Field, level: float = 0.0, axes: tuple[int, ...] = (0, 1, 2)) -> NDArray[np.float64]:
    """Points where the field passes a level between neighbours along some axes.

    Returns:
        ``(N, 3)`` indices ``(z, y, x)`` of the mask, to a fraction of a voxel.
    """
    found = []
    inside = field.values > level
    for axis in axes:
        before = (slice(None),) * axis + (slice(None, -1),)
        after = (slice(None),) * axis + (slice(1, None),)
        where = np.nonzero(inside[before] != inside[after])
        low = field.values[before][where].astype(np.float64) - level
        high = field.values[after][where].astype(np.float64) - level
        points = np.stack(where, axis=1).astype(np.float64)
        points[:, axis] += low / (low - high)
        found.append(points)
    return np.concatenate(found) * field.step + field.start


def _distance(mask: Mask, spacing: list[float], across: int | None) -> Field3:
    """Signed distance in mm; only within slices where ``across`` names the slice axis."""
    weights = [1e6 if axis == across else step for axis, step in enumerate(spacing)]
    half = 0.5 * min(weights)
    threads = THREADS if mask.size > 5e5 else 1  # small ones lose more by starting threads
    inside = edt.edt(mask, anisotropy=weights, parallel=threads)
    outside = edt.edt(~mask, anisotropy=weights, parallel=threads)
    deepest = float(inside[inside < 1e5].max(initial=half)) - half
    # a slice without any contour, and far ground, must not outweigh the object where slices end
    limit = max(2 * half, min(deepest, 3 * max(spacing)))
    values = np.where(mask, np.minimum(inside - half, limit), -np.minimum(outside - half, limit))
    return values.astype(np.float32, copy=False)


def _interpolated(values: Field3, axis: int, between: int) -> Field3:
    """Linear interpolation to ``between`` values for each one along an axis."""
    moved = np.moveaxis(values, axis, 0)
    count = (moved.shape[0] - 1) * between + 1
    out = np.empty((count, *moved.shape[1:]), np.float32)
    out[::between] = moved
    for k in range(1, between):
        weight = np.float32(k / between)
        out[k::between] = moved[:-1] * (1 - weight) + moved[1:] * weight
    return np.ascontiguousarray(np.moveaxis(out, 0, axis))


def _hold(values: Field3, mask: Mask, least: float) -> None:
    """Every voxel of the mask is inside, every other outside; changed in place."""
    np.copyto(values, np.where(mask, np.maximum(values, least), np.minimum(values, -least)))


def _close_rim(values: Field3) -> None:
    for axis in range(3):
        for end in (0, -1):
            face = values[(slice(None),) * axis + (end,)]
            np.minimum(face, -1e-3, out=face)
