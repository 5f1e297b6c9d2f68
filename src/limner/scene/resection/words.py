"""What a surgeon calls a resection, and the sentences that argue for and against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limner.scene.resection.curved import Curved
from limner.scene.resection.cuts import Cut, Plane, Segmentwise

if TYPE_CHECKING:
    from limner.scene.resection.case import Case
    from limner.scene.resection.judge import Resection

BRISBANE: dict[frozenset[int], str] = {
    frozenset({5, 6, 7, 8}): "right hepatectomy",
    frozenset({2, 3, 4}): "left hepatectomy",
    frozenset({4, 5, 6, 7, 8}): "right trisectionectomy",
    frozenset({2, 3, 4, 5, 8}): "left trisectionectomy",
    frozenset({2, 3}): "left lateral sectionectomy",
    frozenset({6, 7}): "right posterior sectionectomy",
    frozenset({5, 8}): "right anterior sectionectomy",
    frozenset({4, 5, 8}): "mesohepatectomy",
}
"""Names of whole resections: Strasberg SM et al., The Brisbane 2000 terminology, HPB 2:333-339, 2000. Segment 1 may go
along with any of them."""


def segments_name(ids: frozenset[int]) -> str:
    """The name of a set of Couinaud segments.

    >>> segments_name(frozenset({5, 6, 7, 8})), segments_name(frozenset({1, 2, 3, 4})), segments_name(frozenset({6}))
    ('right hepatectomy', 'left hepatectomy with segment 1', 'segmentectomy 6')
    """
    if ids in BRISBANE:
        return BRISBANE[ids]
    if 1 in ids and ids - {1} in BRISBANE:
        return f"{BRISBANE[ids - {1}]} with segment 1"
    return "segmentectomy " + ", ".join(str(one) for one in sorted(ids))


def cut_name(cut: Cut) -> str:
    """What to call a cut."""
    if isinstance(cut, Plane):
        return "planar resection"
    if isinstance(cut, Curved):
        return "curved resection"
    if isinstance(cut, Segmentwise):
        return segments_name(cut.ids) if cut.of == "segments" else f"territories of {len(cut.ids)} {cut.of} branches"
    whole = [cut_name(one) for one in cut.cuts if isinstance(one, Segmentwise)]
    rest = len(cut.cuts) - len(whole)
    wedges = "1 wedge" if rest == 1 else f"{rest} wedges"
    return f"{whole[0]} and {wedges}" if whole else wedges


def reasons_of(one: Resection, case: Case) -> tuple[str, ...]:
    """For and against a resection, in the order in which a surgeon asks."""
    return tuple(
        sentence
        for sentence in (
            _margin(one, case),
            _remnant(one, case),
            _flow(one),
            _vessels(one),
            _pieces(one),
        )
        if sentence
    )


def _margin(one: Resection, case: Case) -> str:
    rule = case.rules.margin_mm
    if one.left_tumor:
        names = ", ".join(f"{ml:.1f} ml of {name}" for name, ml in one.left_tumor)
        return f"Tumour stays: {names}."
    if one.margin_mm.value == float("inf"):
        return "No liver is cut through: there is no margin to measure."
    margin = one.margin_mm
    said = f"The margin is {margin.value:.1f} mm ({margin.low:.1f} to {margin.high:.1f})"
    if one.margin_kept == "yes":
        return f"{said}: the {rule:g} mm are kept within its doubt."
    if one.margin_kept == "no":
        return f"{said}: {rule - margin.value:.1f} mm of the {rule:g} are missing."
    return f"{said}: the {rule:g} mm are kept at the value only, not within its doubt."


def _remnant(one: Resection, case: Case) -> str:
    rule = case.rules.remnant_percent
    part = one.counted_percent
    which = "" if part.value > one.remnant_percent.value - 0.05 else f", of which {part.value:.0f} % keep their flow"
    said = (
        f"{one.remnant_ml.value:.0f} ml stay, {one.remnant_percent.value:.0f} % of functional liver "
        f"({one.remnant_percent.low:.0f} to {one.remnant_percent.high:.0f}){which}"
    )
    after = {"normal": "a normal liver", "chemotherapy": "a liver after chemotherapy", "injured": "an injured liver"}
    whose = after[case.rules.liver_state]
    return {
        "yes": f"{said}: over the {rule:g} % that {whose} needs, within its doubt.",
        "only at the value": f"{said}: over the {rule:g} % that {whose} needs at the value only, not within its doubt.",
        "no": f"{said}: under the {rule:g} % that {whose} needs.",
    }[one.remnant_kept]


def _flow(one: Resection) -> str:
    said = []
    if one.without_inflow_ml is not None and one.without_inflow_ml >= 1:
        said.append(f"{one.without_inflow_ml:.0f} ml that stay lose their portal inflow")
    if one.without_outflow_ml is not None and one.without_outflow_ml >= 1:
        said.append(f"{one.without_outflow_ml:.0f} ml that stay lose their venous outflow")
    return f"{' and '.join(said)}." if said else ""


def _vessels(one: Resection) -> str:
    if not one.vessels:
        return ""
    widest = one.vessels[0]
    count = "1 known vessel is" if len(one.vessels) == 1 else f"{len(one.vessels)} known vessels are"
    return f"{count} divided, the widest {widest.diameter_mm:.1f} mm ({widest.kind}, branch {widest.branch})."


def _pieces(one: Resection) -> str:
    if len(one.pieces_ml) < 2:
        return ""
    loose = ", ".join(f"{ml:.0f}" for ml in one.pieces_ml[1:])
    return f"What stays falls into {len(one.pieces_ml)} pieces; beside the largest there are {loose} ml."
