"""Segmentation: metrics of masks in millimetres.

All take boolean arrays ``(Z, Y, X)`` on one grid with spacing along ``(Z, Y, X)``; Dice and surfaces also ``(Y, X)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

Mask = NDArray[np.bool_]
Spacing = tuple[float, ...]


def dice(prediction: Mask, truth: Mask) -> float:
    """Twice the overlap over the sum of sizes; 1 where both are empty.

    Source: Dice, Ecology 26:297, 1945.

    >>> dice(np.array([[[1, 1, 0]]], bool), np.array([[[0, 1, 1]]], bool))
    0.5
    """
    total = int(prediction.sum()) + int(truth.sum())
    return 1.0 if total == 0 else float(2 * np.logical_and(prediction, truth).sum() / total)


@dataclass(frozen=True)
class SurfaceScores:
    """``hd95_mm``: 95th percentile of the distances between the surfaces; ``nsd``: share of both within a tolerance."""

    hd95_mm: float
    nsd: float


def surface_scores(prediction: Mask, truth: Mask, spacing_mm: Spacing, tolerance_mm: float = 2.0) -> SurfaceScores:
    """Distances between the border voxels of two masks.

    Returns:
        Infinite distance and 0 where one is empty; 0 mm and 1 where both are.

    Source: Maier-Hein et al., *Metrics reloaded*, Nature Methods 2024 (HD95 as the larger of both directed
    percentiles; NSD over both borders).
    """
    if not prediction.any() or not truth.any():
        same = not prediction.any() and not truth.any()
        return SurfaceScores(0.0 if same else float("inf"), 1.0 if same else 0.0)
    ours, theirs = (np.argwhere(_border(mask)) * np.array(spacing_mm) for mask in (prediction, truth))
    to_theirs = cKDTree(theirs).query(ours, workers=1)[0]
    to_ours = cKDTree(ours).query(theirs, workers=1)[0]
    hd95 = max(float(np.percentile(to_theirs, 95)), float(np.percentile(to_ours, 95)))
    within = int((to_theirs <= tolerance_mm).sum()) + int((to_ours <= tolerance_mm).sum())
    return SurfaceScores(hd95, within / (len(ours) + len(theirs)))


@dataclass(frozen=True)
class LesionScores:
    """Counts: true lesions longer than a size, those of them that were found, predictions that touch none."""

    lesions: int
    found: int
    false: int


def lesion_scores(prediction: Mask, truth: Mask, spacing_mm: Spacing, longer_than_mm: float = 10.0) -> LesionScores:
    """Lesions by 26-connected component.

    A true lesion counts when the long side of its box exceeds ``longer_than_mm``; it is found when at least a tenth of
    it is predicted. A predicted component is false when it touches no true lesion of any size.
    """
    true_parts, n_true = cc3d.connected_components(truth, connectivity=26, return_N=True)
    parts, n = cc3d.connected_components(prediction, connectivity=26, return_N=True)
    lesions = found = 0
    for number, box in enumerate(ndimage.find_objects(true_parts), 1):
        extent = max((s.stop - s.start) * mm for s, mm in zip(box, spacing_mm, strict=True))
        if extent <= longer_than_mm:
            continue
        lesion = true_parts[box] == number
        lesions += 1
        found += bool(np.logical_and(lesion, prediction[box]).sum() >= 0.1 * lesion.sum())
    touched = set(np.unique(parts[truth]).tolist()) - {0}
    return LesionScores(lesions, found, int(n) - len(touched) if n_true or n else 0)


def _border(mask: Mask) -> Mask:
    padded = np.pad(mask, 1)
    inner = ndimage.binary_erosion(padded)[(slice(1, -1),) * mask.ndim]
    return np.logical_and(mask, ~inner)
