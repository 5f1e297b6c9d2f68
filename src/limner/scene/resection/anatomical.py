"""Resections along anatomy: which segments, or territories of branches, to take out whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.scene.resection.case import Case
from limner.scene.resection.curved import Curved
from limner.scene.resection.cuts import Cut, Segmentwise, Several
from limner.scene.resection.partition import Partition

Float = NDArray[np.float64]
TRACE_ML = 0.02
"""Tumour under this in a segment is a voxel or two across its border."""
R0_MM = 1.0
"""The least margin that is worth proposing."""
OUTSIDE = 0.02
"""A wedge of which less than this share lies outside some segments is not needed beside them."""


@dataclass(frozen=True, eq=False)
class Subsets:
    """All sets of a few parts at once.

    Args:
        chosen: ``(S, P)`` bool, every set but the empty one.
        liver_ml: ``(S,)``.
        margin_mm: ``(S,)`` from the tumour to the border of the set; negative infinity where tumour stays.
    """

    chosen: NDArray[np.bool_]
    liver_ml: Float
    margin_mm: Float


def subsets(partition: Partition, case: Case) -> Subsets:
    """Every set of segments with its volume and its margin: 255 of them, by one table of distances between pairs."""
    parts = len(partition.ids)
    chosen = (np.arange(1, 2**parts)[:, None] >> np.arange(parts) & 1).astype(bool)
    nearest = border_mm(partition, case)
    margin = np.full(len(chosen), np.inf)
    for a in range(parts):
        for b in range(parts):
            cut = chosen[:, a] & ~chosen[:, b]
            margin[cut] = np.minimum(margin[cut], nearest[a, b])
    stays = (~chosen & (partition.tumor_ml > TRACE_ML)).any(axis=1)
    margin[stays] = -np.inf
    return Subsets(chosen, chosen @ partition.liver_ml, margin)


def border_mm(partition: Partition, case: Case) -> Float:
    """``(P, P)``: from the tumour to the nearest point of the border between two parts; infinite where none is."""
    parts = len(partition.ids)
    found = np.full((parts, parts), np.inf)
    code = np.minimum(*partition.faces) * parts + np.maximum(*partition.faces)
    for one in np.unique(code):
        where = code == one
        value = case.lattice.nearest_tumor_mm(partition.face_mm[where], partition.face_tumor_mm[where])
        a, b = divmod(int(one), parts)
        found[a, b] = found[b, a] = value
    return found


def segment_cuts(case: Case, margin_mm: float, count: int = 5) -> list[Segmentwise]:
    """The smallest set of segments that keeps the margin, then smaller ones that keep less of it."""
    partition = case.partitions.get("segments")
    if partition is None:
        return []
    every = subsets(partition, case)
    found: list[Segmentwise] = []
    best = -np.inf
    for k in np.argsort(every.liver_ml, kind="stable"):
        margin = min(float(every.margin_mm[k]), margin_mm)
        if margin < R0_MM or (margin < best + R0_MM and margin < margin_mm):
            continue
        best = margin
        found.append(Segmentwise(frozenset(partition.ids[every.chosen[k]].tolist())))
        if margin >= margin_mm:
            break
    return found[-count:]


def territory_cuts(case: Case, margin_mm: float) -> list[Segmentwise]:
    """Branches whose territories hold the tumour with its margin, each with all that comes from it."""
    found = []
    for kind in ("portal",):
        partition = case.partitions.get(kind)
        if partition is None:
            continue
        held = case.lattice.tumor_mm[partition.block] <= margin_mm
        touched = np.bincount(partition.part[held], minlength=len(partition.ids)) > 0
        hit = partition.ids[touched].tolist()
        below = frozenset().union(*(case.trees[kind].below(int(one)) for one in hit)) & set(partition.ids.tolist())
        found.append(Segmentwise(frozenset(hit), kind))  # type: ignore[arg-type]
        if below != set(hit):
            found.append(Segmentwise(frozenset(below), kind))  # type: ignore[arg-type]
    return found


def mixed_cuts(case: Case, wedges: Sequence[Curved], removed: Sequence[NDArray[np.float32]]) -> list[Cut]:
    """Segments for some lesions and wedges for the others: for each number of wedges the set that takes least.

    Args:
        case: the liver.
        wedges: one for each cluster of lesions.
        removed: ``(N,)`` share of blocks that each of them takes.
    """
    partition = case.partitions.get("segments")
    if partition is None:
        return []
    parts = len(partition.ids)
    ml = case.lattice.liver_ml[partition.block] * partition.share
    table = np.stack(
        [np.bincount(partition.part, weights=ml * one[partition.block], minlength=parts) for one in removed]
    )
    chosen = subsets(partition, case).chosen
    outside = ~chosen @ table.T  # (S, wedges)
    needed = outside > OUTSIDE * table.sum(axis=1)
    total = chosen @ partition.liver_ml + (outside * needed).sum(axis=1)
    found: list[Cut] = []
    for count in range(1, len(wedges)):
        rows = np.flatnonzero(needed.sum(axis=1) == count)
        if len(rows):
            best = rows[total[rows].argmin()]
            whole = Segmentwise(frozenset(partition.ids[chosen[best]].tolist()))
            found.append(Several((whole, *(wedges[int(k)] for k in np.flatnonzero(needed[best])))))
    return found
