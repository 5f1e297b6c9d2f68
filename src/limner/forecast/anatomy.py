"""A drawing's tumour and where it can go: lesion, organ, what blocks, on a working grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.errors import InputError, NothingFoundError
from limner.findings import Drawing, Finding
from limner.forecast.space.contour import signed_distance
from limner.forecast.space.medium import Medium, around
from limner.image import Grid, LabelMap, resample_array
from limner.io import read_drawing
from limner.scene.parts import Part, find_parts
from limner.scene.roles import by_role, role_of, same

Float = NDArray[np.float64]
Mask = NDArray[np.bool_]
_CELLS = 120_000
"""About as many cells the working grid has."""
_FINEST_MM, _COARSEST_MM = 1.0, 3.0
_FARTHEST_MM = 70.0
SKULL_MM = 12.0
"""Scalp and skull, where nothing says where the brain begins: so far inside the head's surface a glioma can go."""
GREY_EASE = 0.2
"""Grey matter lets glioma cells move a fifth as easily as white matter (Swanson, Alvord and Murray 2000)."""
_HOMES = {"liver tumor": ("liver",), "glioma": ("brain", "head"), "lung nodule": ("lungs", "right lung", "left lung")}
_FLUID = ("ventricle", "fluid", "csf", "cyst")
_CORES = ("enhancing", "core")


@dataclass(frozen=True, eq=False)
class Scene:
    """A drawing as it was read.

    Args:
        folder: where it lies.
        drawing: what it says.
        labels: its label map.
        lesion: ``(Z, Y, X)``: the tumour that is forecast, on the label map's grid.
        core: its enhancing core; None where none is drawn.
        finding: the tumour's own.
        others: how many other lesions are drawn.
    """

    folder: Path
    drawing: Drawing
    labels: LabelMap
    lesion: Mask
    core: Mask | None
    finding: Finding
    others: int

    @property
    def volume_ml(self) -> float:
        """Of the tumour, by its voxels."""
        return float(self.lesion.sum()) * self.labels.grid.voxel_ml

    @property
    def radius_mm(self) -> float:
        """Of a ball of its volume."""
        return (3000 * self.volume_ml / (4 * math.pi)) ** (1 / 3)


@dataclass(frozen=True, eq=False)
class Site:
    """A tumour's surroundings on the working grid.

    Args:
        grid: of the arrays below, the same spacing along all axes.
        medium: where the tumour can go.
        outer: signed distance from its contour.
        core: from its core's, where one is drawn.
        home: the organ that holds it; empty where none is known.
        warnings: what was guessed.
    """

    grid: Grid
    medium: Medium
    outer: Float
    core: Float | None
    home: str
    warnings: tuple[str, ...]


def read_scene(folder: Path, target: str | None = None) -> Scene:
    """Reads a drawing and picks its largest lesion, or the one of an id.

    Raises:
        InputError: no drawing, or a damaged one; no such target.
        NothingFoundError: a drawing without a lesion.
    """
    drawn = read_drawing(folder)
    drawing, labels = drawn.drawing, drawn.labels
    lesions = [one for one in drawing.findings if one.kind == "lesion"]
    chosen = lesions
    part = _part(labels, target) if target is not None else None
    if target is not None:
        chosen = [one for one in lesions if one.id == target]
        if part is not None and not chosen:  # counted here, as a plan counts them
            chosen = [one for one in lesions if one.label == part.label.value]
        if not chosen:
            known = ", ".join(one.id for one in lesions) or "none"
            raise InputError(f"The drawing has no lesion {target!r}. Its lesions: {known}.")
    values = sorted({one.label for one in lesions})
    there = np.isin(labels.array, values)
    if not chosen or not there.any():
        raise NothingFoundError(
            f"There is no tumour in the drawing {str(folder)!r}: a forecast needs a lesion. Its findings: "
            f"{', '.join(one.name for one in drawing.findings) or 'none'}."
        )
    lesion, count = _component(there, labels.grid, chosen[0] if target is not None else None)
    if part is not None:
        lesion = np.zeros(labels.grid.shape, bool)
        lesion[part.box] = part.mask
    finding = _owner(lesion, labels, chosen)
    core_values = [one.label for one in lesions if any(word in one.name.lower() for word in _CORES)]
    core = lesion & np.isin(labels.array, core_values) if core_values and len(values) > 1 else None
    if core is not None and (not core.any() or core.sum() == lesion.sum()):
        core = None
    return Scene(folder, drawing, labels, lesion, core, finding, count - 1)


def _part(labels: LabelMap, target: str) -> Part | None:
    """The lesion of an id as a plan counts them (``tumor-1`` is the largest), None where there is none of that id."""
    return next(
        (one for one in find_parts(by_role(labels)) if one.label.kind == "lesion" and same(one.id) == same(target)),
        None,
    )


def _component(there: Mask, grid: Grid, wanted: Finding | None) -> tuple[Mask, int]:
    """The largest part that hangs together, or that of a finding, and how many parts there are."""
    parts, count = cc3d.connected_components(there, connectivity=26, return_N=True)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    sizes[0] = 0
    chosen = int(sizes.argmax())
    if wanted is not None and wanted.center_mm is not None:
        places = np.argwhere(there)
        nearest = places[int(((grid.world(places) - np.array(wanted.center_mm)) ** 2).sum(axis=1).argmin())]
        chosen = int(parts[tuple(nearest)])
    return parts == chosen, int(count)


def _owner(lesion: Mask, labels: LabelMap, candidates: Sequence[Finding]) -> Finding:
    """The finding that the chosen part is: of its commonest label, the one whose centre is nearest."""
    counts = np.bincount(labels.array[lesion].ravel())
    same = [one for one in candidates if one.label < len(counts) and counts[one.label]] or list(candidates)
    middle = labels.grid.world(np.argwhere(lesion).mean(axis=0))

    def order(one: Finding) -> tuple[float, float]:
        share = float(counts[one.label]) if one.label < len(counts) else 0.0
        apart = math.dist(one.center_mm, middle) if one.center_mm is not None else math.inf
        return -share, apart

    return min(same, key=order)


def working_grid(scene: Scene, reach_mm: float) -> Grid:
    """A grid around the tumour and all that it may reach, with cells of 1 to 3 mm."""
    grid, reach = scene.labels.grid, min(reach_mm, _FARTHEST_MM)
    margin = [max(2, math.ceil(reach / s)) for s in grid.spacing_mm]
    box = around(scene.lesion, margin)
    lengths = [(one.stop - one.start) * s for one, s in zip(box, grid.spacing_mm, strict=True)]
    cell = min(max((math.prod(lengths) / _CELLS) ** (1 / 3), _FINEST_MM), _COARSEST_MM)
    part = grid.crop([one.start for one in box], tuple(one.stop - one.start for one in box))  # type: ignore[arg-type]
    return part.with_spacing((cell, cell, cell))


def site_of(scene: Scene, grid: Grid) -> Site:
    """The tumour's surroundings on a working grid.

    Raises:
        InputError: the lesion lies outside the organ that should hold it.
    """
    labels, warnings = scene.labels, []
    values = resample_array(labels.array, labels.grid, grid, nearest=True)
    lesion = resampled_mask(scene.lesion, labels.grid, grid)
    open_, home, told = _open(scene, values, lesion, grid)
    warnings += told
    open_ |= lesion
    spacing = grid.spacing_mm
    outer = signed_distance(lesion, spacing, open_)
    core = None
    if scene.core is not None:
        inner = resampled_mask(scene.core, labels.grid, grid) & lesion
        core = signed_distance(inner, spacing, open_) if inner.sum() >= 8 else None
    return Site(grid, Medium(open_, spacing, _ease(scene, values)), outer, core, home, tuple(warnings))


def resampled_mask(mask: Mask, source: Grid, target: Grid) -> Mask:
    """A mask on another grid: between thick slices its surface is interpolated, by signed distances."""
    padded = np.pad(mask, 1)
    grid = source.crop((-1, -1, -1), padded.shape)  # type: ignore[arg-type]
    distance = _plain_distance(padded, source.spacing_mm)
    found = resample_array(distance.astype(np.float32), grid, target, outside=1e3) < 0
    if not found.any():
        found = resample_array(mask.astype(np.float32), source, target) >= 0.3
    return found


def _plain_distance(mask: Mask, spacing_mm: tuple[float, float, float]) -> Float:
    box = around(mask, 4)
    part = mask[box]
    inside = ndimage.distance_transform_edt(part, sampling=spacing_mm)
    outside = ndimage.distance_transform_edt(~part, sampling=spacing_mm)
    distance = np.full(mask.shape, 1e3)
    distance[box] = outside - inside
    return distance


def _open(scene: Scene, values: NDArray[np.unsignedinteger], lesion: Mask, grid: Grid) -> tuple[Mask, str, list[str]]:
    """Where the tumour can be, the organ's name, and what was guessed."""
    named = {one.label: one for one in scene.drawing.findings}
    by_kind = {
        kind: [v for v, one in named.items() if one.kind == kind] for kind in ("lesion", "vessel", "tissue", "organ")
    }
    fluid = [v for v, one in named.items() if any(word in one.name.lower() for word in _FLUID)]
    bones = [v for v, one in named.items() if "bone" in one.name.lower() or "skull" in one.name.lower()]
    blocked = np.isin(values, [*by_kind["vessel"], *fluid, *bones])
    homes = [v for v, one in named.items() if one.name in _homes(scene.finding.name)]
    warnings: list[str] = []
    rim = ndimage.binary_dilation(lesion, iterations=2) & ~lesion
    if not homes and _homes(scene.finding.name):
        warnings.append(
            f"The drawing holds no {' or '.join(_homes(scene.finding.name))}; the tissue around the lesion is taken "
            "instead."
        )
    if not homes:
        around_it = np.bincount(values[rim].ravel(), minlength=1)
        organs = [v for v in by_kind["organ"] if v < len(around_it) and around_it[v] > 0.2 * max(1, int(rim.sum()))]
        homes = organs
    if not homes:
        warnings.append("No organ around the lesion is known: it may grow wherever no bone, vessel or fluid is drawn.")
        body = [one.value for one in scene.labels.labels if role_of(one) == "body"]
        return (~blocked if not body else (values > 0) & ~blocked), "", warnings
    home = named[homes[0]].name
    inside = np.isin(values, [*homes, *by_kind["lesion"]]) & ~blocked
    if home == "head":
        inside, told = _within_skull(np.isin(values, [*homes, *by_kind["lesion"]]), lesion, grid, blocked)
        warnings.append(told)
    touching = float((np.isin(values, homes) & rim).sum()) / max(1, int(rim.sum()))
    if touching < 0.05:
        raise InputError(
            f"The lesion {scene.finding.id!r} ({scene.finding.name}) lies outside the {home}: of the voxels around it, "
            f"{touching:.0%} are {home}, and at least 5 % are expected. Correct the drawing, or choose another lesion "
            "(target)."
        )
    return inside, home, warnings


def _homes(lesion: str) -> tuple[str, ...]:
    return next((homes for name, homes in _HOMES.items() if name in lesion), ())


def _within_skull(head: Mask, lesion: Mask, grid: Grid, blocked: Mask) -> tuple[Mask, str]:
    filled = ndimage.binary_closing(np.pad(head, 3, mode="edge"), iterations=2)[3:-3, 3:-3, 3:-3] | head
    padded = np.pad(filled, 1, mode="edge")
    depth = ndimage.distance_transform_edt(padded, sampling=grid.spacing_mm)[1:-1, 1:-1, 1:-1]
    told = (
        f"The drawing does not tell brain from skull: within {SKULL_MM:.0f} mm of the head's surface nothing grows. "
        "White and grey matter and fluid are not told apart; cells move alike everywhere."
    )
    return (depth > SKULL_MM) & ~blocked | lesion, told


def _ease(scene: Scene, values: NDArray[np.unsignedinteger]) -> Float | None:
    """Grey matter is slower where the drawing knows it."""
    grey = [one.label for one in scene.drawing.findings if one.name.lower() in ("grey matter", "gray matter")]
    if not grey:
        return None
    return np.where(np.isin(values, grey), GREY_EASE, 1.0)
