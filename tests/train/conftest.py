"""A cohort of small phantoms, and a recipe that learns from it in seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from limner import io
from limner.data import phantoms
from limner.image import LabelMap


def write_cohort(folder: Path, cases: int = 3) -> Path:
    """Livers with tumours (mask 1 and 2), 6 mm voxels; the last case is for validation."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["id,image,mask,site,split,patient"]
    for number in range(cases):
        plan = phantoms.sample(np.random.default_rng(number), tumors=2)
        kept = tuple(one for one in plan.structures if one.name in ("body", "liver", "liver tumor"))
        plan = phantoms.Plan(kept, noise_hu=8.0, seed=number)
        phantom = phantoms.draw(plan, phantoms.grid_around(plan, (6, 6, 6), "liver", margin_mm=30))
        mask = phantom.labels.mask("liver") + 2 * phantom.labels.mask("liver tumor").astype(np.uint8)
        image = phantom.image
        io.write_nifti_labels(
            LabelMap((image.array + 1024).astype(np.uint16), image.grid), folder / f"raw{number}.nii.gz"
        )
        _as_hu(folder / f"raw{number}.nii.gz", folder / f"case{number}.nii.gz")
        io.write_nifti_labels(LabelMap(mask.astype(np.uint8), image.grid), folder / f"mask{number}.nii.gz")
        split = "val" if number == cases - 1 else "train"
        rows.append(f"case{number},case{number}.nii.gz,mask{number}.nii.gz,phantom,{split},patient{number}")
    (folder / "cohort.csv").write_text("\n".join(rows) + "\n")
    (folder / "regions.json").write_text('{"liver": [1, 2], "liver tumor": [2]}')
    return folder / "cohort.csv"


def _as_hu(raw: Path, target: Path) -> None:
    import nibabel

    read = nibabel.load(raw)
    values = np.asarray(read.dataobj).astype(np.int16) - 1024
    nibabel.save(nibabel.Nifti1Image(values, read.affine), target)
    raw.unlink()


@pytest.fixture(scope="session")
def cohort(tmp_path_factory) -> Path:
    return write_cohort(tmp_path_factory.mktemp("cohort"))


@pytest.fixture
def recipe(tmp_path, cohort) -> Path:
    layers = [{"column": "mask", "values": {1: "liver", 2: "liver tumor"}}]
    written = {
        "task": "segment",
        "seed": 3,
        "data": {
            "spacing_mm": [6, 6, 6],
            "window_hu": [-150, 250],
            "patch": [16, 24, 24],
            "classes": ["background", "liver", "liver tumor"],
            "class_weights": {"liver": 0.5, "liver tumor": 0.3},
            "sources": [
                {"cohort": str(cohort), "split": "train", "layers": layers, "licence": "CC0", "paint_tumors": 0.3}
            ],
        },
        "net": {"name": "unet", "options": {"channels": [8, 16, 24], "cbam": True}},
        "train": {
            "steps": 40,
            "batch": 2,
            "rate": 0.01,
            "ema": 0.8,
            "checkpoint_every": 5,
            "threads": 1,
            "precision": "32-true",
        },
        "pack": {"name": "tiny", "description": "Phantom livers.", "regions": {"liver": ["liver tumor"]}},
    }
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(written, sort_keys=False))
    return path
