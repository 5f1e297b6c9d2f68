"""The scene around the points: a box of it, averaged in blocks so that a cut through it stays small."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.image import Grid
from limner.infer.click.clicks import Box, Clicks, Mask, Scene

Values = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Look:
    """The scene around the points, averaged in blocks of whole voxels."""

    box: Box
    factors: tuple[int, int, int]
    values: Values
    spacing_mm: tuple[float, float, float]
    other: Mask  # lies in another organ than the points, or in none where they lie in one
    probability: Values | None
    inside: NDArray[np.intp]  # (N, 3) in blocks
    outside: NDArray[np.intp]
    usual: float | None  # what their organ measures
    noise: float


def look_at(scene: Scene, clicks: Clicks, box: Box, nodes: int) -> Look:
    """The box in at most ``nodes`` blocks, with the points that lie in it."""
    factors = _factors(box, scene.grid, nodes)
    raw = scene.array[box].astype(np.float32)
    values = _blocks(raw, factors)
    z, y, x = (step * f for step, f in zip(scene.grid.spacing_mm, factors, strict=True))
    start = np.array([one.start for one in box])
    inside, outside = (
        (np.array(points, np.intp).reshape(-1, 3) - start) // np.array(factors)
        for points in (clicks.inside, clicks.outside)
    )
    outside = outside[((outside >= 0) & (outside < values.shape)).all(1)]
    p = None if scene.probability is None else _blocks(scene.probability[box].astype(np.float32), factors)
    host = _host(scene, clicks, box)
    other = _elsewhere(scene, box, host, factors)
    return Look(box, factors, values, (z, y, x), other, p, inside, outside, _usual(scene, host), _noise(values))


def box_around(points: NDArray[np.intp], grid: Grid, margin_mm: float) -> Box:
    """The box of points ``(N, 3)`` with a margin, within the scan."""
    margin = np.maximum(2, np.ceil(margin_mm / np.array(grid.spacing_mm))).astype(int)
    low = np.maximum(points.min(0) - margin, 0)
    high = np.minimum(points.max(0) + margin + 1, grid.shape)
    return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1])), slice(int(low[2]), int(high[2]))


def _factors(box: Box, grid: Grid, nodes: int) -> tuple[int, int, int]:
    """Voxels per block along each axis, so that blocks are about as long as wide and not more than ``nodes``."""
    size = [one.stop - one.start for one in box]
    spacing_mm = min(grid.spacing_mm)
    while True:
        z, y, x = (max(1, int(spacing_mm / step + 0.5)) for step in grid.spacing_mm)
        if np.prod([-(-n // f) for n, f in zip(size, (z, y, x), strict=True)]) <= nodes:
            return z, y, x
        spacing_mm *= 1.1


def _blocks(array: Values, factors: tuple[int, int, int]) -> Values:
    """Means of blocks; the last are filled up by the edge."""
    if factors == (1, 1, 1):
        return array
    padded = np.pad(array, [(0, -n % f) for n, f in zip(array.shape, factors, strict=True)], mode="edge")
    (a, b, c), (fz, fy, fx) = (n // f for n, f in zip(padded.shape, factors, strict=True)), factors
    return padded.reshape(a, fz, b, fy, c, fx).mean((1, 3, 5), dtype=np.float32)


def _host(scene: Scene, clicks: Clicks, box: Box) -> int | None:
    """The organ in which the points lie; the label that is being corrected is looked through, to what is around it."""
    if scene.labels is None:
        return None
    at = [int(scene.labels[point]) for point in clicks.inside]
    if not (known := [one for one in at if one != scene.value]):
        own = scene.labels[box] == scene.value
        known = scene.labels[box][ndimage.binary_dilation(own, iterations=3) & ~own].tolist()
    return int(np.bincount(known).argmax()) if known else None


def _elsewhere(scene: Scene, box: Box, host: int | None, factors: tuple[int, int, int]) -> Mask:
    """Blocks in which another organ is drawn than around the points."""
    size = tuple(-(-(one.stop - one.start) // f) for one, f in zip(box, factors, strict=True))
    if scene.labels is None or host is None:
        return np.zeros(size, np.bool_)
    here = scene.labels[box][tuple(slice(f // 2, None, f) for f in factors)]
    here = np.pad(here, [(0, n - m) for n, m in zip(size, here.shape, strict=True)], mode="edge")
    return np.asarray((here != host) & (here != scene.value))


def _usual(scene: Scene, host: int | None) -> float | None:
    """What the organ in which the points lie usually measures; None where none is drawn."""
    if scene.labels is None or not host:
        return None
    some = tuple(slice(None, None, max(1, n // 128)) for n in scene.grid.shape)
    values = scene.array[some][scene.labels[some] == host]
    return commonest(values.astype(np.float32)) if values.size > 500 else None


def commonest(values: Values, weights: NDArray[np.float64] | None = None) -> float:
    """The peak of the histogram."""
    low, high = np.percentile(values, (2, 98))
    if high - low < 1e-3:
        return float(low)
    counts, edges = np.histogram(values, 64, (low, high), weights=weights)
    return float(edges[int(ndimage.gaussian_filter1d(counts.astype(float), 2).argmax())] + (edges[1] - edges[0]) / 2)


def _noise(values: Values) -> float:
    """Standard deviation of noise: the median of differences between neighbours, as if they were Gaussian.

    Source: Rousseeuw PJ, Croux C. Alternatives to the median absolute deviation. JASA 88:1273, 1993 (the factor).
    """
    steps = np.abs(np.diff(values, axis=2))
    return max(float(np.median(steps[steps > 0])) * 1.4826 / np.sqrt(2), 1e-3) if (steps > 0).any() else 1e-3
