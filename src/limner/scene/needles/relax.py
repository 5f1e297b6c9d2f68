"""Where no path keeps all rules: which single rule, and how far, would have to give."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.findings import NeedlePath, Relaxation
from limner.scene.needles.fields import REACH_MM
from limner.scene.needles.judge import ANGLE, LENGTH, TABLE, draw_line, judge
from limner.scene.needles.rules import NeedleRules
from limner.scene.needles.scene import NeedleScene
from limner.scene.needles.trace import cells_at

ROLES = ("bone", "lung", "vessel", "organ", "lesion")
PATHS = 60_000
LOOKED_AT = 24
SAMPLES = 64
_UP = {"max_length_mm", "max_angle_deg"}


def relaxations(scene: NeedleScene, drawn: tuple[NDArray[np.float64], NDArray[np.float64]]) -> tuple[Relaxation, ...]:
    """Single rules whose change would give a path, the smallest change first.

    All entries with all tips (thinned to :data:`PATHS`) are measured against every rule on the lattice; of those that
    break one rule alone, the best are measured on voxels, and what the first of them needs is named.
    """
    have, entry, tips_mm, tip = _measured(scene)
    tolerance = scene.lattice.half_diagonal_mm
    limits = _limits(scene.rules)
    kept = {name: (value <= limits[name]) if name in _UP else (value >= limits[name]) for name, value in have.items()}
    near = {
        name: kept[name] | (np.abs(value - limits[name]) <= tolerance) if name.endswith("margin_mm") else kept[name]
        for name, value in have.items()
    }
    found = []
    for name in have:
        others = np.ones(len(entry), bool)
        for other in have:
            if other != name:
                others &= near[other]
        wanted = np.flatnonzero(others)
        order = np.argsort(have[name][wanted] if name in _UP else -have[name][wanted], kind="stable")
        best = None
        for which in wanted[order][:LOOKED_AT]:
            line = draw_line(scene, scene.entries_mm[entry[which]].astype(np.float64), tips_mm[tip[which]])
            needed = _needed(name, judge(scene, line, drawn), scene)
            if needed is not None and (best is None or abs(needed[0] - limits[name]) < abs(best.needed - limits[name])):
                best = Relaxation(rule=name, now=limits[name], needed=needed[0], path=needed[1])
        if best is not None:
            found.append(best)
    return tuple(sorted(found, key=lambda one: abs(one.needed - one.now) / max(abs(one.now), 1.0)))


def _limits(rules: NeedleRules) -> dict[str, float]:
    names = [f"{role}_margin_mm" for role in ROLES]
    names += ["max_length_mm", "max_angle_deg", "table_gap_mm", "table_tilt_deg"]
    return {name: float(getattr(rules, name)) for name in names}


def _measured(
    scene: NeedleScene,
) -> tuple[dict[str, NDArray[np.floating]], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """What each rule measures, of many paths: by rule, with entries and tips."""
    tips_mm, _ = scene.depth.tips(scene.rules.targets)
    count = len(scene.entries_mm)
    every = max(1, -(-count * len(tips_mm) // PATHS))
    entry = np.tile(np.arange(0, count, every), len(tips_mm))
    tip = np.repeat(np.arange(len(tips_mm)), len(entry) // len(tips_mm))
    line = tips_mm[tip] - scene.entries_mm[entry]
    length = np.linalg.norm(line, axis=1)
    inward = line / length[:, None]
    cosine = -(inward * scene.anatomy.skin.normals[entry]).sum(axis=1)
    have: dict[str, NDArray[np.floating]] = {
        "max_length_mm": length,
        "max_angle_deg": np.degrees(np.arccos(np.clip(cosine, -1, 1))),
    }
    if scene.table_mm is not None:
        toward, plane = scene.table_mm
        have["table_gap_mm"] = plane - scene.entries_mm[entry] @ toward
        have["table_tilt_deg"] = np.degrees(np.arcsin(np.clip(inward @ toward, -1, 1)))
    start = scene.anatomy.skin.cells[entry].T.astype(np.float32)
    step = scene.lattice.work.index(tips_mm).astype(np.float32)[tip].T - start
    shape = scene.lattice.work.shape
    for role in ROLES:
        some = [one for one in scene.distances if one.obstacle.role == role]
        if not some:
            continue
        field = np.full(shape, REACH_MM, np.float32)
        for one in some:
            np.minimum(field[one.box], one.array, out=field[one.box])
        flat, least = field.ravel(), np.full(len(entry), REACH_MM, np.float32)
        for k in range(SAMPLES):
            share = np.float32(k / (SAMPLES - 1))
            np.minimum(least, flat.take(cells_at(start + step * share, shape), mode="clip"), out=least)
        have[f"{role}_margin_mm"] = least
    return have, entry, tips_mm, tip


def _needed(name: str, path: NeedlePath, scene: NeedleScene) -> tuple[float, NeedlePath] | None:
    """What a rule would have to be for a path to be kept, where no other rule is broken; rounded to the safe side."""
    limits = _limits(scene.rules)
    have = {
        "max_length_mm": path.length_mm,
        "max_angle_deg": path.angle_deg,
        "table_gap_mm": path.table_gap_mm,
        "table_tilt_deg": path.table_tilt_deg,
    }
    for role in ROLES:
        own = [one.value for one in path.clearances if one.role == role]
        have[f"{role}_margin_mm"] = min(own) if own else None
    broken = [
        rule
        for rule, value in have.items()
        if value is not None and (value > limits[rule] if rule in _UP else value < limits[rule])
    ]
    words = {"length": LENGTH, "angle": ANGLE, "table": TABLE}
    known = sum(any(one.startswith(word) for word in (*words, *ROLES)) for one in path.refused)
    if broken != [name] or known != len(path.refused):
        return None  # another rule is broken as well, or it leaves the body or the scan
    value = float(have[name] or 0.0)
    needed = np.ceil(value * 10) / 10 if name in _UP else np.floor(value * 10) / 10
    if name.endswith("margin_mm") and needed <= 0:
        return None  # it goes through: no margin would make that a path
    return float(needed), path
