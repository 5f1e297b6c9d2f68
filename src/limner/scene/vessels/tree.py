"""The noun: a vessel tree of branches, each a centre line with a radius at every point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Branch:
    """A piece of vessel from one fork to the next.

    Args:
        id: 1 or more, unique in its tree.
        points_mm: ``(N, 3)`` LPS, along the centre line, from the root's side outward. A child begins on its parent's
            centre line.
        radius_mm: ``(N,)``, of the largest ball around each point that fits the vessel.
        parent: id of the branch that it springs from, None for a root.
        generation: 0 for a root, its parent's plus one else.
        bridged: no voxel of it was seen; a minimal path across a gap.
    """

    id: int
    points_mm: Points
    radius_mm: NDArray[np.float64]
    parent: int | None
    generation: int
    bridged: bool = False

    @cached_property
    def along_mm(self) -> NDArray[np.float64]:
        """``(N,)``, the way along the centre line from its first point."""
        return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(self.points_mm, axis=0), axis=1))])

    @property
    def length_mm(self) -> float:
        """Of its centre line."""
        return float(self.along_mm[-1])

    @property
    def mean_radius_mm(self) -> float:
        """The mean over its points."""
        return float(self.radius_mm.mean())


@dataclass(frozen=True, eq=False)
class Cut:
    """Where a vessel is cut: a branch, and the way along it from its first point."""

    branch: int
    along_mm: float = 0.0


@dataclass(frozen=True, eq=False)
class VesselTree:
    """Branches that spring from one another; several roots where pieces stayed apart.

    Args:
        name: of the vessels: ``"portal vein"``, ``"hepatic veins"``, ``"liver vessels"``.
        branches: parents stand before their children.
        left_out: pieces without a centre line, too small to be a vessel.
    """

    name: str
    branches: tuple[Branch, ...]
    left_out: int = 0

    @cached_property
    def _by_id(self) -> dict[int, Branch]:
        return {one.id: one for one in self.branches}

    @cached_property
    def _children(self) -> dict[int, tuple[int, ...]]:
        found: dict[int, tuple[int, ...]] = {one.id: () for one in self.branches}
        for one in self.branches:
            if one.parent is not None:
                found[one.parent] += (one.id,)
        return found

    @property
    def roots(self) -> tuple[int, ...]:
        """Ids of the branches that spring from none."""
        return tuple(one.id for one in self.branches if one.parent is None)

    @property
    def length_mm(self) -> float:
        """Of all centre lines that were seen."""
        return sum(one.length_mm for one in self.branches if not one.bridged)

    def branch(self, id: int) -> Branch:
        """The branch of that id.

        Raises:
            InputError: there is none.
        """
        if id not in self._by_id:
            raise InputError(
                f"{self.name} has no branch {id}: ids run from 1 to {len(self.branches)}. "
                "Take an id from tree.branches or from the array of its territories."
            )
        return self._by_id[id]

    def children(self, id: int) -> tuple[int, ...]:
        """Ids of the branches that spring from this one."""
        self.branch(id)
        return self._children[id]

    def descendants(self, id: int) -> tuple[int, ...]:
        """The branch and all that spring from it, and from those: what a cut at its beginning takes away."""
        self.branch(id)
        found = [id]
        for one in found:  # grows while it is walked
            found.extend(self._children[one])
        return tuple(found)

    def nearest(self, point_mm: Points) -> Cut:
        """The place on the tree nearest to a point in space (LPS mm)."""
        ways = [np.linalg.norm(one.points_mm - point_mm, axis=1) for one in self.branches]
        one = int(np.argmin([way.min() for way in ways]))
        return Cut(self.branches[one].id, float(self.branches[one].along_mm[int(ways[one].argmin())]))

    def to_json(self) -> dict[str, Any]:
        """For ``plan.json`` and the scene: plain numbers, in mm LPS, to a hundredth."""
        return {
            "name": self.name,
            "roots": list(self.roots),
            "left_out": self.left_out,
            "branches": [
                {
                    "id": one.id,
                    "parent": one.parent,
                    "generation": one.generation,
                    "bridged": one.bridged,
                    "length_mm": round(one.length_mm, 2),
                    "points_mm": np.round(one.points_mm, 2).tolist(),
                    "radius_mm": np.round(one.radius_mm, 2).tolist(),
                }
                for one in self.branches
            ],
        }
