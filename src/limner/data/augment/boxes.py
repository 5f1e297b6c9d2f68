"""Boxes moved with their pictures: through the same sampled parameters that move the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.augment.params import BatchParams
from limner.data.augment.spatial import follow


def move_boxes(
    boxes: NDArray[Any], params: BatchParams, index: int, size: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Where boxes of one picture of a batch lie after :func:`limner.data.augment.picture.apply_spatial`.

    A turned box becomes the box around the ellipse that filled it, since lesions are round: the box around its turned
    corners would grow.

    Source: Kalra et al., *Towards rotation invariance in object detection*, ICCV 2021.

    Args:
        boxes: ``(N, 2 × axes)`` pixel edges, low corner then high corner.
        params: of the batch.
        index: of the picture in the batch.
        size: of the picture.

    Returns:
        Boxes, cut at the picture's edge, and which of them still have their centre in it.
    """
    axes, edge = len(size), np.array(size, float)
    given = np.asarray(boxes, float).reshape(-1, 2 * axes)
    low, high = given[:, None, :axes], given[:, None, axes:]
    rim = np.concatenate([np.zeros((1, axes)), _rim(axes)])
    moved = follow(params, index, (low + high) / 2 + (high - low) / 2 * rim, size).reshape(-1, len(rim), axes)
    center = moved[:, 0]
    whole = np.concatenate([moved.min(1), moved.max(1)], 1)
    kept: NDArray[np.bool_] = np.all((center > 0) & (center < edge), axis=1)
    kept &= np.all(given[:, axes:] > given[:, :axes], axis=1)
    return np.clip(whole, 0, np.tile(edge, 2)), kept


def _rim(axes: int) -> NDArray[np.float64]:
    """Points ``(R, axes)`` on the unit circle or sphere, the ends of the axes among them."""
    if axes == 2:
        angle = np.arange(64) * (2 * np.pi / 64)
        return np.stack([np.sin(angle), np.cos(angle)], 1)
    number = np.arange(250) + 0.5
    z, angle = 1 - 2 * number / 250, np.pi * (1 + 5**0.5) * number  # a spiral of even steps
    radius = np.sqrt(1 - z**2)
    return np.concatenate([np.stack([z, radius * np.sin(angle), radius * np.cos(angle)], 1), np.eye(3), -np.eye(3)])
