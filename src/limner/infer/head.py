"""The head in MR, by a rule: what a scene needs around a lesion to show where it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.image import Image, resample_array
from limner.infer.classical import coarse_grid
from limner.infer.closing import closed
from limner.infer.decode import largest

CLOSING_MM = 8.0


def head(image: Image) -> NDArray[np.bool_]:
    """All that is inside the skin.

    The voxels above Otsu's threshold of the logarithm of the signal (skin and brain are far brighter than air, however
    the coil's sensitivity falls off), closed by a ball of 8 mm over sinuses, skull and air cells, and
    filled slice by slice.

    Args:
        image: MR, axial order.

    Returns:
        ``(Z, Y, X)`` bool, the largest such thing.

    Source: Otsu, IEEE Trans. Syst. Man Cybern. 9:62, 1979.
    """
    from skimage.filters import threshold_otsu

    small = coarse_grid(image.grid)
    values = resample_array(np.asarray(image.array, np.float32), image.grid, small)
    values = ndimage.uniform_filter(values, (1, 3, 3))
    level = np.log1p(np.maximum(values - float(np.percentile(values, 0.1)), 0.0) * (1000 / max(values.max(), 1e-6)))
    bright = largest(level > threshold_otsu(level))
    if not bright.any():
        return np.zeros(image.grid.shape, bool)
    inner = closed(bright, small.spacing_mm, CLOSING_MM)
    whole = largest(np.stack([ndimage.binary_fill_holes(one) for one in inner]))
    there = resample_array(whole.astype(np.uint8) * np.uint8(200), small, image.grid)
    return np.asarray(there > 100)
