"""A resection of the liver: the liver with its trees and segments gathered out of a drawing, then searched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError
from limner.findings import ProblemNote
from limner.image import LabelMap
from limner.plan.case import PlanCase
from limner.scene.parts import Mask, Part, find_parts
from limner.scene.resection import Case, ResectionRules, Tree, prepare
from limner.scene.roles import same
from limner.scene.vessels import VesselTree, couinaud, portal_and_hepatic, territories, vessel_tree

_PORTAL, _HEPATIC = {"portal vein"}, {"hepatic veins", "hepatic vein", "veins"}
_BOTH = {"liver vessels", "hepatic vessels"}


def liver_case(case: PlanCase, lesions: Sequence[Part], rules: ResectionRules) -> tuple[Case, list[ProblemNote]] | None:
    """The liver that is operated on, None where no lesion lies in one.

    Args:
        case: the drawing.
        lesions: that are to be taken out.
        rules: of the resection.

    Returns:
        What :func:`limner.scene.resection.propose` searches, and what the person should know about it.
    """
    anatomy = case.anatomy
    if any((organ := anatomy.organ_of(one)) is None or same(organ.name) != "liver" for one in lesions):
        return None
    labels = case.labels
    liver, tumor = _masks(labels, {one.id for one in lesions})
    trees, problems = _trees(labels, liver)
    segments, doubts = _segments(labels, liver)
    made = prepare(liver, tumor & liver, labels.grid, segments=segments, trees=trees, rules=rules)
    problems += doubts
    problems += [ProblemNote(code="resection", severity="warning", text=one) for one in made.notes]
    return made, problems


def _masks(labels: LabelMap, ids: set[str]) -> tuple[Mask, Mask]:
    """The whole liver, with its lesions and the vessels that run inside; and the lesions of these ids."""
    whole, some = (np.zeros(labels.grid.shape, bool) for _ in range(2))
    for part in find_parts(labels):
        if same(part.label.name) == "liver" or (part.label.kind == "lesion" and "liver" in part.label.name):
            whole[part.box] |= part.mask
        if part.id in ids:
            some[part.box] |= part.mask
    return whole, some


def _trees(labels: LabelMap, liver: Mask) -> tuple[list[Tree], list[ProblemNote]]:
    """Portal and hepatic trees with their territories, as far as the labels tell."""
    found: dict[str, VesselTree] = {}
    problems = []
    named = {"portal": _mask(labels, _PORTAL), "hepatic": _mask(labels, _HEPATIC)}
    both = _mask(labels, _BOTH)
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
        trees = [_tree(kind, tree, liver, labels) for kind, tree in found.items()]
    except InputError as error:  # a resection without vessels is still one; what is not known is said
        return [], [*problems, ProblemNote(code="no-vessel-tree", severity="warning", text=str(error))]
    return trees, problems


def _segments(labels: LabelMap, liver: Mask) -> tuple[NDArray[np.uint8] | None, list[ProblemNote]]:
    """Couinaud's segments by the shape of the liver and its vessels; None where it is too small to tell."""
    vessels = _mask(labels, _BOTH | _PORTAL | _HEPATIC) & liver
    try:
        found = couinaud(liver, labels.grid, vessels if vessels.any() else None)
    except InputError as error:
        return None, [ProblemNote(code="no-segments", severity="warning", text=str(error))]
    text = (
        f"Segments were told by the shape of the liver{'' if found.with_vessels else ' alone, without vessels'}: mean "
        f"confidence {found.confidence:.0%}. A surgeon draws their borders by ultrasound."
    )
    return found.array, [ProblemNote(code="segments", severity="warning", text=text)]


def _tree(kind: str, tree: VesselTree, liver: Mask, labels: LabelMap) -> Tree:
    shares = territories(liver, tree, labels.grid)
    return Tree(
        kind=kind,  # type: ignore[arg-type]
        territory=shares.array.astype(np.int32),
        parents={one.id: one.parent or 0 for one in tree.branches},
        points_mm={one.id: one.points_mm for one in tree.branches},
        radii_mm={one.id: one.radius_mm for one in tree.branches},
    )


def _mask(labels: LabelMap, names: set[str]) -> Mask:
    values = [one.value for one in labels.labels if same(one.name) in names]
    return np.isin(labels.array, values) if values else np.zeros(labels.grid.shape, bool)
