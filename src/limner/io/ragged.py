"""How ragged a label is, and what of it a smooth surface can follow.

A surface of triangles shows nothing finer than its own edges: it cuts through the specks and pits of a noisy label. So
it is not compared with the label as it is, but with the label rounded at the surface's own scale; how much was rounded
off says how much more may differ. On a label that is smooth already, rounding changes next to nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.image import Mesh

Mask = NDArray[np.bool_]

_COARSEST_MM = 4.0  # a surface of a few huge triangles earns no more rounding than this


def edge_mm(mesh: Mesh) -> float:
    """Mean length of the first edge of each triangle: the scale of what a surface can show."""
    ends = mesh.vertices_mm[mesh.faces[:, :2]].astype(np.float64)
    return float(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).mean())


def rounded(mask: Mask, spacing_mm: NDArray[np.float64], scale_mm: float) -> Mask:
    """A mask after Gaussian smoothing, with as many voxels as before, so that thin things don't vanish.

    Args:
        mask: ``(Z, Y, X)``, at least one voxel true.
        spacing_mm: of its voxels.
        scale_mm: half of it is the standard deviation, which is one voxel at least and 4 mm at most.
    """
    from scipy.ndimage import gaussian_filter

    sigma = np.maximum(1.0, min(scale_mm / 2, _COARSEST_MM) / np.asarray(spacing_mm))
    soft = gaussian_filter(mask.astype(np.float32), sigma, mode="nearest", truncate=3.0)
    rank = soft.size - int(np.count_nonzero(mask))
    level = np.partition(soft, rank, axis=None)[rank]
    return np.asarray(soft >= level)


def border(mask: Mask) -> int:
    """Voxels of a mask that touch its outside."""
    from scipy.ndimage import binary_erosion

    return int(np.count_nonzero(mask)) - int(np.count_nonzero(binary_erosion(mask)))
