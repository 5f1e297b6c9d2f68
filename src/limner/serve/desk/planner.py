"""What the desk answers about a plan: how far it is, what a moved needle meets, the skin, what a cut leaves.

Plain values in, plain values out; lengths in mm, points in LPS.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from limner.errors import InputError
from limner.io import read_glb
from limner.io.coded_glb import coded_glb
from limner.io.nifti import read_nifti
from limner.plan import PlanSettings
from limner.plan.case import PlanCase, open_case
from limner.scene.needles import Probe, load_probes
from limner.scene.resection import Case, cut_from_json, cut_mesh, flow_at, judge, signed_mm
from limner.scene.roles import same
from limner.scene.skin_mesh import skin_mesh
from limner.serve.desk.planning import Planning
from limner.serve.desk.shelf import Shelf
from limner.serve.desk.telling import needles_told, path_told, resection_told, start_told

OPEN_RGB = (74, 178, 128)
REASON_RGB = {
    "outside the scan": (98, 104, 116),
    "table": (120, 112, 142),
    "length": (86, 128, 178),
    "angle": (60, 152, 170),
    "leaves the body": (146, 128, 96),
    "bone": (226, 216, 186),
    "lung": (120, 178, 226),
    "vessel": (214, 86, 86),
    "organ": (222, 150, 74),
    "lesion": (186, 92, 170),
}
"""Of refused entries by reason: told apart in lightness as well as in hue."""
UNKNOWN_RGB = (150, 150, 150)
SIDE_STEPS_PER_MM = 8


def state(shelf: Shelf, key: str, *, rules: dict[str, Any], target: str | None, image: str | None) -> dict[str, Any]:
    """How far the planning of a drawing's target is, and all that it found; begins it where nobody asked before."""
    planning = _planning(shelf, key, rules, target, image)
    planning.check()
    begun: dict[str, Any] = shelf.get(
        ("begun", key, image or "", planning.target.id),
        lambda: start_told(planning.case, planning.target, load_probes()),
    )
    told = dict(begun)
    told["step"] = planning.step
    told["seconds"] = dict(planning.seconds)
    told["needles"] = needles_told(planning) if planning.found is not None else None
    told["resection"] = resection_told(planning) if planning.proposal is not None else None
    told["no_resection"] = planning.no_resection
    return told


def score(
    shelf: Shelf, key: str, *, rules: dict[str, Any], target: str | None, image: str | None,
    line_mm: list[list[float]], probe: str | None,
) -> dict[str, Any]:  # fmt: skip
    """What becomes of a needle from an entry to a tip: allowed, or each rule that it breaks.

    Args:
        shelf: of the desk.
        key: folder of the drawing.
        rules: of the site.
        target: id of the lesion.
        image: the scan in HU, as NIfTI: it shows bowel by its gas; None where it is not at hand.
        line_mm: entry and tip, LPS.
        probe: of the table, whose zone at the tip is laid over the tumour; None for none.
    """
    planning = _planning(shelf, key, rules, target, image)
    planner = planning.need(lambda one: one.planner, "planner")
    path = planner.score(*line_mm)
    told = path_told(path, planner.scene.rules)
    if probe is not None:
        cover = planning.need(lambda one: one.cover, "cover")
        told["cover"] = {"probe": probe, **cover.of_zone(path, _probe(probe))}
    return told


def skin(shelf: Shelf, key: str, *, rules: dict[str, Any], target: str | None, image: str | None) -> dict[str, Any]:
    """The skin as GLB, coloured by why entries are refused; ``_CODE`` of a point is its place in the legend."""
    planning = _planning(shelf, key, rules, target, image)
    found = planning.need(lambda one: one.found, "search")
    mesh = shelf.get(("skin", key, image or ""), lambda: skin_mesh(planning.case.anatomy))
    colors = np.full((256, 3), UNKNOWN_RGB, np.uint8)
    colors[0] = OPEN_RGB
    for code, (reason, _) in enumerate(found.skin.reasons, start=1):
        colors[code] = REASON_RGB.get(reason, UNKNOWN_RGB)
    codes = mesh.codes(found.skin.points_mm, found.skin.codes)
    return {"glb": coded_glb(mesh.points_mm, mesh.faces, codes, _linear(colors), name="skin")}


def cut(
    shelf: Shelf, key: str, *, rules: dict[str, Any], target: str | None, image: str | None,
    cut: dict[str, Any], surface: bool,
) -> dict[str, Any]:  # fmt: skip
    """What a cut leaves of the liver, and on which side of it the points of the drawing's liver surface lie.

    Args:
        shelf: of the desk.
        key: folder of the drawing.
        rules: of the site.
        target: id of the lesion.
        image: the scan in HU, as NIfTI: it shows bowel by its gas; None where it is not at hand.
        cut: as ``plan.json`` tells it, or moved since.
        surface: also tell the cut's own surface inside the liver.

    Returns:
        ``resection``; ``sides`` (int8, eighths of a mm, positive where liver is taken out) and ``flow`` (uint8: 1 taken
        out, 2 without inflow, 4 without outflow), one for each point of the mesh ``liver``; and, where asked,
        ``points`` (float32 LPS mm) and ``faces`` (uint32).
    """
    planning = _planning(shelf, key, rules, target, image)
    liver = planning.need(lambda one: one.liver, "resection")
    assert liver.case is not None
    made = cut_from_json(cut)
    found = judge(made, liver.case)
    told: dict[str, Any] = {"resection": found.as_json(), "liver": None, "sides": b"", "flow": b""}
    name, points = shelf.get(("liver", key), lambda: _liver_points(planning))
    if name is not None:
        steps = np.clip(np.rint(signed_mm(made, liver.case, points) * SIDE_STEPS_PER_MM), -127, 127)
        told |= {"liver": name, "sides": steps.astype(np.int8).tobytes()}
        told["flow"] = flow_at(found, liver.case, points).tobytes()
    if surface:
        told |= _surface(made, liver.case)
    return told


def _surface(made: Any, case: Case) -> dict[str, bytes]:
    mesh = cut_mesh(made, case, both_sides=False)
    return {"points": mesh.vertices_mm.astype("<f4").tobytes(), "faces": mesh.faces.astype("<u4").tobytes()}


def _liver_points(planning: Planning) -> tuple[str | None, np.ndarray[Any, np.dtype[np.float32]]]:
    """The mesh of the liver in the drawing's scene; none where the drawing has no scene."""
    scene = planning.case.drawn.file("scene")
    for mesh in read_glb(scene) if scene else ():
        if mesh.label.kind == "organ" and same(mesh.label.name) == "liver":
            return mesh.id, mesh.vertices_mm
    return None, np.zeros((0, 3), np.float32)


def _planning(shelf: Shelf, key: str, rules: dict[str, Any], target: str | None, image: str | None) -> Planning:
    settings = PlanSettings.model_validate(rules)
    where = ("case", key, image or "", settings.scene.model_dump_json())
    case: PlanCase = shelf.get(where, lambda: _case(key, image, settings))
    lesion = case.anatomy.lesion(target)
    name = ("planning", *where[1:3], lesion.id, settings.model_dump_json())
    made: Planning = shelf.get(name, lambda: Planning.start(case, lesion, settings))
    return made


def _case(key: str, image: str | None, settings: PlanSettings) -> PlanCase:
    """The drawing with its scan; without it where the scan's volume lies elsewhere (a series that was turned)."""
    if image is None:
        return open_case(Path(key), None, settings.scene)
    scan = replace(read_nifti(Path(image)), unit="HU", modality="CT")
    try:
        return open_case(Path(key), scan, settings.scene)
    except InputError:  # what is wrong with the drawing itself is said by the second try
        return open_case(Path(key), None, settings.scene)


def _probe(name: str) -> Probe:
    return load_probes(names=[name])[0]


def _linear(colors: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """SRGB bytes as linear ones. Source: glTF 2.0, 3.7.2.1: COLOR_0 is linear."""
    share = colors / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.rint(255 * linear).astype(np.uint8)
