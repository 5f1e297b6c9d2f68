"""Drawings to plan on: a torso with known truth as the bare contract asks, and one that Limner drew itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from limner.data import phantoms
from limner.draw import ThresholdPredictor, draw
from limner.image import LabelMap
from limner.io import write_nifti_labels
from tests.conftest import WriteCT

WriteDrawing = Callable[..., Path]


@pytest.fixture(scope="session")
def torso() -> LabelMap:
    """Liver with two tumours and vessels, ribs, spine, lungs, kidneys; air beside the body."""
    plan = phantoms.sample(np.random.default_rng(3), tumors=2)
    return phantoms.draw(plan, phantoms.grid_around(plan, (4.0, 3.0, 3.0), margin_mm=12.0)).labels


@pytest.fixture(scope="session")
def write_drawing() -> WriteDrawing:
    """Writes a label map as a drawing with no key more than the contract names; some names may be left out."""

    def write(folder: Path, labels: LabelMap, without: tuple[str, ...] = ()) -> Path:
        folder.mkdir(parents=True)
        keep = [one for one in labels.labels if one.name not in without]
        array = np.where(np.isin(labels.array, [one.value for one in keep]), labels.array, 0).astype(np.uint8)
        write_nifti_labels(LabelMap(array, labels.grid, labels.labels), folder / "labels.nii.gz")
        findings = [
            {
                "id": f"finding-{one.value}", "name": one.name, "kind": one.kind, "label": one.value,
                "code": {"scheme": one.code.scheme, "value": one.code.value, "meaning": one.code.meaning},
                "probability": 0.9, "abstained": False, "center_mm": [0, 0, 0], "measurements": [], "evidence": [],
            }
            for one in keep
        ]  # fmt: skip
        drawing = {
            "schema": "limner.drawing/1",
            "study": {"uid": "1.2.3", "modality": "CT", "date": None},
            "pack": {"name": "phantom", "version": "1", "sha256": "0" * 64},
            "findings": findings,
            "problems": [],
            "files": {"labels": "labels.nii.gz"},
        }
        (folder / "drawing.json").write_text(json.dumps(drawing))
        return folder

    return write


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory, torso: LabelMap, write_drawing: WriteDrawing) -> Path:
    """The torso as a drawing."""
    return write_drawing(tmp_path_factory.mktemp("bare") / "drawing", torso)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory, write_ct: WriteCT, thresholds: ThresholdPredictor) -> Path:
    """A drawing with all its files, beside its study."""
    home = tmp_path_factory.mktemp("drawn")
    write_ct(home / "study", PatientName="Zyxwvut^Qponm", PatientID="ID-987654")
    draw(home / "study", home / "drawing", predictor=thresholds)
    return home / "drawing"
