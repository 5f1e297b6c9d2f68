"""From all candidates a few that differ, each the best of its region, none worse than another in everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.scene.needles.exact import clearance_mm
from limner.scene.needles.judge import GROUP_OF, Line, draw_line, geometry, scores_of
from limner.scene.needles.scene import NeedleScene
from limner.scene.needles.search import Candidates

NEAR_MM = 4.0
"""Neighbours of a candidate within this, by entry, are measured too: on voxels another may be the best."""
MEASURED = 10
TRIES = 400


@dataclass(frozen=True, eq=False)
class Chosen:
    """A path that keeps all rules on voxels.

    Args:
        line: it.
        score: its weighted mean.
    """

    line: Line
    score: float


def choose(scene: NeedleScene, candidates: Candidates, passes: Callable[[Line], bool]) -> list[Chosen]:
    """Paths to offer, best first.

    Candidates are taken by falling score. One that lies near to a chosen one, by entry and by direction, or that
    another equals in every score and beats in some, is passed over. What is left is measured on voxels together with
    its nearest neighbours, and the best that keeps all rules, and passes a second opinion, is chosen.

    Args:
        scene: target and surroundings.
        candidates: of the search.
        passes: the second opinion.
    """
    rules = scene.rules
    order = np.argsort(-candidates.total, kind="stable")
    entries = scene.entries_mm[candidates.entry]
    toward = candidates.tips_mm.astype(np.float32)[candidates.tip] - entries
    toward /= np.linalg.norm(toward, axis=1, keepdims=True)
    free = np.ones(len(order), bool)
    found: list[Chosen] = []
    tries = TRIES
    at = 0
    while len(found) < rules.paths and tries > 0:
        ahead = np.flatnonzero(free[order[at:]])
        if not ahead.size:
            break
        at += int(ahead[0])
        one = int(order[at])
        free[one] = False
        if _beaten(candidates, one):
            continue
        near = ((entries - entries[one]) ** 2).sum(axis=1) <= NEAR_MM**2
        near = np.flatnonzero(near & (candidates.total <= candidates.total[one]))
        near = near[np.argsort(-candidates.total[near], kind="stable")][:MEASURED]
        measured = [measure(scene, candidates, int(k)) for k in near]
        tries -= len(near)
        free[near] = False
        kept = sorted((path for path in measured if path is not None), key=lambda path: -path.score)
        best = next((path for path in kept if passes(path.line)), None)
        if best is not None:
            found.append(best)
            free &= ~_alike(best.line, entries, toward, rules.apart_mm, rules.apart_deg)
    return sorted(found, key=lambda path: -path.score)


def measure(scene: NeedleScene, candidates: Candidates, which: int) -> Chosen | None:
    """A candidate on voxels; None where it breaks a rule there."""
    entry = scene.entries_mm[candidates.entry[which]].astype(np.float64)
    line = draw_line(scene, entry, candidates.tips_mm[candidates.tip[which]])
    return measure_line(scene, line, float(candidates.scores[which, -1]))


def measure_line(scene: NeedleScene, line: Line, depth: float) -> Chosen | None:
    """A line on voxels; None where it breaks a rule. Structures too far away to count are not measured."""
    rules = scene.rules
    if geometry(line, rules):
        return None
    slack_mm: dict[str, float] = {}
    for one in scene.distances:
        role = one.obstacle.role
        margin = rules.margin_mm(role)
        enough = margin + rules.comfort_mm
        value = clearance_mm(one, scene.lattice, line.entry, line.target, enough)[0] - margin
        if value < 0:
            return None
        slack_mm[GROUP_OF[role]] = min(slack_mm.get(GROUP_OF[role], np.inf), value)
    return Chosen(line, scores_of(line, slack_mm, depth, rules)[1])


def _beaten(candidates: Candidates, one: int) -> bool:
    """Whether another candidate that is sure has no lower score in anything, and a higher one in something."""
    own = candidates.scores[one]
    rivals = candidates.scores[candidates.sure & (candidates.total > candidates.total[one])]
    return bool(((rivals >= own).all(axis=1) & (rivals > own).any(axis=1)).any())


def _alike(
    line: Line, entries: NDArray[np.float32], toward: NDArray[np.float32], apart_mm: float, apart_deg: float
) -> NDArray[np.bool_]:
    """Which candidates differ from a line neither in entry nor in direction."""
    direction = (line.target - line.entry) / max(line.length, 1e-9)
    near = ((entries - line.entry.astype(np.float32)) ** 2).sum(axis=1) < apart_mm**2
    return near & (toward @ direction.astype(np.float32) > np.cos(np.radians(apart_deg)))
