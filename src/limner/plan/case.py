"""What is planned on: a drawing read back, how sure its borders are, and, where it is given, the scan itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from limner.errors import InputError
from limner.findings import BlindSpot, Finding, ProblemNote
from limner.image import Image, LabelMap
from limner.io import Drawn, choose_series, open_studies, read_drawing
from limner.plan.bowel import GAS, with_gas
from limner.plan.settings import SceneRules
from limner.scene.anatomy import Anatomy
from limner.scene.borders import surface_sd_mm
from limner.scene.parts import Mask, Part, cut_off, find_parts
from limner.scene.roles import by_role, same

_FACE_TO_SURFACE = 2 / 3
"""Faces of voxels overstate a surface that looks every way by three halves."""


@dataclass(frozen=True, eq=False)
class PlanCase:
    """What is planned on.

    Args:
        drawn: the drawing.
        image: on the grid of its labels, None where none was given.
        labels: of the drawing, with bowel by its gas where the image shows some.
        anatomy: of these labels.
        problems: of the drawing, and of what was read here.
    """

    drawn: Drawn
    image: Image | None
    labels: LabelMap
    anatomy: Anatomy
    problems: tuple[ProblemNote, ...]

    def finding(self, id: str) -> Finding | None:
        """The finding of that id, None where the drawing lists none (a lesion under its own threshold)."""
        return next((one for one in self.drawn.drawing.findings if one.id == id), None)


def open_case(folder: Path, image: Path | Image | None, rules: SceneRules) -> PlanCase:
    """Reads a drawing, and the scan where it is given.

    Args:
        folder: of the drawing.
        image: the scan, or where it lies.
        rules: how the drawing is read.

    Raises:
        InputError: no drawing, or a scan that lies elsewhere.
    """
    drawn = read_drawing(folder)
    problems = [one for one in drawn.drawing.problems if one.severity == "error" or one.code in _GRAVE]
    if drawn.unnamed:
        problems.append(
            ProblemNote(
                code="unnamed-labels",
                severity="warning",
                text=f"The label map holds values that no finding names: {', '.join(map(str, drawn.unnamed))}. "
                "They are kept away from, as organs at risk are.",
            )
        )
    scan = _scan(image, drawn.labels) if isinstance(image, Path) else image
    labels = by_role(drawn.labels)
    if scan is not None and scan.unit == "HU":
        labels = with_gas(labels, scan, rules.gas_hu, rules.gas_wall_mm, rules.smallest_gas_ml)
    anatomy = Anatomy.of(labels, surface_mm=border_sds(drawn), default_surface_mm=rules.border_sd_mm)
    return PlanCase(drawn, scan, labels, anatomy, tuple(problems))


_GRAVE = ("synthetic-input", "left-out", "missing-slice")


def border_sds(drawn: Drawn) -> dict[str, float]:
    """Standard deviation of borders in mm, by label name, from the intervals of volumes that the drawing states."""
    names = {one.value: one.name for one in drawn.labels.labels}
    intervals: dict[int, tuple[float, float]] = {}
    for one in drawn.drawing.findings:
        volume = one.measure("volume")
        if volume is not None and volume.low is not None and volume.high is not None:
            low, high = intervals.get(one.label, (0.0, 0.0))
            intervals[one.label] = (low + volume.low, high + volume.high)
    if not intervals:
        return {}
    areas: dict[int, float] = {}
    for part in find_parts(drawn.labels):
        if part.label.value in intervals:
            areas[part.label.value] = areas.get(part.label.value, 0.0) + area_mm2(part.mask, part.grid.spacing_mm)
    return {names[value]: surface_sd_mm(*intervals[value], area) for value, area in areas.items() if area > 0}


def area_mm2(mask: Mask, spacing_mm: tuple[float, float, float]) -> float:
    """Of a mask's surface, from the faces of its voxels.

    >>> ball = np.linalg.norm(np.indices((41, 41, 41)) - 20, axis=0) <= 15
    >>> round(area_mm2(ball, (1.0, 1.0, 1.0)) / (4 * np.pi * 15**2), 1)
    1.0
    """
    padded = np.pad(mask, 1)
    volume = float(np.prod(spacing_mm))
    faces = [
        np.count_nonzero(np.diff(padded.view(np.int8), axis=axis)) * volume / spacing_mm[axis] for axis in range(3)
    ]
    return _FACE_TO_SURFACE * float(sum(faces))


def cut_by_scan(case: PlanCase, target: Part) -> list[ProblemNote]:
    """What the scan cuts off, so that its volume, its margin and its surroundings are not known: target and organ."""
    organ = case.anatomy.organ_of(target)
    names = {target.id: target.id, **({same(organ.name): organ.name} if organ else {})}
    parts = {
        part.id if part.label.kind == "lesion" else same(part.label.name): part for part in find_parts(case.labels)
    }
    cut = [shown for key, shown in names.items() if key in parts and cut_off(parts[key], case.labels.grid)]
    if not cut:
        return []
    text = (
        f"The scan ends inside {' and '.join(cut)}: volumes, percentages and coverage are of what is seen, and what "
        "lies beyond is kept clear of by nothing."
    )
    return [ProblemNote(code="cut-off", severity="error", text=text)]


def blind_spots(case: PlanCase) -> tuple[BlindSpot, ...]:
    """What the needle may meet that no label shows."""
    told: Mapping[str, str] = {
        "vessels": "No vessel was kept clear of; a needle may cross a large one.",
        "bones": "No bone was kept clear of.",
        "lungs": "No lung was kept clear of; look for the pleural recess above the diaphragm.",
        "heart": "The heart is not drawn; needles near the diaphragm may meet it.",
        "bowel": "Bowel and stomach are not drawn; look for them along each needle."
        + ("" if case.image else " Give the scan (--image): bowel that holds gas is then seen."),
    }
    missing = [BlindSpot(name=name, text=told.get(name, "Not drawn.")) for name in case.anatomy.blind]
    if any(one.name == GAS for one in case.labels.labels):
        missing.append(
            BlindSpot(name="bowel without gas", text="Bowel is known by its gas alone; what holds none is not.")
        )
    return tuple(missing)


def _scan(path: Path, labels: LabelMap) -> Image:
    """The series of a study that lies where the label map lies; the first choice else, whose place is refused later."""
    studies = open_studies([path])
    fitting = [
        series
        for study in studies
        for series in study.series
        if series.grid is not None and series.grid.same_as(labels.grid, tolerance_mm=0.5)
    ]
    series = fitting[0] if len(fitting) == 1 else choose_series(studies)[1]
    image = series.load()
    if not image.grid.same_as(labels.grid, tolerance_mm=0.5):
        raise InputError(
            f"The scan must lie where the drawing lies: {labels.grid.shape} voxels (Z, Y, X) from "
            f"{labels.grid.origin_mm.round(1).tolist()} mm; got {image.grid.shape} from "
            f"{image.grid.origin_mm.round(1).tolist()} mm. Is it the series that was drawn?"
        )
    return image
