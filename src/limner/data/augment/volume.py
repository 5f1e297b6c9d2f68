"""Augmentation as parameters: sampled first, then applied by pure functions, one resampling for all that is spatial.

Works on patches ``(Z, Y, X)`` in Hounsfield units; torch is used for its grid sampling only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F


@dataclass(frozen=True)
class SpatialParams:
    """Where a patch looks.

    Args:
        center: voxel ``(z, y, x)`` of the case on which the patch is centred.
        matrix: 3 × 3, from patch offsets in mm to case offsets in mm (rotation, scale), order ``(z, y, x)``.
        elastic_mm: size of random displacements at the control points.
        seed: of the control points.
    """

    center: tuple[float, float, float]
    matrix: tuple[tuple[float, float, float], ...]
    elastic_mm: float
    seed: int


@dataclass(frozen=True)
class IntensityParams:
    """How the scanner would have seen it: HU gain and shift, gamma, noise, blur, thick slices."""

    gain: float
    shift_hu: float
    gamma: float
    noise_hu: float
    blur_voxels: float
    thick: int
    seed: int


def sample_spatial(
    rng: np.random.Generator, center: tuple[float, float, float], strength: float = 1.0
) -> SpatialParams:
    """Draws a rotation (most about the body axis), a scale, and elastic strength. No mirroring: sides have names."""
    a, b, c = rng.normal(0, [np.radians(9), np.radians(4), np.radians(4)]) * strength
    about_z = [[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]]
    about_y = [[np.cos(b), 0, -np.sin(b)], [0, 1, 0], [np.sin(b), 0, np.cos(b)]]
    about_x = [[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]]
    scale = np.exp(rng.normal(0, 0.10 * strength)) * np.exp(rng.normal(0, 0.06 * strength, 3))
    matrix = np.array(about_z) @ about_y @ about_x @ np.diag(scale)
    rows = tuple((float(r[0]), float(r[1]), float(r[2])) for r in matrix)
    elastic = float(rng.uniform(0, 7) * strength) if rng.random() < 0.5 else 0.0
    return SpatialParams(center, rows, elastic, int(rng.integers(2**31)))


def sample_intensity(rng: np.random.Generator, strength: float = 1.0) -> IntensityParams:
    """Draws contrast, noise and slice thickness over the range of hospital scanners."""
    return IntensityParams(
        gain=float(np.exp(rng.normal(0, 0.10 * strength))),
        shift_hu=float(rng.normal(0, 10 * strength)),
        gamma=float(np.exp(rng.normal(0, 0.15 * strength))),
        noise_hu=float(rng.uniform(0, 22) * strength) if rng.random() < 0.5 else 0.0,
        blur_voxels=float(rng.uniform(0.4, 1.0)) if rng.random() < 0.2 * strength else 0.0,
        thick=int(rng.integers(2, 4)) if rng.random() < 0.2 * strength else 1,
        seed=int(rng.integers(2**31)),
    )


def sampling_grid(
    params: SpatialParams,
    patch: tuple[int, int, int],
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
) -> torch.Tensor:
    """Where each patch voxel looks in the case: ``(1, Z, Y, X, 3)`` in grid_sample's ``(x, y, z)`` order, −1 … 1."""
    spacing = np.array(spacing_mm)
    # patch index offsets -> mm -> rotated mm -> case index offsets
    matrix = (np.array(params.matrix) * spacing[None, :]) / spacing[:, None]
    offsets = [torch.arange(n, dtype=torch.float32) - (n - 1) / 2 for n in patch]
    coordinates = [
        float(params.center[k])
        + float(matrix[k, 0]) * offsets[0][:, None, None]
        + float(matrix[k, 1]) * offsets[1][None, :, None]
        + float(matrix[k, 2]) * offsets[2][None, None, :]
        for k in range(3)
    ]
    if params.elastic_mm > 0:
        generator = torch.Generator().manual_seed(params.seed)
        size_mm = np.array(patch) * spacing
        points = [max(4, round(float(s) / 40)) for s in size_mm]  # one control point every 4 cm
        knots = torch.randn(1, 3, *points, generator=generator) * params.elastic_mm
        field = F.interpolate(knots, size=patch, mode="trilinear", align_corners=True)[0]
        coordinates = [c + field[k] / float(spacing[k]) for k, c in enumerate(coordinates)]
    scaled = [2 * c / max(n - 1, 1) - 1 for c, n in zip(coordinates, shape, strict=True)]
    return torch.stack(scaled[::-1], -1)[None]


def look(array: NDArray[Any], grid: torch.Tensor, *, nearest: bool, outside: float) -> NDArray[np.float32]:
    """Values of a case where a patch looks; ``outside`` where it looks past the edge."""
    volume = torch.from_numpy(np.ascontiguousarray(array)).float()[None, None] - outside
    mode = "nearest" if nearest else "bilinear"
    values = F.grid_sample(volume, grid, mode=mode, padding_mode="zeros", align_corners=True)[0, 0] + outside
    return values.numpy()


def crop_for(grid: torch.Tensor, shape: tuple[int, int, int]) -> tuple[tuple[slice, slice, slice], torch.Tensor]:
    """The box of the case that a patch needs, and the grid in that box: only the box is turned to float."""
    lows, highs, boxes = [], [], []
    for axis, n in enumerate(shape):
        values = (grid[..., 2 - axis] + 1) * (n - 1) / 2
        low = int(np.clip(np.floor(float(values.min())) - 1, 0, n - 2))
        high = int(np.clip(np.ceil(float(values.max())) + 2, low + 2, n))
        lows.append(low)
        highs.append(high)
        boxes.append(slice(low, high))
    moved = grid.clone()
    for axis, n in enumerate(shape):
        values = (grid[..., 2 - axis] + 1) * (n - 1) / 2
        moved[..., 2 - axis] = 2 * (values - lows[axis]) / max(highs[axis] - lows[axis] - 1, 1) - 1
    return (boxes[0], boxes[1], boxes[2]), moved


def apply_intensity(
    image: NDArray[np.float32], params: IntensityParams, window: tuple[float, float]
) -> NDArray[np.float32]:
    """A patch in HU as another scanner and protocol would show it, clipped to the window and scaled to 0–1."""
    low, high = window
    x = torch.from_numpy(image)[None, None]
    if params.thick > 1:  # thick slices: average neighbours, then interpolate back
        thin = F.avg_pool3d(x, (params.thick, 1, 1), ceil_mode=True, count_include_pad=False)
        x = F.interpolate(thin, size=x.shape[2:], mode="trilinear", align_corners=False)
    if params.blur_voxels > 0:
        x = _blur(x, params.blur_voxels)
    x = (x - low) / (high - low)
    x = (x - 0.5) * params.gain + 0.5 + params.shift_hu / (high - low)
    if params.noise_hu > 0:
        generator = torch.Generator().manual_seed(params.seed)
        x = x + torch.randn(x.shape, generator=generator) * (params.noise_hu / (high - low))
    x = x.clamp(0, 1)
    return x.pow(params.gamma)[0, 0].numpy()


def _blur(x: torch.Tensor, sigma: float) -> torch.Tensor:
    reach = 2
    taps = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    taps = taps / taps.sum()
    for axis, size in ((3, (1, 1, 5, 1)), (4, (1, 1, 1, 5))):
        padding = [0, 0, 0]
        padding[axis - 2] = reach
        x = F.conv3d(x, taps.reshape(1, 1, *size[1:]), padding=tuple(padding))
    return x
