"""Lung nodules to blend into lungs: shapes by formula, and real ones cut from CT with their readers' marks.

Sampled first (:func:`sample`), then drawn (:func:`render`) and blended (:func:`blend`): what was put in is known.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.errors import CohortError

DIAMETERS_MM = (4.0, 25.0)


@dataclass(frozen=True, eq=False)
class Shape:
    """A real nodule: ``alpha`` ``(Z, Y, X)`` 0–1.2, how much of a voxel it fills; ``step``: voxels in diameters."""

    alpha: NDArray[np.float32]
    step: tuple[float, float, float]


@dataclass(frozen=True)
class Nodule:
    """A sampled nodule.

    Args:
        diameter_mm: of the ball that it is like.
        stretch: of its sides along z, y, x (analytic ones).
        hu: of its solid part.
        fill: 1 solid; less lets the lung shine through (ground glass).
        core: share of the diameter that is solid in a ground-glass nodule, 0 for none.
        rough: unevenness of the border, share of the radius.
        spikes: how many, and how long (share of the radius).
        shape: index of a real shape, None for an analytic one.
        turn: mirrored axes, and the angle about z in degrees.
        seed: of border and spikes.
    """

    diameter_mm: float
    stretch: tuple[float, float, float]
    hu: float
    fill: float
    core: float
    rough: float
    spikes: tuple[int, float]
    shape: int | None
    turn: tuple[bool, bool, bool, float]
    seed: int


def sample(rng: np.random.Generator, shapes: int = 0, real: float = 0.5) -> Nodule:
    """Draws a nodule of 4–25 mm, small ones more often.

    Args:
        shapes: how many real ones there are.
        real: share of the draws that take one.
    """
    low, high = np.log(DIAMETERS_MM)
    kind = rng.choice(["solid", "calcified", "ground glass", "part solid"], p=[0.68, 0.08, 0.12, 0.12])
    spiky = kind != "calcified" and rng.random() < 0.3
    return Nodule(
        diameter_mm=float(np.exp(low + (high - low) * rng.beta(1.1, 1.5))),
        stretch=_three(np.exp(rng.normal(0, 0.13, 3))),
        hu=float(rng.uniform(200, 600) if kind == "calcified" else rng.uniform(-60, 90)),
        fill=float(rng.uniform(0.3, 0.6)) if kind in ("ground glass", "part solid") else 1.0,
        core=float(rng.uniform(0.35, 0.65)) if kind == "part solid" else 0.0,
        rough=float(rng.uniform(0.02, 0.14)),
        spikes=(int(rng.integers(6, 18)), float(rng.uniform(0.25, 0.8))) if spiky else (0, 0.0),
        shape=int(rng.integers(shapes)) if shapes and rng.random() < real else None,
        turn=(bool(rng.random() < 0.5), bool(rng.random() < 0.5), bool(rng.random() < 0.5), float(rng.uniform(0, 360))),
        seed=int(rng.integers(2**31)),
    )


def render(nodule: Nodule, spacing_mm: Sequence[float], shapes: Sequence[Shape] = ()) -> NDArray[np.float32]:
    """How much of each voxel a nodule fills, ``(Z, Y, X)`` with an odd number of voxels and itself in the middle."""
    radius = nodule.diameter_mm / 2
    fine = 2 if max(spacing_mm) > 0.9 else 1  # twice as fine, then averaged: a small nodule is a few voxels wide
    reach = [int(np.ceil(radius * 2.0 / s)) + 1 for s in spacing_mm]
    axes = [
        ((np.arange(fine * (2 * n + 1)) - (fine * (2 * n + 1) - 1) / 2) * s / fine).astype(np.float32)
        for n, s in zip(reach, spacing_mm, strict=True)
    ]
    angle = np.radians(nodule.turn[3])
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    signs = [-1.0 if one else 1.0 for one in nodule.turn[:3]]
    turned = (
        np.broadcast_to(z * signs[0], tuple(map(len, axes))),
        (np.cos(angle) * y - np.sin(angle) * x) * signs[1] + 0 * z,
        (np.sin(angle) * y + np.cos(angle) * x) * signs[2] + 0 * z,
    )
    if nodule.shape is None:
        soft = float(np.cbrt(np.prod(spacing_mm))) / fine
        alpha = _analytic(nodule, turned, radius, soft)
    else:
        alpha = _real(shapes[nodule.shape], turned, nodule.diameter_mm)
    if nodule.fill < 1:
        away = np.sqrt(turned[0] ** 2 + turned[1] ** 2 + turned[2] ** 2) / radius
        solid = np.clip((nodule.core - away) * 4 + 0.5, 0, 1) if nodule.core else 0.0
        alpha = alpha * np.maximum(nodule.fill, solid)
    if fine > 1:
        n = [2 * r + 1 for r in reach]
        alpha = alpha.reshape(n[0], fine, n[1], fine, n[2], fine).mean((1, 3, 5))
    return np.ascontiguousarray(alpha, np.float32)


def blend(
    hu: NDArray[np.float32], center: Sequence[int], alpha: NDArray[np.float32], nodule_hu: float
) -> NDArray[np.float32]:
    """Puts a nodule into an image ``(Z, Y, X)`` in HU, in place: what is denser stays.

    Args:
        center: voxel of its middle.

    Returns:
        The share of each voxel of the image's box that it fills, cut at the image's edge.
    """
    half = [n // 2 for n in alpha.shape]
    low = [max(0, c - h) for c, h in zip(center, half, strict=True)]
    high = [min(n, c + h + 1) for n, c, h in zip(hu.shape, center, half, strict=True)]
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    part = alpha[tuple(slice(a - c + h, b - c + h) for a, b, c, h in zip(low, high, center, half, strict=True))]
    there = hu[box]
    there += part * np.maximum(nodule_hu - there, 0)
    return part


def sides_mm(nodule: Nodule) -> NDArray[np.float64]:
    """Sides of the box around it along ``(z, y, x)``; of the ball that it is like where the shape is real."""
    if nodule.shape is not None:
        return np.full(3, nodule.diameter_mm)
    z, y, x = nodule.stretch
    c, s = np.cos(np.radians(nodule.turn[3])), np.sin(np.radians(nodule.turn[3]))
    return nodule.diameter_mm * np.array([z, np.hypot(c * y, s * x), np.hypot(s * y, c * x)])


def read_shapes(folder: Path, split: str | None = "train") -> tuple[Shape, ...]:
    """Real nodules of a folder of crops with votes: ``index.csv`` (patient, file, split) and an archive per patient.

    Each archive has ``image`` and ``votes`` ``(n, Y, X)``, ``nodule`` and ``slice`` ``(n,)``. The crops' attenuation is
    lost (each slice was stretched), and so are pixel size and slice thickness: a shape knows lung as 0 and its own
    middle as 1, and is taken to be as high as it is wide.

    Raises:
        CohortError: the folder lacks its index or an archive, or no nodule is in the split.
    """
    index = Path(folder) / "index.csv"
    if not index.is_file():
        raise CohortError(f"No 'index.csv' in {Path(folder).name!r}: expected patient, file, split, a row per patient.")
    shapes: list[Shape] = []
    for row in csv.DictReader(index.read_text().splitlines()):
        if split and row["split"] != split:
            continue
        path = index.parent / row["file"]
        if not path.is_file():
            raise CohortError(f"{index.parent.name!r}: no archive {row['file']!r}, which its index names.")
        held = np.load(path, allow_pickle=False)
        for number in np.unique(held["nodule"]):
            mine = np.flatnonzero(held["nodule"] == number)
            mine = mine[np.argsort(held["slice"][mine])]
            shape = _cut(held["image"][mine].astype(np.float32), held["votes"][mine])
            if shape:
                shapes.append(shape)
    if not shapes:
        raise CohortError(f"{index.parent.name!r} holds no nodule in split {split!r}.")
    return tuple(shapes)


def _cut(image: NDArray[np.float32], votes: NDArray[np.uint8]) -> Shape | None:
    """One nodule out of its slices; None where it is too small to be scaled or reaches the crop's edge."""
    marked = votes >= 2
    areas = marked.sum((1, 2))
    across = 2 * np.sqrt(areas.max() / np.pi)  # pixels
    rows, columns = np.flatnonzero(marked.any((0, 2))), np.flatnonzero(marked.any((0, 1)))
    if across < 5 or len(image) < 3 or not rows.size:
        return None
    margin = int(0.4 * across) + 2
    box = (
        slice(rows[0] - margin, rows[-1] + margin + 1),
        slice(columns[0] - margin, columns[-1] + margin + 1),
    )
    if min(one.start for one in box) < 0 or any(one.stop > n for one, n in zip(box, image.shape[1:], strict=True)):
        return None
    alpha = np.zeros((len(image), box[0].stop - box[0].start, box[1].stop - box[1].start), np.float32)
    for k, (slice_, vote) in enumerate(zip(image[:, *box], votes[:, *box], strict=True)):
        inside = vote >= min(2, int(vote.max()))
        ring = ndimage.binary_dilation(inside, iterations=margin) & (vote == 0)
        if not inside.any() or not ring.any():
            continue
        lung, middle = np.percentile(slice_[ring], 20), np.percentile(slice_[inside], 80)
        if middle - lung < 8:
            return None
        near = ndimage.gaussian_filter(ndimage.binary_dilation(vote > 0, iterations=1).astype(np.float32), 0.7)
        grey = np.clip((slice_ - lung) / (middle - lung), 0, 1.2) * near
        alpha[k] = grey * min(1.0, (areas[k] / areas.max()) ** 0.25 + 0.1)
    ends = np.pad(alpha, ((1, 1), (1, 1), (1, 1)))
    height = float(np.clip(across / len(image), 0.8, 6.0))  # of a slice, in pixels
    return Shape(ends, (height / across, 1 / across, 1 / across))


def _real(shape: Shape, place: tuple[NDArray[np.float32], ...], diameter_mm: float) -> NDArray[np.float32]:
    middle = [(n - 1) / 2 for n in shape.alpha.shape]
    at = [p / diameter_mm / step + m for p, step, m in zip(place, shape.step, middle, strict=True)]
    return np.asarray(ndimage.map_coordinates(shape.alpha, at, order=1), np.float32)


def _analytic(
    nodule: Nodule, place: tuple[NDArray[np.float32], ...], radius: float, soft: float
) -> NDArray[np.float32]:
    rng = np.random.default_rng(nodule.seed)
    scaled = [p / (radius * s) for p, s in zip(place, nodule.stretch, strict=True)]
    away = np.sqrt(scaled[0] ** 2 + scaled[1] ** 2 + scaled[2] ** 2)
    bumps = ndimage.gaussian_filter(rng.standard_normal(away.shape).astype(np.float32), 0.35 * radius / soft)
    away = away + bumps * (nodule.rough / max(float(bumps.std()), 1e-6))
    count, length = nodule.spikes
    if count:
        ways = rng.normal(0, 1, (count, 3))
        ways /= np.linalg.norm(ways, axis=1, keepdims=True)
        norm = np.maximum(np.sqrt(place[0] ** 2 + place[1] ** 2 + place[2] ** 2), 1e-3)
        longer = np.zeros_like(away)
        for way in ways:
            along = (place[0] * way[0] + place[1] * way[1] + place[2] * way[2]) / norm
            np.maximum(longer, np.clip(along, 0, 1) ** 40 * length * rng.uniform(0.5, 1), out=longer)
        away = away / (1 + longer)
    return np.asarray(np.clip(0.5 + (1 - away) * radius / max(soft, 0.5), 0, 1), np.float32)


def _three(values: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
