"""From a recipe to a pack that makes slices thinner, and what its checks measure."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from limner.data.thin import Pair
from limner.errors import CohortError, RecipeError
from limner.image import degrade
from limner.infer.evaluate import evaluate
from limner.packs import load_pack
from limner.tasks.superresolve import interpolate
from limner.train.recipe import read_recipe
from limner.train.run import run
from limner.train.superresolve import CheckedPlanes
from limner.train.superresolve_loss import sharpen_loss
from tests.infer.volumes import write_volume

RECIPE = """
task: superresolve
data:
  factor: 4
  patch: [4, 16]
  rows: [1]
  columns: [1]
  sources: [{cohort: COHORT, licence: CC0}]
net: {name: sharpen, options: {channels: 4, blocks: 1}}
train: {steps: 4, batch: 2, check_every: 2, threads: 1}
pack: {name: thin, description: For tests.}
"""


@pytest.fixture
def recipe(tmp_path):
    rng = np.random.default_rng(0)
    rows = ["id,image,split,patient"]
    for name, split in (("a", "train"), ("b", "val"), ("c", "test")):
        smooth = np.cumsum(rng.normal(0, 30, (24, 24, 24)), 0) - 200
        write_volume(tmp_path / f"{name}.nii.gz", np.rint(smooth).astype(np.int16), "LPS", (1.2, 0.9, 0.9))
        rows.append(f"{name},{name}.nii.gz,{split},{name}")
    (tmp_path / "cohort.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "thin.yaml").write_text(RECIPE.replace("COHORT", str(tmp_path / "cohort.csv")))
    return tmp_path / "thin.yaml"


def test_a_recipe_becomes_a_pack_that_is_evaluated_beside_interpolation(recipe, tmp_path):
    done = run(recipe, [], tmp_path / "run", False)
    pack = load_pack(done.pack)
    pack.verify()
    assert pack.spec.task == "superresolve" and pack.main.slices.factor == 4
    assert pack.spec.net.options["factor"] == 4 and pack.spec.calibration.temperature > 0
    assert "the mean of the" in (done.pack / "CARD.md").read_text()
    found = evaluate(pack, tmp_path / "cohort.csv")
    assert found.n == 3 and found.task == "superresolve"
    [row] = [one for one in found.per_case if one["id"] == "c"]
    assert row["psnr_gain"] == pytest.approx(row["psnr"] - row["psnr_by_cubic"], abs=1e-3)
    assert found.metrics["consistency_hu"].value < 0.2 < found.per_class["cubic"]["consistency_hu"].value
    assert found.metrics["psnr_gain"].low <= found.metrics["psnr_gain"].value <= found.metrics["psnr_gain"].high
    json.dumps(found.model_dump(mode="json"))


class _Plain(nn.Module):
    """The cubic spline as a net."""

    def __init__(self) -> None:
        super().__init__()
        self.none = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        made = torch.from_numpy(interpolate(x[0, 0].numpy(), 4, 3))[None, None]
        return made, torch.full_like(made, 2.0)


def test_the_check_is_decibels_over_the_spline_and_the_scale_is_its_error():
    rng = np.random.default_rng(0)
    thin = np.cumsum(rng.normal(0, 10, (32, 12)), 0).astype(np.float32)
    checks = CheckedPlanes(((Pair(degrade(thin, 4), thin),),), 4)
    assert checks.score(_Plain()) == pytest.approx(0.0, abs=1e-4)
    error = np.abs(interpolate(degrade(thin, 4), 4, 3) - thin).mean()
    assert checks.calibrate(_Plain()).temperature == pytest.approx(error / 2, abs=1e-3)


def test_the_spread_learns_from_the_error_and_leaves_it_alone():
    values = torch.full((1, 1, 4, 4), 3.0, requires_grad=True)
    spread = torch.full((1, 1, 4, 4), 6.0, requires_grad=True)
    sharpen_loss((values, spread), torch.zeros(1, 1, 4, 4)).backward()
    assert (spread.grad > 0).all()  # larger than the error of 3: it should shrink
    assert torch.allclose(values.grad, torch.full_like(values, 1 / 50 / 16))


def test_a_patient_on_both_sides_is_refused(recipe, tmp_path):
    with pytest.raises(CohortError, match="learned from and checked on"):
        run(recipe, ["data.sources.0.check=train"], tmp_path / "run", False)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("task=segment,net.name=auto", "goes with task 'superresolve'"),
        ("net.name=unet", "for task 'segment'"),
        ("data.factor=1", "greater than or equal to 2"),
        ("data.rows=[0]", "1 or more"),
    ],
)
def test_what_does_not_fit_is_told(recipe, change, told):
    with pytest.raises(RecipeError, match=told):
        read_recipe(recipe, change.split(","))
