"""One path, judged on voxels: every rule, every clearance with its interval, every score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.findings import Clearance, Interval, Nearest, NeedlePath, Point
from limner.scene.needles.exact import clearance_mm
from limner.scene.needles.rules import NeedleRules
from limner.scene.needles.scene import NeedleScene
from limner.scene.needles.uncertainty import clearance_draws, interval

Vector = NDArray[np.float64]
FINE_MM = 0.25
REACHES_MM = (5.0, 40.0, 1000.0)
GROUP_OF = {"vessel": "vessels", "organ": "organs", "lung": "organs", "lesion": "organs", "bone": "rib_gap"}
OUTSIDE, LEAVES, LENGTH, ANGLE, TABLE = "outside the scan", "leaves the body", "length", "angle", "table"


@dataclass(frozen=True, eq=False)
class Line:
    """A needle's line with what geometry says of it.

    Args:
        entry: where it leaves the body, world mm.
        target: tip, world mm.
        length: mm.
        angle: to the skin's normal, degrees.
        gap: from the entry to the table, mm; None without a table.
        tilt: rise of the outer part over the table, degrees; None without a table.
        crossed: healthy parenchyma before the tumour, mm.
        outside: of its way neither in that nor in the tumour, mm.
        broken: ``"outside the scan"``, ``"leaves the body"`` or None.
    """

    entry: Vector
    target: Vector
    length: float
    angle: float
    gap: float | None
    tilt: float | None
    crossed: float
    outside: float
    broken: str | None


def draw_line(scene: NeedleScene, entry_mm: Vector, target_mm: Vector) -> Line:
    """A line through an entry, moved along itself to where it leaves the body."""
    entry, broken = _on_skin(scene, entry_mm, target_mm)
    length = float(np.linalg.norm(entry - target_mm))
    outward = (entry - target_mm) / max(length, 1e-9)
    skin = scene.anatomy.skin
    nearest = int(scene.skin_tree.query(entry)[1])
    angle = float(np.degrees(np.arccos(np.clip(skin.normals[nearest] @ outward, -1, 1))))
    gap = tilt = None
    if scene.table_mm is not None:
        toward, plane = scene.table_mm
        gap = plane - float(entry @ toward)
        tilt = float(np.degrees(np.arcsin(np.clip(-outward @ toward, -1, 1))))
    crossed, outside, leaves = _passed(scene, entry, target_mm, length)
    said = broken or (LEAVES if leaves else None)
    return Line(entry, target_mm, length, angle, gap, tilt, crossed, outside, said)


def geometry(line: Line, rules: NeedleRules) -> list[tuple[str, str]]:
    """Rules of geometry that a line breaks: reason and sentence."""
    found = []
    if line.broken:
        found.append((line.broken, line.broken))
    if line.length > rules.max_length_mm:
        found.append((LENGTH, f"length {line.length:.1f} mm is over {rules.max_length_mm:g} mm"))
    if line.angle > rules.max_angle_deg:
        found.append((ANGLE, f"angle {line.angle:.1f}° to the skin's normal is over {rules.max_angle_deg:g}°"))
    if line.gap is not None and line.gap < rules.table_gap_mm:
        found.append((TABLE, f"table: the entry is {line.gap:.1f} mm above it, {rules.table_gap_mm:g} mm are needed"))
    if line.tilt is not None and line.tilt < rules.table_tilt_deg:
        found.append(
            (TABLE, f"table: the needle rises {line.tilt:.1f}°, at least {rules.table_tilt_deg:g}° are needed")
        )
    return found


def scores_of(
    line: Line, slack_mm: dict[str, float], depth: float, rules: NeedleRules
) -> tuple[dict[str, float], float]:
    """Each soft score, 0 to 1, and their weighted mean.

    Args:
        line: the path.
        slack_mm: least clearance beyond its margin of vessels, organs and bones (as ``rib_gap``), where there are any.
        depth: of the tip in the tumour, as a share of the greatest.
        rules: scales and weights.
    """
    scores = {name: float(np.clip(value / rules.comfort_mm, 0, 1)) for name, value in slack_mm.items()}
    scores["length"] = max(0.0, 1 - line.length / rules.max_length_mm)
    scores["angle"] = max(0.0, 1 - line.angle / rules.max_angle_deg)
    scores["organ_crossed"] = min(1.0, line.crossed / rules.parenchyma_mm)
    scores["outside"] = max(0.0, 1 - line.outside / rules.outside_mm)
    scores["depth"] = depth
    weights = {name: getattr(rules.weights, name) for name in scores}
    total = sum(weights.values())
    return scores, sum(weights[name] * value for name, value in scores.items()) / total if total else 0.0


def judge(scene: NeedleScene, line: Line, drawn: tuple[Vector, Vector]) -> NeedlePath:
    """Everything that is known of a path, whether it may be offered or not."""
    rules = scene.rules
    measured = [clearance_mm(one, scene.lattice, line.entry, line.target) for one in scene.distances]
    values = np.array([value for value, _ in measured])
    sample = clearance_draws(scene.distances, scene.lattice, (line.entry, line.target), values, rules, drawn)
    found = []
    slack_mm: dict[str, float] = {}
    for k, one in enumerate(scene.distances):
        role = one.obstacle.role
        low, high = interval(sample[:, k], float(values[k]), rules.confidence)
        margin = rules.margin_mm(role)
        name = _name(scene, one.obstacle.name, measured[k][1])
        found.append(Clearance(value=float(values[k]), low=low, high=high, name=name, role=role, margin_mm=margin))
        group = GROUP_OF[role]
        slack_mm[group] = min(slack_mm.get(group, np.inf), float(values[k]) - margin)
    found.sort(key=lambda one: one.value)
    refused = [sentence for _, sentence in geometry(line, rules)]
    refused += [
        f"{one.role}: {one.name} is {one.value:.1f} mm away, {one.margin_mm:g} mm are needed"
        for one in found
        if not one.kept
    ]
    scores, score = scores_of(line, slack_mm, scene.depth.at(line.target), rules)
    if found:
        low, high = interval(sample.min(axis=1), float(values.min()), rules.confidence)
        whole = Interval(value=float(values.min()), low=low, high=high)
    else:
        whole = Interval(value=line.length, low=line.length, high=line.length)
    return NeedlePath(
        entry_mm=_point(line.entry),
        target_mm=_point(line.target),
        length_mm=line.length,
        clearance_mm=whole,
        nearest=Nearest(name=found[0].name, mm=found[0].value) if found else None,
        clearances=tuple(found),
        angle_deg=line.angle,
        table_gap_mm=line.gap,
        table_tilt_deg=line.tilt,
        organ_crossed_mm=line.crossed,
        outside_mm=line.outside,
        scores=scores,
        score=score,
        safe_only_at_mean=not refused and any(one.only_at_mean for one in found),
        refused=tuple(refused),
    )


def _name(scene: NeedleScene, structure: str, voxel_mm: Vector) -> str:
    """The label of the nearest voxel, where several labels were taken as one ("bones": which rib?)."""
    one = next((one for one in scene.anatomy.structures if one.name == structure), None)
    if one is None or len(one.values) == 1:
        return structure
    value = int(scene.anatomy.labels.array[tuple(np.rint(scene.anatomy.grid.index(voxel_mm)).astype(int))])
    return next(label.name for label in scene.anatomy.labels.labels if label.value == value)


def _on_skin(scene: NeedleScene, entry: Vector, target: Vector) -> tuple[Vector, str | None]:
    """Along the line, inward while outside the body, outward while inside; ``"outside the scan"`` where it ends."""
    length = float(np.linalg.norm(entry - target))
    outward = (entry - target) / max(length, 1e-9)
    inside, _ = _in_body(scene, entry[None])
    if not inside[0]:
        there = entry - outward * np.arange(0, length, FINE_MM)[:, None]
        hit, _ = _in_body(scene, there)
        return there[int(hit.argmax()) if hit.any() else -1], None if hit.any() else OUTSIDE
    for reach in REACHES_MM:
        there = entry + outward * np.arange(0, reach, FINE_MM)[:, None]
        hit, within = _in_body(scene, there)
        if not hit.all():
            last = int(hit.argmin())
            return there[last - 1], None if within[last] else OUTSIDE
    return entry, OUTSIDE


def _in_body(scene: NeedleScene, points: Vector) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether points lie in a labelled voxel or a filled cell of the body, and whether in the image at all."""
    grid, cells = scene.anatomy.grid, scene.lattice.work
    index = np.rint(grid.index(points)).astype(np.int64)
    within = np.asarray(((index >= 0) & (index < grid.shape)).all(axis=1))
    inside = np.zeros(len(points), bool)
    inside[within] = scene.anatomy.labels.array[tuple(index[within].T)] != 0
    hole = within & ~inside
    where = np.clip(np.rint(cells.index(points[hole])).astype(np.int64), 0, np.array(cells.shape) - 1)
    inside[hole] = scene.anatomy.hollow[tuple(where.T)]
    return inside, within


def _passed(scene: NeedleScene, entry: Vector, target: Vector, length: float) -> tuple[float, float, bool]:
    """Mm of healthy parenchyma, mm outside both it and the tumour, and whether the line leaves the body on its way."""
    count = max(2, int(np.ceil(length / FINE_MM)))
    points = entry + (np.arange(count)[:, None] + 0.5) / count * (target - entry)
    inside, _ = _in_body(scene, points)
    index = np.rint(scene.anatomy.grid.index(points)).astype(np.int64)
    index = np.clip(index, 0, np.array(scene.anatomy.grid.shape) - 1)
    found = scene.anatomy.labels.array[tuple(index.T)]
    organ = np.isin(found, scene.organ.values if scene.organ else ())
    crossed = float(np.count_nonzero(organ)) * length / count
    outside = float(np.count_nonzero(~organ & (found != scene.lesion.label.value))) * length / count
    grace = 2 * scene.lattice.half_diagonal_mm
    left = ~inside & (np.arange(count) * length / count > grace)
    return crossed, outside, bool(np.count_nonzero(left) * length / count > grace)


def _point(values: Vector) -> Point:
    x, y, z = (round(float(one), 3) for one in values)
    return x, y, z
