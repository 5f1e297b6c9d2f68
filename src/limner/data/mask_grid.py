"""A mask brought to its image's grid, and refused where the two do not belong together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from limner.errors import CohortError
from limner.image import Grid, LabelMap, resample_array

SAME_MM = 0.1
"""Grids whose corners lie no farther apart are one grid, written with fewer digits."""
LEAST_COVERED = 0.5
"""Share of the image's box that a mask's box must cover."""


def on_grid(labels: LabelMap, grid: Grid, who: str, name: str) -> NDArray[np.unsignedinteger]:
    """The values of a mask at the voxels of its image, nearest neighbour.

    Args:
        labels: the mask on its own grid.
        grid: of the image.
        who: the case, for messages.
        name: of the mask's file, for messages.

    Returns:
        ``(Z, Y, X)`` of the image's shape.

    Raises:
        CohortError: the mask's box covers less than half of the image's, or nothing that it marks lies in the image.
    """
    covered = share_covered(grid, labels.grid)
    if covered < LEAST_COVERED:
        raise CohortError(
            f"Case {who!r}: the mask {name!r} lies elsewhere than its image: it covers {covered:.0%} of the image's "
            f"box.\n{_places(labels.grid, grid)}\nIs it the mask of another case, or written without its affine?"
        )
    found: NDArray[np.unsignedinteger] = resample_array(labels.array, labels.grid, grid, nearest=True)
    if labels.array.any() and not found.any():
        raise CohortError(
            f"Case {who!r}: the mask {name!r} marks {int((labels.array > 0).sum())} voxels on its own grid, and none "
            f"of them lies at a voxel of its image.\n{_places(labels.grid, grid)}\nDraw the mask on the image's grid, "
            "or leave the case out."
        )
    return found


def share_covered(grid: Grid, by: Grid, points: int = 16) -> float:
    """Share of one grid's box that lies in another's.

    >>> grid = Grid.axial((10, 10, 10), spacing_mm=(1, 1, 1))
    >>> share_covered(grid, grid), share_covered(grid, Grid.axial((10, 10, 10), (1, 1, 1), (500, 0, 0)))
    (1.0, 0.0)
    """
    axes = [np.linspace(0, n - 1, min(n, points)) for n in grid.shape]
    at = by.index(grid.world(np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)))
    return float(((at >= -0.5) & (at <= np.array(by.shape) - 0.5)).all(1).mean())


def say_resampled(cases: Sequence[str]) -> list[str]:
    """What is said of cases whose mask lay on another grid; nothing where none did."""
    if not cases:
        return []
    shown = ", ".join(cases[:5]) + (", …" if len(cases) > 5 else "")
    return [f"{len(cases)} case(s) have a mask on another grid than their image; it was resampled: {shown}."]


def _places(mask: Grid, image: Grid) -> str:
    return f"  mask:  {_place(mask)}\n  image: {_place(image)}"


def _place(grid: Grid) -> str:
    ends = grid.world([(0, 0, 0), [n - 1 for n in grid.shape]])
    spans = (f"{axis} {low:.0f} to {high:.0f}" for axis, low, high in zip("xyz", *np.sort(ends, 0), strict=True))
    shape, spacing = " × ".join(map(str, grid.shape)), " × ".join(f"{s:.3g}" for s in grid.spacing_mm)
    return f"{shape} voxels (Z, Y, X) of {spacing} mm, {', '.join(spans)} mm (LPS)"
