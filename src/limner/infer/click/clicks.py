"""What is clicked on, what the points ask for, and what is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from limner.image import Grid

Mask = NDArray[np.bool_]
Box = tuple[slice, slice, slice]


class Boxed(Protocol):
    """Values of a scan, asked for a box at a time: an array, or :class:`limner.infer.sight.Sight`."""

    def __getitem__(self, box: Box, /) -> NDArray[np.float32]:
        """``(Z, Y, X)`` of the box."""
        ...


@dataclass(frozen=True)
class ClickSettings:
    """How a click is read. Lengths in mm.

    Args:
        reach_mm: how far from the points the first look goes; doubled while the mask fills it.
        widest_mm: how far at most.
        nodes: voxels of one cut.
        ball_mm: around a point this counts as seen by it.
        smooth_mm: Gaussian that calms noise before looking.
        certain: most that the looks of one voxel may say, for or against.
        tie: weight of "neighbours belong together" against "looks like".
        far: cost of a voxel at the end of the reach, as if it looked unlike by so much.
        local: what a point says of its surroundings, falling to a third every ``ball_mm``.
        share: of the distance between the points inside that lie farthest apart, to which they speak at least.
        elsewhere: cost of leaving the organ in which the points lie.
    """

    reach_mm: float = 30.0
    widest_mm: float = 100.0
    nodes: int = 64**3
    ball_mm: float = 4.0
    smooth_mm: float = 1.2
    certain: float = 3.0
    tie: float = 1.75
    far: float = 1.0
    local: float = 5.0
    share: float = 0.4
    elsewhere: float = 4.0


@dataclass(frozen=True)
class Clicks:
    """Points, and what they ask for.

    Args:
        inside: indices ``(z, y, x)``; at least one.
        outside: likewise; may be none.
    """

    inside: tuple[tuple[int, int, int], ...]
    outside: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, eq=False)
class Scene:
    """What is clicked on.

    Args:
        array: ``(Z, Y, X)`` voxel values.
        grid: where they stand.
        labels: ``(Z, Y, X)`` what is drawn there now, 0 where nothing is; None where nothing is known.
        value: of the label that is being corrected: what carries it is looked through, and counts as nothing drawn.
        probability: ``(Z, Y, X)`` 0-1 of a net, an array or what gives a box of it; given, the cut follows the net,
            shifted to obey the points.
    """

    array: NDArray[np.generic]
    grid: Grid
    labels: NDArray[np.unsignedinteger] | None = None
    value: int = 0
    probability: Boxed | None = None


@dataclass(frozen=True, eq=False)
class Clicked:
    """A mask in its box.

    Args:
        start: index ``(z, y, x)`` of the mask's first voxel.
        mask: ``(Z, Y, X)`` bool.
    """

    start: tuple[int, int, int]
    mask: Mask

    def whole(self, shape: tuple[int, int, int]) -> Mask:
        """The mask in an array of the scan's shape."""
        out = np.zeros(shape, np.bool_)
        out[tuple(slice(a, a + n) for a, n in zip(self.start, self.mask.shape, strict=True))] = self.mask
        return out
