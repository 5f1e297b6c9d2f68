"""Portal vein and hepatic veins told apart where a label map holds both as one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from limner.errors import InputError
from limner.image import Grid
from limner.scene.parts import Mask
from limner.scene.vessels.build import Seen, TreeRules, check_mask, grown, look, part_of
from limner.scene.vessels.network import Network, Points
from limner.scene.vessels.tree import VesselTree

HEPATIC, PORTAL = 1, 2
CAVA = (0.53, 0.58, 0.82)
"""Where hepatic veins are widest, as shares of the liver's box from right to left, front to back, foot to head: means
over four labelled livers that the weights below were chosen on, too (3D-IRCADb 1 and three of MSD Task08)."""
HILUM = (0.51, 0.46, 0.54)
"""Where the portal vein is widest; see :data:`CAVA`."""
SPREAD = (0.12, 0.09, 0.12)
"""Standard deviations of both."""
PULL = 1.0
"""Weight of a vessel that widens towards one of the two, beside its place."""
BOND = 400.0
"""Weight of two vessels that go on into one another, in mm of certain vessel as wide as the widest."""
CERTAIN = 1e5
"""Evidence of the two ways that the search starts from: the widest at the cava, the widest at the hilum."""
STEPS = 1000.0
"""Integers per unit of cost: the flow is counted in whole numbers."""


@dataclass(frozen=True, eq=False)
class Apart:
    """Two trees out of one mask.

    Args:
        portal: inflow.
        hepatic: outflow.
        array: ``(Z, Y, X)`` uint8, 1 hepatic veins, 2 portal vein, 0 elsewhere.
        confidence: 0.5 to 1, the share of the evidence (place and widening of each vessel) that agrees with the answer.
    """

    portal: VesselTree
    hepatic: VesselTree
    array: NDArray[np.uint8]
    confidence: float


def portal_and_hepatic(mask: Mask, grid: Grid, liver_mask: Mask, rules: TreeRules | None = None) -> Apart:
    """Tells portal vein and hepatic veins apart by a graph cut.

    Wide vessels high and at the back of the liver drain to the cava, wide ones at the hilum come from the portal vein;
    veins widen towards the one or the other; and a vessel seldom changes its kind where it goes straight on at one
    width. Touching vessels are cut where that costs least.

    Args:
        mask: ``(Z, Y, X)`` bool, both together.
        grid: of both masks.
        liver_mask: ``(Z, Y, X)`` bool, the whole liver.
        rules: of the trees.

    Raises:
        InputError: an empty mask, no liver, or vessels of which one kind only was found.

    Source: Boykov Y., Veksler O., Zabih R., *Fast approximate energy minimization via graph cuts*, IEEE Trans Pattern
    Anal 23:1222, 2001, on the branches of a centre line.
    """
    check_mask(liver_mask, grid, "liver")
    seen = look(mask, grid, "liver vessels", liver_mask, rules=rules)
    network = seen.network
    ways = network.chains()
    place = _place(liver_mask, grid)
    for_hepatic = np.array([_evidence(network, way, place) for way in ways])
    seeds = _seeds(network, ways, place)
    sure = for_hepatic.copy()
    sure[[way for way, _ in seeds]] = (CERTAIN, -CERTAIN)[: len(seeds)]
    hepatic = _cut(sure, _bonds(network, ways))
    kinds = _points(network, ways, hepatic)
    if len(seeds) < 2 or any(not len(network.kept(kinds == kind).edges) for kind in (HEPATIC, PORTAL)):
        raise InputError(
            "Portal vein and hepatic veins together are expected; the cut found one kind only. Name the vessels in the "
            'label map ("portal vein", "hepatic veins"), or take them as one tree with vessel_tree().'
        )
    agreed = float(np.abs(for_hepatic[(for_hepatic > 0) == hepatic]).sum() / max(np.abs(for_hepatic).sum(), 1e-9))
    array = np.zeros(grid.shape, np.uint8)
    index = np.argwhere(mask)
    lifted = np.column_stack([network.points_mm, np.sqrt(network.radius_mm.max() ** 2 - network.radius_mm**2)])
    nearest = cKDTree(lifted).query(np.column_stack([grid.world(index), np.zeros(len(index))]))[1]
    array[tuple(index.T)] = kinds[nearest]
    return Apart(
        _tree(seen, kinds == PORTAL, "portal vein"),
        _tree(seen, kinds == HEPATIC, "hepatic veins", network.points_mm[seeds[0][1]]),
        array,
        agreed,
    )


def _tree(seen: Seen, points: NDArray[np.bool_], name: str, root_mm: Points | None = None) -> VesselTree:
    part = part_of(seen, points)
    alone = part.network.degree == 0
    return grown(part_of(part, ~alone) if alone.any() else part, name, root_mm)


def _place(liver_mask: Mask, grid: Grid) -> tuple[Points, Points]:
    """Lowest corner and size of the liver's box in the world; a few stray voxels don't move it."""
    index = np.argwhere(liver_mask)
    world = grid.world(index[:: max(1, len(index) // 50_000)])
    low, high = np.percentile(world, [0.5, 99.5], axis=0)
    return low, np.maximum(high - low, 1.0)


def _seeds(network: Network, ways: list[list[int]], place: tuple[Points, Points]) -> list[tuple[int, int]]:
    """The way, and its point, that is widest at the cava; and another, the widest at the hilum."""
    shares = (network.points_mm - place[0]) / place[1]
    found: list[tuple[int, int]] = []
    for there in (CAVA, HILUM):
        near = np.exp(-(((shares - there) / SPREAD) ** 2).sum(axis=1) / 2) * network.radius_mm
        free = [k for k in range(len(ways)) if k not in [way for way, _ in found]]
        if free:
            best = max(free, key=lambda k: float(near[ways[k]].max()))
            found.append((best, ways[best][int(near[ways[best]].argmax())]))
    return found


def _evidence(network: Network, way: list[int], place: tuple[Points, Points]) -> float:
    """For hepatic veins where positive, for the portal vein where negative; mm of vessel, weighed by width."""
    points, radius = network.points_mm[way], network.radius_mm[way]
    shares = (points - place[0]) / place[1]
    width = radius / network.radius_mm.max()
    length = np.linalg.norm(np.diff(points, axis=0), axis=1).sum() / len(way)
    away = [(((shares - there) / SPREAD) ** 2).sum(axis=1) / 2 for there in (HILUM, CAVA)]
    where = np.clip(away[0] - away[1], -4, 4) * np.exp(-np.minimum(*away) / 4) * width**2
    third = max(1, len(way) // 3)
    widening = float(np.median(radius[-third:]) - np.median(radius[:third])) / float(radius.max())
    to = [np.array(there) - shares.mean(axis=0) for there in (CAVA, HILUM)]
    along = shares[-1] - shares[0]
    ahead = [float(along @ one / max(np.linalg.norm(along) * np.linalg.norm(one), 1e-9)) for one in to]
    pull = PULL * widening * (ahead[0] - ahead[1]) * float(width.mean())
    return float(length * (where.sum() + pull * len(way)))


def _bonds(network: Network, ways: list[list[int]]) -> dict[tuple[int, int], float]:
    """Of ways that meet, what it costs to part them: much where they go straight on at one width."""
    meeting: dict[int, list[tuple[int, Points, float]]] = {}
    for number, way in enumerate(ways):
        for piece in (way[:7], way[::-1][:7]):
            step = network.points_mm[piece[-1]] - network.points_mm[piece[0]]
            outward = step / max(float(np.linalg.norm(step)), 1e-9)
            meeting.setdefault(piece[0], []).append((number, outward, float(np.median(network.radius_mm[piece]))))
    found: dict[tuple[int, int], float] = {}
    for there in meeting.values():
        for k, (a, out_a, width_a) in enumerate(there):
            for b, out_b, width_b in there[k + 1 :]:
                straight = (1 - float(out_a @ out_b)) / 2
                like = min(width_a, width_b) / max(width_a, width_b)
                worth = BOND * straight**2 * like * min(width_a, width_b) / float(network.radius_mm.max())
                pair = (min(a, b), max(a, b))
                found[pair] = found.get(pair, 0.0) + worth
    return found


def _cut(for_hepatic: NDArray[np.float64], bonds: dict[tuple[int, int], float]) -> NDArray[np.bool_]:
    """Which ways are hepatic: the minimal cut between a source (hepatic) and a sink (portal)."""
    size = len(for_hepatic)
    source, sink = size, size + 1
    rows, columns, worth = [], [], []
    for number, evidence in enumerate(for_hepatic.tolist()):
        rows.append(source if evidence > 0 else number)
        columns.append(number if evidence > 0 else sink)
        worth.append(abs(evidence))
    for (a, b), bond in bonds.items():
        rows += [a, b]
        columns += [b, a]
        worth += [bond, bond]
    capacity = np.rint(np.array(worth) * STEPS).astype(np.int32)
    graph = sparse.csr_matrix((capacity, (rows, columns)), shape=(size + 2, size + 2))
    left = graph - csgraph.maximum_flow(graph, source, sink).flow
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    reached = csgraph.breadth_first_order(left, source, return_predecessors=False)
    hepatic = np.zeros(size + 2, bool)
    hepatic[reached] = True
    return hepatic[:size]


def _points(network: Network, ways: list[list[int]], hepatic: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The kind of every point; a fork goes with the widest way that meets there."""
    kinds = np.zeros(len(network.points_mm), np.uint8)
    width = [float(np.median(network.radius_mm[way])) for way in ways]
    for number in np.argsort(width).tolist():
        kinds[ways[number]] = HEPATIC if hepatic[number] else PORTAL
    return kinds
