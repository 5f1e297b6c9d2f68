"""Which net a recipe gets that names none, and the grid and patch that follow from the scans."""

import json

import nibabel
import numpy as np
import pytest
import yaml

from limner import nets
from limner.data.cohort import read_cohort
from limner.errors import CohortError, RecipeError
from limner.nets.dynunet import topology
from limner.train import train
from limner.train.fingerprint import feature_values, fill_data, fingerprint, plan_patch
from limner.train.plan import Means, plan, with_plan
from limner.train.recipe import read_recipe

from .pictures import write_pictures, write_recipe

CPU, GPU = Means(2.0, False), Means(20.0, True)


def _recipe(tmp_path, task="classify", size=(16, 16), **changes):
    cohort = write_pictures(tmp_path / "set", count=24)
    data = {"size": list(size), "classes": {"0": "a", "1": "b"}, "sources": [{"cohort": str(cohort), "licence": "CC0"}]}
    path = write_recipe(tmp_path / "toy.yaml", cohort, task=task, data=data, **changes)
    written = yaml.safe_load(path.read_text())
    if "net" not in changes:
        del written["net"]
    path.write_text(yaml.safe_dump(written))
    return read_recipe(path)


def _volumes(tmp_path, spacing, patch, **changes):
    rows = [f"{k},v{k}.nii.gz,m{k}.nii.gz,train" for k in range(4)]
    (tmp_path / "cohort.csv").write_text("\n".join(["id,image,mask,split", *rows]))
    for k, mm in enumerate((5.0, 5.0, 4.0, 5.0)):
        for name in "vm":
            array = np.zeros((64, 60 + 4 * k, 20), np.int16)
            nibabel.save(nibabel.Nifti1Image(array, np.diag([-1.0, -1.0, mm, 1.0])), tmp_path / f"{name}{k}.nii.gz")
    source = {
        "cohort": str(tmp_path / "cohort.csv"),
        "layers": [{"column": "mask", "values": {1: "liver"}}],
        "licence": "CC0",
    }
    written = {
        "task": "segment",
        "data": {
            "spacing_mm": spacing,
            "window_hu": [0, 1],
            "patch": patch,
            "classes": ["background", "liver"],
            "sources": [source],
        },
        "pack": {"name": "toy", "description": "toy"},
        **changes,
    }
    path = tmp_path / "volumes.yaml"
    path.write_text(yaml.safe_dump(written))
    return path


def test_simple_classification_gets_a_resnet(tmp_path):
    small = plan(_recipe(tmp_path), CPU)
    assert (small.net, small.options["stem"]) == ("resnet18", "small")
    assert "16 × 16" in small.why
    assert small.seen == {"task": "classify", "size": [16, 16], "cases": 16, "memory_gb": 2.0, "gpu": False}
    assert plan(_recipe(tmp_path, size=(224, 224)), CPU).options["stem"] == "large"
    assert plan(_recipe(tmp_path, size=(28, 28, 28)), CPU).net == "resnet18"


def test_fine_segmentation_gets_unet_plus_plus(tmp_path):
    fine = plan(_recipe(tmp_path, "segment", (96, 96)), CPU)
    assert fine.net == "unet++"
    assert "fine borders" in fine.why
    assert plan(_recipe(tmp_path, "segment", (96, 96)), GPU).options["features"][0] == 32
    assert plan(_recipe(tmp_path, "segment", (28, 28, 28)), CPU).net == "unet++"
    assert plan(_recipe(tmp_path, "segment", (96, 96, 96)), CPU).net == "dynunet"


def test_detection_gets_centers(tmp_path):
    assert plan(_recipe(tmp_path, "detect", (64, 64)), CPU).net == "center-net"


def test_anisotropic_volumes_get_a_planned_dynunet(tmp_path):
    recipe = read_recipe(_volumes(tmp_path, [5, 1, 1], [16, 64, 64]))
    found = plan(recipe, CPU)
    assert found.net == "dynunet"
    assert found.options["strides"][1] == [1, 2, 2]
    assert found.options["kernels"][0] == [1, 3, 3]
    assert "5.0 times coarser" in found.why
    assert with_plan(recipe, found).net.name == "dynunet"
    assert plan(read_recipe(_volumes(tmp_path, [3, 3, 3], [32, 48, 48])), CPU).net == "unet++"


def test_a_named_net_stays_and_options_are_checked_before_the_data(tmp_path):
    recipe = _recipe(tmp_path, net={"name": "resnet50", "options": {"width": 4}})
    assert plan(recipe, CPU).why == "resnet50, because the recipe names it."
    wrong = _recipe(tmp_path, net={"name": "resnet18", "options": {"widht": 4}})
    with pytest.raises(RecipeError, match=r"'resnet18' cannot be built.*widht"):
        with_plan(wrong, plan(wrong, CPU))
    assert _recipe(tmp_path, net="auto").net == _recipe(tmp_path).net
    assert _recipe(tmp_path, net="densenet121").net.name == "densenet121"


def test_a_run_says_why_and_a_resumed_one_keeps_the_choice(tmp_path, capsys):
    recipe = tmp_path / "toy.yaml"
    settings = ["net.name=auto", "net.options={width: 4}", "train.steps=2", "train.batch=auto"]
    write_recipe(recipe, write_pictures(tmp_path / "set"))
    result = train(recipe, settings, tmp_path / "run")
    kept = json.loads((result.folder / "plan.json").read_text())
    assert kept["net"] == "resnet18"
    assert kept["options"] == {"stem": "small", "width": 4}
    told = " ".join(capsys.readouterr().err.split())
    assert kept["why"] in told
    assert "Batch 1:" in told  # a tenth of sixteen examples
    resolved = yaml.safe_load((result.folder / "recipe.yaml").read_text())
    assert resolved["net"]["name"] == "resnet18"
    assert resolved["train"]["batch"] == 1
    assert kept["why"].split(",")[0] in (result.folder / "live.html").read_text()
    train(recipe, [*settings, "train.steps=3"], tmp_path / "run", resume=True)
    assert len((result.folder / "curve.csv").read_text().splitlines()) == 4


def test_the_fingerprint_of_scans_gives_grid_and_patch(tmp_path):
    path = _volumes(tmp_path, "auto", "auto")
    found = fingerprint(read_cohort(tmp_path / "cohort.csv").cases)
    assert found.cases == found.read == 4
    # 20 slices of 4 or 5 mm beside 1 mm pixels: the tenth percentile along the slices, the median elsewhere
    assert found.spacing_mm == (pytest.approx(4.3, abs=0.01), 1.0, 1.0)
    assert found.shape == (round(20 * 5 / found.spacing_mm[0]), 66, 64)
    assert found.anisotropic
    recipe = read_recipe(path)
    assert recipe.data.spacing_mm == found.spacing_mm
    assert len(recipe.data.patch) == 3
    given = fill_data({**yaml.safe_load(path.read_text())["data"], "spacing_mm": [2, 2, 2]}, 8.0)
    assert given["spacing_mm"] == [2.0, 2.0, 2.0]
    assert max(given["patch"]) <= 64
    with pytest.raises(RecipeError, match=r"data\.patch=auto is taken from the scans"):
        fill_data({"spacing_mm": [1, 1, 1], "patch": "auto", "sources": []}, 8.0)


def test_a_patch_shrinks_until_memory_holds_it():
    class Big:
        cases, read, spacing_mm, shape, anisotropic = 100, 40, (3.0, 0.8, 0.8), (100, 512, 512), True

    plans = {gb: plan_patch(Big(), gb) for gb in (2.0, 8.0, 24.0)}
    voxels = [int(np.prod(one.patch)) for one in plans.values()]
    assert voxels == sorted(voxels)
    assert voxels[0] < voxels[-1]
    for gb, one in plans.items():
        assert feature_values(one.topology, 32) * one.batch <= 2 * 560e6 * gb / 8.0 * 1.01
        assert all(n % int(d) == 0 for n, d in zip(one.patch, np.prod(one.topology.strides, axis=0), strict=True))
        assert one.batch >= 2
    assert plans[8.0].patch[1] > plans[8.0].patch[0]


@pytest.mark.parametrize(
    ("spacing", "patch"), [((1, 1, 1), (64, 64, 64)), ((6, 0.7, 0.7), (16, 96, 96)), ((1, 1), (128, 96))]
)
def test_a_planned_topology_runs(spacing, patch):
    import torch

    made = topology(spacing, patch)
    assert made.patch == patch
    ends = [n // int(d) for n, d in zip(patch, np.prod(made.strides, axis=0), strict=True)]
    assert all(4 <= n < 12 for n in ends)
    net = nets.build(
        "dynunet", 1, 2, channels=made.channels(4, 8), kernels=made.kernels, strides=made.strides, dims=len(patch)
    )
    with torch.inference_mode():
        assert net.eval()(torch.zeros(1, 1, *patch))[0].shape == (1, 2, *patch)


def test_scans_without_a_place_are_refused(tmp_path):
    (tmp_path / "cohort.csv").write_text("id,image\n1,v.nii.gz\n")
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 1), np.int16), np.eye(4)), tmp_path / "v.nii.gz")
    from limner.errors import InputError

    with pytest.raises(InputError):
        fingerprint(read_cohort(tmp_path / "cohort.csv").cases)
    assert issubclass(CohortError, InputError)


@pytest.mark.parametrize("side", [16, 64, 128])
def test_pictures_of_nobody_are_planned_for_their_size(tmp_path, side):
    recipe = _recipe(tmp_path, "generate", (side, side), augment={})
    chosen = plan(recipe, CPU)
    assert chosen.net == "stylegan2"
    assert "vae" in chosen.why
    with_plan(recipe, chosen)  # it can be built
    assert chosen.options["features"][-1] < chosen.options["features"][0] or side == 16
    assert plan(recipe, GPU).options["features"][0] > chosen.options["features"][0]


@pytest.mark.parametrize("size", [(48, 48), (64, 32)])
def test_a_size_that_no_generator_doubles_to_is_refused(tmp_path, size):
    with pytest.raises(RecipeError, match="generated square"):
        plan(_recipe(tmp_path, "generate", size, augment={}), CPU)
