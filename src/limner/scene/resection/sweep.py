"""What a cut takes out of a liver, block by block, and where it passes through liver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError
from limner.scene.resection.case import Case
from limner.scene.resection.cuts import Cut, Plane, Segmentwise, segmentwise_of, surfaces_of
from limner.scene.resection.partition import Partition

Values = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Sweep:
    """A cut, carried out on the lattice.

    Args:
        removed: ``(N,)`` share of each block's liver that is taken out.
        margin_mm: shortest distance from the tumour's surface to the cut where it passes through liver.
        area_mm2: of the cut surface inside the liver.
        cut: that was carried out.
    """

    removed: Values
    margin_mm: float
    area_mm2: float
    cut: Cut


def sweep(cut: Cut, case: Case) -> Sweep:
    """Carries a cut out.

    Surfaces share a block by their distance from its middle, relative to the block's extent along their normal;
    segments by counted voxels. The area is the derivative of the removed volume by a shift of the surface; of segments,
    the total variation of their indicator.

    Raises:
        InputError: segments or territories that the case does not know.
    """
    lattice = case.lattice
    surfaces, whole = surfaces_of(cut), segmentwise_of(cut)
    removed, area = np.zeros(len(lattice.liver_ml), np.float32), 0.0
    margins = [float("inf")]
    if surfaces:
        fields = [one.signed_mm(lattice.points_mm) for one in surfaces]
        signed = fields[0] if len(fields) == 1 else np.maximum.reduce(fields)
        width = lattice.width_mm(cut.normal if isinstance(cut, Plane) else None)
        removed = np.clip(signed / np.float32(width) + np.float32(0.5), 0, 1)
        band = (removed > 0) & (removed < 1)
    if whole is not None:
        partition = known(whole, case)
        chosen = partition.chosen(whole.ids)
        parts = partition.removed(chosen, len(removed))
        edge = chosen[partition.faces[0]] != chosen[partition.faces[1]]
        if surfaces:
            edge[edge] = ~taken_at(surfaces, partition.face_mm[edge])
        margins.append(lattice.nearest_tumor_mm(partition.face_mm[edge], partition.face_tumor_mm[edge]))
        area += partition.border_mm2(chosen, lattice, 1 - removed)
    if surfaces:
        free = None
        if whole is not None:
            free = parts < 0.5
            band &= free
        pairs = lattice.crossed(signed, free)
        about = np.minimum(*lattice.tumor_mm[pairs])
        margins.append(lattice.nearest_tumor_mm(lattice.between(signed, pairs), about))
        area += float(lattice.liver_ml[band].sum()) * 1000 / width
    if whole is not None:
        removed = removed + parts - removed * parts
    return Sweep(removed, min(margins), area, cut)


def known(cut: Segmentwise, case: Case) -> Partition:
    """The partition that a segmentwise cut speaks of.

    Raises:
        InputError: where the case does not have it, or not these ids.
    """
    partition = case.partitions.get(cut.of)
    if partition is None:
        raise InputError(
            f"This cut follows {cut.of}, which the case does not know; it knows {sorted(case.partitions) or 'none'}."
        )
    missing = sorted(cut.ids - set(partition.ids.tolist()))
    if missing or not cut.ids:
        raise InputError(f"The {cut.of} of this liver are {partition.ids.tolist()}; asked was for {sorted(cut.ids)}.")
    return partition


def taken_at(surfaces: tuple[object, ...], points_mm: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Points that any of some surfaces takes out."""
    taken = np.zeros(len(points_mm), bool)
    for one in surfaces:
        taken |= one.signed_mm(points_mm) > 0  # type: ignore[attr-defined]
    return taken
