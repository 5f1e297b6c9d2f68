"""How fast paths are found here: what ``limner bench plan`` prints."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from limner.image import LabelMap
from limner.scene.anatomy import Anatomy
from limner.scene.needles.fields import THREADS
from limner.scene.needles.planner import Planner
from limner.scene.needles.rules import NeedleRules
from limner.scene.needles.search import search

ROUNDS = 5
TIPS = 32
WHAT_IFS = 10


@dataclass(frozen=True)
class Speed:
    """Seconds and rates on this machine.

    Args:
        structures: obstacles that paths are held against.
        candidates: paths judged in one round: each entry with each tip.
        traced: of them, those that geometry let through, whose way was looked at.
        threads: that worked.
        per_second: candidates per second of the clock, the best of some rounds.
        traced_per_second: traced ones in that round.
        per_cpu_second: candidates per second of processor time in that round: what one core does.
        first_answer_s: from labels in memory to paths on offer.
        first_answer_cpu_s: processor time of that.
        what_if_ms: one path judged anew, the median.
    """

    structures: int
    candidates: int
    traced: int
    threads: int
    per_second: float
    traced_per_second: float
    per_cpu_second: float
    first_answer_s: float
    first_answer_cpu_s: float
    what_if_ms: float


def measure_speed(
    labels: LabelMap, target: str | None = None, rules: NeedleRules | None = None, threads: int = THREADS
) -> Speed:
    """Times a first answer, a search of many paths on the lattice, and what-ifs.

    Args:
        labels: with body, tumour and obstacles.
        target: id of a lesion; the largest where None.
        rules: in force; the search of many paths takes :data:`TIPS` tips.
        threads: for that search.
    """
    rules = rules or NeedleRules()
    clock, cpu = time.perf_counter(), time.process_time()
    planner = Planner.of(Anatomy.of(labels), target, rules)
    found = planner.search()
    first, first_cpu = time.perf_counter() - clock, time.process_time() - cpu
    many = planner.with_rules(rules.model_copy(update={"targets": TIPS}))
    rounds = []
    for _ in range(ROUNDS):
        clock, cpu = time.perf_counter(), time.process_time()
        candidates = search(many.scene, threads)
        rounds.append((time.perf_counter() - clock, time.process_time() - cpu))
    best, best_cpu = min(rounds)
    scene = planner.scene
    line = [(one.entry_mm, one.target_mm) for one in found.paths] or [(scene.entries_mm[0], candidates.tips_mm[0])]
    waits = []
    for k in range(WHAT_IFS):
        entry, tip = line[k % len(line)]
        clock = time.perf_counter()
        planner.score(np.add(entry, (0.0, 0.0, 0.5 * k)), tip)
        waits.append(time.perf_counter() - clock)
    return Speed(
        structures=len(scene.distances),
        candidates=candidates.judged,
        traced=candidates.traced,
        threads=threads,
        per_second=candidates.judged / best,
        traced_per_second=candidates.traced / best,
        per_cpu_second=candidates.judged / max(best_cpu, 1e-9),
        first_answer_s=first,
        first_answer_cpu_s=first_cpu,
        what_if_ms=1000 * float(np.median(waits)),
    )
