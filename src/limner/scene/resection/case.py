"""A liver that is to be operated on: all that does not change while a person moves the cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError

from limner.errors import InputError
from limner.image import Grid
from limner.scene.parts import Mask
from limner.scene.resection.lattice import Lattice, lattice_of, surface_of
from limner.scene.resection.partition import Partition, partition_of
from limner.scene.resection.rules import ResectionRules
from limner.scene.resection.vessels import Flow, Tree, flow_of

Float = NDArray[np.float64]
LEAST_INSIDE = 0.5
"""Of the tumour, as a share: one that lies less in the liver is not a tumour of the liver."""


@dataclass(frozen=True, eq=False)
class Lesion:
    """One component of the tumour.

    Args:
        id: ``"tumor-1"`` is the largest.
        volume_ml: of its voxels.
        surface_mm: ``(M, 3)`` points of its surface, LPS.
    """

    id: str
    volume_ml: float
    surface_mm: Float

    @cached_property
    def hull_mm(self) -> Float:
        """Corners of its convex hull: enough for any plane."""
        try:
            return self.surface_mm[ConvexHull(self.surface_mm).vertices]
        except QhullError:  # flat or tiny
            return self.surface_mm

    @property
    def center_mm(self) -> Float:
        """Middle of its surface."""
        return self.surface_mm.mean(axis=0)


@dataclass(frozen=True, eq=False)
class Case:
    """What :func:`prepare` made; :func:`limner.scene.resection.judge` reads it.

    Args:
        lattice: the liver in blocks.
        liver: ``(Z, Y, X)`` bool of the lattice's box, voxel by voxel.
        lesions: by falling volume.
        liver_ml: of all liver voxels.
        tumor_ml: of tumour inside the liver.
        partitions: ``"segments"`` and the kinds of trees whose territories are known.
        flows: trees laid over the lattice, by kind.
        trees: as they were given, by kind.
        grid: of the masks.
        notes: what the person should know about the input.
        rules: of the plan; :meth:`under` changes them at no cost.
    """

    lattice: Lattice
    liver: Mask
    lesions: tuple[Lesion, ...]
    liver_ml: float
    tumor_ml: float
    partitions: Mapping[str, Partition]
    flows: Mapping[str, Flow]
    trees: Mapping[str, Tree]
    grid: Grid
    notes: tuple[str, ...] = ()
    rules: ResectionRules = field(default_factory=ResectionRules)

    @property
    def functional_ml(self) -> float:
        """Liver without tumour: what a remnant is a percentage of."""
        return self.liver_ml - self.tumor_ml

    @property
    def functional(self) -> NDArray[np.float32]:
        """``(N,)`` ml of each block."""
        return self.lattice.liver_ml - self.lattice.tumor_ml

    def under(self, rules: ResectionRules) -> Case:
        """The same liver under other rules."""
        return replace(self, rules=rules)


def prepare(
    liver: Mask,
    tumor: Mask,
    grid: Grid,
    *,
    segments: NDArray[np.integer] | None = None,
    trees: Sequence[Tree] = (),
    rules: ResectionRules | None = None,
) -> Case:
    """Makes a case out of masks, once; what follows takes milliseconds.

    Args:
        liver: ``(Z, Y, X)`` bool, the whole liver with its tumours and vessels.
        tumor: likewise; every component is to be taken out.
        grid: of both.
        segments: ``(Z, Y, X)``, Couinaud 1 to 8 and 0; liver without a segment is given to the nearest.
        trees: at most one portal and one hepatic.
        rules: of the plan.

    Raises:
        InputError: shapes that differ, an empty liver, no tumour, a tumour outside the liver, segments of other values,
            two trees of one kind.
    """
    liver, tumor = _checked(liver, tumor, grid)
    box = _box(liver | tumor)
    inner, lesion_mask = liver[box], tumor[box]
    lesions = _lesions(lesion_mask, grid.crop([one.start for one in box], inner.shape))
    surface = np.concatenate([one.surface_mm for one in lesions])
    lattice = lattice_of(inner, lesion_mask, surface, grid, box)
    notes = list(_notes(liver, tumor, segments, trees))
    partitions: dict[str, Partition] = {}
    if segments is not None:
        partitions["segments"] = partition_of(_segments(segments, grid)[box], inner, lesion_mask, lattice)
    flows: dict[str, Flow] = {}
    for tree in trees:
        if tree.territory.shape != grid.shape or tree.kind in flows:
            raise InputError(
                f"At most one tree of each kind is expected, with territories on the grid {grid.shape}; got "
                f"{[one.kind for one in trees]} and, for the {tree.kind} tree, {tree.territory.shape}."
            )
        territory, fed = tree.territory[box], np.zeros(len(lattice.index), np.int64)
        if (territory[inner] > 0).any():
            partitions[tree.kind] = partition_of(territory, inner, lesion_mask, lattice)
            fed = partitions[tree.kind].ids[partitions[tree.kind].filled[tuple(lattice.index.T)]]
        flows[tree.kind] = flow_of(tree, lattice, fed)
    for name, partition in partitions.items():
        if partition.unnamed_ml > 0.005 * lattice.liver_ml.sum():
            notes.append(f"{partition.unnamed_ml:.0f} ml of liver had no place among the {name}: given to the nearest.")
    return Case(
        lattice=lattice,
        liver=inner,
        lesions=lesions,
        liver_ml=float(np.count_nonzero(inner) * grid.voxel_ml),
        tumor_ml=float(np.count_nonzero(inner & lesion_mask) * grid.voxel_ml),
        partitions=partitions,
        flows=flows,
        trees={tree.kind: tree for tree in trees},
        grid=grid,
        notes=tuple(notes),
        rules=rules or ResectionRules(),
    )


def _checked(liver: Mask, tumor: Mask, grid: Grid) -> tuple[Mask, Mask]:
    for name, mask in (("liver", liver), ("tumour", tumor)):
        if mask.shape != grid.shape:
            raise InputError(
                f"The {name} mask must lie on the grid of the case, shape (Z, Y, X) = {grid.shape}; got {mask.shape}. "
                "Resample it to that grid first."
            )
    liver, tumor = np.asarray(liver, bool), np.asarray(tumor, bool)
    if not liver.any():
        raise InputError("A resection needs a liver; its mask is empty. Was the liver drawn in this study?")
    if not tumor.any():
        raise InputError("A resection needs a tumour to take out; its mask is empty. Name another target.")
    inside = np.count_nonzero(liver & tumor) / np.count_nonzero(tumor)
    if inside < LEAST_INSIDE:
        raise InputError(
            f"A tumour of the liver lies in the liver; of this one {100 * inside:.0f} % do. The liver's mask must hold "
            "its tumours (liver | tumour), and both must lie on one grid."
        )
    return liver, tumor


def _segments(segments: NDArray[np.integer], grid: Grid) -> NDArray[np.uint8]:
    values = np.asarray(segments)
    if values.shape != grid.shape or values.dtype.kind not in "iu" or values.min() < 0 or values.max() > 8:
        raise InputError(
            f"Segments are whole numbers 0 to 8 on the grid {grid.shape}; got {values.dtype} of shape {values.shape}, "
            f"{values.min()} to {values.max()}."
        )
    if not values.any():
        raise InputError("Segments were given and every voxel of them is 0. Leave them out where they are not known.")
    return values.astype(np.uint8)


def _notes(liver: Mask, tumor: Mask, segments: NDArray[np.integer] | None, trees: Sequence[Tree]) -> list[str]:
    found = []
    outside = 1 - np.count_nonzero(liver & tumor) / np.count_nonzero(tumor)
    if outside > 0.01:
        found.append(f"{100 * outside:.0f} % of the tumour lie outside the liver's mask; volumes count the liver only.")
    kinds = {tree.kind for tree in trees}
    if "portal" not in kinds:
        found.append("The portal tree is not known: which liver loses its inflow is not known either.")
    if "hepatic" not in kinds:
        found.append("The hepatic veins are not known: which liver loses its outflow is not known either.")
    if segments is None:
        found.append("Segments are not known: no anatomical resection is proposed.")
    return found


def _lesions(tumor: Mask, grid: Grid) -> tuple[Lesion, ...]:
    components = cc3d.connected_components(tumor, connectivity=26)
    counts = np.bincount(components.ravel())[1:]
    boxes = ndimage.find_objects(components)
    found = []
    for k, value in enumerate(np.argsort(-counts, kind="stable") + 1, start=1):
        box = boxes[value - 1]
        mask = components[box] == value
        surface = surface_of(mask, grid.crop([one.start for one in box], mask.shape))
        found.append(Lesion(f"tumor-{k}", float(counts[value - 1] * grid.voxel_ml), surface))
    return tuple(found)


def _box(mask: Mask) -> tuple[slice, slice, slice]:
    z, y, x = ndimage.find_objects(mask.view(np.uint8))[0]
    return z, y, x
