"""A second opinion on a path, by other means: a walk through the voxels of the label map as it was given.

Nothing of the search is used but the roles of names: no work lattice, no distance field, no crop of the map, no turned
axes. The walk visits every voxel that the needle's axis touches; distances are taken between points of the needle and
the boxes of all voxels near it, one by one. It is slow, and meant to be.

Source: Amanatides J, Woo A. A fast voxel traversal algorithm for ray tracing. Eurographics 1987:3-10.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.image import Grid, Label, LabelMap
from limner.scene.needles.rules import NeedleRules
from limner.scene.parts import Part
from limner.scene.roles import role_of

Vector = NDArray[np.float64]
EVERY_MM = 0.25
PIECE_MM = 25.0
TOLERANCE_MM = 0.02
"""What rounding of positions and steps along the needle may take from a distance."""


def walk(grid: Grid, start_mm: Vector, end_mm: Vector) -> Iterator[tuple[int, int, int]]:
    """Indices of all voxels that a straight piece passes through, in order.

    >>> grid = Grid.axial((1, 2, 3), (1, 1, 1))
    >>> list(walk(grid, np.array([0.0, 0, 0]), np.array([2.0, 0.9, 0])))
    [(0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 2)]
    """
    start, end = grid.index(start_mm), grid.index(end_mm)
    here, last = np.rint(start).astype(int), np.rint(end).astype(int)
    way = end - start
    step = np.sign(way).astype(int)
    with np.errstate(divide="ignore", invalid="ignore"):
        next_face = np.where(step != 0, (here + 0.5 * step - start) / way, np.inf)
        between = np.where(step != 0, 1 / np.abs(way), np.inf)
    for _ in range(int(np.abs(last - here).sum()) + 1):
        yield int(here[0]), int(here[1]), int(here[2])
        axis = int(next_face.argmin())
        here = here.copy()
        here[axis] += step[axis]
        next_face[axis] += between[axis]


def violations(
    labels: LabelMap, lesion: Part, organ: tuple[int, ...], line_mm: tuple[Vector, Vector], rules: NeedleRules
) -> tuple[str, ...]:
    """Every hard rule about structures that a path breaks, found without the search's means.

    Args:
        labels: as given.
        lesion: the target, in world millimetres.
        organ: values of the organ that may be passed; empty where there is none.
        line_mm: entry and tip.
        rules: margins.

    Returns:
        Sentences; none for a path that may be offered.
    """
    entry, tip = line_mm
    found = list(_walked(labels, organ, entry, tip, rules))
    least: dict[str, float] = {}
    margins = {}
    pieces = int(np.ceil(float(np.linalg.norm(tip - entry)) / PIECE_MM)) or 1
    ends = entry + np.linspace(0, 1, pieces + 1)[:, None] * (tip - entry)
    for start, end in pairwise(ends):  # a piece at a time, as the box around a slanting line is mostly empty
        for label, mask, grid in _near(labels, lesion, organ, (start, end), rules):
            margins[label.name] = rules.margin_mm(role_of(label))
            away = _distance(mask, grid, start, end, margins[label.name])
            least[label.name] = min(least.get(label.name, np.inf), away)
    found += [
        f"{name} lies {away:.2f} mm from the needle, {margins[name]:g} mm are asked"
        for name, away in least.items()
        if away < margins[name] - TOLERANCE_MM
    ]
    return tuple(found)


def _near(
    labels: LabelMap, lesion: Part, organ: tuple[int, ...], line_mm: tuple[Vector, Vector], rules: NeedleRules
) -> Iterator[tuple[Label, NDArray[np.bool_], Grid]]:
    """Every structure near a piece of the line that a needle keeps away from: its voxels, and where they stand."""
    reach = max(rules.bone_margin_mm, rules.lung_margin_mm, rules.vessel_margin_mm, rules.organ_margin_mm)
    box = _around(labels.grid, *line_mm, reach + rules.vessel_diameter_mm + 3.0)
    near = labels.array[box]
    grid = labels.grid.crop([one.start for one in box], (near.shape[0], near.shape[1], near.shape[2]))
    there = set(np.unique(near).tolist())
    for label in labels.labels:
        role = role_of(label)
        if label.value not in there or role in ("body", "soft") or label.value in organ:
            continue
        mask = near == label.value
        if role == "vessel":
            mask = _thick(mask, labels.grid.spacing_mm, rules.vessel_diameter_mm)
        if role == "lesion":
            mask = _other_lesions(mask, grid, lesion)
        yield label, mask, grid


def _walked(labels: LabelMap, organ: tuple[int, ...], entry: Vector, tip: Vector, rules: NeedleRules) -> Iterator[str]:
    names = {one.value: one for one in labels.labels}
    for index in walk(labels.grid, entry, tip):
        if any(k < 0 or k >= size for k, size in zip(index, labels.grid.shape, strict=True)):
            yield f"the needle leaves the image at voxel {index}"
            return
        label = names.get(int(labels.array[index]))
        if label is None or label.value in organ or role_of(label) in ("body", "soft", "lesion"):
            continue
        if role_of(label) == "vessel" and rules.vessel_diameter_mm > 0:
            continue  # thin vessels may be crossed: the distance to the thick ones decides
        yield f"the needle passes {label.name} at voxel {index}"
        return


def _distance(mask: NDArray[np.bool_], grid: Grid, entry: Vector, tip: Vector, margin: float) -> float:
    """From points on the needle to the boxes of voxels, the least; infinity where none is within the margin."""
    voxels = np.argwhere(mask)
    if not len(voxels):
        return float("inf")
    size = np.array(grid.spacing_mm)
    a, b = grid.index(entry) * size, grid.index(tip) * size
    line = b - a
    along = np.clip((voxels * size - a) @ line / (line @ line), 0, 1)
    apart = np.linalg.norm(voxels * size - a - along[:, None] * line, axis=1)
    close = voxels[apart <= margin + np.linalg.norm(size)] * size
    least = float("inf")
    for point in a + np.linspace(0, 1, int(np.linalg.norm(line) / EVERY_MM) + 2)[:, None] * line:
        beyond = np.maximum(np.abs(close - point) - size / 2, 0)
        least = min(least, float(np.sqrt((beyond**2).sum(axis=1).min(initial=np.inf))))
    return least


def _thick(mask: NDArray[np.bool_], spacing: tuple[float, float, float], diameter: float) -> NDArray[np.bool_]:
    """Voxels of a vessel within a ball of a diameter inside it, by distance transforms."""
    inside = ndimage.distance_transform_edt(np.pad(mask, 1, mode="edge"), sampling=spacing)[1:-1, 1:-1, 1:-1]
    core = inside >= diameter / 2
    if not core.any():
        return core
    away = ndimage.distance_transform_edt(~core, sampling=spacing)
    return np.asarray(mask & (away <= diameter / 2 + 0.3 * min(spacing)))


def _other_lesions(mask: NDArray[np.bool_], grid: Grid, lesion: Part) -> NDArray[np.bool_]:
    """Lesion voxels that are not the target's, nor specks too small to be a lesion (what the box cuts is none)."""
    pieces, count = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    there = np.argwhere(mask)
    inside = np.rint(lesion.grid.index(grid.world(there))).astype(int)
    held = np.flatnonzero(((inside >= 0) & (inside < lesion.mask.shape)).all(axis=1))
    own = there[held[lesion.mask[tuple(inside[held].T)]]]
    sizes = np.bincount(pieces.ravel(), minlength=count + 1) * grid.voxel_ml
    wanted = sizes >= 0.02
    for face in (pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1], pieces[..., 0], pieces[..., -1]):
        wanted[face] = True
    wanted[0] = False
    wanted[np.unique(pieces[tuple(own.T)])] = False
    return np.asarray(wanted[pieces])


def _around(grid: Grid, entry: Vector, tip: Vector, margin: float) -> tuple[slice, slice, slice]:
    ends = grid.index(np.array([entry, tip]))
    by = margin / np.array(grid.spacing_mm) + 1
    low = np.clip(np.floor(ends.min(axis=0) - by), 0, None).astype(int)
    high = np.minimum(np.ceil(ends.max(axis=0) + by).astype(int) + 1, grid.shape)
    return slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2])
