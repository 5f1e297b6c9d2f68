"""The slow oracle: every entry with every tip, measured sample by sample against every voxel. Nothing is clever."""

from __future__ import annotations

import numpy as np

from limner.image import LabelMap
from limner.scene.needles import NeedleRules
from limner.scene.parts import find_parts
from tests.scene.needles.made import BODY, BONE, KIDNEY, LIVER, LUNG, TUMOR, VESSEL

GROUPS = {"vessels": (VESSEL,), "rib_gap": (BONE,), "organs": (LUNG, KIDNEY)}
MARGINS = {VESSEL: "vessel", BONE: "bone", LUNG: "lung", KIDNEY: "organ"}


def best_path(labels: LabelMap, tips, depths, normals, rules: NeedleRules):
    """Score, entry and tip of the best path; None where there is none.

    Args:
        labels: axial, with the values of :mod:`made`.
        tips: world mm.
        depths: of tips.
        normals: by voxel of the skin, out of the body.
        rules: hard and soft.
    """
    assert find_parts(labels)
    size = np.array(labels.grid.spacing_mm)
    boxes = {value: labels.grid.world(np.argwhere(labels.array == value)) for value in MARGINS}
    half = size[::-1] / 2
    skin = [tuple(index) for index in np.argwhere(labels.array > 0) if _beside_air(labels.array, index)]
    plane = max(labels.grid.world(index)[1] for index in skin)
    best = None
    for index in skin:
        for tip, depth in zip(tips, depths, strict=True):
            entry = _leaves(labels, labels.grid.world(index), tip)
            length = np.linalg.norm(entry - tip)
            outward = (entry - tip) / length
            angle = np.degrees(np.arccos(np.clip(outward @ normals[index], -1, 1)))
            tilt = np.degrees(np.arcsin(-outward[1]))
            if length > rules.max_length_mm or angle > rules.max_angle_deg:
                continue
            if plane - entry[1] < rules.table_gap_mm or tilt < rules.table_tilt_deg:
                continue
            points = entry + np.linspace(0, 1, int(length / 0.25) + 2)[:, None] * (tip - entry)
            away = {value: _away(points, boxes[value], half) for value in MARGINS}
            if any(away[value] < getattr(rules, f"{MARGINS[value]}_margin_mm") for value in MARGINS):
                continue
            score = _score(labels, entry, tip, away, (length, angle, depth), rules)
            if best is None or score > best[0]:
                best = (score, entry, tip)
    return best


def _score(labels, entry, tip, away, known, rules) -> float:
    length, angle, depth = known
    count = int(np.ceil(length / 0.25))
    points = entry + (np.arange(count)[:, None] + 0.5) / count * (tip - entry)
    at = np.rint(labels.grid.index(points)).astype(int)
    crossed = (labels.array[tuple(at.T)] == LIVER).sum() * length / count
    outside = (~np.isin(labels.array[tuple(at.T)], [LIVER, TUMOR])).sum() * length / count
    parts = {
        "length": 1 - length / rules.max_length_mm,
        "angle": 1 - angle / rules.max_angle_deg,
        "organ_crossed": min(1, crossed / rules.parenchyma_mm),
        "outside": max(0, 1 - outside / rules.outside_mm),
        "depth": depth,
    }
    for name, values in GROUPS.items():
        there = [
            away[value] - getattr(rules, f"{MARGINS[value]}_margin_mm") for value in values if np.isfinite(away[value])
        ]
        if there:
            parts[name] = np.clip(min(there) / rules.comfort_mm, 0, 1)
    weights = {name: getattr(rules.weights, name) for name in parts}
    return sum(weights[name] * parts[name] for name in parts) / sum(weights.values())


def _away(points, middles, half) -> float:
    if not len(middles):
        return np.inf
    beyond = np.maximum(np.abs(points[:, None] - middles[None]) - half, 0)
    return float(np.sqrt((beyond**2).sum(axis=2)).min())


def _beside_air(array, index) -> bool:
    for axis in range(3):
        for step in (-1, 1):
            there = list(index)
            there[axis] += step
            if 0 <= there[axis] < array.shape[axis] and array[tuple(there)] == 0:
                return True
    return False


def _leaves(labels, start, tip):
    outward = (start - tip) / np.linalg.norm(start - tip)
    here = start
    while True:
        there = here + 0.25 * outward
        if labels.array[tuple(np.rint(labels.grid.index(there)).astype(int))] == 0:
            return here
        here = there


__all__ = ["BODY", "TUMOR", "best_path"]
