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
    "small stem": ("classify", 2, (28, 28), {"name": "resnet18", "options": {"stem": "small", "width": 48}}),
    "large stem": ("classify", 7, (64, 64), {"name": "resnet18", "options": {"width": 16, "cbam": True}}),
    "volume": ("classify", 3, (16, 16, 16), {"name": "resnet18", "options": {"stem": "small", "width": 8, "dims": 3}}),
    "u-net": (
        "segment",
        2,
        (64, 48),
        {"name": "unet", "options": {"channels": [8, 16, 32], "cbam": True, "normalize": True}},
    ),
    "boxes": ("detect", 3, (64, 64), {"name": "center-net", "options": {"channels": [8, 16, 24], "cbam": True}}),
    "densenet": ("classify", 4, (64, 64), {"name": "densenet121", "options": {"growth": 8}}),
}


def _pack(folder: Path, task: str, classes: int, size: tuple[int, ...], net: dict[str, object]) -> Path:
    recipe = Recipe.model_validate(
        {
            "task": task,
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
        if task == "classify":  # logits that tell pictures apart
            built.head.weight.normal_()
            built.bias.normal_()
        for name, values in [*built.named_parameters(), *built.named_buffers()]:
            if task != "classify" and values.dtype.is_floating_point:
                if name.endswith("bias"):
                    values.normal_()
                elif "running" in name or values.dim() == 1:
                    values.uniform_(0.5, 1.5)
    return write_pack(built.eval(), recipe, folder)


@pytest.mark.parametrize("case", CASES)
def test_engines_agree_on_a_batch(tmp_path, case):
    task, classes, size, net = CASES[case]
    pack = load_pack(_pack(tmp_path, task, classes, size, net))
    batch = np.random.default_rng(0).random((5, 1, *size), np.float32)
    found = {name: open_engine(name, pack.main)[1].run({"image": batch}) for name in ENGINES}
    assert set(found["torch"]) >= ({"logits"} if task != "detect" else {"centers", "sizes", "offsets"})
    for name, answer in found.items():
        assert answer.keys() == found["torch"].keys()
        for output, values in answer.items():
            scale = max(1.0, float(np.abs(found["torch"][output]).max()))
            assert len(values) == 5
            np.testing.assert_allclose(values, found["torch"][output], atol=2e-3 * scale, err_msg=f"{name}, {output}")
