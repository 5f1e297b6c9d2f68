"""The search: planes, bent planes, wedges, segments and what combines them; judged, compared, ranked, argued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from limner.scene.resection.anatomical import R0_MM, mixed_cuts, segment_cuts, territory_cuts
from limner.scene.resection.case import Case, Lesion
from limner.scene.resection.curved import Curved
from limner.scene.resection.cuts import Cut, Several
from limner.scene.resection.doubt import ROUNDING
from limner.scene.resection.judge import Resection, judge
from limner.scene.resection.planes import best_planes
from limner.scene.resection.rules import ResectionRules
from limner.scene.resection.sweep import sweep
from limner.scene.resection.wedges import at_margin, clusters, resected_ml, wedge

SIZES = (1.0, 1.4)
BENT = 4
SHRINK = (0.0, 0.75, 0.5, 0.25)
"""Shares of the margin that are tried where the whole margin cannot be kept; the first says whether any can."""
MOST = 8


@dataclass(frozen=True)
class Proposal:
    """What the search found.

    Args:
        resections: ranked; those that keep margin and remnant first. Where none does, the two that come nearest.
        kept: whether any keeps both, at least at their values.
        sentence: the answer in one or two sentences.
        relax: names of rules and the values that would allow a resection, where none is allowed as they stand.
        examined: how many cuts were judged.
    """

    resections: tuple[Resection, ...]
    kept: bool
    sentence: str
    relax: dict[str, float]
    examined: int

    def as_json(self) -> dict[str, Any]:
        """The best one's keys, for ``plan.json``'s ``resection``, with the others beside it."""
        return {
            "kept": self.kept,
            "sentence": self.sentence,
            "relax": self.relax,
            "examined": self.examined,
            "resections": [one.as_json() for one in self.resections],
        }


def propose(case: Case, rules: ResectionRules | None = None, most: int = MOST) -> Proposal:
    """The resections worth a surgeon's look: the best of each kind, and none that another beats in every respect.

    Args:
        case: of :func:`limner.scene.resection.prepare`.
        rules: other than the case's.
        most: at most so many.

    Returns:
        Ranked by whether they keep the rules, then by their score. Where no cut keeps margin and remnant, the two that
        come nearest: one keeps the margin, the other the remnant.
    """
    case = case if rules is None else case.under(rules)
    margin = case.rules.planned_margin_mm
    judged = [judge(cut, case, name) for name, cut in candidates(case, margin)]
    allowed = [one for one in judged if one.kept]
    if allowed:
        ranked = sorted(_worth(allowed), key=_rank)[:most]
        best = ranked[0]
        doubt = "" if best.margin_kept == best.remnant_kept == "yes" else " Not all of it is kept within its doubt."
        sentence = f"{len(allowed)} of {len(judged)} cuts keep margin and remnant; the best is a {best.name}.{doubt}"
        return Proposal(tuple(ranked), True, sentence, {}, len(judged))
    return _nearest(case, judged)


def candidates(case: Case, margin_mm: float) -> list[tuple[str, Cut]]:
    """Cuts that keep a margin, of every kind that the case allows, with what to call them (empty: by their kind)."""
    lesions = case.lesions
    planes = best_planes(case, lesions, margin_mm)
    found: list[tuple[str, Cut]] = [("planar resection", one.plane) for one in planes]
    starts = best_planes(case, lesions, margin_mm, count=BENT, refine=False)
    bent = [wedge(case, lesions, one.plane.normal, margin_mm, None) for one in starts]
    found += [("curved resection", at_margin(one, case, lesions, margin_mm)) for one in bent if one is not None]
    groups = clusters(case, margin_mm)
    wedges = [one for one in (_best_wedge(case, group, margin_mm) for group in groups) if one is not None]
    if len(wedges) == len(groups):
        found.append(("", Several(tuple(wedges))) if len(wedges) > 1 else ("wedge resection", wedges[0]))
        removed = [sweep(one, case).removed for one in wedges]
        found += [("", cut) for cut in mixed_cuts(case, wedges, removed)]
    found += [("", cut) for cut in segment_cuts(case, margin_mm)]
    found += [("", cut) for cut in territory_cuts(case, margin_mm)]
    return found


def _best_wedge(case: Case, group: Sequence[Lesion], margin_mm: float) -> Curved | None:
    """The smallest wedge over the best planes' directions for a cluster of lesions."""
    planes = best_planes(case, group, margin_mm, count=4, refine=False)
    tried = [wedge(case, group, one.plane.normal, margin_mm, size) for one in planes for size in SIZES]
    there = sorted((one for one in tried if one is not None), key=lambda one: resected_ml(one, case))[:2]
    ready = [at_margin(one, case, group, margin_mm) for one in there]
    return min(ready, key=lambda one: resected_ml(one, case), default=None)


def _measures(one: Resection) -> tuple[float, ...]:
    """What is compared, less is better; a margin beyond any bound is one."""
    return (
        one.resected_ml.value,
        -min(one.margin_mm.value, 1e3),
        -one.counted_percent.value,
        one.lost_ml,
        one.area_cm2,
        float(sum(vessel.diameter_mm for vessel in one.vessels)),
    )


def pareto(rows: Sequence[Sequence[float]]) -> list[int]:
    """Rows that no other row equals or beats in every column and beats in one.

    >>> pareto([(1, 2), (2, 1), (2, 2), (1, 2)])
    [0, 1, 3]
    """
    values = np.asarray(rows, float)
    keep = []
    for k, one in enumerate(values):
        beaten = ((values <= one).all(axis=1) & (values < one).any(axis=1)).any()
        if not beaten:
            keep.append(k)
    return keep


def _worth(judged: Sequence[Resection]) -> list[Resection]:
    """The Pareto-best, and of every kind of cut the best even where another kind beats it."""
    chosen = {id(judged[k]): judged[k] for k in pareto([_measures(one) for one in judged])}
    kinds: dict[str, Resection] = {}
    for one in sorted(judged, key=_rank):
        kinds.setdefault(_kind(one), one)
    chosen.update({id(one): one for one in kinds.values()})
    best = {id(one) for one in kinds.values()}
    first = [one for one in chosen.values() if id(one) in best]
    rest = sorted((one for one in chosen.values() if id(one) not in best), key=_rank)
    return (first + rest)[:MOST]


def _kind(one: Resection) -> str:
    if isinstance(one.cut, Several):
        return "several, with segments" if one.cut.as_json()["cuts"][0]["kind"] == "segmentwise" else "several"
    return one.name if isinstance(one.cut, Curved) else type(one.cut).__name__


def _rank(one: Resection) -> tuple[int, float]:
    order = {"yes": 0, "only at the value": 0, "no": 1}
    return order[one.margin_kept] + order[one.remnant_kept], one.score


def _nearest(case: Case, judged: list[Resection]) -> Proposal:
    """No cut keeps both: what keeping either of them costs, and which rule would have to give."""
    rules = case.rules
    with_margin = [one for one in judged if one.margin_kept != "no"]
    examined = len(judged)
    first = max(with_margin, key=lambda one: (one.counted_percent.value, -one.score), default=None)
    second: Resection | None = None
    for share in SHRINK:
        tried = [judge(cut, case, name) for name, cut in candidates(case, max(R0_MM, rules.margin_mm * share))]
        examined += len(tried)
        enough = [one for one in [*judged, *tried, second] if one is not None and one.remnant_kept != "no"]
        enough = [one for one in enough if not one.left_tumor]
        second = max(enough, key=lambda one: (one.margin_mm.value, -one.score), default=None)
        if second is None or (share > 0 and second.margin_mm.value >= rules.margin_mm * share - ROUNDING):
            break
    relax: dict[str, float] = {}
    said = [f"No resection keeps a margin of {rules.margin_mm:g} mm and a remnant of {rules.remnant_percent:g} %."]
    if first is not None:
        said.append(f"With the margin, {first.counted_percent.value:.0f} % stay at most ({first.name}).")
        relax[f"remnant_{rules.liver_state}_percent"] = round(first.counted_percent.value - 0.05, 1)
    if second is not None:
        said.append(f"With the remnant, the margin is {second.margin_mm.value:.1f} mm at most ({second.name}).")
        relax["margin_mm"] = round(max(0.0, second.margin_mm.value - 0.05), 1)
    else:
        said.append(f"Even with a margin of {R0_MM:g} mm, too little liver stays.")
    there = tuple(one for one in (first, second) if one is not None)
    return Proposal(there, False, " ".join(said), relax, examined)
