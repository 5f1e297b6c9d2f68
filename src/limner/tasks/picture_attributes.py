"""What a person would say of a picture at once, as numbers: light, colour, and the size and place of its object."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu

EDGE = 0.06
"""Share of the side that counts as the picture's rim, where no object is."""


def picture_attributes(
    pictures: NDArray[np.float32], channel_names: Sequence[str] = ()
) -> dict[str, NDArray[np.float64]]:
    """Attributes ``(N,)`` by name of pictures ``(N, C, H, W)`` in 0–1.

    The object is what differs from the rim (Otsu's threshold on the distance from the rim's median); where that is
    nothing, its attributes are those of the whole picture. Size is a share of the picture, positions are shares of the
    side from the top and from the left, elongation is 0 for a disc and tends to 1 for a line.

    Args:
        pictures: photographs, stills, slices.
        channel_names: where channels are sequences, each has a brightness of its own; three without names are colours.
    """
    found = {
        "brightness": pictures.mean((1, 2, 3)),
        "contrast": pictures.std((1, 2, 3)),
        "detail": np.abs(ndimage.laplace(pictures.mean(1), axes=(1, 2))).mean((1, 2)),
    }
    if channel_names:
        for number, name in enumerate(channel_names):
            found[f"{name} brightness"] = pictures[:, number].mean((1, 2)) - found["brightness"]
    elif pictures.shape[1] == 3:
        found["redness"] = (pictures[:, 0] - pictures[:, 1:].mean(1)).mean((1, 2))
    shapes = np.array([_shape(one) for one in pictures])
    for number, name in enumerate(("size", "position down", "position right", "elongation")):
        found[name] = shapes[:, number]
    return {name: np.asarray(values, np.float64) for name, values in found.items()}


def object_mask(picture: NDArray[np.float32]) -> NDArray[np.bool_]:
    """``(H, W)`` true where a picture ``(C, H, W)`` differs from its rim."""
    height, width = picture.shape[1:]
    rim = np.ones((height, width), bool)
    wide = max(1, round(EDGE * min(height, width)))
    rim[wide:-wide, wide:-wide] = False
    middle = np.median(picture[:, rim], axis=1)
    distance = np.linalg.norm(ndimage.gaussian_filter(picture, (0, 1, 1)) - middle[:, None, None], axis=0)
    if np.ptp(distance) < 1e-6:
        return np.ones((height, width), bool)
    marked = distance > threshold_otsu(distance)
    labels, count = ndimage.label(marked)
    if not count:
        return np.ones((height, width), bool)
    largest = int(np.bincount(labels.ravel())[1:].argmax()) + 1
    return np.asarray(ndimage.binary_fill_holes(labels == largest), bool)


def _shape(picture: NDArray[np.float32]) -> tuple[float, float, float, float]:
    mask = object_mask(picture)
    y, x = (axis / side for axis, side in zip(np.nonzero(mask), mask.shape, strict=True))
    spread = np.linalg.eigvalsh(np.cov(np.stack([y, x]))) if len(y) > 2 else np.ones(2)
    elongation = 1 - float(np.sqrt(max(spread[0], 0) / max(spread[1], 1e-12)))
    return float(mask.mean()), float(y.mean()), float(x.mean()), elongation
