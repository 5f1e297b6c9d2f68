"""Colour constancy: a picture as it would look under white light, whatever lamp and camera it was taken with.

A step before the net, in training and in use alike; numpy only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def white_light(image: NDArray[np.uint8], p: float = 6.0) -> NDArray[np.uint8]:
    """Divides each channel by the light's colour, estimated as the Minkowski mean of order ``p``.

    ``p = 1`` is the grey-world assumption, ``p → ∞`` the brightest patch. Black padding changes nothing.

    Source: Finlayson & Trezzi, *Shades of gray and colour constancy*, CIC 12 (2004), equation 5, with p = 6; for
    dermoscopy Barata et al., IEEE JBHI 19 (2015).

    Args:
        image: ``(3, Y, X)``; of any other number of channels it comes back as it is, since grey has no colour.

    >>> reddish = np.array([[[200]], [[100]], [[100]]], np.uint8)
    >>> white_light(reddish).ravel().tolist()
    [141, 141, 141]
    """
    if image.shape[0] != 3:
        return image
    counts = np.stack([np.bincount(channel.ravel(), minlength=256) for channel in image]).astype(float)
    values = np.arange(256) / 255.0
    light = (counts @ values**p / image[0].size) ** (1 / p)
    if not light.all():  # a channel that is black everywhere tells of no light
        return image
    gain = np.linalg.norm(light) / (np.sqrt(3) * light)
    tables = np.clip(np.rint(values[None] * 255 * gain[:, None]), 0, 255).astype(np.uint8)
    return np.stack([table[channel] for table, channel in zip(tables, image, strict=True)])
