"""What resections cost in time: preparing a case, judging a moved cut, proposing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from limner.scene.resection.case import Case
from limner.scene.resection.curved import Curved
from limner.scene.resection.cuts import Cut, Plane, Segmentwise, Several
from limner.scene.resection.judge import judge
from limner.scene.resection.propose import Proposal, propose


@dataclass(frozen=True)
class ResectionSpeed:
    """Seconds of wall time.

    Args:
        blocks: of the lattice.
        propose_seconds: of one search.
        examined: cuts that it judged.
        what_if_ms: kind of cut to the median and the slowest of its what-ifs, ms.
        repeats: what-ifs per kind.
    """

    blocks: int
    propose_seconds: float
    examined: int
    what_if_ms: dict[str, tuple[float, float]]
    repeats: int


def speed(case: Case, repeats: int = 15, seed: int = 0) -> ResectionSpeed:
    """Proposes, then drags each kind of proposed cut about by a few mm and judges it each time.

    Args:
        case: of :func:`limner.scene.resection.prepare`.
        repeats: drags per kind.
        seed: of the drags.
    """
    start = time.perf_counter()
    found = propose(case)
    seconds = time.perf_counter() - start
    rng = np.random.default_rng(seed)
    spent: dict[str, tuple[float, float]] = {}
    for kind, cut in _kinds(found).items():
        moved = [dragged(cut, rng) for _ in range(repeats)]
        taken = [_seconds(judge, one, case) for one in moved]
        spent[kind] = (1000 * float(np.median(taken)), 1000 * max(taken))
    return ResectionSpeed(len(case.lattice.index), seconds, found.examined, spent, repeats)


def dragged(cut: Cut, rng: np.random.Generator) -> Cut:
    """A cut as a person may leave it: moved or bent by some mm; segments stay as they are."""
    if isinstance(cut, Plane):
        return Plane(cut.point_mm + rng.normal(size=3) * 4, cut.normal + rng.normal(size=3) * 0.05)
    if isinstance(cut, Curved):
        away = cut.control_points_mm + rng.normal(size=(4, 4, 1)) * 4 * cut.normal
        return cut.moved_to(away)
    if isinstance(cut, Several):
        return Several(tuple(dragged(one, rng) for one in cut.cuts))  # type: ignore[arg-type,misc]
    return cut


def _kinds(found: Proposal) -> dict[str, Cut]:
    kinds = {Plane: "plane", Curved: "curved", Segmentwise: "segments", Several: "several"}
    chosen: dict[str, Cut] = {}
    for one in found.resections:
        chosen.setdefault(kinds[type(one.cut)], one.cut)
    return chosen


def _seconds(call: Callable[[Cut, Case], object], cut: Cut, case: Case) -> float:
    start = time.perf_counter()
    call(cut, case)
    return time.perf_counter() - start
