"""What a cut means for the patient: margin, remnant, vessels, and liver that loses its flow. One call of some 50 ms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import cc3d
import edt
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.scene.resection.case import Case
from limner.scene.resection.cuts import Cut, Segmentwise, segmentwise_of, surfaces_of
from limner.scene.resection.doubt import Interval, around, volumes
from limner.scene.resection.sweep import Sweep, known, sweep, taken_at
from limner.scene.resection.vessels import CutVessel, Flow
from limner.scene.resection.words import cut_name, reasons_of

SOLID = 0.5
LEFT_ML = 0.02
"""Tumour under this is a matter of half voxels at the cut."""
FORMULA = "remnant % = 100 × functional liver that stays / (liver − tumour)"


@dataclass(frozen=True)
class Threshold:
    """One of the thresholds of the remnant, and whether this resection keeps it."""

    liver: str
    percent: float
    source: str
    kept: str


@dataclass(frozen=True, eq=False)
class Resection:
    """A cut and what it costs.

    Args:
        cut: the geometry.
        name: what a surgeon calls it.
        margin_mm: shortest way from the tumour's surface to the cut through liver; negative where tumour stays, without
            bound where no liver is cut through.
        resected_ml: liver that is taken out.
        remnant_ml: functional liver that stays.
        remnant_percent: of functional liver.
        counted_percent: the part of it that is held against the threshold (flow where trees are known).
        thresholds: the three.
        left_tumor: lesions of which some stays, with their ml.
        area_cm2: of the cut.
        vessels: that are divided, widest first.
        without_inflow_ml: functional liver that stays and loses its portal branch, counted in blocks that mostly stay;
            None where the tree is not known.
        without_outflow_ml: likewise for hepatic veins.
        pieces_ml: connected pieces of what stays, by falling volume.
        margin_kept: ``"yes"``, ``"only at the value"`` or ``"no"``.
        remnant_kept: likewise, for the threshold of this liver.
        score: sum of weighted costs; less is better.
        costs: its parts.
        reasons: sentences.
        state: ``(N,)`` of the case's blocks: bit 1 taken out, 2 stays without inflow, 4 stays without outflow.
    """

    cut: Cut
    name: str
    margin_mm: Interval
    resected_ml: Interval
    remnant_ml: Interval
    remnant_percent: Interval
    counted_percent: Interval
    thresholds: tuple[Threshold, ...]
    left_tumor: tuple[tuple[str, float], ...]
    area_cm2: float
    vessels: tuple[CutVessel, ...]
    without_inflow_ml: float | None
    without_outflow_ml: float | None
    pieces_ml: tuple[float, ...]
    margin_kept: str
    remnant_kept: str
    score: float
    costs: dict[str, float]
    reasons: tuple[str, ...] = ()
    state: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8), repr=False)

    @property
    def kept(self) -> bool:
        """Whether margin and remnant are kept, at least at their values."""
        return self.margin_kept != "no" and self.remnant_kept != "no"

    @property
    def lost_ml(self) -> float:
        """Remnant without inflow and remnant without outflow, added; 0 where trees are not known."""
        return (self.without_inflow_ml or 0.0) + (self.without_outflow_ml or 0.0)

    def as_json(self) -> dict[str, Any]:
        """For ``plan.json``: units in names, lengths in mm, volumes in ml, points in LPS."""
        return {
            "name": self.name,
            "cut": self.cut.as_json(),
            "margin_mm": {**self.margin_mm.as_json(), "kept": self.margin_kept},
            "resected_ml": self.resected_ml.as_json(),
            "remnant_ml": self.remnant_ml.as_json(),
            "remnant_percent": {**self.remnant_percent.as_json(), "formula": FORMULA},
            "remnant_counted_percent": {**self.counted_percent.as_json(), "kept": self.remnant_kept},
            "thresholds": [
                {"liver": one.liver, "percent": one.percent, "source": one.source, "kept": one.kept}
                for one in self.thresholds
            ],
            "left_tumor": [{"id": name, "ml": round(ml, 3)} for name, ml in self.left_tumor],
            "cut_area_cm2": round(self.area_cm2, 1),
            "vessels": [one.as_json() for one in self.vessels],
            "without_inflow_ml": _rounded(self.without_inflow_ml),
            "without_outflow_ml": _rounded(self.without_outflow_ml),
            "pieces_ml": [round(one, 1) for one in self.pieces_ml],
            "score": round(self.score, 4),
            "costs": {name: round(one, 4) for name, one in self.costs.items()},
            "reasons": list(self.reasons),
        }


def judge(cut: Cut, case: Case, name: str = "") -> Resection:
    """Judges a cut, proposed or dragged by a person.

    Args:
        cut: a plane, a curved surface, segments, or several.
        case: of :func:`limner.scene.resection.prepare`.
        name: what to call it.

    Raises:
        InputError: a cut along segments or territories that the case does not have.
    """
    swept = sweep(cut, case)
    kept = 1 - swept.removed
    volume = volumes(swept, case)
    margin = around(_margin(swept, case), case.rules.margin_sd_mm, case.rules)
    taken = {kind: _taken(flow, cut, case) for kind, flow in case.flows.items()}
    stays = swept.removed < SOLID  # what a cut leaves of a block that is mostly gone has no flow of its own
    lost = {kind: flow.blocks_without(taken[kind]) & stays for kind, flow in case.flows.items()}
    least = case.rules.smallest_vessel_mm
    divided = [one for kind, flow in case.flows.items() for one in flow.cut(taken[kind], least)]
    counted = _counted(volume.remnant_percent, lost, kept, case)
    state = (swept.removed >= SOLID).astype(np.uint8)
    for bit, kind in ((2, "portal"), (4, "hepatic")):
        if kind in lost:
            state |= (np.uint8(bit) * lost[kind]).astype(np.uint8)
    without = {kind: float((case.functional * kept)[where].sum(dtype=np.float64)) for kind, where in lost.items()}
    found = Resection(
        cut=cut,
        name=name or cut_name(cut),
        margin_mm=margin,
        resected_ml=volume.resected_ml,
        remnant_ml=volume.remnant_ml,
        remnant_percent=volume.remnant_percent,
        counted_percent=counted,
        thresholds=tuple(Threshold(*row, counted.kept(row[1])) for row in case.rules.thresholds),
        left_tumor=_left(swept, case),
        area_cm2=swept.area_mm2 / 100,
        vessels=tuple(sorted(divided, key=lambda one: -one.diameter_mm)),
        without_inflow_ml=without.get("portal"),
        without_outflow_ml=without.get("hepatic"),
        pieces_ml=_pieces(kept, case),
        margin_kept=margin.kept(case.rules.margin_mm),
        remnant_kept=counted.kept(case.rules.remnant_percent),
        score=0.0,
        costs={},
        state=state,
    )
    return _weighed(found, case)


def _weighed(found: Resection, case: Case) -> Resection:
    rules, functional = case.rules, max(case.functional_ml, 1e-6)
    missing = max(0.0, rules.margin_mm - found.margin_mm.value) / rules.margin_mm if rules.margin_mm > 0 else 0.0
    costs = {
        "resected": rules.weight_resected * (1 - found.remnant_ml.value / functional),
        "margin": rules.weight_margin * missing,
        "lost": rules.weight_lost * found.lost_ml / functional,
        "area": rules.weight_area * found.area_cm2 / 100,
        "vessels": rules.weight_vessels * sum(one.diameter_mm for one in found.vessels) / 10,
        "pieces": rules.weight_pieces * max(0, len(found.pieces_ml) - 1),
    }
    weighed = replace(found, score=sum(costs.values()), costs=costs)
    return replace(weighed, reasons=reasons_of(weighed, case))


def _margin(swept: Sweep, case: Case) -> float:
    """From the tumour to the cut; where tumour stays, how deep in the tumour liver stays."""
    stays = (swept.removed < SOLID) & (case.lattice.tumor_ml > SOLID * case.lattice.grid.voxel_ml)
    return min(swept.margin_mm, float(case.lattice.tumor_mm[stays].min(initial=np.inf)))


def _left(swept: Sweep, case: Case) -> tuple[tuple[str, float], ...]:
    """Lesions that are not wholly taken out, with the ml that stay (of each the share that its surface shows)."""
    left_ml = float((case.lattice.tumor_ml * (1 - swept.removed)).sum(dtype=np.float64))
    if left_ml < LEFT_ML:
        return ()
    found = []
    for one in case.lesions:
        rows = case.lattice.at(one.surface_mm)
        rows = rows[rows >= 0]
        share = float((1 - swept.removed[rows]).mean()) if len(rows) else 0.0
        if share * one.volume_ml >= LEFT_ML:
            found.append((one.id, share * one.volume_ml))
    return tuple(found)


def _taken(flow: Flow, cut: Cut, case: Case) -> NDArray[np.bool_]:
    """Which centre-line points are taken out: those inside the liver, on the side of the tumour."""
    taken = taken_at(surfaces_of(cut), flow.points_mm)
    whole = segmentwise_of(cut)
    if whole is not None and whole.of == flow.kind:
        taken |= np.isin(flow.branch, list(whole.ids))  # of its own tree, whole branches are taken
    elif whole is not None:
        taken |= _deep(flow, whole, case)
    return taken & (flow.rows >= 0)


def _deep(flow: Flow, whole: Segmentwise, case: Case) -> NDArray[np.bool_]:
    """Points inside chosen segments, and not so near their border that a surgeon spares the vessel."""
    partition, grid = known(whole, case), case.lattice.grid
    inside = partition.chosen(whole.ids)[partition.filled]
    depth = edt.edt(inside, anisotropy=grid.spacing_mm, parallel=1) - 0.5 * np.float32(min(grid.spacing_mm))
    found = ndimage.map_coordinates(depth, grid.index(flow.points_mm).T, order=1, mode="nearest")
    return np.asarray(found > case.rules.spared_vessel_mm)


def _counted(
    percent: Interval, lost: Mapping[str, NDArray[np.bool_]], kept: NDArray[np.float32], case: Case
) -> Interval:
    """The remnant that counts: as the rules say, without what loses its flow."""
    rule = case.rules.remnant_counts
    kinds = {"all": (), "with inflow": ("portal",), "with inflow and outflow": ("portal", "hepatic")}[rule]
    gone = np.zeros(len(kept), bool)
    for kind in kinds:
        if kind in lost:
            gone |= lost[kind]
    if not gone.any() or case.functional_ml <= 0:
        return percent
    less = 100 * float((case.functional * kept)[gone].sum(dtype=np.float64)) / case.functional_ml
    return Interval(*(max(0.0, one - less) for one in (percent.value, percent.low, percent.high)))


def _pieces(kept: NDArray[np.float32], case: Case) -> tuple[float, ...]:
    """Volumes of what stays in one piece, ml."""
    stays_ml = case.lattice.liver_ml * kept
    solid = case.lattice.dense(stays_ml > 0.4 * case.lattice.grid.voxel_ml, fill=False)
    components = cc3d.connected_components(solid.astype(np.uint8), connectivity=6)
    counts = np.bincount(components[tuple(case.lattice.index.T)], weights=stays_ml)
    if counts[1:].sum() > 0:  # blocks at the skin and at the cut are of the pieces too
        counts *= counts.sum() / counts[1:].sum()
    return tuple(float(one) for one in sorted(counts[1:], reverse=True) if one >= case.rules.smallest_piece_ml)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
