"""What a scene is made of: every structure of a label map and every single lesion, cut out and named once.

Surfaces and measures both start from :func:`find_parts`, so that the ids of their lesions agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import cc3d
import edt
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.image import Grid, Label, LabelMap

Mask = NDArray[np.bool_]
Box = tuple[slice, slice, slice]

SMALLEST_LESION_ML = 0.02
"""Smaller components of a lesion label (a ball of 3.4 mm) are noise to any reader: they are not findings."""
SMALLEST_LESION_VOXELS = 3
CLOSING_MM = 6.0
"""Vessels that run through an organ lie inside it where a ball of this radius closes the organ over them."""


@dataclass(frozen=True, eq=False)
class Part:
    """One structure or one lesion, cropped to its bounding box.

    Args:
        id: unique in its label map: ``"tumor-1"`` for lesions, else the name with dashes.
        label: what it is.
        box: where the crop lies in the label map, slices along ``(Z, Y, X)``.
        mask: ``(Z, Y, X)`` bool, its voxels inside the box. An organ holds all that lies inside it.
        grid: of the crop.
    """

    id: str
    label: Label
    box: Box
    mask: Mask
    grid: Grid

    @cached_property
    def voxels(self) -> int:
        """How many voxels it has."""
        return int(np.count_nonzero(self.mask))

    @property
    def volume_ml(self) -> float:
        """Voxels times the volume of one, in ml."""
        return self.voxels * self.grid.voxel_ml


def cut_off(part: Part, whole: Grid) -> bool:
    """Whether a part reaches the first or the last voxel of the image along any axis: it may go on outside."""
    return any(one.start == 0 or one.stop == size for one, size in zip(part.box, whole.shape, strict=True))


def slug(name: str) -> str:
    """A name as an id.

    >>> slug("right kidney")
    'right-kidney'
    """
    return "-".join(name.lower().split())


def held_by(label: Label, labels: LabelMap) -> tuple[Label, ...]:
    """The labels whose voxels all belong to a structure by name: ``liver`` holds ``liver tumor``, ``body`` holds all.

    Vessels are not held by name, since they run on beyond the organ; :func:`find_parts` adds what lies inside.

    >>> from limner.image.anatomy import label as known
    >>> some = LabelMap(
    ...     np.ones((1, 1, 1), np.uint8),
    ...     Grid.axial((1, 1, 1), (1, 1, 1)),
    ...     (known("liver", 1), known("liver tumor", 2), known("spleen", 3)),
    ... )
    >>> [one.name for one in held_by(known("liver", 1), some)]
    ['liver', 'liver tumor']
    """
    if label.name == "body":
        return labels.labels
    if label.kind != "organ":
        return (label,)
    inner = f"{label.name} "
    return tuple(one for one in labels.labels if one == label or (one.name.startswith(inner) and one.kind != "vessel"))


def find_parts(labels: LabelMap) -> tuple[Part, ...]:
    """Every structure that occurs and every lesion, in the order of the labels, lesions by falling volume.

    Lesions are 26-connected components. Those under :data:`SMALLEST_LESION_ML` or
    :data:`SMALLEST_LESION_VOXELS` are left out (they stay in the label map and in the organ around them). They are
    numbered through all lesion labels whose names end alike, so an id is unique.
    """
    boxes = ndimage.find_objects(labels.array)
    found: list[Part] = []
    for label in labels.labels:
        if label.value > len(boxes) or boxes[label.value - 1] is None:
            continue
        if label.kind == "lesion":
            found.extend(_components(labels, label, boxes[label.value - 1]))
        else:
            found.append(_whole(labels, label, boxes))
    return _numbered(found)


def _whole(labels: LabelMap, label: Label, boxes: list[Box | None]) -> Part:
    held = held_by(label, labels)
    box = _union([boxes[one.value - 1] for one in held if one.value <= len(boxes)])
    view = labels.array[box]
    values = [one.value for one in held]
    if len(values) == 1:
        mask = view == values[0]
    else:
        table = np.zeros(int(np.iinfo(view.dtype).max) + 1, bool)
        table[values] = True
        mask = table[view]
    if label.kind == "organ":
        passing = [one.value for one in labels.labels if one.kind in ("vessel", "lesion") and one not in held]
        mask |= _inside(mask, view, passing, labels.grid, _cut(box, labels.grid))
    return Part(slug(label.name), label, box, mask, _crop(labels.grid, box))


def _cut(box: Box, grid: Grid) -> list[tuple[bool, bool]]:
    """Along each axis: whether a box reaches the first, and the last voxel of the image."""
    return [(one.start == 0, one.stop == size) for one, size in zip(box, grid.shape, strict=True)]


def _inside(
    mask: Mask, view: NDArray[np.unsignedinteger], passing: list[int], grid: Grid, cut: list[tuple[bool, bool]]
) -> Mask:
    """Voxels of vessels, and of lesions named apart, that an organ closes over; found on a coarse lattice."""
    candidates = np.isin(view, passing) if passing else np.zeros(mask.shape, bool)
    if not candidates.any():
        return candidates
    steps = [max(1, int(CLOSING_MM / 3 / step)) for step in grid.spacing_mm]
    spacing = [step * size for step, size in zip(steps, grid.spacing_mm, strict=True)]
    coarse = mask[tuple(slice(step // 2, None, step) for step in steps)]
    margin = [int(np.ceil(2 * CLOSING_MM / step)) + 1 for step in spacing]
    dilated = edt.edt(~_beyond(coarse, margin, cut), anisotropy=spacing) <= CLOSING_MM
    closed = filled(edt.edt(dilated, anisotropy=spacing) > CLOSING_MM)
    inner = closed[tuple(slice(one, one + size) for one, size in zip(margin, coarse.shape, strict=True))]
    for axis, step in enumerate(steps):
        inner = np.repeat(inner, step, axis=axis)
    short = [(0, max(0, size - there)) for size, there in zip(mask.shape, inner.shape, strict=True)]
    inner = np.pad(inner, short, mode="edge")
    return candidates & inner[tuple(slice(size) for size in mask.shape)]


def _beyond(mask: Mask, margin: list[int], cut: list[tuple[bool, bool]]) -> Mask:
    """The mask with a margin, in which it goes on where the image cut it off."""
    for axis, (by, sides) in enumerate(zip(margin, cut, strict=True)):
        for side, goes_on in enumerate(sides):
            width = [(0, 0)] * 3
            width[axis] = (by, 0) if side == 0 else (0, by)
            mask = np.pad(mask, width, mode="edge") if goes_on else np.pad(mask, width)
    return mask


def filled(mask: Mask) -> Mask:
    """The mask and every cavity that has no way out of its box."""
    ground = cc3d.connected_components(np.pad(~mask, 1, constant_values=True), connectivity=6)
    return np.asarray(ground[1:-1, 1:-1, 1:-1] != ground[0, 0, 0])


def _components(labels: LabelMap, label: Label, box: Box) -> Iterator[Part]:
    components = cc3d.connected_components(labels.array[box] == label.value, connectivity=26)
    for value, inner in enumerate(ndimage.find_objects(components), start=1):
        mask = components[inner] == value
        there = _shifted(inner, box)
        part = Part(label.name.split()[-1], label, there, mask, _crop(labels.grid, there))
        if part.voxels >= SMALLEST_LESION_VOXELS and part.volume_ml >= SMALLEST_LESION_ML:
            yield part


def _numbered(found: list[Part]) -> tuple[Part, ...]:
    rest = [one for one in found if one.label.kind != "lesion"]
    lesions = sorted((one for one in found if one.label.kind == "lesion"), key=_by_size)
    counts: dict[str, int] = {}
    for one in lesions:
        counts[one.id] = counts.get(one.id, 0) + 1
        rest.append(Part(f"{one.id}-{counts[one.id]}", one.label, one.box, one.mask, one.grid))
    return tuple(rest)


def _by_size(part: Part) -> tuple[int, list[int]]:
    return -part.voxels, [one.start for one in part.box]


def _union(boxes: list[Box | None]) -> Box:
    there = [one for one in boxes if one is not None]
    edges = [(min(box[k].start for box in there), max(box[k].stop for box in there)) for k in range(3)]
    return slice(*edges[0]), slice(*edges[1]), slice(*edges[2])


def _shifted(inner: Box, outer: Box) -> Box:
    edges = [(i.start + o.start, i.stop + o.start) for i, o in zip(inner, outer, strict=True)]
    return slice(*edges[0]), slice(*edges[1]), slice(*edges[2])


def _crop(grid: Grid, box: Box) -> Grid:
    shape = [one.stop - one.start for one in box]
    return grid.crop([one.start for one in box], (shape[0], shape[1], shape[2]))
