"""What a needle must not touch: for one target, the voxels and the cells of each obstacle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.scene.anatomy import Anatomy
from limner.scene.needles.calibre import large_vessels
from limner.scene.parts import Box, Mask, Part

LESION = "other lesion"


@dataclass(frozen=True, eq=False)
class Obstacle:
    """One structure that a needle keeps away from.

    Args:
        name: as drawn.
        role: ``bone``, ``lung``, ``vessel``, ``organ`` or ``lesion``; the rule that holds it.
        surface_mm: standard deviation of its border.
        box: in voxels.
        mask: voxels inside the box.
    """

    name: str
    role: str
    surface_mm: float
    box: Box
    mask: Mask

    @property
    def start(self) -> NDArray[np.int64]:
        """First voxel of the box."""
        return np.array([one.start for one in self.box])


def obstacles(anatomy: Anatomy, lesion: Part, vessel_diameter_mm: float) -> tuple[Obstacle, ...]:
    """Everything that a needle to a lesion keeps away from.

    The lesion's own organ may be passed, the lesion of course; vessels thinner than a diameter may be crossed.

    Args:
        anatomy: what is there.
        lesion: the target.
        vessel_diameter_mm: of the thinnest vessel that counts.
    """
    home = anatomy.organ_of(lesion)
    found = []
    for one in anatomy.structures:
        if one.role in ("body", "soft", "lesion") or one == home:
            continue
        box = _union([anatomy.boxes[value] for value in one.values])
        view = anatomy.labels.array[box]
        mask = view == one.values[0] if len(one.values) == 1 else np.isin(view, one.values)
        if one.role == "vessel":
            mask = large_vessels(mask, anatomy.grid.spacing_mm, vessel_diameter_mm)
            if not mask.any():
                continue
        found.append(Obstacle(one.name, one.role, one.surface_mm, box, mask))
    others = [other for other in anatomy.lesions if other.id != lesion.id]
    sds = {value: one.surface_mm for one in anatomy.structures for value in one.values}
    found += [Obstacle(other.id, "lesion", sds[other.label.value], other.box, other.mask) for other in others]
    return tuple(found)


def _union(boxes: list[Box]) -> Box:
    z, y, x = (slice(min(box[k].start for box in boxes), max(box[k].stop for box in boxes)) for k in range(3))
    return z, y, x
