"""A curved cut: a bicubic Bézier surface of 4 × 4 control points that stand over a plane.

The control points stand on a regular lattice of the plane and move along its normal, so the surface is the graph of a
height and a point's side is known without iteration: 400 000 points in some 20 ms, where a thin-plate spline takes a
logarithm for each point and control point. The surface stays within the heights of its control points.

Source: Bernstein form of bicubic patches, Farin G, Curves and Surfaces for CAGD, 5th ed., ch. 14. Deformable Bézier
surfaces of this size are what surgeons bend by hand in NorMIT-Plan and Slicer-Liver.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        """Distance to the surface to first order, ``(N,)``: height over it by the root of 1 + slope².

        Far below the surface it is only bounded, by what is lowest there.
        """
        kind = points_mm.dtype.type
        # a vector at a time: BLAS takes fifty times as long for a product with a 3 × 3 matrix
        u, v, found = (points_mm @ axis.astype(kind) - kind(axis @ self.origin_mm) for axis in self.axes)
        over_u, over_v = (
            np.maximum(np.abs(one) - kind(half), 0) for one, half in zip((u, v), self.half_mm, strict=True)
        )
        height = found.copy()
        found -= kind(self.heights_mm.min())
        if self.wall_slope > 0:
            found -= kind(self.wall_slope) * np.maximum(over_u, over_v)
        steepest = kind(np.sqrt(1 + self.wall_slope**2))
        near = np.flatnonzero(found > -kind(NEAR_MM) * steepest)
        found /= steepest
        found[near] = self._near(u[near], v[near], height[near], over_u[near], over_v[near])
        return np.asarray(found)

    def _near(self, u: Values, v: Values, height: Values, over_u: Values, over_v: Values) -> Values:
        kind = u.dtype.type
        s, t = (np.clip(one / kind(2 * half) + kind(0.5), 0, 1) for one, half in zip((u, v), self.half_mm, strict=True))
        rows = (_TO_POWERS @ self.heights_mm @ _TO_POWERS.T).astype(kind)  # coefficients of s^k t^l
        mixed = [_horner(row, t) for row in rows]
        along_u = _horner([k * one for k, one in enumerate(mixed)][1:], s) * (over_u == 0) / kind(2 * self.half_mm[0])
        slopes = [_horner([k * one for k, one in enumerate(row)][1:], t) for row in rows]
        along_v = _horner(slopes, s) * (over_v == 0) / kind(2 * self.half_mm[1])
        steep = along_u * along_u + along_v * along_v
        height = height - _horner(mixed, s)
        if self.wall_slope > 0:
            out = np.hypot(over_u, over_v)
            height -= kind(self.wall_slope) * out
            steep += kind(self.wall_slope**2) * (out > 0)
        return np.asarray(height / np.sqrt(1 + steep))

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
    """The four cubic Bernstein polynomials, ``(N, 4)``, at places 0 to 1.

    >>> bernstein(np.array([0.5])).tolist()
    [[0.125, 0.375, 0.375, 0.125]]
    """
    return np.stack([np.ones_like(t), t, t * t, t * t * t], axis=1) @ _TO_POWERS


_TO_POWERS = np.array([[1.0, 0, 0, 0], [-3, 3, 0, 0], [3, -6, 3, 0], [-1, 3, -3, 1]])
"""Control values to coefficients of 1, t, t², t³."""


def _horner(coefficients: Sequence[Any], t: Values) -> Values:
    """A polynomial by rising powers; its coefficients are numbers or arrays."""
    found = coefficients[-1]
    for one in coefficients[-2::-1]:
        found = found * t + one
    return np.asarray(found)
