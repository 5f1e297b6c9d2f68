"""Vessel trees as a resection sees them: where they are cut, and which liver then has no way in or out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from limner.errors import InputError
from limner.scene.resection.lattice import Lattice

Kind = Literal["portal", "hepatic"]
Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tree:
    """One vessel tree as plain arrays.

    Args:
        kind: ``"portal"`` brings blood in, ``"hepatic"`` leads it out.
        territory: ``(Z, Y, X)`` int32 on the grid of the case: the branch that feeds (drains) each voxel, 0 for none.
        parents: branch to the branch that it comes from; the root's parent is 0.
        points_mm: branch to its centre line, ``(N, 3)`` LPS, from the trunk outwards.
        radii_mm: branch to the radius at each of these points, ``(N,)``.
    """

    kind: Kind
    territory: NDArray[np.int32]
    parents: Mapping[int, int]
    points_mm: Mapping[int, Float]
    radii_mm: Mapping[int, Float]

    def __post_init__(self) -> None:
        if self.kind not in ("portal", "hepatic"):
            raise InputError(f"A vessel tree is 'portal' or 'hepatic'; got {self.kind!r}.")
        for branch, points in self.points_mm.items():
            radii = np.asarray(self.radii_mm.get(branch, ()))
            if np.shape(points) != (len(points), 3) or radii.shape != (len(points),):
                raise InputError(
                    f"Branch {branch} of the {self.kind} tree needs points (N, 3) and as many radii; got "
                    f"{np.shape(points)} and {radii.shape}."
                )
        self.ordered()

    def ordered(self) -> list[int]:
        """Branches with points, parents before children.

        Raises:
            InputError: where a branch is its own ancestor.
        """
        depth: dict[int, int] = {}
        for branch in self.points_mm:
            way, at = [], branch
            while at in self.points_mm and at not in depth:
                if at in way:
                    raise InputError(f"Branch {at} of the {self.kind} tree is its own ancestor.")
                way.append(at)
                at = self.parents.get(at, 0)
            start = depth.get(at, -1)
            depth.update({one: start + k for k, one in enumerate(reversed(way), start=1)})
        return sorted(self.points_mm, key=lambda one: (depth[one], one))

    def below(self, branch: int) -> frozenset[int]:
        """A branch and all that come from it."""
        found = {branch}
        for one in self.ordered():
            if self.parents.get(one, 0) in found:
                found.add(one)
        return frozenset(found)


@dataclass(frozen=True)
class CutVessel:
    """A vessel that a cut divides.

    Args:
        kind: of its tree.
        branch: its id.
        diameter_mm: where it is divided.
        point_mm: there, LPS.
    """

    kind: Kind
    branch: int
    diameter_mm: float
    point_mm: tuple[float, float, float]

    def as_json(self) -> dict[str, Any]:
        """Rounded."""
        return {
            "kind": self.kind,
            "branch": self.branch,
            "diameter_mm": round(self.diameter_mm, 2),
            "point_mm": [round(one, 2) for one in self.point_mm],
        }


@dataclass(frozen=True, eq=False)
class Flow:
    """A tree as one list of centre-line points, each of which knows the point that its blood passes before.

    Args:
        kind: of the tree.
        points_mm: ``(P, 3)`` float32, parents before children, a branch's points in a row.
        radii_mm: ``(P,)``.
        branch: ``(P,)`` ids.
        before: ``(P,)`` the point upstream (portal) or downstream (hepatic), towards the trunk; -1 at a root.
        rows: ``(P,)`` blocks of the lattice that they lie in, -1 outside the liver.
        starts: first point of each branch, in the order of the points.
        ends: one past its last point.
        home: ``(N,)`` the point that each block's blood passes last, -1 where the block belongs to no branch.
    """

    kind: Kind
    points_mm: NDArray[np.float32]
    radii_mm: NDArray[np.float32]
    branch: NDArray[np.int64]
    before: NDArray[np.int32]
    rows: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    home: NDArray[np.int32]

    def lost(self, taken: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Points whose way to the trunk meets a point that is taken out, ``(P,)``; they themselves count."""
        lost = taken.copy()
        for start, end in zip(self.starts, self.ends, strict=True):
            if self.before[start] >= 0:
                lost[start] |= lost[self.before[start]]
            np.logical_or.accumulate(lost[start:end], out=lost[start:end])
        return lost

    def blocks_without(self, taken: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Blocks that lose this tree's flow, ``(N,)``."""
        lost = np.append(self.lost(taken), False)  # the last one is for blocks without a branch
        return lost[self.home]

    def cut(self, taken: NDArray[np.bool_], least_mm: float) -> list[CutVessel]:
        """Where vessels of at least some diameter go from what stays to what is taken, or back; widest first."""
        there = np.flatnonzero(self.before >= 0)
        there = there[taken[there] != taken[self.before[there]]]
        before = self.before[there]
        own = self.branch[before] == self.branch[there]
        wide = 2 * np.where(own, 0.5 * (self.radii_mm[there] + self.radii_mm[before]), self.radii_mm[there])
        middle = 0.5 * (self.points_mm[there] + self.points_mm[before])
        found: list[CutVessel] = []
        for k in np.argsort(-wide, kind="stable"):
            if wide[k] < least_mm:
                break
            x, y, z = (float(one) for one in middle[k])
            branch = int(self.branch[there[k]])
            near = [one for one in found if one.branch == branch and np.linalg.norm(middle[k] - one.point_mm) < wide[k]]
            if not near:  # a surface that grazes a vessel divides it once
                found.append(CutVessel(self.kind, branch, float(wide[k]), (x, y, z)))
        return found


def flow_of(tree: Tree, lattice: Lattice, fed: NDArray[np.integer]) -> Flow:
    """A tree, laid over the lattice of a liver.

    Args:
        tree: the tree.
        lattice: of the liver.
        fed: ``(N,)`` the branch in whose territory each block lies, 0 for none.
    """
    points: list[NDArray[np.float32]] = []
    radii, branch, before, starts, ends = [], [], [], [], []
    where: dict[int, tuple[int, int]] = {}
    total = 0
    for one in tree.ordered():
        line = np.asarray(tree.points_mm[one], np.float32)
        if not len(line):
            continue
        parent, first = tree.parents.get(one, 0), -1
        if parent in where:
            start, end = where[parent]
            first = start + int(np.linalg.norm(np.concatenate(points)[start:end] - line[0], axis=1).argmin())
        where[one] = (total, total + len(line))
        points.append(line)
        radii.append(np.asarray(tree.radii_mm[one], np.float32))
        branch.append(np.full(len(line), one, np.int64))
        before.append(np.r_[first, np.arange(total, total + len(line) - 1)])
        starts.append(total)
        total += len(line)
        ends.append(total)
    if not points:
        raise InputError(f"The {tree.kind} tree has no centre-line points; leave it out where no vessels are known.")
    every = np.concatenate(points)
    return Flow(
        kind=tree.kind,
        points_mm=every,
        radii_mm=np.concatenate(radii),
        branch=np.concatenate(branch),
        before=np.concatenate(before).astype(np.int32),
        rows=lattice.at(every),
        starts=np.array(starts, np.int32),
        ends=np.array(ends, np.int32),
        home=_home(fed, every, where, lattice),
    )


def _home(
    ids: NDArray[np.integer], points: NDArray[np.float32], where: Mapping[int, tuple[int, int]], lattice: Lattice
) -> NDArray[np.int32]:
    """For each block the nearest point of the branch whose territory it lies in."""
    home = np.full(len(ids), -1, np.int32)
    order = np.argsort(ids, kind="stable")
    values, first = np.unique(ids[order], return_index=True)
    for value, rows in zip(values, np.split(order, first[1:]), strict=True):
        if int(value) in where:
            start, end = where[int(value)]
            home[rows] = start + cKDTree(points[start:end]).query(lattice.points_mm[rows])[1]
    return home
