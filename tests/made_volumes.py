"""A recipe that generates tiny volumes from phantom livers, and a pack of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from limner.packs import Pack, load_pack
from limner.train import train

NET = {"name": "stylegan2", "options": {"features": [8, 8, 4], "latent": 6, "width": 8, "depth": 2}}
STAGES = [{"share": 0.5, "adds": ["liver"], "ramp": 0}, {"share": 0.5, "adds": ["liver tumor"], "ramp": 0.5}]


def write_recipe(path: Path, cohort: Path, *, data: dict[str, Any] | None = None, **changes: Any) -> Path:
    """16³ voxels of 6 mm, four steps; ``changes`` replace whole sections, ``data`` settings of that section."""
    layers = [{"column": "mask", "values": {1: "liver", 2: "liver tumor"}}]
    written = {
        "task": "generate",
        "seed": 3,
        "data": {
            "spacing_mm": [6, 6, 6],
            "window_hu": [-150, 250],
            "patch": [8, 16, 16],
            "condition": "mask",
            "classes": ["background", "liver", "liver tumor"],
            "class_weights": {"liver": 0.5, "liver tumor": 0.3},
            "sources": [{"cohort": str(cohort), "layers": layers, "check": "val", "licence": "CC0"}],
            **(data or {}),
        },
        "net": NET,
        "augment": 0.3,
        "game": {"r1_every": 2, "path_every": 2, "adapt": 0.05},
        "train": {"steps": 4, "batch": 2, "check_every": 2, "threads": 1, "ema": 0.5, "weight_decay": 0, "clip": 100},
        "pack": {"name": "tiny", "description": "Phantom livers.", "regions": {"liver": ["liver tumor"]}},
        **changes,
    }
    path.write_text(yaml.safe_dump(written, sort_keys=False))
    return path


def make(folder: Path, cohort: Path, **changes: Any) -> Pack:
    """A pack that was trained for a few steps."""
    folder.mkdir(parents=True, exist_ok=True)
    return load_pack(train(write_recipe(folder / "recipe.yaml", cohort, **changes), [], folder / "run").pack)
