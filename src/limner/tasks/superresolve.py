"""Fine voxels from coarse ones: what gives the coarse ones back exactly, and plain interpolation beside it.

Let D be the mean over the thin slices of a thick one (:func:`limner.image.degrade`) and U the repetition of each slice.
D U = 1, so that ``x + U (y − D x)`` is the nearest volume to x whose thick slices are y, whatever x is. The same holds
of coarse pixels, which are means of blocks of fine ones (:class:`Finer`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.image import Grid, blocks_as_slices, degrade, fine_grid, repeat, slices_as_blocks, thin_grid

Field = NDArray[np.float32]


def project(thin: Field, thick: Field, factor: int) -> Field:
    """The nearest volume to ``thin`` whose thick slices are ``thick``.

    Source: Schwab et al., *Deep null space learning for inverse problems*, Inverse Problems 35, 2019, definition 3.2.
    """
    return thin + repeat(thick - degrade(thin, factor), factor)


def whole_numbers(thin: Field, thick: Field, factor: int) -> NDArray[np.int16]:
    """A consistent volume as whole numbers that still add up.

    Rounding each voxel alone would move the means. Here each group of ``factor`` voxels is rounded down, and those
    with the largest remainders go up until the sum is the nearest whole number to that of the thick slice. Where thick
    slices are whole numbers, their means are kept exactly, but where values past 16 bits are cut off at its ends.

    Args:
        thin: ``(factor · Z, …)``, consistent with ``thick``.
        thick: ``(Z, …)``.

    Source: the largest remainder method (Hamilton).
    """
    groups = thin.reshape(len(thick), factor, *thin.shape[1:])
    down = np.floor(groups)
    missing = np.rint(thick * np.float64(factor)) - down.sum(1, dtype=np.float64)
    order = np.argsort(down - groups, axis=1, kind="stable")  # the largest remainder first
    rank = np.empty_like(order)
    places = np.arange(factor).reshape(1, factor, *([1] * (thin.ndim - 1)))
    np.put_along_axis(rank, order, np.broadcast_to(places, order.shape), axis=1)
    up = (rank < missing[:, None]).astype(np.float32)
    kind = np.iinfo(np.int16)
    return np.clip(down + up, kind.min, kind.max).reshape(thin.shape).astype(np.int16)


def consistency(thin: NDArray[Any], thick: Field, factor: int) -> float:
    """Mean absolute difference between the thick slices that a result gives and those it was made from."""
    return float(np.abs(degrade(thin, factor) - thick).mean(dtype=np.float64))


def interpolate(thick: Field, factor: int, order: int, axes: int = 1) -> Field:
    """Plain interpolation along the first axes: ``order`` 3 is the cubic B-spline, 1 is linear.

    The middle of a thick slice lies in the middle of its thin ones, half a slice inside its face; past the outermost
    middles the outermost slices go on.

    Args:
        thick: of any shape.
        factor: voxels that each becomes along each of these axes.
        order: of the spline.
        axes: how many axes become finer, the first ones.

    Source: Unser, *Splines*, IEEE Signal Processing Magazine 16, 1999.
    """
    zoom = (factor,) * axes + (1,) * (thick.ndim - axes)
    return ndimage.zoom(thick, zoom, order=order, mode="nearest", grid_mode=True, prefilter=order > 1)


@dataclass(frozen=True)
class Finer:
    """What becomes finer in a volume ``(Z, Y, X)``, by how much, and what is kept.

    Args:
        factor: fine voxels of a coarse one along each axis that becomes finer.
        within: the pixels of each slice become finer along both sides; where False, slices become thinner.
    """

    factor: int
    within: bool = False

    @property
    def count(self) -> int:
        """Fine voxels of a coarse one."""
        return self.factor**2 if self.within else self.factor

    def coarse(self, fine: NDArray[Any]) -> Field:
        """What the coarse voxels would have measured: means. Fine voxels that fill no coarse one are dropped."""
        return degrade(self._as_slices(fine), self.count)

    def cut(self, fine: NDArray[Any]) -> NDArray[Any]:
        """Without the fine voxels that fill no coarse one."""
        if self.within:
            return fine[:, : self._whole(fine.shape[1]), : self._whole(fine.shape[2])]
        return fine[: self._whole(len(fine))]

    def kept(self, fine: Field, coarse: Field) -> NDArray[np.int16]:
        """The nearest volume whose means are ``coarse``, as whole numbers that still add up."""
        slices = project(self._as_slices(fine), coarse, self.count)
        found = whole_numbers(slices, coarse, self.count)
        return slices_as_blocks(found, self.factor) if self.within else found

    def apart(self, fine: NDArray[Any], coarse: NDArray[Any]) -> Field:
        """How far the means of the fine voxels lie from the coarse ones, at each of these."""
        return np.asarray(np.abs(self.coarse(fine) - coarse), np.float32)

    def interpolate(self, coarse: Field, order: int) -> Field:
        """See :func:`interpolate`; within slices, slice by slice."""
        if not self.within:
            return interpolate(coarse, self.factor, order)
        return np.stack([interpolate(one, self.factor, order, 2) for one in coarse])

    def grid(self, grid: Grid) -> Grid:
        """Of the fine voxels: the same box in space."""
        return fine_grid(grid, self.factor) if self.within else thin_grid(grid, self.factor)

    def coarse_spacing(self, spacing_mm: tuple[float, float, float]) -> tuple[float, float, float]:
        """Of the coarse voxels, from that of the fine ones."""
        z, y, x = spacing_mm
        return (z, y * self.factor, x * self.factor) if self.within else (z * self.factor, y, x)

    def _as_slices(self, fine: NDArray[Any]) -> NDArray[Any]:
        return blocks_as_slices(fine, self.factor) if self.within else fine

    def _whole(self, length: int) -> int:
        return length // self.factor * self.factor
