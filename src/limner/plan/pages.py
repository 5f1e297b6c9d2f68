"""The pictures and the pages of a plan."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from limner.findings import NeedlePath, Plan
from limner.plan.case import PlanCase
from limner.report import catalogue
from limner.report.needle_views import needle_view
from limner.report.plan_pdf import PlanContent, write_plan_pdf
from limner.report.plan_words import reason, words
from limner.report.refused_map import SkinMap, refused_map
from limner.scene.needles import SkinMap as Asked
from limner.scene.parts import Part

CITATIONS = (
    "Seitel A, et al. Computer-assisted trajectory planning for percutaneous needle insertions. Med Phys 38:3246.",
    "Amanatides J, Woo A. A fast voxel traversal algorithm for ray tracing. Eurographics 1987:3.",
    "Felzenszwalb PF, Huttenlocher DP. Distance transforms of sampled functions. Theory Comput 8:415, 2012.",
)


def write_pages(folder: Path, case: PlanCase, target: Part, plan: Plan, asked: Asked, lang: str) -> None:
    """Draws the slices along each needle and the skin unrolled, and tells all of it on two pages.

    Args:
        folder: of the plan; ``needles/``, ``skin.png`` and ``plan.pdf`` are written into it.
        case: what was planned on.
        target: what it aims at.
        plan: what was found.
        asked: the skin, with what was said of each entry.
        lang: of the pages.
    """
    skin = _skin(asked, plan, lang)
    if skin is not None:
        (folder / plan.files["skin"]).write_bytes(skin)
    views = {one.id: _view(case, one) for one in plan.paths}
    for path in plan.paths:
        if path.file:
            (folder / path.file).parent.mkdir(exist_ok=True)
            (folder / path.file).write_bytes(views[path.id])
    picture = plan.files.get("picture")
    content = PlanContent(
        plan=plan,
        target=target.label.name,
        volume_ml=target.volume_ml,
        facts=_facts(case, lang),
        views=views,
        skin_map=skin,
        scene=(folder / picture).read_bytes() if picture else None,
        citations=CITATIONS,
    )
    write_plan_pdf(folder / plan.files["pdf"], content, lang)


def _view(case: PlanCase, path: NeedlePath) -> bytes:
    margin = next((one.margin_mm for one in path.clearances), 0.0)
    return needle_view(case.image, case.labels, path.entry_mm, path.target_mm, margin_mm=margin)


def _skin(asked: Asked, plan: Plan, lang: str) -> bytes | None:
    """The unrolled skin; reasons in the order of how many entries they refused."""
    if not len(asked.points_mm):
        return None
    say = words(lang)
    counts = np.bincount(asked.codes, minlength=len(asked.reasons) + 1)[1:]
    order = np.argsort(-counts, kind="stable").tolist()
    place = {code + 1: rank for rank, code in enumerate(order)}
    ranks = np.array([-1, *(place[code] for code in range(1, len(asked.reasons) + 1))], np.intp)
    names = tuple(reason(asked.reasons[k][0], asked.reasons[k][1], lang) for k in order if counts[k])
    entries = np.array([one.entry_mm for one in plan.paths], float).reshape(-1, 3)
    skin = SkinMap(asked.points_mm.astype(float), ranks[asked.codes], names, entries)
    return refused_map(skin, safe=say["safe"], title=say["map_title"], sides=say["sides"].split("|"), lang=lang)


def _facts(case: PlanCase, lang: str) -> tuple[tuple[str, str], ...]:
    say = catalogue.words(lang)
    drawing = case.drawn.drawing
    return (
        (say["modality"], drawing.study.modality),
        (say["date"], drawing.study.date or say["unknown"]),
        (say["pack"], f"{drawing.pack.name} {drawing.pack.version}"),
        (say["study_uid"], drawing.study.uid),
    )
