"""Pictures: values without a place in the world, as photographs, ultrasound stills and radiographs are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.image.turn import Turn


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels, and where it is known what they measure.

    Args:
        array: ``(C, Y, X)``, or ``(C, Z, Y, X)`` for a small volume without a frame of reference; uint8, C-contiguous.
        spacing_mm: along the axes of space, None where nobody wrote it down.
        turn: of a volume whose file has a place in the world: how its axes were turned to axial, and the way back.
    """

    array: NDArray[np.uint8]
    spacing_mm: tuple[float, ...] | None = None
    turn: Turn | None = None

    def __post_init__(self) -> None:
        if self.array.dtype != np.uint8 or self.array.ndim not in (3, 4):
            raise ValueError(
                f"A picture is uint8 (C, Y, X) or (C, Z, Y, X); got {self.array.dtype} {self.array.shape}."
            )

    @property
    def size(self) -> tuple[int, ...]:
        """Pixels along each axis of space."""
        return self.array.shape[1:]

    def with_channels(self, channels: int) -> Picture:
        """The same picture in grey (1; luma of ITU-R BT.601) or in as many equal channels as asked."""
        have = self.array.shape[0]
        if have == channels:
            return self
        if channels == 1 and have == 3:
            grey = np.tensordot(np.array([0.299, 0.587, 0.114]), self.array.astype(np.float32), 1)
            return Picture((grey[None] + 0.5).astype(np.uint8), self.spacing_mm, self.turn)
        if have == 1:
            return Picture(np.repeat(self.array, channels, axis=0), self.spacing_mm, self.turn)
        raise ValueError(f"A picture of {have} channels does not become one of {channels}.")


@dataclass(frozen=True)
class Fit:
    """How a picture was brought to a net's size: enlarged by ``scale``, then moved by ``offset`` pixels.

    >>> Fit((10, 20), (20, 20), 1.0, (5, 0)).back([[5, 3]]).tolist()
    [[0.0, 3.0]]
    """

    source: tuple[int, ...]
    size: tuple[int, ...]
    scale: float
    offset: tuple[int, ...]

    def forth(self, points: Any) -> NDArray[np.float64]:
        """Points ``(N, axes)`` of the source, as pixel edges, on the fitted picture."""
        return np.asarray(points, float) * self.scale + np.array(self.offset)

    def back(self, points: Any) -> NDArray[np.float64]:
        """Points ``(N, axes)`` of the fitted picture on the source."""
        return (np.asarray(points, float) - np.array(self.offset)) / self.scale

    @property
    def inner(self) -> tuple[slice, ...]:
        """Where the source lies in the fitted picture; the rest is padding."""
        ends = [o + max(1, round(n * self.scale)) for o, n in zip(self.offset, self.source, strict=True)]
        return tuple(slice(o, min(e, n)) for o, e, n in zip(self.offset, ends, self.size, strict=True))


def fit_picture(
    array: NDArray[np.uint8], size: tuple[int, ...], *, nearest: bool = False
) -> tuple[NDArray[np.uint8], Fit]:
    """A picture at a net's size: its sides keep their ratio, what is left over is black.

    Args:
        array: ``(C, Y, X)`` or ``(C, Z, Y, X)``.
        size: along the axes of space.
        nearest: for masks; pixels are averaged otherwise, so that nothing is aliased.
    """
    source = array.shape[1:]
    scale = min(n / s for n, s in zip(size, source, strict=True))
    inner = tuple(max(1, min(n, round(s * scale))) for n, s in zip(size, source, strict=True))
    offset = tuple((n - i) // 2 for n, i in zip(size, inner, strict=True))
    fit = Fit(source, size, scale, offset)
    if inner == source == size:
        return array, fit
    out = np.zeros((array.shape[0], *size), np.uint8)
    for channel, values in enumerate(array):
        out[channel][fit.inner] = _resize(values, tuple(s.stop - s.start for s in fit.inner), nearest)
    return out, fit


def _resize(values: NDArray[np.uint8], size: tuple[int, ...], nearest: bool) -> NDArray[np.uint8]:
    if values.shape == size:
        return values
    if values.ndim == 2:
        from PIL import Image

        how = Image.Resampling.NEAREST if nearest else Image.Resampling.BILINEAR  # Pillow averages when it shrinks
        return np.asarray(Image.fromarray(values).resize((size[1], size[0]), how))
    if nearest:
        at = [
            np.minimum(((np.arange(n) + 0.5) * m / n).astype(int), m - 1)
            for n, m in zip(size, values.shape, strict=True)
        ]
        return np.ascontiguousarray(values[np.ix_(*at)])
    found = values.astype(np.float32)
    for axis, n in enumerate(size):
        found = np.moveaxis(np.tensordot(_means(n, values.shape[axis]), found, (1, axis)), 0, axis)
    return np.clip(found + 0.5, 0, 255).astype(np.uint8)


def _means(n: int, m: int) -> NDArray[np.float32]:
    """What each of ``n`` pixels takes from ``m``: linear between neighbours, and over all it covers where it shrinks.

    The triangle of Pillow's ``BILINEAR``, so that volumes are treated as pictures are.
    """
    reach = max(m / n, 1.0)
    away = (np.arange(n) + 0.5)[:, None] * m / n - (np.arange(m) + 0.5)[None]
    weights = np.maximum(1 - np.abs(away) / reach, 0)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)
