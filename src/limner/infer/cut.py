"""The minimal cut of a grid of voxels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

UNIT = 64
"""Costs are counted in whole parts of this size: the flow is of integers, and so the same on every machine."""


def minimal_cut(
    cost: NDArray[np.float32],
    seen: Sequence[NDArray[np.float32]],
    spacing_mm: tuple[float, float, float],
    tie: float,
) -> NDArray[np.bool_]:
    """Which voxels are inside, at the least cost of all.

    Args:
        cost: ``(Z, Y, X)`` of being inside rather than outside, negative where inside is the cheaper.
        seen: of ``(Z, Y, X)`` each; neighbours are tied where all are alike. At a difference of 1 a tie has lost 40 %
            of its weight.
        spacing_mm: along ``(Z, Y, X)``; ties are weaker across the longer steps.
        tie: cost of parting two neighbours of equal values, one shortest step apart.

    Returns:
        The smallest of the cheapest masks, ``(Z, Y, X)`` bool. Where ``cost`` grows anywhere, it only shrinks.

    Source: Boykov and Jolly 2001, equation 2 and table 1; the flow by Dinic's algorithm (scipy).
    """
    n = cost.size
    index = np.arange(n, dtype=np.int32).reshape(cost.shape)
    rows, columns, weights = [], [], []
    for axis in range(3):
        a, b = np.moveaxis(index, axis, 0)[:-1].ravel(), np.moveaxis(index, axis, 0)[1:].ravel()
        apart = np.sum([(one.ravel()[a] - one.ravel()[b]) ** 2 for one in seen], axis=0)
        tied = tie * UNIT * (min(spacing_mm) / spacing_mm[axis]) * np.exp(-0.5 * apart)
        kept = np.maximum(1, np.rint(tied)).astype(np.int32)
        rows += [a, b]
        columns += [b, a]
        weights += [kept, kept]
    whole = np.rint(cost.ravel() * UNIT).astype(np.int32)
    source, sink = n, n + 1
    for there, ends in ((whole < 0, (source, None)), (whole > 0, (None, sink))):
        nodes = np.flatnonzero(there).astype(np.int32)
        rows.append(nodes if ends[0] is None else np.full(len(nodes), source, np.int32))
        columns.append(nodes if ends[1] is None else np.full(len(nodes), sink, np.int32))
        weights.append(np.abs(whole[nodes]))
    entries = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
    graph = sparse.csr_array(entries, shape=(n + 2, n + 2))
    left = graph - maximum_flow(graph, source, sink).flow
    left.eliminate_zeros()
    reached = breadth_first_order(left, source, return_predecessors=False)
    inside = np.zeros(n + 2, np.bool_)
    inside[reached] = True
    return inside[:n].reshape(cost.shape)
