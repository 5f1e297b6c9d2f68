"""From all candidates a few that differ, each the best of its region, none beaten by another in everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.scene.needles.exact import clearance_mm
from limner.scene.needles.judge import GROUP_OF, Line, draw_line, geometry, scores_of
from limner.scene.needles.rules import NeedleRules
from limner.scene.needles.scene import NeedleScene
from limner.scene.needles.search import SCORES, Candidates

NEAR_MM = 4.0
"""Neighbours of a candidate within this, by entry, are measured too: on voxels another may be the best."""
MEASURED = 10
TRIES = 300
"""So many measurements on voxels, after the first, and the choice ends with what it has."""
TIE = 0.01
"""Scores on the lattice that differ by less are the same: it is true to about half a cell."""
REFINED = (0.5, 0.5, 0.25, 0.125)
"""Steps of the last refinement, as parts of a cell."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """A path that keeps all rules on voxels.

    Args:
        line: it.
        scores: each 0 to 1.
        score: their weighted mean.
    """

    line: Line
    scores: dict[str, float]
    score: float


def choose(scene: NeedleScene, candidates: Candidates, passes: Callable[[Line], bool]) -> list[Chosen]:
    """Paths to offer, best first.

    The first candidates by score are measured on voxels, and come anew by what was measured; the others follow as they
    were. One that lies near to a chosen one, by entry and by direction, is passed over. What is left is measured
    together with its nearest neighbours, and the best that keeps all rules, and passes a second opinion, is refined and
    chosen, unless a chosen one equals it in every score and beats it in some: what is offered is Pareto-best.

    Args:
        scene: target and surroundings.
        candidates: of the search.
        passes: the second opinion.
    """
    rules = scene.rules
    entries = scene.entries_mm[candidates.entry]
    toward = candidates.tips_mm.astype(np.float32)[candidates.tip] - entries
    toward /= np.maximum(np.linalg.norm(toward, axis=1, keepdims=True), np.float32(1e-6))
    known: dict[int, Chosen | None] = {}
    order = _ordered(scene, candidates, known)
    free = np.ones(len(order), bool)
    free[[which for which, path in known.items() if path is None]] = False
    found: list[Chosen] = []
    tries, at = TRIES, 0
    while len(found) < rules.paths and tries > 0:
        ahead = np.flatnonzero(free[order[at:]])
        if not ahead.size:
            break
        at += int(ahead[0])
        one = int(order[at])
        free[one] = False
        beside = np.flatnonzero(((entries - entries[one]) ** 2).sum(axis=1) <= NEAR_MM**2)
        beside = beside[free[beside]]
        near: list[int] = [one, *beside[np.argsort(-candidates.total[beside], kind="stable")][:MEASURED].tolist()]
        tries -= 1 + sum(which not in known for which in near)
        known |= {which: measure(scene, candidates, which) for which in near if which not in known}
        free[near] = False
        kept = sorted((path for path in (known[which] for which in near) if path), key=lambda path: -path.score)
        if kept and any(_beats(other, kept[0]) for other in found):
            free &= ~_alike(kept[0].line, entries, toward, rules)
            continue
        best = next((path for path in kept if passes(path.line)), None)
        if best is not None:
            better = refined(scene, best) if rules.refine else best
            tries -= len(REFINED) * 4 if rules.refine else 0
            best = better if better is best or passes(better.line) else best
            if not any(_beats(other, best) for other in found):
                found = [*(other for other in found if not _beats(best, other)), best]
                free &= ~_beaten(candidates.scores, best)
            free &= ~_alike(best.line, entries, toward, rules)
    return sorted(found, key=lambda path: -path.score)


def _ordered(scene: NeedleScene, candidates: Candidates, known: dict[int, Chosen | None]) -> NDArray[np.int64]:
    """All candidates by score; the first of them by what is measured on voxels, which goes into ``known``."""
    order = np.argsort(-candidates.total, kind="stable")
    first = order[: scene.rules.measured].tolist()
    known |= {which: measure(scene, candidates, which) for which in first}
    scores = np.array([path.score if (path := known[which]) else -1.0 for which in first])
    order[: len(first)] = order[: len(first)][np.argsort(-scores, kind="stable")]
    return order


def refined(scene: NeedleScene, path: Chosen) -> Chosen:
    """The path with its entry moved along the skin by parts of a cell, while that scores higher."""
    line, best = path.line, path
    toward = (line.target - line.entry) / max(line.length, 1e-9)
    across = np.cross(toward, np.eye(3)[int(np.abs(toward).argmin())])
    across /= np.linalg.norm(across)
    sides = (across, np.cross(toward, across), -across, -np.cross(toward, across))
    depth = scene.depth.at(line.target)
    for part in REFINED:
        step = part * max(scene.lattice.work.spacing_mm)
        at = best.line
        for side in sides:
            moved = draw_line(scene, at.entry + step * side, at.target)
            other = measure_line(scene, moved, depth)
            if other is not None and other.score > best.score:
                best = other
    return best


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
    return Chosen(line, *scores_of(line, slack_mm, depth, rules))


def _beaten(scores: NDArray[np.float32], path: Chosen) -> NDArray[np.bool_]:
    """Candidates that are better than a path in nothing, as far as the lattice tells: they need no measuring."""
    own = np.array([path.scores.get(name, 1.0) for name in SCORES], np.float32)
    return np.asarray((scores <= own + TIE).all(axis=1))


def _beats(one: Chosen, other: Chosen) -> bool:
    """Whether a path has no lower score in anything, and a higher one in something."""
    pairs = [(one.scores[name], other.scores[name]) for name in one.scores]
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def _alike(
    line: Line, entries: NDArray[np.float32], toward: NDArray[np.float32], rules: NeedleRules
) -> NDArray[np.bool_]:
    """Which candidates differ from a line neither in entry nor in direction."""
    direction = (line.target - line.entry) / max(line.length, 1e-9)
    near = ((entries - line.entry.astype(np.float32)) ** 2).sum(axis=1) < rules.apart_mm**2
    return near & (toward @ direction.astype(np.float32) > np.cos(np.radians(rules.apart_deg)))
