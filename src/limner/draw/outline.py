"""Measures of what is outlined on a picture, in millimetres where a pixel's size is known, else in pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from limner.findings import Measurement

SPECK = 0.0005
Spacing = tuple[float, ...] | None


def parts(mask: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """The connected parts of a mask ``(Y, X)``, largest first.

    Specks below ``SPECK`` of the picture are left out where a larger part is there: they stay in the label map.
    """
    found, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(found.ravel(), minlength=count + 1)[1:]
    order = [int(k) for k in np.argsort(-sizes, kind="stable")]
    kept = [k for n, k in enumerate(order) if n == 0 or sizes[k] >= SPECK * mask.size]
    return [found == k + 1 for k in kept]


def measure_part(mask: NDArray[np.bool_], spacing_mm: Spacing, share: tuple[float, float] | None) -> list[Measurement]:
    """Area and diameters of one connected part.

    Args:
        mask: ``(Y, X)``, true inside.
        spacing_mm: of a pixel along ``(Y, X)``, None where nobody wrote it down.
        share: ends of the interval of the area, as shares of it; None where it is not known.
    """
    sides = np.array(spacing_mm or (1.0, 1.0))
    one, length, square = float(sides.prod()), *(("mm", "mm2") if spacing_mm else ("px", "px2"))
    count = int(np.count_nonzero(mask))
    low, high = (None, None) if share is None else (round(count * one * end, 3) for end in share)
    longest, shortest = diameters(mask, sides)
    return [
        Measurement(name="area", value=round(count * one, 3), unit=square, low=low, high=high),
        Measurement(name="longest diameter", value=round(longest, 2), unit=length),
        Measurement(name="shortest diameter", value=round(shortest, 2), unit=length),
    ]


def measure_box(box: tuple[float, ...], spacing_mm: Spacing) -> list[Measurement]:
    """Width and height of ``(x0, y0, x1, y1)`` in pixels."""
    dy, dx = spacing_mm or (1.0, 1.0)
    unit = "mm" if spacing_mm else "px"
    x0, y0, x1, y1 = box
    return [
        Measurement(name="width", value=round((x1 - x0) * dx, 2), unit=unit),
        Measurement(name="height", value=round((y1 - y0) * dy, 2), unit=unit),
    ]


def diameters(mask: NDArray[np.bool_], sides: NDArray[np.float64]) -> tuple[float, float]:
    """The longest and the shortest distance between two parallel lines that hold the part between them (calipers).

    Points are the middles of the pixel edges on the rim, so a straight side of n pixels measures n.

    >>> longest, shortest = diameters(np.ones((4, 10), bool), np.ones(2))
    >>> round(longest, 1), round(shortest, 1)
    (10.4, 4.0)
    """
    points = _rim(mask) * sides
    try:
        corners = points[ConvexHull(points).vertices]
    except (QhullError, ValueError):
        corners = points
    longest = float(pdist(corners).max(initial=0.0))
    edges = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(edges, axis=1)
    edges, lengths = edges[lengths > 0], lengths[lengths > 0]
    if not len(edges):
        return longest, longest
    across = np.stack([-edges[:, 1], edges[:, 0]], axis=1) / lengths[:, None]
    widths = corners @ across.T
    return longest, float((widths.max(axis=0) - widths.min(axis=0)).min())


def _rim(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """``(N, 2)`` middles of the pixel edges between inside and outside, as ``y, x``."""
    framed = np.pad(mask, 1)
    points = []
    for axis in (0, 1):
        changed = np.argwhere(np.diff(framed, axis=axis)).astype(float)
        changed[:, axis] += 0.5
        points.append(changed - 1)
    return np.concatenate(points)
