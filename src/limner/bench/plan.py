"""What a plan costs on this machine, and whether what it offers holds: every path walked again through the voxels."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from limner.data import phantoms
from limner.errors import InputError
from limner.image import Label, LabelMap
from limner.image.anatomy import named
from limner.io import read_drawing, read_nifti_labels
from limner.scene.anatomy import Anatomy
from limner.scene.needles import Planner, violations
from limner.scene.needles.rules import NeedleRules
from limner.scene.needles.speed import Speed, measure_speed
from limner.scene.parts import Part, find_parts
from limner.scene.resection import prepare
from limner.scene.resection.speed import ResectionSpeed
from limner.scene.resection.speed import speed as resection_speed
from limner.scene.roles import role_of, same

Progress = Callable[[str, float], None]
NAMES = "labels.json"
LEAST_MM = 10.0
"""Smaller lesions are no target here."""


@dataclass(frozen=True)
class Checked:
    """One lesion as a target.

    Args:
        target: its id.
        diameter_mm: of a ball as large.
        paths: that are offered.
        violations: rules that an independent walk finds broken, over all of them.
        refused: the three most frequent reasons of refused entries, with their counts.
        relax: where there is no path: the rule that would have to give first.
    """

    target: str
    diameter_mm: float
    paths: int
    violations: int
    refused: dict[str, int]
    relax: str | None


@dataclass(frozen=True)
class PlanResult:
    """What was measured: speed on the largest lesion, and every lesion over :data:`LEAST_MM` checked."""

    title: str
    speed: Speed
    targets: tuple[Checked, ...]
    resection: ResectionSpeed | None
    """Of the largest lesion, where it lies in a liver."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)


def bench_plan(path: Path | None = None, threads: int = 2, progress: Progress | None = None) -> PlanResult:
    """Times the search and checks its answers.

    Args:
        path: a drawing, or a label map (``.nii.gz``) beside a ``labels.json`` that names its values
            (``{"labels": {"1": "bone", …}}``); a phantom torso where None.
        threads: for the search of many paths.
        progress: called with a text and the share done.

    Raises:
        InputError: the labels cannot be read, or hold no tumour.
    """
    labels, title = _labels(path)
    speed = measure_speed(labels, threads=threads)
    anatomy = Anatomy.of(labels)
    lesions = [one for one in anatomy.lesions if _diameter_mm(one) > LEAST_MM]
    checked = []
    for number, lesion in enumerate(lesions):
        if progress:
            progress("targets", number / len(lesions))
        checked.append(_checked(anatomy, lesion))
    return PlanResult(title, speed, tuple(checked), _resected(anatomy))


def _resected(anatomy: Anatomy) -> ResectionSpeed | None:
    lesion = anatomy.lesion()
    organ = anatomy.organ_of(lesion)
    if organ is None or same(organ.name) != "liver":
        return None
    liver, tumor = (np.zeros(anatomy.grid.shape, bool) for _ in range(2))
    for part in find_parts(anatomy.labels):
        if same(part.label.name) == "liver" or part.label.kind == "lesion":
            liver[part.box] |= part.mask
    tumor[lesion.box] |= lesion.mask
    return resection_speed(prepare(liver, tumor, anatomy.grid))


def _checked(anatomy: Anatomy, lesion: Part) -> Checked:
    rules = NeedleRules()
    found = Planner.of(anatomy, lesion.id, rules).search()
    organ = anatomy.organ_of(lesion)
    values = organ.values if organ else ()
    broken = 0
    for one in found.paths:
        line = np.array(one.entry_mm), np.array(one.target_mm)
        broken += len(violations(anatomy.given, lesion, values, line, rules))
    reasons = {one.structure or one.reason: one.count for one in found.refused[:3]}
    relax = found.relaxations[0].sentence if found.relaxations else None
    return Checked(lesion.id, round(_diameter_mm(lesion), 1), len(found.paths), broken, reasons, relax)


def _diameter_mm(lesion: Part) -> float:
    return float((6000 * lesion.volume_ml / np.pi) ** (1 / 3))


def _labels(path: Path | None) -> tuple[LabelMap, str]:
    if path is None:
        plan = phantoms.sample(np.random.default_rng(0))
        drawn = phantoms.draw(plan, phantoms.grid_around(plan, (2.0, 1.0, 1.0), margin_mm=12.0))
        return drawn.labels, "a phantom torso"
    if path.is_dir():
        return read_drawing(path).labels, f"the drawing {path.name}"
    names = path.parent / NAMES
    if not names.is_file():
        raise InputError(f"A label map needs {NAMES} beside it, which names its values; {path.parent.name!r} has none.")
    try:
        told = {int(value): str(name) for value, name in json.loads(names.read_text())["labels"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f'{NAMES} names values: {{"labels": {{"1": "bone"}}}}; got {error}.') from error
    return read_nifti_labels(path, [_label(name, value) for value, name in told.items()]), f"the label map {path.name}"


def _label(name: str, value: int) -> Label:
    """A label under the name that a planner knows it by."""
    kinds = {"lesion": "lesion", "vessel": "vessel", "bone": "tissue", "body": "tissue", "soft": "tissue"}
    plain = same(name)
    return named(plain, value, kinds.get(role_of(named(plain, value, "organ")), "organ"))
