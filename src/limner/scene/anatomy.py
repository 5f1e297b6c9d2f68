"""What a planner sees in a label map: structures with roles, lesions with their organs, and the skin.

All work is done on two lattices of one orientation: the label map itself, turned to axial (*fine*), and a
near-isotropic lattice of cells of about 1.75 mm (*work*), in which a structure holds every cell that any of its voxels
touches, so that thin vessels stay.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import edt
import numpy as np
from scipy import ndimage

from limner.errors import InputError
from limner.image import Grid, Label, LabelMap, reorient, to_axial
from limner.scene.lattice import Lattice, need_right_angles
from limner.scene.parts import SMALLEST_LESION_ML, SMALLEST_LESION_VOXELS, Box, Mask, Part, find_parts
from limner.scene.roles import Role, is_bowel, role_of, same, words
from limner.scene.skin import Skin, find_body, find_skin

WORK_MM = 1.75
SURFACE_MM = 1.0
"""Where nothing is known of a border, it is taken to lie within this standard deviation of where it is drawn."""
FARTHEST_MM = 3.0
"""A lesion lies in its organ where it comes this near to it; one farther away is an error of the drawing."""
AROUND_MM = 8.0
MANY = 2


@dataclass(frozen=True)
class Structure:
    """Labels that a planner takes as one.

    Args:
        name: as drawn; ``"bones"`` and ``"lungs"`` where more than two labels of that role are one.
        role: what a needle makes of it.
        values: of its voxels.
        surface_mm: standard deviation of where its border lies.
    """

    name: str
    role: Role
    values: tuple[int, ...]
    surface_mm: float = SURFACE_MM


@dataclass(frozen=True, eq=False)
class Anatomy:
    """What a planner sees; made by :meth:`of`.

    Args:
        labels: the label map, turned to axial and cropped to what is labelled and :data:`AROUND_MM` around it.
        structures: all that occur, in the order of the labels; lesion labels too.
        lesions: single lesions, with the ids of :func:`limner.scene.find_parts`.
        lattice: how voxels and cells of about :data:`WORK_MM` go together.
        boxes: of each label value, in voxels.
        given: the label map as it came.
    """

    labels: LabelMap
    structures: tuple[Structure, ...]
    lesions: tuple[Part, ...]
    lattice: Lattice
    boxes: Mapping[int, Box]
    given: LabelMap

    @classmethod
    def of(
        cls,
        labels: LabelMap,
        *,
        surface_mm: Mapping[str, float] | None = None,
        default_surface_mm: float = SURFACE_MM,
        work_mm: float = WORK_MM,
    ) -> Anatomy:
        """Reads the roles of all labels.

        Args:
            labels: of a scan, in any orthogonal orientation.
            surface_mm: standard deviation of the border of structures, by name
                (:func:`limner.scene.borders.surface_sd_mm`).
            default_surface_mm: of all others.
            work_mm: aimed size of a cell.

        Raises:
            InputError: the map is empty, or its axes are not orthogonal.
        """
        need_right_angles(labels.grid)
        order, flips = to_axial(labels.grid)
        array, grid = reorient(labels.array, labels.grid, order, flips)
        found = {value: box for value, box in enumerate(ndimage.find_objects(array), start=1) if box is not None}
        if not found:
            raise InputError("A plan needs structures; the label map holds background alone. Draw the scan again?")
        turned, boxes = _cropped(LabelMap(array, grid, labels.labels), found)
        array, grid = turned.array, turned.grid
        there = [one for one in labels.labels if one.value in boxes]
        lesion_labels = tuple(one for one in there if role_of(one) == "lesion")
        lesions = find_parts(LabelMap(array, grid, _as_lesions(lesion_labels)))
        sds = {same(name): value for name, value in (surface_mm or {}).items()}
        structures = _grouped(there, sds, default_surface_mm)
        return cls(turned, structures, lesions, Lattice.of(grid, work_mm), boxes, labels)

    @property
    def grid(self) -> Grid:
        """Of the voxels, axial."""
        return self.labels.grid

    @property
    def blind(self) -> tuple[str, ...]:
        """What no label shows, though a needle must know it: of bones, lungs, vessels, bowel and heart.

        The heart is missed only where lungs are drawn, so that the scan reaches it.
        """
        roles = {one.role for one in self.structures}
        names = [one.name for one in self.structures]
        seen = {
            "bones": "bone" in roles,
            "lungs": "lung" in roles,
            "vessels": "vessel" in roles,
            "bowel": any(is_bowel(name) for name in names),
            "heart": "lung" not in roles or any("heart" in words(name) for name in names),
        }
        return tuple(name for name, there in seen.items() if not there)

    def lesion(self, name: str | None = None) -> Part:
        """A lesion by its id, or by its label's name; the largest where no name is given.

        Raises:
            InputError: there is none, or none of that name (the nearest is suggested).
        """
        if not self.lesions:
            some = ", ".join(one.name for one in self.structures)
            small = [one.name for one in self.structures if one.role == "lesion"]
            why = (
                f"all parts of {small[0]!r} are under {SMALLEST_LESION_ML:g} ml or {SMALLEST_LESION_VOXELS} voxels"
                if small
                else f"no label is a lesion. There are: {some}"
            )
            raise InputError(f"A needle needs a tumour to aim at; {why}.")
        if name is None:
            return self.lesions[0]
        names = {same(one.label.name): one for one in reversed(self.lesions)}  # a label's name: its largest lesion
        names |= {same(one.id): one for one in self.lesions}
        if same(name) not in names:
            near = names[difflib.get_close_matches(same(name), names, n=1, cutoff=0.0)[0]].id
            some = ", ".join(one.id for one in self.lesions)
            raise InputError(f"No target {name!r}; there are {some}. Did you mean {near!r}?")
        return names[same(name)]

    def organ_of(self, lesion: Part) -> Structure | None:
        """The organ that holds a lesion: by its name ("liver tumor"), else the one that touches it most.

        None where no organ is drawn around it; then all organs are at risk, and the plan says so.

        Raises:
            InputError: the organ of its name is drawn, and the lesion lies more than :data:`FARTHEST_MM` outside it.
        """
        organs = [one for one in self.structures if one.role in ("organ", "lung")]
        around = self._around(lesion)
        named = [one for one in organs if same(lesion.label.name).startswith(same(one.name) + " ")]
        for one in named:
            if sum(around.get(value, 0) for value in one.values) == 0:
                x, y, z = (round(float(one)) for one in lesion.grid.world(np.argwhere(lesion.mask).mean(axis=0)))
                raise InputError(
                    f"{lesion.id!r} ({lesion.label.name}) at x {x}, y {y}, z {z} mm was expected in the {one.name}, "
                    f"but lies more than {FARTHEST_MM:g} mm outside it. Correct the drawing, or rename its label."
                )
            return one
        touching = [(sum(around.get(value, 0) for value in one.values), one) for one in organs]
        best = max(touching, key=lambda pair: pair[0], default=(0, None))
        return best[1] if best[0] > 0 else None

    @property
    def body(self) -> Mask:
        """The whole body on the work lattice, filled: at least half of a cell."""
        return self._body[0]

    @property
    def hollow(self) -> Mask:
        """Cells of the body that carry no label: gas, or what was left out."""
        return self._body[1]

    @cached_property
    def _body(self) -> tuple[Mask, Mask]:
        return find_body(self.labels.array != 0, self.lattice)

    @cached_property
    def skin(self) -> Skin:
        """Where a needle may enter: the surface of the body that faces air inside the image.

        Raises:
            InputError: no label draws the body, or the image holds no air beside it.
        """
        if not any(one.role == "body" for one in self.structures):
            some = ", ".join(one.name for one in self.structures)
            raise InputError(
                f"No skin: a needle path starts at the skin, and no label draws the body. There are: {some}. "
                "Draw with a pack that has a label 'body', or add one."
            )
        return find_skin(self.body, self.lattice.work)

    def _around(self, lesion: Part) -> dict[int, int]:
        """Voxels of each label within :data:`FARTHEST_MM` of a lesion, or that touch it."""
        farthest = max(FARTHEST_MM, 1.001 * max(self.grid.spacing_mm))
        reach = [int(np.ceil(farthest / step)) for step in self.grid.spacing_mm]
        box = tuple(
            slice(max(0, one.start - by), min(size, one.stop + by))
            for one, by, size in zip(lesion.box, reach, self.grid.shape, strict=True)
        )
        inner = [(one.start - b.start, b.stop - one.stop) for one, b in zip(lesion.box, box, strict=True)]
        mask = np.pad(lesion.mask, inner)
        near = edt.edt(~mask, anisotropy=self.grid.spacing_mm) <= farthest
        values, counts = np.unique(self.labels.array[box][near & ~mask], return_counts=True)
        return {int(value): int(count) for value, count in zip(values, counts, strict=True)}


def _as_lesions(labels: tuple[Label, ...]) -> tuple[Label, ...]:
    """Labels that are lesions by their name alone, made lesions by kind too; names stay, as ids come from them."""
    return tuple(replace(one, kind="lesion") for one in labels)


def _grouped(labels: list[Label], sds: Mapping[str, float], default: float) -> tuple[Structure, ...]:
    roles = {one.value: role_of(one) for one in labels}
    found: list[Structure] = []
    for one in labels:
        role = roles[one.value]
        alike = tuple(other.value for other in labels if roles[other.value] == role)
        if role in ("bone", "lung") and len(alike) > MANY:
            name = f"{role}s"
            if any(made.name == name and made.role == role for made in found):
                continue
        else:
            name, alike = one.name, (one.value,)
        found.append(Structure(name, role, alike, sds.get(same(name), default)))
    return tuple(found)


def _cropped(labels: LabelMap, boxes: Mapping[int, Box]) -> tuple[LabelMap, dict[int, Box]]:
    by = [int(np.ceil(AROUND_MM / step)) for step in labels.grid.spacing_mm]
    first = [max(0, min(box[k].start for box in boxes.values()) - by[k]) for k in range(3)]
    last = [min(size, max(box[k].stop for box in boxes.values()) + by[k]) for k, size in enumerate(labels.grid.shape)]
    array = np.ascontiguousarray(labels.array[tuple(slice(*ends) for ends in zip(first, last, strict=True))])
    shape = (array.shape[0], array.shape[1], array.shape[2])
    moved = {
        value: tuple(slice(one.start - by, one.stop - by) for one, by in zip(box, first, strict=True))
        for value, box in boxes.items()
    }
    cropped = LabelMap(array, labels.grid.crop(first, shape), labels.labels)
    return cropped, moved  # type: ignore[return-value]  # a box has three slices
