"""Small drawings as folders: a head with a glioma on thick slices, a liver with a tumour and a vessel."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from limner.findings import CodedConcept, Drawing, Finding, PackNote, StudyNote
from limner.image import Grid, LabelMap
from limner.image.anatomy import label
from limner.io import write_nifti_labels

NAMES = {"glioma": ("head", "glioma"), "liver tumor": ("liver", "liver tumor", "portal vein")}


def head_grid() -> Grid:
    """A head of 24 thick slices."""
    return Grid.axial((24, 80, 80), (6.0, 2.4, 2.4), (-95, -95, -70))


def liver_grid() -> Grid:
    """40 × 56 × 56 voxels of 3 × 2.5 × 2.5 mm."""
    return Grid.axial((40, 56, 56), (3.0, 2.5, 2.5), (-70, -70, -60))


def ball(grid: Grid, center: tuple[float, float, float], radii: tuple[float, float, float]) -> np.ndarray:
    """Voxels in an ellipsoid, ``(x, y, z)`` in mm."""
    world = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1))
    return (((world - np.array(center)) / np.array(radii)) ** 2).sum(axis=-1) <= 1


def write_drawing(
    folder: Path, parts: list[tuple[str, np.ndarray]], grid: Grid, *, date: str | None = None, modality: str = "MR"
) -> Path:
    """A drawing of masks, the later over the earlier."""
    folder.mkdir(parents=True)
    array = np.zeros(grid.shape, np.uint8)
    findings = []
    for value, (name, mask) in enumerate(parts, 1):
        array[mask] = value
        one = label(name, value)
        code = CodedConcept(scheme=one.code.scheme, value=one.code.value, meaning=one.code.meaning)
        center = tuple(float(x) for x in grid.world(np.argwhere(mask).mean(axis=0))) if mask.any() else None
        findings.append(
            Finding(
                id=f"{name.split()[-1]}-{value}", name=name, kind=one.kind, label=value, code=code, center_mm=center
            )
        )
    write_nifti_labels(LabelMap(array, grid), folder / "labels.nii.gz")
    drawing = Drawing(
        schema="limner.drawing/1",
        study=StudyNote(uid="2.25.1", modality=modality, date=date),
        pack=PackNote(name="hand", version="1", sha256="0" * 64),
        findings=tuple(findings),
        files={"labels": "labels.nii.gz"},
    )
    (folder / "drawing.json").write_text(drawing.model_dump_json(by_alias=True))
    return folder


def head_with_glioma(folder: Path, radius_mm: float = 18.0, *, date: str | None = None) -> Path:
    """A head of thick slices with a glioma to the patient's left."""
    grid = head_grid()
    tumor = ball(grid, (28, 5, 5), (radius_mm, radius_mm * 1.15, radius_mm * 0.9))
    return write_drawing(folder, [("head", ball(grid, (0, 0, 0), (80, 92, 75))), ("glioma", tumor)], grid, date=date)


def liver_with_tumor(folder: Path) -> Path:
    """A liver with a tumour beside a vessel."""
    grid = liver_grid()
    return write_drawing(
        folder,
        [
            ("liver", ball(grid, (0, 0, 0), (60, 50, 50))),
            ("portal vein", ball(grid, (-22, 0, 0), (4, 60, 4)) & ball(grid, (0, 0, 0), (60, 50, 50))),
            ("liver tumor", ball(grid, (0, -8, 0), (14, 14, 14))),
        ],
        grid,
        modality="CT",
    )
