"""A resection of the liver: the liver with its trees and segments gathered out of a drawing, then searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import edt
import numpy as np
from scipy import ndimage

from limner.errors import InputError
from limner.findings import ProblemNote
from limner.image import Grid, Label, LabelMap
from limner.plan.case import PlanCase
from limner.scene.parts import Mask, Part, find_parts
from limner.scene.resection import Case, ResectionRules, Tree, prepare
from limner.scene.roles import role_of, same, words
from limner.scene.vessels import VesselTree, couinaud, portal_and_hepatic, territories, vessel_tree

NEAR_MM = 10.0
"""Vessels farther from the liver than this don't tell which of its parts they feed."""


@dataclass(frozen=True, eq=False)
class Liver:
    """The liver that is operated on.

    Args:
        case: what :func:`limner.scene.resection.propose` searches; None where it cannot, as the problems say.
        trees: of its vessels, as far as the labels tell.
        segments: Couinaud's, None where it is too small to tell.
        target_segments: segment to the share of the lesions that lies in it, the largest first.
        problems: what the person should know about all of it.
    """

    case: Case | None
    trees: tuple[VesselTree, ...]
    segments: LabelMap | None
    target_segments: dict[str, float]
    problems: tuple[ProblemNote, ...]


def gather_liver(case: PlanCase, lesions: Sequence[Part], rules: ResectionRules) -> Liver | None:
    """The liver that is operated on, None where a lesion lies in none.

    Args:
        case: the drawing.
        lesions: that are to be taken out.
        rules: of the resection.
    """
    anatomy = case.anatomy
    if any((organ := anatomy.organ_of(one)) is None or same(organ.name) != "liver" for one in lesions):
        return None
    labels = case.labels
    liver, tumor = _masks(labels, {one.id for one in lesions})
    trees, problems = _trees(labels, liver)
    segments, doubts = _segments(labels, liver)
    try:
        made = prepare(
            liver,
            tumor & liver,
            labels.grid,
            segments=None if segments is None else segments.array,
            trees=[_flow(kind, tree, liver, labels) for kind, tree in trees.items()],
            rules=rules,
        )
    except InputError as error:  # needles are planned all the same
        return Liver(None, (), None, {}, (ProblemNote(code="no-resection", severity="warning", text=str(error)),))
    problems += doubts
    problems += [ProblemNote(code="resection", severity="warning", text=one) for one in made.notes]
    return Liver(made, tuple(trees.values()), segments, _shares(segments, tumor), tuple(problems))


def _shares(segments: LabelMap | None, tumor: Mask) -> dict[str, float]:
    if segments is None:
        return {}
    counts = np.bincount(segments.array[tumor], minlength=9)[1:9]
    order = np.argsort(-counts, kind="stable")
    return {str(k + 1): round(float(counts[k] / max(counts.sum(), 1)), 3) for k in order if counts[k]}


def _masks(labels: LabelMap, ids: set[str]) -> tuple[Mask, Mask]:
    """The whole liver, with its lesions and the vessels that run inside; and the lesions of these ids."""
    whole, some = (np.zeros(labels.grid.shape, bool) for _ in range(2))
    for part in find_parts(labels):
        if same(part.label.name) == "liver" or (part.label.kind == "lesion" and "liver" in part.label.name):
            whole[part.box] |= part.mask
        if part.id in ids:
            some[part.box] |= part.mask
    return whole, some


def _trees(labels: LabelMap, liver: Mask) -> tuple[dict[str, VesselTree], list[ProblemNote]]:
    """Portal and hepatic trees, as far as the labels tell."""
    found: dict[str, VesselTree] = {}
    problems = []
    near = _grown(liver, labels.grid, NEAR_MM)
    named = {kind: _vessels(labels, kind) & near for kind in ("portal", "hepatic")}
    both = _vessels(labels, "both") & near
    try:
        if both.any() and not named["portal"].any() and not named["hepatic"].any():
            apart = portal_and_hepatic(both, labels.grid, liver)
            found = {"portal": apart.portal, "hepatic": apart.hepatic}
            problems.append(
                ProblemNote(
                    code="vessels-told-apart",
                    severity="warning",
                    text="The drawing holds one label for all vessels of the liver. Portal and hepatic veins were told "
                    f"apart by their course and width; {apart.confidence:.0%} of the evidence agrees.",
                )
            )
        else:
            names = {"portal": "portal vein", "hepatic": "hepatic veins"}
            found = {
                kind: vessel_tree(mask, labels.grid, name=names[kind], organ=liver)
                for kind, mask in named.items()
                if mask.any()
            }
    except InputError as error:  # a resection without vessels is still one; what is not known is said
        return {}, [*problems, ProblemNote(code="no-vessel-tree", severity="warning", text=str(error))]
    return found, problems


def _segments(labels: LabelMap, liver: Mask) -> tuple[LabelMap | None, list[ProblemNote]]:
    """Couinaud's segments by the shape of the liver and its vessels; None where it is too small to tell."""
    vessels = (_vessels(labels, "portal") | _vessels(labels, "hepatic") | _vessels(labels, "both")) & liver
    try:
        found = couinaud(liver, labels.grid, vessels if vessels.any() else None)
    except InputError as error:
        return None, [ProblemNote(code="no-segments", severity="warning", text=str(error))]
    text = (
        f"Segments were told by the shape of the liver{'' if found.with_vessels else ' alone, without vessels'}: mean "
        f"confidence {found.confidence:.0%}. A surgeon draws their borders by ultrasound."
    )
    return found.labels, [ProblemNote(code="segments", severity="warning", text=text)]


def _flow(kind: str, tree: VesselTree, liver: Mask, labels: LabelMap) -> Tree:
    shares = territories(liver, tree, labels.grid)
    return Tree(
        kind=kind,  # type: ignore[arg-type]
        territory=shares.array.astype(np.int32),
        parents={one.id: one.parent or 0 for one in tree.branches},
        points_mm={one.id: one.points_mm for one in tree.branches},
        radii_mm={one.id: one.radius_mm for one in tree.branches},
    )


def vessel_kind(label: Label) -> str | None:
    """``"portal"``, ``"hepatic"`` or ``"both"``, None for what is no vein of the liver.

    >>> from limner.image.anatomy import named
    >>> names = ("portal vein", "hepatic and systemic veins", "liver vessels", "inferior vena cava", "aorta")
    >>> [vessel_kind(named(name, 1, "vessel")) for name in names]
    ['portal', 'hepatic', 'both', None, None]
    """
    there = set(words(label.name))
    if role_of(label) != "vessel" or there & {"cava", "ivc", "svc", "splenic", "mesenteric", "renal", "lung"}:
        return None
    if "portal" in there:
        return "portal"
    if there & {"vein", "veins", "venous"}:
        return "hepatic"
    return "both" if there & {"liver", "hepatic"} and there & {"vessel", "vessels", "vasculature"} else None


def _vessels(labels: LabelMap, kind: str) -> Mask:
    values = [one.value for one in labels.labels if vessel_kind(one) == kind]
    return np.isin(labels.array, values) if values else np.zeros(labels.grid.shape, bool)


def _grown(mask: Mask, grid: Grid, by_mm: float) -> Mask:
    """The mask and what lies within a distance, found in its box."""
    [box] = ndimage.find_objects(mask.view(np.uint8))
    reach = [int(np.ceil(by_mm / step)) for step in grid.spacing_mm]
    wide = tuple(
        slice(max(0, one.start - by), min(size, one.stop + by))
        for one, by, size in zip(box, reach, mask.shape, strict=True)
    )
    grown = np.zeros(mask.shape, bool)
    grown[wide] = edt.edt(~mask[wide], anisotropy=grid.spacing_mm, parallel=2) <= by_mm
    return grown
