"""From a drawing to a plan, step by step."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from limner.errors import LimnerError
from limner.findings import Ablation, NeedlePath, Plan, ProblemNote
from limner.image import Mesh
from limner.io import write_glb, write_nifti_labels
from limner.io.folder import check_output, new_folder
from limner.plan.ablation import ablate
from limner.plan.case import PlanCase, blind_spots, cut_by_scan, open_case
from limner.plan.liver import Liver, gather_liver
from limner.plan.options import PlanOptions
from limner.plan.scene import CUT_VALUE, needle_meshes, surfaces_of
from limner.plan.settings import PlanSettings, read_settings, write_settings
from limner.scene.needles import Found, Planner
from limner.scene.parts import Part
from limner.scene.resection import Proposal, cut_mesh, propose, regions

Progress = Callable[[str, float], None]
MARKER = "plan.json"
FILES = {
    "settings": "plan.yaml",
    "scene": "scene.glb",
    "pdf": "plan.pdf",
    "picture": "scene.png",
    "skin": "skin.png",
    "sr": "plan.sr.dcm",
    "regions": "resection.nii.gz",
    "segments": "segments.nii.gz",
    "vessels": "vessels.json",
}
STEPS = ("open", "needles", "ablation", "resection", "scene", "report")


@dataclass(frozen=True, eq=False)
class _Planned:
    """What stands before the files."""

    case: PlanCase
    settings: PlanSettings
    target: Part
    found: Found
    ablation: Ablation | None
    liver: Liver | None
    proposal: Proposal | None
    problems: tuple[ProblemNote, ...]


def plan(
    drawing: Path | str,
    out: Path | str,
    *,
    options: PlanOptions | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Plans ways to one target of a drawing, into a folder that anyone can open without Limner.

    Args:
        drawing: the folder that ``limner draw`` made.
        out: the folder to make. It appears when it is whole, or not at all.
        options: how to plan; the defaults when None.
        progress: called with the step (one of :data:`STEPS`) and its fraction.

    Returns:
        The plan, as it stands in ``plan.json``. Where no path is safe it has none, says why each entry was refused,
        and which single rule would have to give.

    Raises:
        InputError: no drawing, no tumour, no such target, no skin, a tumour outside its organ, settings that cannot be
            used, a scan that lies elsewhere; nothing was written.
    """
    options = options or PlanOptions()
    tell = progress or (lambda step, fraction: None)
    inputs = [Path(drawing), *(Path(one) for one in (options.image, options.settings, options.probes) if one)]
    check_output(Path(out), force=options.force, marker=MARKER, inputs=inputs)
    settings = read_settings(options.settings)
    planned = _search(Path(drawing), settings, options, tell)
    with new_folder(Path(out), force=options.force, marker=MARKER) as folder:
        return _write(folder, planned, options, tell)


def _search(drawing: Path, settings: PlanSettings, options: PlanOptions, tell: Progress) -> _Planned:
    tell("open", 0.0)
    case = open_case(drawing, options.image, settings.scene)
    target = case.anatomy.lesion(options.target)
    tell("needles", 0.0)
    planner = Planner.of(case.anatomy, target.id, settings.needle)
    found = planner.search()
    problems = [*cut_by_scan(case, target), *_unsure(case, target), *case.problems, *_doubts(found)]
    tell("ablation", 0.0)
    zones = ablate(planner, found, settings.ablation, options.probes)
    if zones and zones.broken:
        problems.append(ProblemNote(code="ablation", severity="warning", text="; ".join(zones.broken)))
    tell("resection", 0.0)
    liver, proposal = None, None
    if options.resection:
        lesions = [target] if settings.scene.resect == "target" else list(case.anatomy.lesions)
        liver = gather_liver(case, lesions, settings.resection)
        problems += _left_lesions(case, target, lesions) if liver else []
    if liver:
        proposal = propose(liver.case) if liver.case else None
        problems += liver.problems
    return _Planned(case, settings, target, found, zones, liver, proposal, tuple(problems))


def _left_lesions(case: PlanCase, target: Part, lesions: Sequence[Part]) -> list[ProblemNote]:
    others = len(case.anatomy.lesions) - len(lesions)
    if not others:
        return []
    text = f"Resections take {target.id} out and leave {others} other lesion(s); scene.resect: all takes all."
    return [ProblemNote(code="other-lesions", severity="warning", text=text)]


def _unsure(case: PlanCase, target: Part) -> list[ProblemNote]:
    """A lesion that the drawing itself is not sure of."""
    finding = case.finding(target.id)
    if finding is None or not finding.abstained:
        return []
    how = "" if finding.probability is None else f" (probability {finding.probability:.2f})"
    text = f"The drawing is not sure that {target.id} is a {target.label.name}{how}: look at it before anything else."
    return [ProblemNote(code="target-not-sure", severity="warning", text=text)]


def _doubts(found: Found) -> list[ProblemNote]:
    told = [] if found.paths else [ProblemNote(code="no-path", severity="warning", text=found.advice)]
    told += [
        ProblemNote(code="needles", severity="warning", text=one)
        for one in found.warnings
        if not one.startswith("No label shows")  # said as a blind spot
    ]
    doubtful = [f"path-{k}" for k, one in enumerate(found.paths, start=1) if one.safe_only_at_mean]
    if doubtful:
        text = f"{', '.join(doubtful)}: safe only at the best estimate; a margin does not hold over its whole interval."
        told.append(ProblemNote(code="safe-only-at-mean", severity="warning", text=text))
    return told


def _write(folder: Path, planned: _Planned, options: PlanOptions, tell: Progress) -> Plan:
    from limner.plan.pages import write_pages  # pages bring matplotlib: who only asks for settings does without

    tell("scene", 0.0)
    paths = tuple(
        one.model_copy(update={"id": f"path-{k}", "file": f"needles/path-{k}.png"})
        for k, one in enumerate(planned.found.paths, start=1)
    )
    meshes = (*surfaces_of(planned.case.drawn), *needle_meshes(paths), *_cut(folder, planned))
    write_glb(meshes, folder / FILES["scene"])
    picture = _picture(meshes, folder / FILES["picture"])
    _write_liver(folder, planned.liver)
    tell("report", 0.0)
    made = _plan(planned, paths, options, picture)
    write_settings(planned.settings, folder / FILES["settings"])
    write_pages(folder, planned.case, planned.target, made, planned.found.skin, options.lang)
    _write_sr(folder, planned.case, made)
    (folder / MARKER).write_text(made.model_dump_json(by_alias=True, indent=1) + "\n", encoding="utf-8")
    return made


def _write_liver(folder: Path, liver: Liver | None) -> None:
    """Vessel trees and segments, where they are known."""
    if liver and liver.segments is not None:
        write_nifti_labels(liver.segments, folder / FILES["segments"])
    if liver and liver.trees:
        told = {"schema": "limner.vessels/1", "trees": [one.to_json() for one in liver.trees]}
        (folder / FILES["vessels"]).write_text(json.dumps(told) + "\n", encoding="utf-8")


def _cut(folder: Path, planned: _Planned) -> tuple[Mesh, ...]:
    """The surface of the best resection; what it makes of each voxel of the liver is written beside it."""
    case = planned.liver.case if planned.liver else None
    if case is None or planned.proposal is None or not planned.proposal.resections:
        return ()
    best = planned.proposal.resections[0]
    write_nifti_labels(regions(best, case), folder / FILES["regions"])
    mesh = cut_mesh(best.cut, case, value=CUT_VALUE)
    return (mesh,) if len(mesh.faces) else ()


def _plan(planned: _Planned, paths: tuple[NeedlePath, ...], options: PlanOptions, picture: ProblemNote | None) -> Plan:
    found, case = planned.found, planned.case
    no_sr = [] if paths and case.drawn.file("seg") else ["sr"]
    liver = planned.liver
    lacking = {
        "regions": not (planned.proposal and planned.proposal.resections),
        "segments": not (liver and liver.segments),
        "vessels": not (liver and liver.trees),
        "picture": picture is not None,
    }
    left_out = {*no_sr, *(name for name, missing in lacking.items() if missing)}
    return Plan(
        schema="limner.plan/1",
        target=planned.target.id,
        rules=planned.settings.model_dump(mode="json"),
        paths=paths,
        refused=found.refused,
        relax=found.relaxations,
        blind_spots=blind_spots(case),
        ablation=planned.ablation,
        target_segments=liver.target_segments if liver else {},
        resection=planned.proposal.as_json() if planned.proposal else None,
        problems=(*planned.problems, *((picture,) if picture else ())),
        files={key: name for key, name in FILES.items() if key not in left_out},
        confidence=planned.settings.needle.confidence,
    )


def _picture(meshes: Sequence[Mesh], path: Path) -> ProblemNote | None:
    """A still of the scene; a machine without OpenGL plans without it, and the plan says so."""
    from limner.scene import render_png

    try:
        render_png(meshes, path, size=(1200, 900))
    except LimnerError as error:
        return ProblemNote(code="no-picture", severity="warning", text=f"The scene has no still picture. {error}")
    return None


def _write_sr(folder: Path, case: PlanCase, made: Plan) -> None:
    from limner.io.plan_sr import write_plan_sr

    seg = case.drawn.file("seg")
    if "sr" in made.files and seg:
        write_plan_sr(made, seg, folder / FILES["sr"])
