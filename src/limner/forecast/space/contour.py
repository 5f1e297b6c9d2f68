"""Contours as signed distances: of a drawn mask, of a computed tumour, and how far one lies from the other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from scipy.special import ndtri

from limner.forecast.space.medium import Box, Medium

Float = NDArray[np.float64]
_SMOOTH = 0.8
"""Width in voxels of the Gaussian that takes a mask's steps out of its distance."""
_ROUND, _BLEND = 0.15, 0.12
_NEAR = 0.75
_MOST = 500
_LEAST_SLOPE, _FLAT = 0.05, 0.005
"""Of the logit, in 1/mm: where c is flatter (in the middle of a tumour), distances stay finite."""


def signed_distance(
    mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float], open_: NDArray[np.bool_] | None = None
) -> Float:
    """Distance in mm from a mask's surface, negative inside, without the steps of its voxels.

    Deep inside and far outside, the surface of a rounder mask of the same volume is taken: the nearest bulge of a rough
    contour would else make every depth too small.

    The surface is where a half of the volume lies: the smoothed distance is moved so that the volume inside is the
    mask's.

    Args:
        mask: ``(Z, Y, X)``, neither empty nor full.
        spacing_mm: along ``(Z, Y, X)``; nearly the same along all axes that are longer than one.
        open_: where tumour can be. A surface along a wall is no front: behind the wall the mask goes on as it is before
            it, so that distances are to where the tumour can advance.
    """
    if open_ is not None and not open_.all():
        nearest = ndimage.distance_transform_edt(
            ~open_, sampling=spacing_mm, return_distances=False, return_indices=True
        )
        mask = mask[tuple(nearest)]
    if not mask.any() or mask.all():
        raise ValueError("A mask with a surface is expected; it is empty or full.")
    near = _distance(mask, spacing_mm)
    long = [n > 1 for n in mask.shape]
    size = float(mask.sum() * np.prod([s for s, one in zip(spacing_mm, long, strict=True) if one]))
    radius = math.sqrt(size / math.pi) if sum(long) == 2 else (3 * size / (4 * math.pi)) ** (1 / 3)
    blurred = ndimage.gaussian_filter(
        mask.astype(np.float64),
        [_ROUND * radius / s if one else 0 for s, one in zip(spacing_mm, long, strict=True)],
        mode="nearest",
    )
    level = np.partition(blurred.ravel(), -int(mask.sum()))[-int(mask.sum())]
    deep = _distance(blurred >= level, spacing_mm)
    share = np.clip(np.abs(near) / (_BLEND * radius), 0.0, 1.0)
    return (1 - share) * near + share * deep


def _distance(mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> Float:
    """Distance from a mask's surface, negative inside.

    Near the surface from the blurred mask, which falls across a plane as a normal distribution does; farther away to
    the points of the surface that the near voxels show. A count of whole voxels would err by half of one.
    """
    long = [n > 1 for n in mask.shape]
    size = float(np.mean([s for s, one in zip(spacing_mm, long, strict=True) if one]))
    width = _SMOOTH * size
    blurred = ndimage.gaussian_filter(
        mask.astype(np.float64), [width / s if one else 0 for s, one in zip(spacing_mm, long, strict=True)]
    )
    near = -width * ndtri(np.clip(blurred, 1e-6, 1 - 1e-6))
    slopes = [
        np.gradient(near, s, axis=axis) if one else np.zeros(mask.shape)
        for axis, (s, one) in enumerate(zip(spacing_mm, long, strict=True))
    ]
    steep = np.maximum(np.sqrt(sum(one**2 for one in slopes)), 0.3)
    band = np.abs(near) < 1.1 * size
    away = (near / steep)[band]
    centres = np.argwhere(band) * np.array(spacing_mm)
    points = centres - (away / steep[band])[:, None] * np.stack([one[band] for one in slopes], axis=1)
    far, _ = cKDTree(points).query(np.argwhere(~band) * np.array(spacing_mm))
    distance = np.empty(mask.shape)
    distance[band] = away
    distance[~band] = np.where(mask[~band], -far, far)
    low, high = -1.5 * size, 1.5 * size
    for _ in range(30):  # the volume falls with the shift
        shift = (low + high) / 2
        if soft_inside(distance + shift, size).sum() > mask.sum():
            low = shift
        else:
            high = shift
    return distance + (low + high) / 2


def soft_inside(distance_mm: Float, voxel_mm: float) -> Float:
    """The share of each voxel that lies inside a surface, from the distance of its centre."""
    return np.clip(0.5 - distance_mm / voxel_mm, 0.0, 1.0)


def level_distance(
    c: Float, threshold: float, spacing_mm: tuple[float, float, float], least_slope: float = _LEAST_SLOPE
) -> Float:
    """About how far each voxel lies from the contour ``c = threshold``, in mm, negative inside.

    By the logit of c, which runs nearly straight across a front: ``(logit τ − logit c) / |∇ logit c|``.

    Args:
        c: ``(Z, Y, X)``.
        threshold: of the contour.
        spacing_mm: along ``(Z, Y, X)``.
        least_slope: of the logit, in 1/mm: where c is flatter, as in a tumour's middle, distances stay finite.
    """
    values = logit(c)
    return (logit(np.array(threshold)) - values) / _slope(values, spacing_mm, least_slope)


def logit(c: Float) -> Float:
    """``log(c / (1 − c))``, cut where c is 0 or 1 to rounding."""
    c = np.clip(c, 1e-12, 1 - 1e-12)
    return np.log(c) - np.log1p(-c)


def _slope(values: Float, spacing_mm: tuple[float, float, float], least: float) -> Float:
    squares = np.zeros(values.shape)
    for axis, length in enumerate(values.shape):
        if length > 1:
            squares += np.gradient(values, spacing_mm[axis], axis=axis) ** 2
    return np.maximum(np.sqrt(squares), least)


def soft_volume_ml(c: Float, threshold: float, medium: Medium) -> float:
    """Volume where c exceeds a threshold, by shares of voxels at the rim."""
    return float(visible(c, threshold, medium).sum()) * medium.voxel_ml


def visible(c: Float, threshold: float, medium: Medium, box: Box | None = None) -> Float:
    """The share of each voxel where c exceeds a threshold.

    Args:
        c: on the medium's grid, or in a box of it.
        threshold: of c.
        medium: where the tumour can be.
        box: that ``c`` covers; the whole grid where None.
    """
    size = float(np.mean([s for s, n in zip(medium.spacing_mm, medium.open.shape, strict=True) if n > 1]))
    open_ = medium.open if box is None else medium.open[box]
    return soft_inside(level_distance(c, threshold, medium.spacing_mm, _FLAT), size) * open_


@dataclass(frozen=True, eq=False)
class Rim:
    """The voxels of an observed contour that can tell how far a tumour's front has come.

    Args:
        index: ``(3, n)``.
        position_mm: ``(n, 3)``.
        distance_mm: ``(n,)``: from the observed contour; a part of a voxel.
    """

    index: NDArray[np.int64]
    position_mm: Float
    distance_mm: Float

    def mean_noise_mm(self, apart: Float, correlation_mm: float) -> tuple[float, float]:
        """How unsure a mean over the rim is.

        Neighbours err alike: with a correlation ``exp(−d²/2ℓ²)`` the mean of errors of variance σ² has the variance
        ``σ² r̄``, r̄ the correlation's mean over pairs, and they scatter by ``σ²(1 − r̄)`` about it.

        Args:
            apart: ``(n,)``: how far the model's contour lies from the observed one.
            correlation_mm: ℓ.

        Returns:
            The standard deviation of one voxel's error, and that of the mean, in mm.
        """
        pairs = cdist(self.position_mm, self.position_mm, "sqeuclidean")
        alike = float(np.exp(-pairs / (2 * correlation_mm**2)).mean())
        spread = float(apart.std())
        local = spread / np.sqrt(max(1 - alike, 0.1))
        return local, local * np.sqrt(alike)


def rim_of(distance_mm: Float, medium: Medium) -> Rim:
    """The rim of an observed contour; what lies beside blocked voxels is left out, where it cannot move.

    At most 500 voxels, evenly among them.
    """
    long = [length > 1 for length in distance_mm.shape]
    size = float(np.mean([s for s, one in zip(medium.spacing_mm, long, strict=True) if one]))
    free = ndimage.binary_erosion(medium.open, np.ones([3 if one else 1 for one in long]), iterations=2, border_value=1)
    near = np.abs(distance_mm) < _NEAR * size
    chosen = np.argwhere(near & free)
    if len(chosen) < 8:
        chosen = np.argwhere(near & medium.open)
    chosen = chosen[:: max(1, len(chosen) // _MOST)]
    index = chosen.T
    return Rim(index, chosen * np.array(medium.spacing_mm), distance_mm[tuple(index)])
