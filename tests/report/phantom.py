"""A small patient with known truth, as a report is given it: skin, a liver on the right, two tumours, a vessel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import trimesh

from limner.findings import CodedConcept, Drawing, Finding, Measurement, PackNote, ProblemNote, StudyNote
from limner.image import Grid, Image, LabelMap
from limner.image.anatomy import label
from limner.report import ReportContent

LABELS = (label("liver", 1), label("liver tumor", 2), label("liver vessels", 3), label("body", 10))
GRID = Grid.axial((40, 64, 64), spacing_mm=(4.0, 3.0, 3.0), origin_mm=(-94.5, -94.5, -78.0))

# x to the left, y to the back, z to the head, mm: so all of this lies on the right, the first tumour in front
LIVER, LIVER_RADIUS = np.array([-35.0, 0.0, 0.0]), 40.0
TUMORS = {"tumor-1": (np.array([-45.0, -18.0, 8.0]), 14.0), "tumor-2": (np.array([-30.0, 18.0, -12.0]), 7.0)}
VESSEL_X, VESSEL_RADIUS = -25.0, 4.0
BODY_RADII = np.array([85.0, 65.0, 500.0])


def content(**changes: Any) -> ReportContent:
    """The content of a report on the phantom; keywords replace its parts."""
    image, labels = volumes()
    whole = ReportContent(
        drawing=drawing(),
        image=image,
        labels=labels,
        glb=glb(),
        scene_png=None,
        run=run(),
        citations=("First A. 2020.",),
    )
    return replace(whole, **changes)


def volumes() -> tuple[Image, LabelMap]:
    """CT and label map."""
    points = GRID.world(np.moveaxis(np.indices(GRID.shape), 0, -1))
    array, values = np.full(GRID.shape, -1000, np.int16), np.zeros(GRID.shape, np.uint8)
    parts = [
        (np.square(points / BODY_RADII).sum(-1) <= 1, 10, -20),
        (np.square(points - LIVER).sum(-1) <= LIVER_RADIUS**2, 1, 110),
        (_vessel(points), 3, 160),
        *((np.square(points - c).sum(-1) <= r**2, 2, 60) for c, r in TUMORS.values()),
    ]
    for mask, value, hu in parts:
        values[mask], array[mask] = value, hu
    return Image(array, GRID, "CT", "HU"), LabelMap(values, GRID, LABELS)


def _vessel(points: np.ndarray) -> np.ndarray:
    across = np.square(points[..., 0] - VESSEL_X) + np.square(points[..., 1]) <= VESSEL_RADIUS**2
    return across & (np.abs(points[..., 2]) < 30)


def drawing(**changes: Any) -> Drawing:
    """Findings and problems of the phantom."""
    whole = {
        "schema": "limner.drawing/1",
        "study": StudyNote(uid="1.2.3.4", modality="CT", date="2024-01-02"),
        "pack": PackNote(name="abdomen-ct", version="1.0.0", sha256="ab" * 32),
        "findings": findings(),
        "problems": (ProblemNote(code="missing-slice", severity="warning", text="Slice 7 is missing."),),
        "files": {"labels": "labels.nii.gz", "scene": "scene.glb", "report": "report.html", "run": "run.json"},
    }
    return Drawing(**{**whole, **changes})


def findings() -> tuple[Finding, ...]:
    """Liver, vessels, skin and two tumours, with measurements as :func:`limner.scene.measure` names them."""
    made = [
        _finding("liver", LABELS[0], LIVER, [("volume", 268.1, "ml", 250.0, 280.0), ("mean", 110.0, "[hnsf'U]")]),
        _finding("liver-vessels", LABELS[2], np.array([VESSEL_X, 0, 0]), [("volume", 3.02, "ml")]),
        _finding("body", LABELS[3], np.zeros(3), [("volume", 2773.0, "ml")]),
    ]
    for n, (id, (center, radius)) in enumerate(TUMORS.items()):
        rows = [
            ("volume", 4 / 3 * np.pi * radius**3 / 1000, "ml"),
            ("longest diameter", 2 * radius, "mm"),
            ("RECIST diameter", 2 * radius, "mm"),
            ("mean", 60.0, "[hnsf'U]"),
            ("standard deviation", 12.0, "[hnsf'U]"),
            ("distance to liver vessels", (7.9, 3.4)[n], "mm"),
            ("distance to liver surface", (4.0, 0.0)[n], "mm"),
        ]
        made.append(_finding(id, LABELS[1], center, rows))
    return tuple(made)


def _finding(id: str, what: Any, center: np.ndarray, rows: list[tuple[Any, ...]]) -> Finding:
    names = ("name", "value", "unit", "low", "high")
    return Finding(
        id=id, name=what.name, kind=what.kind, label=what.value,
        code=CodedConcept(scheme="SCT", value=what.code.value, meaning=what.code.meaning),
        probability=0.93, center_mm=tuple(center.tolist()),
        measurements=tuple(Measurement(**dict(zip(names, row, strict=False))) for row in rows),
    )  # fmt: skip


def run(**changes: Any) -> Mapping[str, Any]:
    """What ``run.json`` says."""
    check = {"file": "scene.glb", "what": "liver: volume (ml)", "expected": (268.0,), "got": (267.9,), "tolerance": 2.0}
    return {
        "limner": "0.1.0",
        "engine": "openvino",
        "versions": {"python": "3.11.2"},
        "machine": {"system": "Linux", "processor": "x86_64", "cores": 2},
        "steps": [
            {"name": name, "seconds": 1.25, "peak_mb": 300.0} for name in ("open", "predict", "measure", "verify")
        ],
        "seconds": 5.0,
        "peak_mb": 300.0,
        "geometry": [{**check, "ok": True, "hint": ""}, {**check, "file": "labels.nii.gz", "ok": True, "hint": ""}],
        **changes,
    }


def glb() -> bytes:
    """The scene: glTF in metres, Y up, x to the left, nodes named by the ids of the findings."""
    scene = trimesh.Scene()
    for id, (mesh, kind) in _meshes().items():
        x, y, z = mesh.vertices.T
        turned = trimesh.Trimesh(np.stack([x, z, -y], axis=1) / 1000, mesh.faces, process=False)
        scene.add_geometry(turned, node_name=id, geom_name=id, metadata={"name": id, "kind": kind})
    return bytes(scene.export(file_type="glb"))


def _meshes() -> dict[str, tuple[trimesh.Trimesh, str]]:
    def ball(center: np.ndarray, radius: float, detail: int = 3) -> trimesh.Trimesh:
        return trimesh.creation.icosphere(subdivisions=detail, radius=radius).apply_translation(center)

    skin = ball(np.zeros(3), 1.0).apply_scale((85, 65, 78))
    vessel = trimesh.creation.cylinder(VESSEL_RADIUS, 60, sections=24).apply_translation((VESSEL_X, 0, 0))
    lesions = {id: (ball(center, radius), "lesion") for id, (center, radius) in TUMORS.items()}
    return {
        "liver": (ball(LIVER, LIVER_RADIUS), "organ"),
        "liver-vessels": (vessel, "vessel"),
        "body": (skin, "tissue"),
        **lesions,
    }
