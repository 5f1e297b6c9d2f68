"""How near an image comes to the one that it should be: pixel by pixel, in structure, and as a net sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def psnr(image: NDArray[Any], truth: NDArray[Any], data_range: float) -> float:
    """Peak signal-to-noise ratio in dB; infinite where nothing differs.

    Args:
        image: of any shape.
        truth: of the same.
        data_range: what counts as the peak: 255 for bytes, the width of the window in HU for CT.

    >>> round(psnr(np.zeros(4), np.full(4, 25.5), 255), 2)
    20.0
    """
    _same(image, truth)
    error = float(np.mean((image.astype(np.float64) - truth) ** 2))
    return float("inf") if error == 0 else float(10 * np.log10(data_range**2 / error))


def ssim(image: NDArray[Any], truth: NDArray[Any], data_range: float, *, channel_axis: int | None = None) -> float:
    """Structural similarity, a Gaussian window of 1.5 pixels; 1 where nothing differs.

    Args:
        image: ``(Y, X)``, ``(Z, Y, X)`` (its window is a volume), or either with a channel axis; 11 pixels a side.
        truth: of the same shape.
        data_range: as for :func:`psnr`.
        channel_axis: of colours; the mean over them is given.

    Raises:
        ValueError: a side is shorter than the window.

    Source: Wang et al., Image quality assessment, IEEE Trans. Image Process. 13(4), 2004.
    """
    from skimage.metrics import structural_similarity

    _same(image, truth)
    found = structural_similarity(
        image.astype(np.float64), truth.astype(np.float64), data_range=data_range, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, channel_axis=channel_axis,
    )  # fmt: skip
    return float(found)


def mean_absolute_error(image: NDArray[Any], truth: NDArray[Any], where: NDArray[np.bool_] | None = None) -> float:
    """Mean absolute difference in the unit of the images, HU for CT.

    Args:
        image: of any shape.
        truth: of the same.
        where: only there; a ValueError where that is nowhere.

    >>> mean_absolute_error(np.array([1, -1]), np.array([0, 1]))
    1.5
    """
    _same(image, truth)
    apart = np.abs(image.astype(np.float64) - truth)
    if where is not None:
        apart = apart[where]
    if not apart.size:
        raise ValueError("The error of no voxel at all was asked for: `where` is nowhere True.")
    return float(apart.mean())


def perceptual_distance(
    image: Sequence[NDArray[np.floating]], truth: Sequence[NDArray[np.floating]]
) -> NDArray[np.float64]:
    """How differently a net sees two sets of images: LPIPS without learned weights.

    At each position of each layer the features are brought to length 1; the squared distance is averaged over
    positions and added over layers. 0 where nothing differs, at most 4 a layer.

    Args:
        image: per layer ``(N, C, *space)``, see :mod:`limner.infer.features`.
        truth: of the same shapes.

    Returns:
        ``(N,)``.

    Source: Zhang et al., The unreasonable effectiveness of deep features as a perceptual metric, CVPR 2018, eq. 1,
    with all w = 1.
    """
    total: NDArray[np.float64] | None = None
    for a, b in zip(image, truth, strict=True):
        _same(a, b)
        squared = ((_unit(a) - _unit(b)) ** 2).sum(1)
        found = squared.reshape(len(squared), -1).mean(1)
        total = found if total is None else total + found
    if total is None:
        raise ValueError("A perceptual distance needs the features of one layer at least.")
    return total


def _unit(features: NDArray[np.floating]) -> NDArray[np.float64]:
    wide = features.astype(np.float64)
    return np.asarray(wide / (np.sqrt((wide**2).sum(1, keepdims=True)) + 1e-10))


def _same(a: NDArray[Any], b: NDArray[Any]) -> None:
    if a.shape != b.shape:
        raise ValueError(f"Image and truth have the same shape; got {a.shape} and {b.shape}.")
