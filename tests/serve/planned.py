"""Drawings of a phantom whose truth is known, put into a server as results."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from limner.data import phantoms
from limner.image import LabelMap
from limner.io import write_glb, write_nifti_labels
from limner.scene import find_parts, surfaces
from limner.serve.tables import Result, Study, new_id
from tests.serve.conftest import Server


def torso() -> LabelMap:
    """Liver with two tumours and vessels, ribs, spine, lungs, kidneys; air beside the body."""
    plan = phantoms.sample(np.random.default_rng(3), tumors=2)
    return phantoms.draw(plan, phantoms.grid_around(plan, (4.0, 3.0, 3.0), margin_mm=12.0)).labels


def write_drawing(folder: Path, labels: LabelMap) -> Path:
    """A drawing with its scene, as the contract asks."""
    folder.mkdir(parents=True)
    write_nifti_labels(labels, folder / "labels.nii.gz")
    write_glb(surfaces(labels), folder / "scene.glb")
    findings = [
        {
            "id": one.id, "name": one.label.name, "kind": one.label.kind, "label": one.label.value,
            "code": {"scheme": one.label.code.scheme, "value": one.label.code.value, "meaning": one.label.code.meaning},
            "probability": 0.9, "abstained": False, "center_mm": [0, 0, 0], "measurements": [], "evidence": [],
        }
        for one in find_parts(labels)
    ]  # fmt: skip
    drawing = {
        "schema": "limner.drawing/1",
        "study": {"uid": "1.2.3", "modality": "CT", "date": None},
        "pack": {"name": "phantom", "version": "1", "sha256": "0" * 64},
        "findings": findings,
        "problems": [],
        "files": {"labels": "labels.nii.gz", "scene": "scene.glb"},
    }
    (folder / "drawing.json").write_text(json.dumps(drawing))
    return folder


def put_drawing(server: Server, folder: Path, owner: str, *, shared: bool = False) -> str:
    """A drawing as a result of a study of an owner (a user's name); the result's id."""
    from sqlalchemy import select

    from limner.serve.tables import User

    with server.house.database.session() as db:
        user = db.scalars(select(User).where(User.name == owner)).one()
        study = Study(uid=f"1.2.{new_id()}", owner_id=user.id, shared=shared, date="2024-05-01", modalities=["CT"])
        db.add(study)
        db.flush()
        result = Result(kind="drawing", owner_id=user.id, study_id=study.id, title="Drawing", pack="phantom")
        db.add(result)
        db.flush()
        shutil.copytree(folder, server.house.result_folder(result.id))
        return result.id
