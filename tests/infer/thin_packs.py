"""A pack that makes slices thinner, made by tests: small, and random but for what the net keeps by construction."""

from __future__ import annotations

from pathlib import Path

import torch

from limner import nets
from limner.packs import Calibration, Pack, load_pack
from limner.train.export import write_pack
from limner.train.recipe import Recipe

OPTIONS = {"channels": 4, "blocks": 1}


def recipe(cohort: str = "cohort.csv", **more) -> Recipe:
    return Recipe.model_validate(
        {
            "task": "superresolve",
            "data": {"factor": 4, "patch": [4, 16], "rows": [1], "columns": [1], "sources": [
                {"cohort": cohort, "licence": "CC0"}
            ]},
            "net": {"name": "sharpen", "options": OPTIONS},
            "pack": {"name": "thin", "description": "For tests."},
            **more,
        }
    )  # fmt: skip


def thin_pack(folder: Path, strength: float = 0.02) -> Pack:
    """``strength`` 0 is plain cubic interpolation with the means kept."""
    torch.manual_seed(0)
    net = nets.build("sharpen", 1, 1, dims=2, factor=4, **OPTIONS)
    with torch.no_grad():
        net.tail.weight.normal_(0, strength)
    return load_pack(write_pack(net, recipe(), folder, Calibration(temperature=2.0, fitted_on="nothing")))
