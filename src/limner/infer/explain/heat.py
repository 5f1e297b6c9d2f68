"""Heat maps from one grid to another: a net's coarse map to its input, and to the source picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.image import Fit


def to_fitted(values: NDArray[np.floating], size: tuple[int, ...]) -> NDArray[np.float32]:
    """A coarse map ``(*smaller)`` on the net's grid ``(*size)``, linear between the middles of its cells."""
    at = [(np.arange(n) + 0.5) * m / n - 0.5 for n, m in zip(size, values.shape, strict=True)]
    return _linear(values, at)


def to_source(values: NDArray[np.floating], fit: Fit) -> NDArray[np.float32]:
    """A map of the fitted picture, at any resolution, on the source picture's grid."""
    return _linear(values, _places(values.shape, fit))


def labels_to_source(labels: NDArray[np.integer], fit: Fit) -> NDArray[np.int32]:
    """Labels of the fitted picture on the source picture's grid, by the nearest pixel."""
    at = [
        np.clip(np.floor(x + 0.5), 0, m - 1).astype(int)
        for x, m in zip(_places(labels.shape, fit), labels.shape, strict=True)
    ]
    return labels[np.ix_(*at)].astype(np.int32)


def scaled(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Divided by the largest absolute value: within -1 to 1; mere rounding becomes 0, not noise at full scale."""
    peak = float(np.abs(values).max(initial=0.0))
    return (values / peak).astype(np.float32) if peak > 1e-6 else np.zeros(values.shape, np.float32)


def hottest(values: NDArray[np.floating], middle: NDArray[np.floating] | None = None) -> tuple[int, ...]:
    """The place of the largest value; where several share it (LIME's parts), the one nearest to a point.

    Args:
        values: ``(*size)``.
        middle: the point; the middle of the places that share the value where None.

    >>> hottest(np.array([[0, 2, 2, 2, 0]]))
    (0, 2)
    """
    places = np.argwhere(values == values.max())
    best = places[((places - (places.mean(0) if middle is None else middle)) ** 2).sum(1).argmin()]
    return tuple(int(i) for i in best)


def _places(shape: tuple[int, ...], fit: Fit) -> list[NDArray[np.float64]]:
    """Where the middles of the source's pixels lie on the map, in its cells."""
    places = []
    for axis, m in enumerate(shape):
        centers = (np.arange(fit.source[axis]) + 0.5) * fit.scale + fit.offset[axis]
        places.append(centers * m / fit.size[axis] - 0.5)
    return places


def _linear(values: NDArray[np.floating], at: list[NDArray[np.float64]]) -> NDArray[np.float32]:
    """Linear interpolation along each axis in turn; beyond the outer cells their value holds."""
    out = values.astype(np.float32)
    for axis, x in enumerate(at):
        n = out.shape[axis]
        x = np.clip(x, 0, n - 1)
        low = np.minimum(x.astype(int), max(n - 2, 0))
        high = np.minimum(low + 1, n - 1)
        shape = [1] * out.ndim
        shape[axis] = len(x)
        share = (x - low).astype(np.float32).reshape(shape)
        out = np.take(out, low, axis) * (1 - share) + np.take(out, high, axis) * share
    return out
