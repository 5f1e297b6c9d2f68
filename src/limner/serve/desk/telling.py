"""What was planned, as plain values: every number with its unit in its name, every refusal with its rule in words."""

from __future__ import annotations

from typing import Any

from limner.findings import NeedlePath
from limner.plan.case import PlanCase, blind_spots, cut_by_scan
from limner.scene.needles import NeedleRules, Probe
from limner.scene.needles.judge import ANGLE, LEAVES, LENGTH, OUTSIDE, TABLE
from limner.scene.parts import Part
from limner.serve.desk.planning import Planning


def start_told(case: PlanCase, target: Part, probes: tuple[Probe, ...]) -> dict[str, Any]:
    """What stands as soon as the drawing is read: targets, what no label shows, the probes."""
    return {
        "target": target.id,
        "targets": [_target(case, one.id) for one in case.anatomy.lesions],
        "structures": [{"name": one.name, "role": one.role} for one in case.anatomy.structures],
        "blind": [{"name": one.name, "text": one.text} for one in blind_spots(case)],
        "problems": [_note(one) for one in (*cut_by_scan(case, target), *case.problems)],
        "probes": [one.model_dump() for one in probes],
        "with_image": case.image is not None,
    }


def needles_told(planning: Planning) -> dict[str, Any]:
    """The paths that are offered, and why all other entries are refused."""
    assert planning.found is not None and planning.planner is not None
    found, rules = planning.found, planning.planner.scene.rules
    paths = [one.model_copy(update={"id": f"path-{k}"}) for k, one in enumerate(found.paths, start=1)]
    return {
        "organ": found.organ,
        "paths": [path_told(one, rules) for one in paths],
        "refused": [one.model_dump() for one in found.refused],
        "relax": [_relaxed(one.sentence, one.rule, one.now, one.needed) for one in found.relaxations],
        "advice": found.advice,
        "legend": [
            {"code": code, "reason": reason, "structure": structure}
            for code, (reason, structure) in enumerate(found.skin.reasons, start=1)
        ],
        "open_entries": int((found.skin.codes == 0).sum()),
        "candidates": found.candidates,
        "margins": {role: rules.margin_mm(role) for role in ("bone", "lung", "vessel", "organ", "lesion")},
        "confidence": rules.confidence,
    }


def path_told(path: NeedlePath, rules: NeedleRules) -> dict[str, Any]:
    """A path with each rule that it breaks; none where it may be offered."""
    told = path.model_dump(exclude={"refused", "file"})
    return {**told, "safe": path.safe, "broken": broken(path, rules)}


def broken(path: NeedlePath, rules: NeedleRules) -> list[dict[str, Any]]:
    """Each rule that a path breaks: what, by which structure, how much there is, how much is needed, and a sentence."""
    rows: list[tuple[str, str | None, float | None, float | None]] = [
        (one, None, None, None) for one in (OUTSIDE, LEAVES) if one in path.refused
    ]
    if path.length_mm > rules.max_length_mm:
        rows.append((LENGTH, None, path.length_mm, rules.max_length_mm))
    if path.angle_deg > rules.max_angle_deg:
        rows.append((ANGLE, None, path.angle_deg, rules.max_angle_deg))
    if path.table_gap_mm is not None and path.table_gap_mm < rules.table_gap_mm:
        rows.append((TABLE, "gap", path.table_gap_mm, rules.table_gap_mm))
    if path.table_tilt_deg is not None and path.table_tilt_deg < rules.table_tilt_deg:
        rows.append((TABLE, "tilt", path.table_tilt_deg, rules.table_tilt_deg))
    rows += [(one.role, one.name, one.value, one.margin_mm) for one in path.clearances if not one.kept]
    return [
        {"reason": reason, "structure": structure, "value": value, "needed": needed, "text": text}
        for (reason, structure, value, needed), text in zip(rows, path.refused, strict=True)
    ]


def resection_told(planning: Planning) -> dict[str, Any]:
    """The resections that are proposed, with what the person should know of the liver."""
    assert planning.proposal is not None and planning.liver is not None and planning.liver.case is not None
    case = planning.liver.case
    return {
        **planning.proposal.as_json(),
        "liver_ml": round(case.liver_ml, 1),
        "tumor_ml": round(case.tumor_ml, 2),
        "target_mm": [round(float(one), 2) for one in case.lesions[0].center_mm],
        "rules": {
            "margin_mm": case.rules.margin_mm,
            "remnant_percent": case.rules.remnant_percent,
            "liver_state": case.rules.liver_state,
            "coverage": case.rules.coverage,
        },
        "segments": planning.liver.target_segments,
        "knows": {"segments": "segments" in case.partitions, **{kind: kind in case.flows for kind in _TREES}},
        "problems": [_note(one) for one in planning.liver.problems],
    }


_TREES = ("portal", "hepatic")


def _target(case: PlanCase, id: str) -> dict[str, Any]:
    part = case.anatomy.lesion(id)
    finding = case.finding(id)
    told: dict[str, Any] = {"id": id, "name": part.label.name, "volume_ml": round(part.volume_ml, 2)}
    told["longest_mm"] = None
    if finding is not None:
        longest = finding.measure("longest diameter")
        told["longest_mm"] = None if longest is None else longest.value
        told |= {"probability": finding.probability, "abstained": finding.abstained}
    low = part.grid.world([0, 0, 0])
    high = part.grid.world([size - 1 for size in part.mask.shape])
    told["center_mm"] = [round(float(a + b) / 2, 2) for a, b in zip(low, high, strict=True)]
    return told


def _note(one: Any) -> dict[str, str]:
    return {"code": one.code, "severity": one.severity, "text": one.text}


def _relaxed(sentence: str, rule: str, now: float, needed: float) -> dict[str, Any]:
    return {"sentence": sentence, "rule": rule, "now": now, "needed": needed}
