"""Where each place of a result looks in its source: turn, scale, move and bend a batch in one resampling, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from limner.data.augment.params import BatchParams, Outside


def apply_spatial(x: Tensor, params: BatchParams, *, nearest: bool = False) -> Tensor:
    """Turns, scales, moves and bends a batch ``(N, C, *size)`` in one resampling.

    Args:
        x: floats, or whole numbers with ``nearest`` (masks).
        params: of N pictures.
        nearest: for masks. What is seen past the edge (``params.outside``) keeps its label there.

    Returns:
        A new batch of the same type.
    """
    return resample(x, sampling_grid(params, x.shape[2:], x.device), nearest=nearest, outside=params.outside)


def apply_together(x: Tensor, mask: Tensor, params: BatchParams) -> tuple[Tensor, Tensor]:
    """A batch ``(N, C, *size)`` and its masks ``(N, C', *size)`` through the same grid, which is made once."""
    grid = sampling_grid(params, x.shape[2:], x.device)
    return resample(x, grid, outside=params.outside), resample(mask, grid, nearest=True, outside=params.outside)


def sampling_grid(params: BatchParams, size: Sequence[int], device: torch.device | None = None) -> Tensor:
    """Where each pixel looks: ``(N, *size, A)`` in the order ``x, y(, z)`` of torch, −1 … 1 from edge to edge.

    A cubic B-spline (two control points along an axis and a straight line where nothing bends) through control points
    that already lie where turn, scale and move have brought them: a spline gives back what is linear, so one
    evaluation does it all.

    Source: Rueckert et al., *Nonrigid registration using free-form deformations*, IEEE TMI 18 (1999), equation 1.
    """
    axes, k = params.axes, 2 if params.elastic is None else params.elastic.shape[-1]
    spots = np.linspace(-1, 1, 2) if k == 2 else np.arange(-1, k - 1) * (2 / (k - 3)) - 1
    knots = np.stack(np.meshgrid(*(spots,) * axes, indexing="ij"))[None]
    if params.elastic is not None:
        knots = knots + params.elastic
    turned = np.einsum(
        "nab,nb...->na...", _linear(params, size), np.broadcast_to(knots, (len(params.shift), *knots.shape[1:]))
    )
    turned += params.shift.reshape(*params.shift.shape, *(1,) * axes)
    field = torch.from_numpy(np.ascontiguousarray(turned[:, ::-1], np.float32)).to(device)  # torch's order: x first
    for axis, n in enumerate(size):
        places = (np.arange(n, dtype=np.float64) + 0.5) * (2 / n) - 1
        weights = torch.from_numpy(_basis(places, k)[0].astype(np.float32)).to(device)
        field = torch.movedim(torch.movedim(field, 2 + axis, -1) @ weights.T, -1, 2 + axis)
    return field.movedim(1, -1)


def resample(x: Tensor, grid: Tensor, *, nearest: bool = False, outside: Outside = "edge") -> Tensor:
    """Values of a batch ``(N, C, *size)`` where a grid of :func:`sampling_grid` looks."""
    padding = {"edge": "border", "mirror": "reflection"}[outside]
    mode = "nearest" if nearest else "bilinear"
    return F.grid_sample(x.float(), grid, mode=mode, padding_mode=padding, align_corners=False).to(x.dtype)


def inverse(params: BatchParams, size: Sequence[int]) -> BatchParams:
    """The parameters that bring a result of ``size`` back onto its source, for masks after test-time changes.

    Raises:
        ValueError: the parameters bend; a bend has no exact inverse of its own kind.
    """
    if params.elastic is not None:
        raise ValueError("An elastic change cannot be undone exactly; use Strength(elastic=0) for test-time changes.")
    there = np.linalg.inv(_linear(params, size))
    shift = -np.einsum("nab,nb->na", there, params.shift)
    matrix = np.linalg.inv(params.matrix.astype(np.float64))
    return replace(params, matrix=matrix.astype(np.float32), shift=shift.astype(np.float32))


def move_points(params: BatchParams, points: Sequence[NDArray[Any]], size: Sequence[int]) -> list[NDArray[np.float64]]:
    """Where points of the source lie in the result: what a picture shows there, it shows here.

    Args:
        params: of N pictures.
        points: N arrays ``(P, A)`` of ``(z,) y, x`` in pixels from the picture's corner (a pixel's centre is at .5).
        size: of the pictures.

    Returns:
        N arrays ``(P, A)``; points that leave the picture lie outside of ``size``.
    """
    return [follow(params, i, some, size) for i, some in enumerate(points)]


def follow(params: BatchParams, index: int, points: NDArray[Any], size: Sequence[int]) -> NDArray[np.float64]:
    """:func:`move_points` of one picture of the batch."""
    half = np.array(size, float) / 2
    source = np.asarray(points, float).reshape(-1, params.axes) / half - 1
    unturned = np.linalg.solve(_linear(params, size)[index], (source - params.shift[index]).T).T
    if params.elastic is not None:
        unturned = _unbend(unturned, params.elastic[index].astype(np.float64))
    return (unturned + 1) * half


def _linear(params: BatchParams, size: Sequence[int]) -> NDArray[np.float64]:
    """The matrix for places from −1 to 1: in pixels a turn is a turn, whatever the picture's sides."""
    sides = np.array(size, float)
    return params.matrix.astype(np.float64) * sides[None, None, :] / sides[None, :, None]


def _basis(places: NDArray[np.float64], k: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights ``(P, k)`` of the control points at places from −1 to 1, and their derivatives."""
    if k == 2:
        half = np.full(len(places), 0.5)
        return np.stack([0.5 - places / 2, 0.5 + places / 2], 1), np.stack([-half, half], 1)
    intervals = k - 3
    at = (np.clip(places, -1, 1) + 1) * intervals / 2
    first = np.minimum(at.astype(int), intervals - 1)
    t = at - first
    four = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], 1) / 6
    slope = np.stack([-((1 - t) ** 2), 3 * t**2 - 4 * t, -3 * t**2 + 2 * t + 1, t**2], 1) / 2
    slope *= (intervals / 2) * (np.abs(places) <= 1)[:, None]
    weights, slopes = np.zeros((len(places), k)), np.zeros((len(places), k))
    columns = first[:, None] + np.arange(4)
    np.put_along_axis(weights, columns, four, 1)
    np.put_along_axis(slopes, columns, slope, 1)
    return weights, slopes


def _unbend(targets: NDArray[np.float64], knots: NDArray[np.float64], turns: int = 30) -> NDArray[np.float64]:
    """Places ``p`` with ``p + elastic(p) = target`` by Newton's method; the step is cut where it does not help."""
    axes = targets.shape[1]
    letters = "abc"[:axes]
    places = targets.copy()
    for _ in range(turns):
        pairs = [_basis(places[:, j], knots.shape[-1]) for j in range(axes)]
        terms = ",".join("p" + one for one in letters)
        bend = np.einsum(f"k{letters},{terms}->pk", knots, *(w for w, _ in pairs))
        missing = targets - places - bend
        if np.abs(missing).max(initial=0.0) < 1e-9:
            break
        slopes = [
            np.einsum(f"k{letters},{terms}->pk", knots, *(d if i == j else w for i, (w, d) in enumerate(pairs)))
            for j in range(axes)
        ]
        jacobian = np.eye(axes) + np.stack(slopes, 2)
        step = np.linalg.solve(jacobian, missing[:, :, None])[:, :, 0]
        places = places + np.clip(step, -0.25, 0.25)
    return places
