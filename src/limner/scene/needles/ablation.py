"""Several needles whose zones cover a tumour and a margin around it."""

from __future__ import annotations

from dataclasses import dataclass

import edt
import numpy as np
from numpy.typing import NDArray

from limner.findings import NeedlePath
from limner.scene.needles.calibre import large_vessels
from limner.scene.needles.choose import measure_line
from limner.scene.needles.found import Found
from limner.scene.needles.judge import Line, draw_line, judge
from limner.scene.needles.planner import Planner
from limner.scene.needles.probes import Probe
from limner.scene.needles.rules import AblationRules
from limner.scene.parts import Box, Mask

Points = NDArray[np.float64]
SEEN = 6000
"""So many points stand for tumour and margin, and as many for what lies around."""
CENTERS = 24
PATHS = 4


@dataclass(frozen=True, eq=False)
class Zone:
    """An ellipsoid of coagulation around a needle; its middle is the path's target.

    Args:
        path: of the needle.
        probe: its row of the table.
    """

    path: NeedlePath
    probe: Probe

    def holds(self, points_mm: Points) -> NDArray[np.bool_]:
        """Which points ``(N, 3)`` it coagulates."""
        return _holds(np.array(self.path.entry_mm), np.array(self.path.target_mm), self.probe, points_mm)


@dataclass(frozen=True)
class HeatSink:
    """A large vessel near the tumour."""

    name: str
    mm: float


@dataclass(frozen=True, eq=False)
class Ablation:
    """Zones and what they reach.

    Args:
        zones: in the order of choice.
        tumor_share: of the tumour that is covered.
        margin_share: of tumour and margin together.
        covered: whether that is enough by the rules.
        ablated_ml: all tissue in the zones.
        healthy_ml: of it beyond tumour and margin.
        heat_sinks: large vessels near the tumour.
        reached: other structures that a zone touches.
        rules: that held.
    """

    zones: tuple[Zone, ...]
    tumor_share: float
    margin_share: float
    covered: bool
    ablated_ml: float
    healthy_ml: float
    heat_sinks: tuple[HeatSink, ...]
    reached: tuple[str, ...]
    rules: AblationRules


@dataclass(frozen=True, eq=False)
class Cover:
    """What zones of a target must cover, held ready so that a moved needle is answered at once; made by :meth:`of`.

    Args:
        wanted: ``(N, 3)`` points of tumour and margin, LPS mm.
        tumor: ``(N,)``: which of them lie in the tumour.
        around: ``(M, 3)`` points of other tissue.
        each_ml: what one of each stands for.
    """

    wanted: Points
    tumor: NDArray[np.bool_]
    around: Points
    each_ml: tuple[float, float]

    @classmethod
    def of(cls, planner: Planner, rules: AblationRules | None = None) -> Cover:
        """Of a planner's target, with the margin of the rules."""
        return cls(*_points(planner, rules or AblationRules()))

    def of_zone(self, path: NeedlePath, probe: Probe) -> dict[str, float]:
        """What one zone at the tip of a path covers: per cent of tumour, of tumour and margin, and healthy ml."""
        zone = Zone(path, probe)
        there = zone.holds(self.wanted)
        return {
            "tumor_percent": 100 * float(there[self.tumor].mean()),
            "margin_percent": 100 * float(there.mean()),
            "healthy_ml": float(np.count_nonzero(zone.holds(self.around))) * self.each_ml[1],
        }


def plan_ablation(
    planner: Planner, found: Found, probes: tuple[Probe, ...], rules: AblationRules | None = None
) -> Ablation:
    """Chooses needles and zones one by one, each the one that gains most, until tumour and margin are covered.

    Needles run parallel to the offered paths, to points spread in the tumour; each keeps all rules of needles. A zone
    gains what it covers anew, less what it takes of other tissue; one that completes the cover is taken at once.

    Args:
        planner: of the target.
        found: its paths.
        probes: rows of the table that may be used.
        rules: margins.
    """
    rules = rules or AblationRules()
    wanted, tumor, around, each_ml = _points(planner, rules)
    pool = [
        (line, probe, _holds(line.entry, line.target, probe, wanted), _holds(line.entry, line.target, probe, around))
        for line in _lines(planner, found)
        for probe in probes
    ]
    done, burnt = np.zeros(len(wanted), bool), np.zeros(len(around), bool)
    zones: list[Zone] = []
    while pool and len(zones) < rules.needles and done.mean() < rules.covered_share:
        line, probe, there, other = pool[_next(pool, done, burnt, each_ml, rules)]
        if not (there & ~done).any():
            break
        zones.append(Zone(judge(planner.scene, line, planner.drawn), probe))
        done |= there
        burnt |= other
    healthy = float(np.count_nonzero(burnt)) * each_ml[1]
    return Ablation(
        zones=tuple(zones),
        tumor_share=float(done[tumor].mean()) if zones else 0.0,
        margin_share=float(done.mean()) if zones else 0.0,
        covered=bool(zones) and bool(done.mean() >= rules.covered_share),
        ablated_ml=float(np.count_nonzero(done)) * each_ml[0] + healthy,
        healthy_ml=healthy,
        heat_sinks=heat_sinks(planner, rules),
        reached=_reached(planner, zones),
        rules=rules,
    )


def _next(
    pool: list[tuple[Line, Probe, NDArray[np.bool_], NDArray[np.bool_]]],
    done: NDArray[np.bool_],
    burnt: NDArray[np.bool_],
    each_ml: tuple[float, float],
    rules: AblationRules,
) -> int:
    """The zone that completes the cover with least other tissue; where none does, the one that gains most."""
    anew = np.array([np.count_nonzero(there & ~done) for _, _, there, _ in pool])
    other = np.array([np.count_nonzero(there & ~burnt) for _, _, _, there in pool]) * each_ml[1]
    complete = anew + np.count_nonzero(done) >= rules.covered_share * len(done)
    if complete.any():
        return int(np.where(complete, other, np.inf).argmin())
    return int((anew * each_ml[0] - rules.healthy_weight * other).argmax())


def heat_sinks(planner: Planner, rules: AblationRules) -> tuple[HeatSink, ...]:
    """Large vessels near the tumour, surface to surface, to about half a voxel; nearest first."""
    anatomy = planner.scene.anatomy
    away, box = _away(planner, rules.heat_sink_mm + 2.0)
    half = float(np.mean(anatomy.grid.spacing_mm)) / 2  # from a voxel's middle to the vessel's surface
    found = []
    for one in anatomy.structures:
        if one.role != "vessel":
            continue
        mask = anatomy.labels.array[box] == one.values[0]
        mask = large_vessels(mask, anatomy.grid.spacing_mm, rules.heat_sink_diameter_mm)
        least = max(0.0, float(away[mask].min(initial=np.inf)) - half)
        if least <= rules.heat_sink_mm:
            found.append(HeatSink(one.name, least))
    return tuple(sorted(found, key=lambda one: one.mm))


def _holds(entry: Points, target: Points, probe: Probe, points: Points) -> NDArray[np.bool_]:
    axis = (target - entry) / max(float(np.linalg.norm(target - entry)), 1e-9)
    apart = points - target
    along = apart @ axis
    across2 = np.einsum("ij,ij->i", apart, apart) - along**2
    return np.asarray((2 * along / probe.long_mm) ** 2 + across2 * (2 / probe.short_mm) ** 2 <= 1)


def _away(planner: Planner, reach_mm: float) -> tuple[NDArray[np.float32], Box]:
    """Distance of the middles of voxels from the tumour's surface, 0 inside, and their box."""
    scene = planner.scene
    by = [int(np.ceil(reach_mm / step)) for step in scene.anatomy.grid.spacing_mm]
    box = tuple(
        slice(max(0, one.start - pad), min(size, one.stop + pad))
        for one, pad, size in zip(scene.lesion.box, by, scene.anatomy.grid.shape, strict=True)
    )
    widths = [(one.start - b.start, b.stop - one.stop) for one, b in zip(scene.lesion.box, box, strict=True)]
    mask: Mask = np.pad(scene.lesion.mask, widths)
    half = float(np.mean(scene.anatomy.grid.spacing_mm)) / 2
    away = np.maximum(edt.edt(~mask, anisotropy=scene.anatomy.grid.spacing_mm) - half, 1e-3, dtype=np.float32)
    away[mask] = 0
    return away, (box[0], box[1], box[2])


def _points(planner: Planner, rules: AblationRules) -> tuple[Points, NDArray[np.bool_], Points, tuple[float, float]]:
    """Points of tumour and margin, which of them are tumour, points around, and ml that one of each stands for."""
    scene = planner.scene
    anatomy = scene.anatomy
    away, box = _away(planner, rules.margin_mm + 30.0)
    labels = anatomy.labels.array[box]
    soft = np.isin(labels, scene.organ.values) if scene.organ is not None else labels != 0
    inside = away == 0
    wanted = inside | (soft & (away <= rules.margin_mm))
    start = [one.start for one in box]
    first, one_ml = _thinned(wanted)
    second, other_ml = _thinned((labels != 0) & ~wanted)
    voxel = anatomy.grid.voxel_ml
    return (
        anatomy.grid.world(first + start),
        inside[tuple(first.T)],
        anatomy.grid.world(second + start),
        (one_ml * voxel, other_ml * voxel),
    )


def _thinned(mask: Mask) -> tuple[NDArray[np.int64], float]:
    """At most about :data:`SEEN` voxels of a mask, evenly, and how many voxels each stands for."""
    found = np.argwhere(mask)
    # a step that shares no factor with the rows goes through all of them
    every = max(1, len(found) // SEEN) | 1
    return found[::every], len(found) / max(1, len(found[::every]))


def _lines(planner: Planner, found: Found) -> list[Line]:
    """Needles parallel to the offered paths, to points spread in the tumour, that keep all rules."""
    scene = planner.scene
    tips, share = scene.depth.tips(CENTERS)
    kept = []
    for path in found.paths[:PATHS]:
        entry, target = np.array(path.entry_mm), np.array(path.target_mm)
        for tip, depth in zip([target, *tips], [scene.depth.at(target), *share], strict=True):
            chosen = measure_line(scene, draw_line(scene, entry + (tip - target), tip), float(depth))
            if chosen is not None:
                kept.append(chosen.line)
    return kept


def _reached(planner: Planner, zones: list[Zone]) -> tuple[str, ...]:
    """Organs, lungs, bones and bowel with cells in a zone."""
    return tuple(
        one.obstacle.name
        for one in planner.scene.distances
        if one.obstacle.role in ("organ", "lung", "bone") and any(zone.holds(one.surface).any() for zone in zones)
    )
