"""Every engine gives the same answer for every picture of a batch, not only for the first."""

from pathlib import Path

import numpy as np
import pytest
import torch

from limner import nets
from limner.infer.engines import ENGINES, open_engine
from limner.packs import load_pack
from limner.train.export import write_pack
from limner.train.recipe import Recipe

CASES = {
    "small stem": (2, (28, 28), {"name": "resnet18", "options": {"stem": "small", "width": 48}}),
    "large stem": (7, (64, 64), {"name": "resnet18", "options": {"width": 16, "cbam": True}}),
    "volume": (3, (16, 16, 16), {"name": "resnet18", "options": {"stem": "small", "width": 8, "dims": 3}}),
    "densenet": (4, (64, 64), {"name": "densenet121", "options": {"growth": 8}}),
}


def _pack(folder: Path, classes: int, size: tuple[int, ...], net: dict[str, object]) -> Path:
    recipe = Recipe.model_validate(
        {
            "task": "classify",
            "data": {
                "size": size,
                "classes": {str(k): f"class {k}" for k in range(classes)},
                "sources": [{"cohort": "cohort.csv", "licence": "CC0"}],
            },
            "net": net,
            "augment": {},
            "pack": {"name": "random", "description": "Random weights."},
        }
    )
    torch.manual_seed(0)
    built = nets.build(recipe.net.name, 1, classes, **{"dims": len(size), **recipe.net.options})
    with torch.no_grad():
        built.head.weight.normal_()  # logits that tell pictures apart
        built.bias.normal_()
    return write_pack(built.eval(), recipe, folder)


@pytest.mark.parametrize("case", CASES)
def test_engines_agree_on_a_batch(tmp_path, case):
    classes, size, net = CASES[case]
    pack = load_pack(_pack(tmp_path, classes, size, net))
    batch = np.random.default_rng(0).random((5, 1, *size), np.float32)
    found = {name: open_engine(name, pack.main)[1].run({"image": batch}) for name in ENGINES}
    scale = float(np.abs(found["torch"]["logits"]).max())
    for name, answer in found.items():
        assert answer["logits"].shape == (5, classes)
        for output, values in answer.items():
            np.testing.assert_allclose(values, found["torch"][output], atol=2e-3 * scale, err_msg=f"{name}, {output}")
