"""A volume through a net in overlapping windows: bounded memory, no seams."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Triple = tuple[int, int, int]
Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def starts(length: int, window: int, overlap: float) -> list[int]:
    """Where windows begin along one axis: evenly spread, the last one flush with the end.

    >>> starts(100, 40, 0.5)
    [0, 20, 40, 60]
    >>> starts(30, 40, 0.5)
    [0]
    """
    if length <= window:
        return [0]
    count = int(np.ceil((length - window) / (window * (1 - overlap)))) + 1
    return [round(k * (length - window) / (count - 1)) for k in range(count)]


def corners(shape: tuple[int, ...], window: Triple, overlap: float) -> tuple[Triple, ...]:
    """Where the windows of a volume begin, in order.

    >>> corners((30, 40, 100), (40, 40, 40), 0.5)
    ((0, 0, 0), (0, 0, 20), (0, 0, 40), (0, 0, 60))
    """
    axes = [starts(n, s, overlap) for n, s in zip(shape, window, strict=True)]
    return tuple((z, y, x) for z, y, x in itertools.product(*axes))


def weights(window: Triple) -> NDArray[np.float32]:
    """A Gaussian that trusts the middle of a window more than its border.

    Source: Isensee et al., nnU-Net, 2021 (sigma an eighth of the window); never zero, so that every voxel is covered.
    """
    axes = [np.exp(-0.5 * ((np.arange(n) - (n - 1) / 2) / (n / 8)) ** 2) for n in window]
    product = axes[0][:, None, None] * axes[1][None, :, None] * axes[2][None, None, :]
    return np.maximum(product, 1e-3).astype(np.float32)


def slide(
    volume: NDArray[np.float32],
    run: Run,
    window: Triple,
    *,
    divisible: Triple,
    overlap: float = 0.5,
    progress: Callable[[float], None] | None = None,
) -> NDArray[np.float32]:
    """Logits of a whole volume.

    Args:
        volume: ``(Channels, Z, Y, X)``.
        run: ``(1, Channels, Z, Y, X)`` to ``(1, C, Z, Y, X)``.
        window: voxels; shrinks to the volume, rounded up to ``divisible``.
        overlap: share of a window that its neighbour sees too.

    Returns:
        ``(C, Z, Y, X)`` float32.
    """
    shape = volume.shape[1:]
    size = tuple(min(w, -(-n // d) * d) for w, n, d in zip(window, shape, divisible, strict=True))
    padded_shape = tuple(max(n, s) for n, s in zip(shape, size, strict=True))
    padding = [(0, 0), *((0, p - n) for p, n in zip(padded_shape, shape, strict=True))]
    padded = np.pad(volume, padding, mode="edge") if any(after for _, after in padding) else volume
    weight = weights((size[0], size[1], size[2]))
    places = corners(padded_shape, (size[0], size[1], size[2]), overlap)
    total: NDArray[np.float32] | None = None
    seen = np.zeros(padded_shape, np.float32)
    for number, place in enumerate(places):
        box = tuple(slice(a, a + s) for a, s in zip(place, size, strict=True))
        logits = run(np.ascontiguousarray(padded[(slice(None), *box)], np.float32)[None])[0]
        if total is None:
            total = np.zeros((logits.shape[0], *padded_shape), np.float32)
        total[(slice(None), *box)] += logits * weight
        seen[box] += weight
        if progress:
            progress((number + 1) / len(places))
    assert total is not None
    total /= seen
    return total[(slice(None), *(slice(0, n) for n in shape))]


def cut(volume: NDArray[np.float32], box: tuple[slice, ...]) -> NDArray[np.float32]:
    """A window of a volume ``(Channels, Z, Y, X)``, contiguous; past the volume's edges the edge is repeated."""
    shape = volume.shape[1:]
    part = volume[(slice(None), *(slice(max(0, s.start), s.stop) for s in box))]
    missing = [(max(0, -s.start), max(0, s.stop - n)) for s, n in zip(box, shape, strict=True)]
    padded = np.pad(part, [(0, 0), *missing], mode="edge") if any(map(any, missing)) else part
    return np.ascontiguousarray(padded, np.float32)
