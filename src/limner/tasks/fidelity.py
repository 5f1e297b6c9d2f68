"""How near an image comes to the true one: PSNR, SSIM, mean error. Both in one unit, such as Hounsfield units."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def mean_error(made: Array, truth: Array) -> float:
    """Mean absolute difference, in the images' unit."""
    return float(np.mean([np.abs(a.astype(np.float64) - b).mean() for a, b in zip(made, truth, strict=True)]))


def psnr(made: Array, truth: Array, span: float) -> float:
    """Peak signal-to-noise ratio in decibels; infinite where both are the same.

    Args:
        made, truth: of one shape, two axes or more.
        span: from the least to the most value that the images may hold: 2000 from −1000 to 1000 HU.

    >>> round(psnr(np.zeros((2, 2)), np.full((2, 2), 20.0), 2000.0), 6)
    40.0
    """
    square = float(np.mean([np.square(a.astype(np.float64) - b).mean() for a, b in zip(made, truth, strict=True)]))
    return float("inf") if square == 0 else float(10 * np.log10(span**2 / square))


def ssim(made: Array, truth: Array, span: float, most: int = 128) -> float:
    """Structural similarity of planes: the mean over planes of the first axis, at most ``most``, evenly over it.

    Args:
        made, truth: ``(planes, rows, columns)``.
        span: as for :func:`psnr`.
        most: planes that are looked at.

    Source: Wang et al., *Image quality assessment*, IEEE Trans. Image Processing 13, 2004, equation 13, with its
    Gaussian window of 1.5 pixels.
    """
    from skimage.metrics import structural_similarity

    chosen = np.unique(np.linspace(0, len(truth) - 1, min(most, len(truth))).round().astype(int))
    found = [
        structural_similarity(
            made[k].astype(np.float64),
            truth[k].astype(np.float64),
            data_range=span,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for k in chosen
    ]
    return float(np.mean(found))
