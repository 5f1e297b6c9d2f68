"""Boxes: their overlap, and how a map of centres becomes boxes and boxes become a map.

A box is ``(low corner, high corner)`` along ``(z,) y, x`` in pixel edges; a sphere is the box around it. A cell of a
map covers ``stride`` pixels; cell ``i`` has its centre at pixel edge ``(i + 0.5) × stride``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Boxes = NDArray[np.floating]

GAUSSIAN_SHARE, LEAST_SIGMA = 0.09, 0.6
"""Width of the peak in a map: share of the box's side (TTFNet's 0.54 / 6), and at least so many cells."""


@dataclass(frozen=True)
class Marks:
    """What was found in an image: ``boxes`` ``(N, 2 × axes)``, ``scores`` ``(N,)`` 0–1, ``classes`` ``(N,)`` from 0."""

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    classes: NDArray[np.int64]

    def take(self, index: NDArray[np.integer] | NDArray[np.bool_]) -> Marks:
        """Some of them."""
        return Marks(self.boxes[index], self.scores[index], self.classes[index])


@dataclass(frozen=True)
class Targets:
    """What a net should say.

    Args:
        heat: ``(K, *cells)``, 1 at centres and a Gaussian around them.
        sizes: ``(axes, *cells)`` logarithm of the sides in cells.
        offsets: ``(axes, *cells)`` from a cell's centre to the box's, in cells.
        weight: ``(*cells)`` how much sizes and offsets count there.
    """

    heat: NDArray[np.float32]
    sizes: NDArray[np.float32]
    offsets: NDArray[np.float32]
    weight: NDArray[np.float32]


def volumes(boxes: Boxes) -> NDArray[np.float64]:
    """Area or volume of each box."""
    axes = boxes.shape[1] // 2
    return np.asarray(np.prod(np.maximum(boxes[:, axes:] - boxes[:, :axes], 0), axis=1), np.float64)


def iou(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """Intersection over union of every pair, ``(N, M)``.

    >>> iou(np.array([[0, 0, 2, 2.0]]), np.array([[0, 1, 2, 3.0]])).round(3).tolist()
    [[0.333]]
    """
    axes = a.shape[1] // 2
    low = np.maximum(a[:, None, :axes], b[None, :, :axes])
    high = np.minimum(a[:, None, axes:], b[None, :, axes:])
    both = np.prod(np.maximum(high - low, 0), axis=2)
    either = volumes(a)[:, None] + volumes(b)[None] - both
    return np.asarray(both / np.maximum(either, 1e-9), np.float64)


def suppress(marks: Marks, overlap: float = 0.3) -> Marks:
    """The surest of those of one class that overlap, surest first (non-maximum suppression)."""
    order = np.argsort(-marks.scores, kind="stable")
    same = marks.classes[:, None] == marks.classes[None]
    crowded = (iou(marks.boxes, marks.boxes) > overlap) & same
    kept: list[int] = []
    for index in order:
        if not crowded[index, kept].any():
            kept.append(int(index))
    return marks.take(np.array(kept, np.int64))


def encode(boxes: Boxes, classes: NDArray[np.integer], count: int, size: tuple[int, ...], stride: int) -> Targets:
    """The maps that a net should give for boxes.

    Args:
        boxes: ``(N, 2 × axes)`` in pixels.
        classes: ``(N,)`` from 0.
        count: of classes, K.
        size: of the picture in pixels, divisible by ``stride``.
        stride: pixels of a cell.

    Source: Zhou et al., *Objects as Points*, 2019, section 3 (Gaussian around a centre); Liu et al., *TTFNet*, AAAI
    2020 (a Gaussian per axis; sizes are learned around the centre, not at it alone).
    """
    axes, cells = len(size), tuple(n // stride for n in size)
    heat = np.zeros((count, *cells), np.float32)
    sizes, offsets = np.zeros((axes, *cells), np.float32), np.zeros((axes, *cells), np.float32)
    weight = np.zeros(cells, np.float32)
    for box, kind in zip(np.asarray(boxes, float), classes, strict=True):
        center, side = (box[:axes] + box[axes:]) / 2 / stride, (box[axes:] - box[:axes]) / stride
        at = np.clip(np.floor(center).astype(int), 0, np.array(cells) - 1)
        sigma = np.maximum(GAUSSIAN_SHARE * side, LEAST_SIGMA)
        bell = np.ones((1,) * axes, np.float32)
        for axis, n in enumerate(cells):
            line = np.exp(-0.5 * ((np.arange(n) - at[axis]) / sigma[axis]) ** 2)
            bell = bell * line.reshape([-1 if k == axis else 1 for k in range(axes)]).astype(np.float32)
        np.maximum(heat[kind], bell, out=heat[kind])
        own = (bell > 0.3) & (bell > weight)
        weight[own] = bell[own]
        for axis, n in enumerate(cells):
            away = center[axis] - (np.arange(n) + 0.5)
            full = np.broadcast_to(away.reshape([-1 if k == axis else 1 for k in range(axes)]), cells)
            offsets[axis][own] = full[own]
            sizes[axis][own] = np.log(max(side[axis], 1e-3))
    return Targets(heat, sizes, offsets, weight)


def decode(
    centers: NDArray[np.floating],
    sizes: NDArray[np.floating],
    offsets: NDArray[np.floating],
    stride: int,
    *,
    threshold: float = 0.05,
    most: int = 100,
    overlap: float = 0.3,
) -> Marks:
    """Boxes of one image, surest first: local maxima of the maps, their sizes, and the surest of those that overlap.

    Args:
        centers: ``(K, *cells)`` probabilities.
        sizes, offsets: ``(axes, *cells)`` as in :class:`Targets`.
        stride: pixels of a cell.
        threshold: least probability of a mark.
        most: marks before suppression.
        overlap: of two marks of one class, above which the less sure one goes.

    Source: Zhou et al., *Objects as Points*, 2019, section 4 (3 × 3 local maxima).
    """
    axes = centers.ndim - 1
    peak = ndimage.maximum_filter(centers, size=(1, *(3,) * axes), mode="constant")
    found = np.argwhere((centers == peak) & (centers >= threshold))
    scores = centers[tuple(found.T)].astype(np.float64)
    order = np.argsort(-scores, kind="stable")[:most]
    found, scores = found[order], scores[order]
    place = tuple(found[:, 1:].T)
    center = found[:, 1:] + 0.5 + np.stack([offsets[k][place] for k in range(axes)], 1)
    half = np.exp(np.clip(np.stack([sizes[k][place] for k in range(axes)], 1), -5, 8)) / 2
    boxes = np.concatenate([center - half, center + half], 1) * stride
    return suppress(Marks(boxes.astype(np.float64), scores, found[:, 0].astype(np.int64)), overlap)
