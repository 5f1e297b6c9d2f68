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
from limner.nets.sharpen import Sharpened
from limner.nets.sharpen_vae import Guess
from limner.packs import load_pack
from limner.tasks.superresolve import interpolate
from limner.train.plane_sight import PlaneSight
from limner.train.recipe import read_recipe
from limner.train.recipe_generate import CodeSpec
from limner.train.recipe_loss import LossSpec
from limner.train.run import run
from limner.train.superresolve import CheckedPlanes
from limner.train.superresolve_loss import guess_loss, sharpen_game, sharpen_loss
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


GAN = ["loss={l1: 1, adversarial: 0.02, perceptual: 0.1, discriminator: [4, 8]}"]
VAE = ["net.name=sharpen-vae", "net.options={channels: 4, blocks: 1, late: 1, latent: 2}", "code.kl=0.02"]
PIXELS = ["data.plane=in", "data.factor=2", "data.patch=[8, 8]", "data.thin_mm=[0.4, 2]"]


@pytest.mark.parametrize("change", [GAN, [*VAE, *GAN], PIXELS, [*PIXELS, *VAE]])
def test_every_kind_becomes_a_pack_that_gives_the_input_back(recipe, tmp_path, change):
    done = run(recipe, change, tmp_path / "run", False)
    pack = load_pack(done.pack)
    pack.verify()
    spec = pack.main.slices
    assert (spec.plane, spec.latent) == ("in" if "data.plane=in" in change else "through", 2 * (VAE[0] in change))
    assert pack.main.outputs == (("values",) if spec.latent else ("values", "spread"))
    assert ("samples of its latent" in (done.pack / "CARD.md").read_text()) == bool(spec.latent)
    checkpoint = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    assert ("rival" in checkpoint) == any("adversarial" in one for one in change)
    (tmp_path / "axes.csv").write_text("id,image,axis,patient\nc,c.nii.gz,z,c\na,a.nii.gz,y,a\n")
    found = evaluate(pack, tmp_path / "axes.csv")
    assert found.n == (1 if spec.plane == "in" else 2)  # one axis within slices is no truth for both
    assert ("1 rows are of one axis" in found.problems[-1]) == (spec.plane == "in")
    assert found.metrics["consistency_hu"].value < 1e-3  # whole numbers in, means of four thin slices of whole numbers
    assert 0 < found.metrics["inside_90"].value <= 1 and -1 <= found.metrics["doubt_rank"].value <= 1
    assert found.metrics["perceptual"].value > 0 and found.baseline["cubic perceptual"] > 0
    assert "features of lidc-nodule" in found.problems[0]


def test_the_discriminator_sees_detail_alone_and_in_its_own_contrast():
    game, rival = sharpen_game(LossSpec(adversarial=0.1, discriminator=[4, 8]), CodeSpec(), (4, 1), (16, 16))
    made, truth = 100 * torch.randn(2, 1, 16, 16), 100 * torch.randn(2, 1, 16, 16) + 40
    ours, theirs = game.shown(made, truth)
    assert torch.equal(ours[:, :1], theirs[:, :1])  # what was given is the same
    pool = torch.nn.functional.avg_pool2d
    for one in (ours, theirs):  # both are consistent with it: no mean gives the truth away
        assert torch.allclose(pool(one[:, 1:], (4, 1)), pool(one[:, :1], (4, 1)), atol=1e-5)
    strong = game.shown(7 * made - 300, 7 * truth - 300)
    assert torch.allclose(strong[0], ours, atol=1e-3) and torch.allclose(strong[1], theirs, atol=1e-3)
    assert rival is not None and torch.isfinite(rival.loss(rival.net, Sharpened(made, made), made, truth))
    with pytest.raises(RecipeError, match="too small for a discriminator"):
        sharpen_game(LossSpec(adversarial=0.1), CodeSpec(), (4, 1), (16, 16))


def test_a_latent_costs_what_it_tells_beyond_the_free_nats():
    thin = torch.zeros(1, 1, 4, 4)
    told = Guess(thin + 5, thin + 3, torch.full((1, 2, 1, 4), 2.0), torch.zeros(1, 2, 1, 4))
    code = CodeSpec(kl=0.5, warmup=10, free_nats=0.1)
    assert float(guess_loss(told, thin, 1.0, code, 100)) == pytest.approx(8 / 50 + 0.5 * 2 * 2.0)  # 2²/2 nats each
    assert float(guess_loss(told, thin, 1.0, code, 0)) == pytest.approx(8 / 50 + 0.1 * 0.5 * 4)  # it warms up
    silent = Guess(thin, thin, torch.zeros(1, 2, 1, 4), torch.zeros(1, 2, 1, 4))
    assert float(guess_loss(silent, thin, 1.0, code, 100)) == pytest.approx(0.5 * 2 * 0.1)


def test_a_judge_prefers_the_truth_and_is_refused_where_it_cannot_see():
    sight = PlaneSight(load_pack("lidc-nodule"))
    truth = np.cumsum(np.random.default_rng(0).normal(0, 30, (40, 130)), 1).astype(np.float32)
    blurred = interpolate(degrade(truth, 4), 4, 3)
    assert sight.score(truth, truth) == pytest.approx(1.0, abs=1e-4)
    assert sight.score(blurred, truth) < 0.99
    with pytest.raises(RecipeError, match="U-Net on grey pictures"):
        PlaneSight(load_pack("brain-glioma-mri"))


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


def test_the_latent_needs_a_weight_of_its_own(recipe, tmp_path):
    with pytest.raises(RecipeError, match=r"code\.kl per coarse voxel"):
        run(recipe, VAE[:2], tmp_path / "run", False)


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
        ("data.plane=in,data.sources.0.across=true", "planes across them"),
        ("loss.cycle=1", "for data.unpaired"),
        ("loss.l1=0", "nothing says what is right"),
        ("loss.style=1", "ask a discriminator"),
        ("loss.judged=1", "for task 'translate'"),
        ("code.kl=0.02", "would be ignored by net 'sharpen'"),
    ],
)
def test_what_does_not_fit_is_told(recipe, change, told):
    with pytest.raises(RecipeError, match=told):
        read_recipe(recipe, change.split(","))
