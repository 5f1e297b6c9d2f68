"""What an explanation lies on: the picture that was fitted to the net, or the part of a scan that its window shows.

Heat is made on the net's grid. A source knows the way from there to the pixels or voxels that a reader looks at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from limner.image import Fit, Grid, Image, Picture, resample_array
from limner.infer.explain.heat import labels_to_source, to_source
from limner.scene import Part

Mask = NDArray[np.bool_]
NEAR_MM = 10.0
"""How far the surroundings of a finding reach at least."""


class Source(Protocol):
    """What heat maps lie on."""

    @property
    def size(self) -> tuple[int, ...]:
        """Pixels or voxels along the axes of space."""

    @property
    def inner(self) -> tuple[slice, ...]:
        """Where it lies in what the net is shown; the rest is padding."""

    def heat(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """A map of what the net is shown, at any resolution, on the source's grid."""

    def parts(self, labels: NDArray[np.integer]) -> NDArray[np.int32]:
        """Labels of what the net is shown on the source's grid, by the nearest; 0 where it is not shown."""


@dataclass(frozen=True, eq=False)
class PictureSource:
    """A picture, and how it was fitted to the net's size."""

    picture: Picture
    fit: Fit

    @property
    def size(self) -> tuple[int, ...]:
        """See :class:`Source`."""
        return self.picture.size

    @property
    def inner(self) -> tuple[slice, ...]:
        """See :class:`Source`."""
        return self.fit.inner

    def heat(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """See :class:`Source`."""
        return to_source(values, self.fit)

    def parts(self, labels: NDArray[np.integer]) -> NDArray[np.int32]:
        """See :class:`Source`."""
        return labels_to_source(labels, self.fit)


@dataclass(frozen=True, eq=False)
class ScanSource:
    """The part of a scan that a net's window shows.

    Args:
        scan: the whole scan; files are written on its grid.
        finding: what is explained, by its place in ``scan``.
        window: the grid of what the net is shown.
    """

    scan: Image
    finding: Part
    window: Grid

    @cached_property
    def box(self) -> tuple[slice, slice, slice]:
        """Where the window lies in the scan: the voxels whose centres are in it, at least one along each axis."""
        ends = [(-0.5, n - 0.5) for n in self.window.shape]
        corners = np.array(np.meshgrid(*ends, indexing="ij")).reshape(3, -1).T
        there = self.scan.grid.index(self.window.world(corners))
        last = np.array(self.scan.grid.shape)
        low = np.clip(np.ceil(there.min(0) - 1e-6).astype(int), 0, last - 1)
        high = np.clip(np.floor(there.max(0) + 1e-6).astype(int) + 1, low + 1, last)
        return slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2])

    @cached_property
    def grid(self) -> Grid:
        """Of the part that is shown, voxel for voxel the scan's."""
        low, size = [one.start for one in self.box], [one.stop - one.start for one in self.box]
        return self.scan.grid.crop(low, (size[0], size[1], size[2]))

    @cached_property
    def center_mm(self) -> NDArray[np.float64]:
        """The voxel of the finding that is nearest to its middle, ``(x, y, z)``."""
        points = self.finding.grid.world(np.argwhere(self.finding.mask))
        return np.asarray(points[np.square(points - points.mean(0)).sum(1).argmin()])

    @property
    def image(self) -> Image:
        """The values of the part that is shown."""
        one = self.scan
        return Image(one.array[self.box], self.grid, one.modality, one.unit, one.clipped)

    @cached_property
    def mask(self) -> Mask:
        """``(Z, Y, X)`` of the finding in the part that is shown."""
        out = np.zeros(self.size, bool)
        own, there = [], []
        for shown, has in zip(self.box, self.finding.box, strict=True):
            low, high = max(shown.start, has.start), min(shown.stop, has.stop)
            own.append(slice(low - shown.start, max(high, low) - shown.start))
            there.append(slice(low - has.start, max(high, low) - has.start))
        out[tuple(own)] = self.finding.mask[tuple(there)]
        return out

    @property
    def size(self) -> tuple[int, ...]:
        """See :class:`Source`."""
        return self.grid.shape

    @property
    def inner(self) -> tuple[slice, ...]:
        """See :class:`Source`; past the edges of a scan its edge goes on, and nothing is padding."""
        return tuple(slice(0, n) for n in self.window.shape)

    def heat(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """See :class:`Source`."""
        shape = (values.shape[0], values.shape[1], values.shape[2])
        return np.asarray(resample_array(values.astype(np.float32), coarser(self.window, shape), self.grid))

    def parts(self, labels: NDArray[np.integer]) -> NDArray[np.int32]:
        """See :class:`Source`."""
        return np.asarray(resample_array(labels.astype(np.int32), self.window, self.grid, nearest=True))

    def on_scan(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Values of the part that is shown ``(Z, Y, X)`` on the whole scan, 0 elsewhere."""
        out = np.zeros(self.scan.grid.shape, np.float32)
        out[self.box] = values
        return out


def coarser(grid: Grid, shape: tuple[int, int, int]) -> Grid:
    """The same box in space cut into another number of cells along each axis."""
    steps = np.array(grid.shape) / np.array(shape)
    affine = grid.affine.copy()
    affine[:3, :3] = affine[:3, :3] * steps
    affine[:3, 3] = grid.world((steps - 1) / 2)
    return Grid(shape, affine)


def margin_mm(sides_mm: NDArray[np.floating]) -> float:
    """How far the surroundings of a finding reach: half of its longest side, at least :data:`NEAR_MM`."""
    return max(NEAR_MM, float(np.max(sides_mm)) / 2)
