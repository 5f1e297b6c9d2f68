"""From a network to a tree: where the root is, what springs from what, and smooth centre lines."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import csgraph

from limner.scene.vessels.bridge import heading
from limner.scene.vessels.network import Network, Points
from limner.scene.vessels.skeleton import Lattice
from limner.scene.vessels.tree import Branch

TRUNK_MM = 15.0
"""The width of a loose end is taken over so much of the way from it."""
THINNER = 0.5
"""An end that is thinner than this share of the widest is no root."""
SMOOTH_MM = 1.5
"""Gaussian that takes the voxels' stairs out of centre lines: a stair makes a way up to an eighth too long."""


@dataclass(frozen=True, eq=False)
class _Way:
    """A chain of points from the root's side outward, and the way that it springs from."""

    points: list[int]
    parent: int | None
    bridged: bool


def roots_of(
    network: Network,
    hints_mm: Points | None = None,
    outside: NDArray[np.bool_] | None = None,
    *,
    heartward: bool = False,
) -> list[int]:
    """The point of each piece that is its root, the largest piece first: a loose end as a rule.

    It is what lies nearest to a hint, an end where one is about as near; else the widest end, of those outside the
    organ where there are any that are not much thinner; of veins that drain to the heart, the highest of those that are
    not much thinner. Where all ends are much thinner than the piece is somewhere, veins meet there: that is the root.

    Args:
        network: without loops.
        hints_mm: ``(K, 3)`` LPS; each speaks for the piece that lies nearest to it.
        outside: ``(N,)``, points outside the organ.
        heartward: whether blood flows to the heart, towards the head.
    """
    count, piece = network.components()
    found: dict[int, int] = {}
    for hint in [] if hints_mm is None else np.atleast_2d(hints_mm):
        away = np.linalg.norm(network.points_mm - hint, axis=1)
        nearest = int(away.argmin())
        mine = int(piece[nearest])
        end = int(np.where((piece == mine) & (network.degree <= 1), away, np.inf).argmin())
        found.setdefault(mine, end if away[end] <= away[nearest] + TRUNK_MM else nearest)
    ends = np.flatnonzero(network.degree <= 1)
    for mine in range(count):
        if mine not in found:
            there = ends[piece[ends] == mine].tolist()
            widest = int(np.where(piece == mine, network.radius_mm, -1.0).argmax())
            widths = _widths(network, there, widest)
            able = [one for one in there if widths[one] >= THINNER * max(widths.values())]
            beyond = [one for one in able if outside is not None and outside[one]]
            if not beyond and max(widths.values()) < THINNER * network.radius_mm[widest]:
                found[mine] = widest  # veins that meet at a cava which is not in the mask: each is a root
                continue
            able = beyond or able
            height = {one: float(network.points_mm[one, 2]) for one in able}
            found[mine] = max(able, key=(height if heartward else widths).__getitem__)
    sizes = np.bincount(piece, minlength=count)
    return [found[mine] for mine in np.argsort(-sizes, kind="stable").tolist()]


def _widths(network: Network, ends: list[int], toward: int) -> dict[int, float]:
    """How wide the way from each end is within :data:`TRUNK_MM`, on towards the widest point of its piece."""
    _, before = csgraph.breadth_first_order(network.matrix(np.ones(len(network.edges))), toward, directed=False)
    found = {}
    for end in ends:
        way, gone = [end], 0.0
        while gone < TRUNK_MM and way[-1] != toward:
            way.append(int(before[way[-1]]))
            gone += float(np.linalg.norm(network.points_mm[way[-1]] - network.points_mm[way[-2]]))
        found[end] = float(np.median(network.radius_mm[way]))
    return found


def branches_of(network: Network, roots: list[int], lattice: Lattice) -> tuple[Branch, ...]:
    """The branches of every piece, parents before children, ids from 1.

    Args:
        network: without loops.
        roots: a point of each piece.
        lattice: that the ends are led on to where the vessel ends.
    """
    ways = _ways(network, roots)
    branches: list[Branch] = []
    ends: dict[int, int] = {}
    for number, way in enumerate(ways):
        points, radius = network.points_mm[way.points], network.radius_mm[way.points]
        if not way.bridged:
            if way.parent is None and network.degree[way.points[0]] == 1:
                points, radius = _led_on(points, radius, heading(network, way.points[0]), lattice, last=False)
            if network.degree[way.points[-1]] == 1:
                points, radius = _led_on(points, radius, heading(network, way.points[-1]), lattice, last=True)
        points, radius = _smooth(points, radius, lattice.step_mm)
        parent = None if way.parent is None else branches[way.parent].id
        generation = 0 if way.parent is None else branches[way.parent].generation + 1
        branches.append(Branch(number + 1, points, radius, parent, generation, way.bridged))
        ends[number] = way.points[-1]
    return tuple(branches)


def _ways(network: Network, roots: list[int]) -> list[_Way]:
    kind = {tuple(sorted(pair)): bool(flag) for pair, flag in zip(network.edges.tolist(), network.bridged, strict=True)}
    ways: list[_Way] = []
    waiting: deque[tuple[list[int], int | None]] = deque()
    for root in roots:
        onward = network.neighbours[root]
        waiting.extend(([root, one], None) for one in onward)
    while waiting:
        points, parent = waiting.popleft()
        flag = kind[_pair(points[-2], points[-1])]
        while network.degree[points[-1]] == 2:
            a, b = network.neighbours[points[-1]]
            following = b if a == points[-2] else a
            if kind[_pair(points[-1], following)] != flag:
                break
            points.append(following)
        onward = [one for one in network.neighbours[points[-1]] if one != points[-2]]
        # two forks within one radius are one fork of three: what lies between is no branch
        short = len(points) < 3 and len(onward) > 1 and not flag and parent is not None
        if short:
            waiting.extendleft(([*points, one], parent) for one in reversed(onward) if not kind[_pair(points[-1], one)])
            waiting.extend(([points[-1], one], parent) for one in onward if kind[_pair(points[-1], one)])
            continue
        ways.append(_Way(points, parent, flag))
        waiting.extend(([points[-1], one], len(ways) - 1) for one in onward)
    return ways


def _pair(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)


def _led_on(
    points: Points, radius: NDArray[np.float64], direction: Points, lattice: Lattice, *, last: bool
) -> tuple[Points, NDArray[np.float64]]:
    """A centre line that ends at the centre of the last ball that fills the vessel.

    Thinning ends somewhere between there and the surface. The surface is looked for straight on.
    """
    if not last:
        points, radius = points[::-1], radius[::-1]
    ahead = points[-1] + direction * np.arange(0.0, 40.0, 0.25)[:, None] * lattice.step_mm
    at = lattice.grid.index(ahead).T
    inside = ndimage.map_coordinates(lattice.mask.astype(np.float32), at, order=1, cval=0.0) > 0.5
    out = len(inside) if inside.all() else int(np.argmin(inside))
    surface = points[-1] + direction * 0.25 * out * lattice.step_mm
    # the widest of the last points: at the very end the ball that fits is cut short by the cap
    width = float(radius[-8:].max())
    center = surface - direction * width
    keep = (points - center) @ direction < 0
    keep[: min(2, len(keep))] = True
    keep |= np.linalg.norm(points - center, axis=1) > 3 * width  # only near its end
    points, radius = points[keep], radius[keep]
    if (center - points[-1]) @ direction > 0.25 * lattice.step_mm:
        points, radius = np.concatenate([points, center[None]]), np.append(radius, width)
    return (points, radius) if last else (points[::-1], radius[::-1])


def _smooth(points: Points, radius: NDArray[np.float64], step_mm: float) -> tuple[Points, NDArray[np.float64]]:
    """Evenly spaced points along a smoothed way; both ends stay where they are."""
    gone = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    if len(points) < 3 or gone[-1] < 2 * step_mm:
        return points, radius
    fine = np.linspace(0, gone[-1], max(3, round(gone[-1] / (0.5 * step_mm)) + 1))
    even = np.stack([np.interp(fine, gone, points[:, k]) for k in range(3)], axis=1)
    sigma = max(SMOOTH_MM, 2 * step_mm) / (fine[1] - fine[0])
    pad = min(len(even) - 1, int(4 * sigma))
    # mirrored through the ends, so that these do not move
    padded = np.concatenate([2 * even[0] - even[pad:0:-1], even, 2 * even[-1] - even[-2 : -pad - 2 : -1]])
    even = ndimage.gaussian_filter1d(padded, sigma, axis=0, mode="nearest")[pad : pad + len(even)]
    width = ndimage.median_filter(np.interp(fine, gone, radius), 5, mode="nearest")
    width = ndimage.gaussian_filter1d(width, sigma, mode="nearest")
    keep = np.unique(np.round(np.linspace(0, len(fine) - 1, max(2, round(gone[-1] / step_mm) + 1))).astype(int))
    return even[keep], width[keep]
