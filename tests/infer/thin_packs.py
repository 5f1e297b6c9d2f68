"""A pack that makes slices thinner, made by tests: small, and random but for what the net keeps by construction."""

from __future__ import annotations

from pathlib import Path

import torch

from limner import nets
from limner.packs import Calibration, Pack, load_pack
from limner.train.export import write_pack
from limner.train.plan import fixed_options
from limner.train.recipe import Recipe

OPTIONS = {"channels": 4, "blocks": 1}


def recipe(cohort: str = "cohort.csv", plane: str = "through", net: str = "sharpen", **more) -> Recipe:
    form = {"factor": 4, "patch": [4, 16]}
    if plane == "in":
        form = {"factor": 2, "patch": [8, 8], "plane": "in", "thin_mm": [0.3, 2.0]}
    return Recipe.model_validate(
        {
            "task": "superresolve",
            "data": {**form, "rows": [1], "columns": [1], "sources": [{"cohort": cohort, "licence": "CC0"}]},
            "net": {"name": net, "options": OPTIONS if net == "sharpen" else {**OPTIONS, "late": 1, "latent": 2}},
            "pack": {"name": "thin", "description": "For tests."},
            **more,
        }
    )


def thin_pack(folder: Path, strength: float = 0.02, plane: str = "through", net: str = "sharpen") -> Pack:
    """``strength`` 0 is plain cubic interpolation with the means kept."""
    torch.manual_seed(0)
    asked = recipe(plane=plane, net=net)
    built = nets.build(net, 1, 1, **{**fixed_options(asked), **asked.net.options})
    with torch.no_grad():
        built.tail.weight.normal_(0, strength)
    return load_pack(write_pack(built, asked, folder, Calibration(temperature=2.0, fitted_on="nothing")))
