"""A cohort of tiny pictures that can be told apart, and a recipe for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

CLASSES = {"dark": "dark", "light": "light"}


def write_pictures(folder: Path, count: int = 24, per_patient: int = 2, side: int = 16) -> Path:
    """Dark and light pictures with noise, two of a patient each; patients in train, val and test by turns."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    rows = ["id,image,label,split,patient,site"]
    for k in range(count):
        patient = k // per_patient
        label = "light" if patient % 2 else "dark"
        level = 150 if label == "light" else 100
        pixels = np.clip(rng.normal(level, 20, (side, side)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"p{k}.png")
        split = ("train", "train", "train", "train", "val", "test")[patient // 2 % 6]
        rows.append(f"case{k},p{k}.png,{label},{split},patient{patient},here")
    (folder / "cohort.csv").write_text("\n".join(rows) + "\n")
    return folder / "cohort.csv"


def write_recipe(path: Path, cohort: Path, **changes: Any) -> Path:
    """A ResNet of width 4 for two steps; ``changes`` replace whole sections."""
    written = {
        "task": "classify",
        "data": {
            "size": [16, 16],
            "classes": CLASSES,
            "sources": [{"cohort": str(cohort), "licence": "CC0"}],
        },
        "net": {"name": "resnet18", "options": {"stem": "small", "width": 4}},
        "augment": {"flip": "x"},
        "train": {"steps": 4, "batch": 4, "check_every": 2, "threads": 1, "precision": "32-true", "ema": 0.5},
        "pack": {"name": "toy", "description": "Dark and light."},
        **changes,
    }
    path.write_text(yaml.safe_dump(written, sort_keys=False))
    return path
