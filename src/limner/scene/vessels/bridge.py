"""Gaps in a network, bridged where a cheap way leads from a loose end to another piece."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree
from skimage.graph import MCP_Geometric

from limner.image import Grid
from limner.scene.vessels.network import Network, Points

BACK = 6
"""Points that the direction of an end is taken over."""
TURN = 1.0
"""What turning costs: a gap straight ahead counts as long as it is, one at a right angle twice, one behind thrice."""
MARGIN_MM = 8.0


@dataclass(frozen=True, eq=False)
class Terrain:
    """Where a bridge may lead, and how gladly.

    Args:
        likely: ``(Z, Y, X)`` 0 to 1: how much a voxel looks like vessel (a probability, an image scaled); negative
            where no vessel may be (outside the organ).
        grid: of ``likely``.
    """

    likely: NDArray[np.float32]
    grid: Grid


@dataclass(frozen=True, eq=False)
class _Gap:
    cost: float
    ends: tuple[int, int]


def bridged(network: Network, reach_mm: float, terrain: Terrain | None = None) -> Network:
    """A network whose pieces are joined where a way costs no more than ``reach_mm``.

    From each loose end the nearest points of every other piece are weighed by distance and by how far the way turns
    from where the vessel was heading, at both ends. Of all candidates the cheapest set that joins pieces without a
    loop is taken (a minimal spanning tree over pieces), and each is then walked as a minimal path over the terrain.

    Args:
        network: without loops.
        reach_mm: most cost of a bridge: its length where it leads straight on through what looks like vessel.
        terrain: without one, bridges are straight.

    Source: Cohen L.D., Kimmel R., *Global minimum for active contour models: a minimal path approach*, IJCV 24:57,
    1997.
    """
    count, piece = network.components()
    if count < 2 or reach_mm <= 0:
        return network
    gaps = _gaps(network, piece, reach_mm)
    if not gaps:
        return network
    pairs = np.array(list(gaps))
    costs = np.array([gap.cost for gap in gaps.values()])
    chosen = csgraph.minimum_spanning_tree(sparse.csr_matrix((costs, tuple(pairs.T)), shape=(count, count))).tocoo()
    for a, b in zip(chosen.row.tolist(), chosen.col.tolist(), strict=True):
        start, stop = gaps[a, b].ends
        way = _walk(network.points_mm[start], network.points_mm[stop], terrain, reach_mm)
        if way is not None:
            network = _joined(network, start, stop, way)
    return network


def heading(network: Network, end: int) -> Points:
    """The unit direction in which a loose end points; zeros for a point alone."""
    way = [end]
    while len(way) <= BACK:
        onward = [one for one in network.neighbours[way[-1]] if one not in way]
        if len(onward) != 1:
            break
        way.append(onward[0])
    step = network.points_mm[end] - network.points_mm[way[-1]]
    return step / max(float(np.linalg.norm(step)), 1e-9)


def _gaps(network: Network, piece: NDArray[np.int64], reach_mm: float) -> dict[tuple[int, int], _Gap]:
    tree = cKDTree(network.points_mm)
    found: dict[tuple[int, int], _Gap] = {}
    for end in np.flatnonzero(network.degree <= 1).tolist():
        near = np.array(tree.query_ball_point(network.points_mm[end], reach_mm))
        near = near[piece[near] != piece[end]]
        if not len(near):
            continue
        way = network.points_mm[near] - network.points_mm[end]
        length = np.linalg.norm(way, axis=1)
        way /= np.maximum(length, 1e-9)[:, None]
        cost = length * (1 + TURN * (1 - way @ heading(network, end)))
        for k in np.flatnonzero(
            network.degree[near] <= 1
        ).tolist():  # the other is a loose end too: it has its own heading
            cost[k] = 0.5 * (cost[k] + length[k] * (1 + TURN * (1 + way[k] @ heading(network, int(near[k])))))
        for other in np.unique(piece[near]).tolist():
            k = int(np.where(piece[near] == other, cost, np.inf).argmin())
            pair = (min(int(piece[end]), int(other)), max(int(piece[end]), int(other)))
            if cost[k] <= reach_mm and (pair not in found or cost[k] < found[pair].cost):
                found[pair] = _Gap(float(max(cost[k], 1e-6)), (end, int(near[k])))
    return found


def _walk(start: Points, stop: Points, terrain: Terrain | None, reach_mm: float) -> Points | None:
    """Points from start to stop, both left out; None where no way is cheap enough."""
    straight = float(np.linalg.norm(stop - start))
    if terrain is None:
        steps = max(2, round(straight))
        return np.linspace(start, stop, steps + 1)[1:-1]
    grid = terrain.grid
    ends = np.rint(grid.index(np.stack([start, stop]))).astype(int)
    margin = np.ceil(MARGIN_MM / np.array(grid.spacing_mm)).astype(int)
    low = np.clip(ends.min(axis=0) - margin, 0, None)
    high = np.minimum(ends.max(axis=0) + margin + 1, grid.shape)
    if (ends < low).any() or (ends >= high).any():
        return None
    likely = terrain.likely[tuple(slice(a, b) for a, b in zip(low, high, strict=True))].astype(np.float64)
    costs = np.where(likely < 0, -1.0, 2.0 - np.clip(likely, 0, 1))  # negative: no way (scikit-image's convention)
    first, last = (tuple((one - low).tolist()) for one in ends)
    costs[first], costs[last] = abs(costs[first]), abs(costs[last])
    search = MCP_Geometric(costs, sampling=grid.spacing_mm)
    total, _ = search.find_costs([first], [last])
    if not total[last] <= 2 * reach_mm:
        return None
    return grid.world(np.array(search.traceback(last)) + low)[1:-1]


def _joined(network: Network, start: int, stop: int, way: Points) -> Network:
    size = len(network.points_mm)
    ids = np.concatenate([[start], np.arange(size, size + len(way)), [stop]])
    share = np.linspace(0, 1, len(ids))[1:-1]
    radius = (1 - share) * network.radius_mm[start] + share * min(network.radius_mm[stop], network.radius_mm[start])
    return Network(
        np.concatenate([network.points_mm, way]),
        np.concatenate([network.radius_mm, radius]),
        np.concatenate([network.edges, np.stack([ids[:-1], ids[1:]], axis=1)]),
        np.concatenate([network.bridged, np.ones(len(ids) - 1, bool)]),
    )
