"""Points of centre lines and the edges between them, before anybody knows where the root is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

Points = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Network:
    """An undirected graph in space.

    Args:
        points_mm: ``(N, 3)`` LPS.
        radius_mm: ``(N,)``.
        edges: ``(M, 2)``, pairs of points.
        bridged: ``(M,)``, edges that nobody saw.
    """

    points_mm: Points
    radius_mm: NDArray[np.float64]
    edges: Ints
    bridged: NDArray[np.bool_]

    @cached_property
    def lengths_mm(self) -> NDArray[np.float64]:
        """``(M,)``, of the edges."""
        return np.linalg.norm(self.points_mm[self.edges[:, 0]] - self.points_mm[self.edges[:, 1]], axis=1)

    @cached_property
    def degree(self) -> Ints:
        """``(N,)``, how many edges meet at a point."""
        return np.bincount(self.edges.ravel(), minlength=len(self.points_mm))

    @cached_property
    def neighbours(self) -> list[list[int]]:
        """Of every point, the points that an edge leads to."""
        found: list[list[int]] = [[] for _ in self.points_mm]
        for a, b in self.edges.tolist():
            found[a].append(b)
            found[b].append(a)
        return found

    def matrix(self, weights: NDArray[np.float64]) -> sparse.csr_matrix:
        """The graph with a weight at each edge, for :mod:`scipy.sparse.csgraph`."""
        size = len(self.points_mm)
        return sparse.csr_matrix((weights, (self.edges[:, 0], self.edges[:, 1])), shape=(size, size))

    def components(self) -> tuple[int, Ints]:
        """How many pieces hang together, and of every point its piece."""
        count, piece = csgraph.connected_components(self.matrix(np.ones(len(self.edges))), directed=False)
        return int(count), piece.astype(np.int64)

    def kept(self, points: NDArray[np.bool_]) -> Network:
        """The part on some points, numbered anew."""
        number = np.cumsum(points) - 1
        there = points[self.edges].all(axis=1)
        return Network(self.points_mm[points], self.radius_mm[points], number[self.edges[there]], self.bridged[there])

    def chains(self) -> list[list[int]]:
        """Ways between points where other than two edges meet, ends included; rings are left out."""
        ends = np.flatnonzero((self.degree != 2) & (self.degree > 0))
        found = []
        for end in ends.tolist():
            for first in self.neighbours[end]:
                way = [end, first]
                while self.degree[way[-1]] == 2:
                    a, b = self.neighbours[way[-1]]
                    way.append(b if a == way[-2] else a)
                if (way[0], way[1]) <= (way[-1], way[-2]):  # each way once, not from both its ends
                    found.append(way)
        return found


def unlooped(network: Network) -> Network:
    """The spanning trees of a network in which wide ways win: each loop opens where it is narrowest.

    Source: the minimal spanning tree under ``length / radius²``, the resistance of a way by its cross-section (cycle
    property: of every cycle the costliest edge is left out).
    """
    if not len(network.edges):
        return network
    radius = network.radius_mm[network.edges].min(axis=1)
    cost = network.lengths_mm / np.maximum(radius, 1e-3) ** 2
    tree = csgraph.minimum_spanning_tree(network.matrix(cost)).tocoo()
    a, b = np.sort(network.edges, axis=1).T
    size = len(network.points_mm)
    low, high = np.sort(np.stack([tree.row, tree.col]).astype(np.int64), axis=0)
    there = np.isin(a * size + b, low * size + high)
    return Network(network.points_mm, network.radius_mm, network.edges[there], network.bridged[there])


def pruned(network: Network, factor: float, least_mm: float) -> Network:
    """Without spurs: ends that hardly leave the vessel which they spring from, the shortest first.

    Args:
        network: without loops.
        factor: an end is a spur where it is shorter than this times the radius at its fork …
        least_mm: … plus this: a voxel or two of roughness.
    """
    while True:
        spurs = []
        for way in network.chains():
            tips = [network.degree[way[0]] == 1, network.degree[way[-1]] == 1]
            if tips[0] == tips[1]:
                continue
            fork = way[-1] if tips[0] else way[0]
            length = float(np.linalg.norm(np.diff(network.points_mm[way], axis=0), axis=1).sum())
            if length < factor * network.radius_mm[fork] + least_mm:
                spurs.append((length, fork, way))
        if not spurs:
            return network
        keep = np.ones(len(network.points_mm), bool)
        touched: set[int] = set()
        for _, fork, way in sorted(spurs):
            if fork in touched:  # a fork that lost an end is judged anew: what is left may be no spur
                continue
            touched.add(fork)
            keep[[one for one in way if one != fork]] = False
        network = network.kept(keep)
