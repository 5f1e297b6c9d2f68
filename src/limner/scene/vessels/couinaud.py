"""The eight segments of the liver, as Couinaud counted them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cc3d
import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError
from limner.image import Grid, LabelMap, resample_array
from limner.image.anatomy import named
from limner.scene.parts import Box, Mask
from limner.scene.vessels import liver_box, small_net
from limner.scene.vessels.build import check_mask

WEIGHTS = Path(__file__).with_name("liver_segments.safetensors")
SEGMENTS = tuple(range(1, 9))
COLORS = (
    (86, 134, 190),
    (240, 160, 70),
    (110, 176, 96),
    (206, 84, 80),
    (150, 118, 190),
    (150, 108, 92),
    (222, 140, 190),
    (150, 150, 156),
)
"""Of the segments, 1 to 8: neighbours differ."""
LEAST_ML = 200.0
"""A smaller mask is no liver whose shape tells its segments; an infant's has about 200 ml."""


@dataclass(frozen=True, eq=False)
class Segments:
    """Couinaud's segments of one liver.

    Args:
        array: ``(Z, Y, X)`` uint8, 1 to 8 in the liver, 0 outside.
        grid: where the voxels stand.
        confidence: mean probability of the segment given, over the liver.
        per_segment: the same over each segment; 0 for one that was not found.
        with_vessels: whether vessels were known.
    """

    array: NDArray[np.uint8]
    grid: Grid
    confidence: float
    per_segment: dict[int, float]
    with_vessels: bool

    @property
    def volume_ml(self) -> dict[int, float]:
        """Of each segment."""
        counts = np.bincount(self.array.ravel(), minlength=9)
        return {k: float(counts[k] * self.grid.voxel_ml) for k in SEGMENTS}

    @property
    def labels(self) -> LabelMap:
        """As a label map, with names and colours."""
        labels = (replace(named(f"liver segment {k}", k, "organ"), color=COLORS[k - 1]) for k in SEGMENTS)
        return LabelMap(self.array, self.grid, tuple(labels))


def couinaud(liver_mask: Mask, grid: Grid, vessels: Mask | None = None, *, weights: Path | None = None) -> Segments:
    """The segments of a liver by Couinaud's numbers.

    1 is the caudate, 2 (high) and 3 (low) left lateral, 4 left medial, 5 (low) and 8 (high) right anterior, 6 (low) and
    7 (high) right posterior.

    A small net says of each cell of a lattice around the liver how likely each segment is there; probabilities are
    interpolated to the voxels, and what is not joined to its segment goes to the neighbour that it touches most.

    Args:
        liver_mask: ``(Z, Y, X)`` bool, the whole liver with its tumours and vessels.
        grid: of the mask.
        vessels: ``(Z, Y, X)`` bool, portal and hepatic veins together; borders follow them.
        weights: of the net; those that come with Limner where None.

    Raises:
        InputError: no liver, a mask too small to be one, or vessels that lie elsewhere.

    Source: Couinaud C., *Le foie: études anatomiques et chirurgicales*, Masson 1957; the names of Strasberg S.M.,
    *Nomenclature of hepatic anatomy and resections*, J Hepatobiliary Pancreat Surg 12:351, 2005.
    """
    _refuse(liver_mask, grid, vessels)
    lattice = liver_box.box_of(liver_mask, grid)
    masks = [liver_mask] if vessels is None else [liver_mask, vessels]
    found = liver_box.shares(masks, grid, lattice)
    shown = liver_box.channels(found[0], found[1] if vessels is not None else None)
    logits = small_net.run(_weights(weights or WEIGHTS), shown).astype(np.float64)
    odds = np.exp(logits - logits.max(axis=0))
    probabilities = (odds / odds.sum(axis=0)).astype(np.float32)
    box = liver_box.around(lattice, grid)
    small, sure = _on_grid(probabilities, lattice, grid, box, liver_mask[box])
    array = np.zeros(grid.shape, np.uint8)
    array[box] = connected(small)
    inside = liver_mask[box]
    per_segment = {k: float(sure[array[box] == k].mean()) if (array[box] == k).any() else 0.0 for k in SEGMENTS}
    return Segments(array, grid, float(sure[inside].mean()), per_segment, vessels is not None)


@cache
def _weights(path: Path) -> small_net.Weights:
    return small_net.read_weights(path)


def _refuse(liver_mask: Mask, grid: Grid, vessels: Mask | None) -> None:
    check_mask(liver_mask, grid, "liver")
    volume = float(np.count_nonzero(liver_mask) * grid.voxel_ml)
    if volume < LEAST_ML:
        raise InputError(
            f"Segments are told by the shape of a whole liver, at least {LEAST_ML:g} ml; the mask holds {volume:.1f} "
            "ml. Give the mask of the whole liver, tumours and vessels included."
        )
    if vessels is not None:
        check_mask(vessels, grid, "liver vessels")
        if not (vessels & liver_mask).any():
            raise InputError(
                "Vessels that run through the liver are expected; none of these lies in it. Are both masks of one "
                "study, and does the liver's mask hold its vessels? Without vessels, leave them out."
            )


def _on_grid(
    probabilities: NDArray[np.float32], lattice: Grid, grid: Grid, box: Box, inside: Mask
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The likeliest segment of every voxel in the box, and its probability; one segment at a time, for memory."""
    z, y, x = inside.shape
    there = grid.crop([one.start for one in box], (z, y, x))
    best = np.full(inside.shape, -1.0, np.float32)
    array = np.zeros(inside.shape, np.uint8)
    for k in SEGMENTS:
        padded = np.pad(probabilities[k - 1], 1, mode="edge")
        value = resample_array(padded, lattice.crop((-1, -1, -1), padded.shape), there)
        np.copyto(array, np.uint8(k), where=value > best)
        np.maximum(best, value, out=best)
    return np.where(inside, array, 0).astype(np.uint8), best


def connected(segments: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each segment as its largest piece (6-connected); every other piece joins the neighbour that it touches most.

    A piece that touches nothing, apart from the liver, keeps its segment.

    Args:
        segments: ``(Z, Y, X)``, 0 outside.
    """
    pieces = cc3d.connected_components(segments, connectivity=6)
    sizes = np.bincount(pieces.ravel())
    first = np.zeros(len(sizes), np.int64)
    first[pieces.ravel()] = segments.ravel()
    best = {k: int(np.where(first == k, sizes, -1).argmax()) for k in np.unique(first[1:]).tolist()}
    settled = {0} | set(best.values())
    touches = cc3d.contacts(pieces, connectivity=6, surface_area=False)
    beside: dict[int, dict[int, int]] = {}
    for (a, b), area in touches.items():
        beside.setdefault(int(a), {})[int(b)] = int(area)
        beside.setdefault(int(b), {})[int(a)] = int(area)
    waiting = [one for one in np.argsort(-sizes).tolist() if one not in settled]
    while waiting:
        left = []
        for one in waiting:
            near = {other: area for other, area in beside.get(one, {}).items() if other in settled and other}
            if not near:
                left.append(one)
                continue
            by_segment: dict[int, int] = {}
            for other, area in near.items():
                by_segment[int(first[other])] = by_segment.get(int(first[other]), 0) + area
            first[one] = max(by_segment, key=by_segment.__getitem__)
            settled.add(one)
        if len(left) == len(waiting):
            break
        waiting = left
    return first[pieces].astype(np.uint8)
