"""Volumes from nothing: patches and their label maps, a curriculum that follows the step, a game that is resumed."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml

from limner.data.label_channels import label_channels
from limner.errors import CohortError, RecipeError
from limner.packs import load_pack
from limner.train import train
from limner.train.generate import build_generator
from limner.train.loop import fit
from limner.train.recipe import read_recipe
from limner.train.recipe_generate import Stage
from limner.train.recipe_patches import shown
from limner.train.run import make_parts
from tests.made_volumes import STAGES, write_recipe


@pytest.fixture
def made(tmp_path, cohort):
    return write_recipe(tmp_path / "made.yaml", cohort)


def test_a_batch_is_label_maps_and_patches_and_a_function_of_the_step(made, tmp_path):
    parts = make_parts(read_recipe(made), tmp_path / "cache")
    condition, real, step = parts.sampler.batch(3, 4)
    assert condition.shape == (4, 2, 8, 16, 16)
    assert real.shape == (4, 1, 8, 16, 16)
    assert -1 <= real.min() < real.max() <= 1
    assert int(step) == 3
    liver, tumor = condition[:, 0], condition[:, 1]
    assert (liver[tumor > 0] == 1).all()  # an organ holds what lies inside it
    assert real[:, 0][(liver > 0) & (tumor == 0)].mean() > real[:, 0][liver == 0].mean()
    again = make_parts(read_recipe(made), tmp_path / "cache").sampler.batch(3, 4)
    assert all(torch.equal(a, b) for a, b in zip((condition, real), again[:2], strict=True))


def test_values_stay_as_they_were(made, tmp_path):
    """What augmentation does to values would be generated; only places are changed."""
    patch = make_parts(read_recipe(made, ["augment=0.0"]), tmp_path / "cache").sampler.samplers[0].draw(0, 0)
    moved = make_parts(read_recipe(made, ["augment=1.0"]), tmp_path / "cache").sampler.samplers[0]
    hu = patch.image * 400 - 150
    assert abs(np.median(hu[0][patch.target == 1]) - 110) < 12
    for place in range(6):
        other = moved.draw(0, place)
        inside = other.target == 1
        assert not inside.any() or abs(np.median(other.image[0][inside] * 400 - 150) - 110) < 15


def test_a_curriculum_shows_more_and_fades_it_in(made, tmp_path):
    steps = ["train.steps=40", f"game.curriculum={STAGES}", "data.class_weights={liver tumor: 1.0}"]
    sampler = make_parts(read_recipe(made, steps), tmp_path / "cache").sampler
    seen = {step: sampler.batch(step, 3)[0].amax((0, 2, 3, 4)).tolist() for step in (0, 19, 20, 25, 39)}
    assert seen[0] == seen[19] == [1, 0]
    assert seen[20] == [1, 0]
    assert seen[25] == [1, 0.5]
    assert seen[39] == [1, 1]


def test_stages_add_up():
    stages = [Stage(share=0.2, adds=["a"]), Stage(share=0.3, adds=["b", "c"], ramp=1)]
    weights = np.array([shown(stages, ["background", "c", "a", "b"], step, 100) for step in range(130)])
    assert (np.diff(weights, axis=0) >= 0).all()  # nothing is taken away again
    assert weights[-1].tolist() == [1, 1, 1]
    assert weights[20].tolist() == [0, 1, 0]


def test_a_stage_learns_only_from_cases_that_tell_apart_what_it_shows(made, cohort, tmp_path):
    folder = tmp_path / "some"
    folder.mkdir()
    for path in cohort.parent.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    rows = list(csv.DictReader((folder / "cohort.csv").read_text().splitlines()))
    with (folder / "cohort.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "more"])
        writer.writeheader()
        writer.writerows({**row, "more": row["mask"] if row["id"] == "case0" else ""} for row in rows)
    raw = yaml.safe_load(made.read_text())
    raw["data"]["sources"][0] |= {"cohort": str(folder / "cohort.csv"), "layers": [
        {"column": "mask", "values": {1: "liver", 2: "liver"}},
        {"column": "more", "values": {2: "liver tumor"}, "otherwise": {"liver tumor": "liver"}},
    ]}  # fmt: skip
    raw["game"]["curriculum"] = STAGES
    made.write_text(yaml.safe_dump(raw))
    sampler = make_parts(read_recipe(made), tmp_path / "cache").sampler
    ids = [[case.id for source in one.sources for case in source.cases] for one in sampler.samplers]
    assert ids == [["case0", "case1"], ["case0"]]
    raw["data"]["sources"][0]["only"] = ["case1"]
    made.write_text(yaml.safe_dump(raw))
    with pytest.raises(CohortError, match="No case tells liver, liver tumor apart"):
        make_parts(read_recipe(made), tmp_path / "cache")


def test_a_killed_run_goes_on_to_the_same_curve(made, tmp_path):
    settings = [f"game.curriculum={STAGES}", "train.precision=32-true", "train.checkpoint_every=1"]
    recipe = read_recipe(made, settings)

    for name in ("cut", "whole"):
        (tmp_path / name).mkdir()

    class Killed:
        """Gives batches until the run is killed in its second stage."""

        def __init__(self, inner):
            self.inner = inner

        def batch(self, step, size):
            if step == 3:
                raise OSError("killed")
            return self.inner.batch(step, size)

    parts = make_parts(recipe, tmp_path / "cache")
    with pytest.raises(OSError, match="killed"):
        fit(replace(parts, sampler=Killed(parts.sampler)), recipe.train, tmp_path / "cut")
    fit(make_parts(recipe, tmp_path / "cache"), recipe.train, tmp_path / "cut", resume=True)
    fit(make_parts(recipe, tmp_path / "cache"), recipe.train, tmp_path / "whole")
    curves = [(tmp_path / name / "curve.csv").read_text().splitlines()[1:] for name in ("cut", "whole")]
    cut, whole = ([row.split(",")[:2] for row in one] for one in curves)
    assert len(whole) == 4
    assert cut == whole


def test_the_map_is_honoured_after_a_few_steps(made, tmp_path):
    """With other noise and styles, where the map says liver the volume is brighter than around it."""
    settings = [
        *("train.steps=60", "train.batch=4", "train.rate=0.01", "train.check_every=60", "train.ema=0.9"),
        *("game.r1_every=8", "game.path=0", "data.class_weights={liver: 1.0}", "net.options.features=[12, 12, 8]"),
    ]
    result = train(made, settings, tmp_path / "run")
    recipe = read_recipe(made, settings)
    from safetensors.torch import load_file

    net = build_generator(recipe, 2)
    net.load_state_dict({k: v.float() for k, v in load_file(result.pack / "weights.safetensors").items()})
    half = np.zeros((8, 16, 16), np.uint8)
    half[:, :, 8:] = 1
    with torch.inference_mode():
        torch.manual_seed(0)
        for labels, inside in ((half, half == 1), (half[:, :, ::-1], half != 1)):
            channels = torch.from_numpy(label_channels(labels, 3, {1: (2,)})).float()
            volumes = net.eval()(channels.expand(8, -1, -1, -1, -1)).pictures[:, 0].numpy()
            apart = volumes[:, inside].mean(1) - volumes[:, ~inside].mean(1)
            assert apart.min() > 0
            assert apart.mean() > 0.2


def test_a_recipe_of_volumes_says_what_does_not_fit(made, tmp_path):
    for change, message in (
        ("data.condition=label", "data.condition"),
        ("data.sources.0.paint_tumors=0.5", "what is made up would be generated too"),
        ("data.bones_hu=120", "finds the class 'bones'"),
        ("game.curriculum=[{share: 1, adds: [liver]}]", "adds each of liver, liver tumor in one stage"),
        ("game.curriculum=[{share: 0.9, adds: [liver]}, {share: 0.9, adds: [liver tumor]}]", "at most 1 together"),
    ):
        with pytest.raises(RecipeError, match=message):
            read_recipe(made, [change])
    with pytest.raises(RecipeError, match="goes with task 'generate'"):
        read_recipe(made, ["task=segment", "net=auto"])
    with pytest.raises(RecipeError, match="lead to a side of 16"):
        train(made, ["data.patch=[8, 16, 24]"], tmp_path / "run")
    with pytest.raises(RecipeError, match="vae makes pictures"):
        train(made, ["net=vae", "game={}"], tmp_path / "run")


def test_a_recipe_without_a_net_gets_one_that_fits(made, tmp_path):
    raw = yaml.safe_load(made.read_text())
    del raw["net"]
    made.write_text(yaml.safe_dump(raw))
    result = train(made, ["train.steps=1"], tmp_path / "run")
    assert load_pack(result.pack).spec.net.name == "stylegan2"
