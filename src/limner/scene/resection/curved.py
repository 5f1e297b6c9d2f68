"""A curved cut: a bicubic Bézier surface of 4 × 4 control points that stand over a plane.

The control points stand on a regular lattice of the plane and move along its normal, so the surface is the graph of a
height and a point's side is known without iteration: 400 000 points in some 20 ms, where a thin-plate spline takes a
logarithm for each point and control point. The surface stays within the heights of its control points.

Source: Bernstein form of bicubic patches, Farin G, Curves and Surfaces for CAGD, 5th ed., ch. 14. Deformable Bézier
surfaces of this size are what surgeons bend by hand in NorMIT-Plan and Slicer-Liver.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limner.errors import InputError

Float = NDArray[np.float64]
Values = NDArray[np.floating]
NEAR_MM = 8.0
"""Farther below its lowest control point than this, a point's distance is only bounded, not computed."""


@dataclass(frozen=True, eq=False)
class Curved:
    """A bicubic Bézier height over a plane; what lies above it is taken out.

    Args:
        origin_mm: middle of the plane's patch, LPS.
        axes: 3 × 3, rows are unit vectors: two in the plane, then its normal towards the side that is taken out.
        half_mm: half the patch's extent along the first two axes. Beyond it the surface goes on from its rim and rises.
        heights_mm: 4 × 4, of the control points over the plane.
        wall_slope: rise beyond the patch, mm per mm.
    """

    origin_mm: Float
    axes: Float
    half_mm: tuple[float, float]
    heights_mm: Float
    wall_slope: float = 0.0

    def __post_init__(self) -> None:
        axes = np.asarray(self.axes, np.float64)
        if axes.shape != (3, 3) or np.abs(axes @ axes.T - np.eye(3)).max() > 1e-3:
            raise InputError(f"A curved cut's axes are three unit vectors at right angles; got {axes.tolist()}.")
        heights = np.asarray(self.heights_mm, np.float64)
        if heights.shape != (4, 4) or not np.isfinite(heights).all() or min(self.half_mm) <= 0:
            raise InputError(
                "A curved cut has 4 × 4 finite control heights over a patch with an extent; got heights of shape "
                f"{heights.shape} and half extents {self.half_mm}."
            )
        object.__setattr__(self, "origin_mm", np.asarray(self.origin_mm, np.float64))
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "heights_mm", heights)

    @property
    def normal(self) -> Float:
        """Of the plane under it."""
        return self.axes[2]

    @property
    def control_points_mm(self) -> Float:
        """``(4, 4, 3)`` LPS."""
        steps = np.linspace(-1, 1, 4)
        u, v = np.meshgrid(steps * self.half_mm[0], steps * self.half_mm[1], indexing="ij")
        return self.origin_mm + np.stack([u, v, self.heights_mm], axis=-1) @ self.axes

    def moved_to(self, points_mm: ArrayLike) -> Curved:
        """The surface after a person dragged control points, ``(4, 4, 3)``; only their way along the normal counts."""
        return replace(self, heights_mm=(np.asarray(points_mm, np.float64) - self.origin_mm) @ self.axes[2])

    def raised(self, by_mm: float) -> Curved:
        """All of it moved along the normal: less is taken out where this is positive."""
        return replace(self, heights_mm=self.heights_mm + by_mm)

    def signed_mm(self, points_mm: Values) -> Values:
        """Distance to the surface to first order, ``(N,)``: height over it by the root of 1 + slope²."""
        kind = points_mm.dtype.type
        local = (points_mm - self.origin_mm.astype(kind)) @ self.axes.T.astype(kind)
        over = [np.maximum(np.abs(local[:, k]) - kind(self.half_mm[k]), 0) for k in (0, 1)]
        found = local[:, 2] - kind(self.heights_mm.min())
        if self.wall_slope > 0:
            found -= kind(self.wall_slope) * np.maximum(*over)
        steepest = kind(np.sqrt(1 + self.wall_slope**2))
        near = np.flatnonzero(found > -kind(NEAR_MM) * steepest)
        found /= steepest
        found[near] = self._near(local[near], over[0][near], over[1][near])
        return found

    def _near(self, local: Values, over_u: Values, over_v: Values) -> Values:
        kind = local.dtype.type
        heights = self.heights_mm.astype(kind)
        scale = [kind(1 / (2 * half)) for half in self.half_mm]
        first, first_slope = _bernstein(np.clip(local[:, 0] * scale[0] + kind(0.5), 0, 1))
        second, second_slope = _bernstein(np.clip(local[:, 1] * scale[1] + kind(0.5), 0, 1))
        mixed = first @ heights
        height = np.einsum("ij,ij->i", mixed, second)
        along_u = np.einsum("ij,ij->i", first_slope @ heights, second) * scale[0] * (over_u == 0)
        along_v = np.einsum("ij,ij->i", mixed, second_slope) * scale[1] * (over_v == 0)
        steep = along_u**2 + along_v**2
        if self.wall_slope > 0:
            out = np.hypot(over_u, over_v)
            height += kind(self.wall_slope) * out
            steep += kind(self.wall_slope**2) * (out > 0)
        return np.asarray((local[:, 2] - height) / np.sqrt(1 + steep))

    def as_json(self) -> dict[str, Any]:
        """Frame and control points; the points say all that a person may change."""
        return {
            "kind": "curved",
            "origin_mm": np.round(self.origin_mm, 3).tolist(),
            "axes": np.round(self.axes, 6).tolist(),
            "half_mm": [round(float(one), 3) for one in self.half_mm],
            "control_points_mm": np.round(self.control_points_mm, 3).tolist(),
            "wall_slope": round(float(self.wall_slope), 3),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Curved:
        """The surface that :meth:`as_json` wrote."""
        half = (float(row["half_mm"][0]), float(row["half_mm"][1]))
        flat = cls(
            np.asarray(row["origin_mm"]), np.asarray(row["axes"]), half, np.zeros((4, 4)), float(row["wall_slope"])
        )
        points = np.asarray(row["control_points_mm"], np.float64)
        if points.shape != (4, 4, 3):
            raise InputError(f"A curved cut has 4 × 4 control points of three numbers; got the shape {points.shape}.")
        return flat.moved_to(points)


def bernstein(t: NDArray[np.floating]) -> NDArray[np.floating]:
    """The four cubic Bernstein polynomials, ``(N, 4)``, at places 0 to 1."""
    return _bernstein(t)[0]


def _bernstein(t: Values) -> tuple[Values, Values]:
    """Values and slopes of the four cubic Bernstein polynomials, ``(N, 4)`` each."""
    r = 1 - t
    values = np.stack([r * r * r, 3 * t * r * r, 3 * t * t * r, t * t * t], axis=1)
    slopes = np.stack([-3 * r * r, 3 * r * (r - 2 * t), 3 * t * (2 * r - t), 3 * t * t], axis=1)
    return values, slopes
