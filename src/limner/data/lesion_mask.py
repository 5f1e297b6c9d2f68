"""Where the lesion lies, when nobody drew it: a threshold on how far each pixel is from what surrounds it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]


def lesion_mask(image: NDArray[np.uint8]) -> Mask:
    """The part near the middle that differs most from the picture's rim.

    Colours are compared in CIELAB, grey by value; Otsu's threshold splits lesion from surroundings. It serves where a
    lesion stands out from what surrounds it (skin, a lung nodule), and fails where it does not (ultrasound).

    Args:
        image: ``(C, *size)``, 2-D or 3-D.

    Returns:
        ``(*size)``; empty where nothing stands out.

    Source: Otsu, IEEE Trans. SMC 9:62, 1979; Celebi et al., *Lesion border detection in dermoscopy images*,
    Comput. Med. Imaging Graph. 33:148, 2009 (the largest difference, on colour, with small parts left out).
    """
    from skimage.filters import threshold_otsu

    size = image.shape[1:]
    distance = ndimage.gaussian_filter(_from_rim(image), [max(0.5, n / 100) for n in size])
    if float(np.ptp(distance)) < 1e-6:
        return np.zeros(size, bool)
    parts, count = ndimage.label(ndimage.binary_fill_holes(distance > threshold_otsu(distance)))
    if not count:
        return np.zeros(size, bool)
    numbers = np.arange(1, count + 1)
    best = int(numbers[np.argmax(ndimage.sum(distance * _near_middle(size), parts, numbers))])
    found = parts == best
    opened = ndimage.binary_opening(found, iterations=max(1, round(min(size) / 32)))
    kept, count = ndimage.label(opened)
    if not count:
        return np.asarray(found)
    return np.asarray(kept == 1 + int(np.argmax(ndimage.sum(opened, kept, range(1, count + 1)))))


def _from_rim(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Distance of each pixel's colour from the median colour of the picture's rim, a twentieth of it wide."""
    size = image.shape[1:]
    values = image.astype(np.float32) / 255.0
    if len(image) == 3:
        from skimage.color import rgb2lab

        values = np.moveaxis(rgb2lab(np.moveaxis(values, 0, -1)), -1, 0)
    rim = np.ones(size, bool)
    rim[tuple(slice(max(1, n // 20), n - max(1, n // 20)) for n in size)] = False
    middle = np.median(values[:, rim], axis=1).reshape(-1, *[1] * len(size))
    return np.asarray(np.sqrt(((values - middle) ** 2).sum(0)), np.float32)


def _near_middle(size: tuple[int, ...]) -> NDArray[np.float64]:
    """A Gaussian around the middle, a quarter of the picture wide."""
    axes = [np.exp(-0.5 * ((np.arange(n) - (n - 1) / 2) / (n / 4)) ** 2) for n in size]
    out = axes[0]
    for axis in axes[1:]:
        out = out[..., None] * axis
    return np.asarray(out)
