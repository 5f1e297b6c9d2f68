"""A translation learns a mapping that is known, in pairs and without; its game goes on after a kill; slips are told."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from limner.data.augment.picture import Strength
from limner.errors import RecipeError
from limner.infer import load_pack
from limner.infer.translate import open_translator
from limner.train.loop import fit
from limner.train.recipe import Recipe, read_recipe
from limner.train.run import make_parts, run
from limner.train.sight import Sight
from limner.train.translate import PairedBatches
from tests.translated import NAMES, flair_of, write_slices

SMALL = {"name": "casnet", "options": {"blocks": 2, "features": [6, 8]}}
FULL = {"l1": 1, "adversarial": 0.1, "perceptual": 0.5, "style": 0.5, "discriminator": [4, 8]}
CYCLE = {"l1": 0, "adversarial": 0.3, "cycle": 10, "discriminator": [4, 8]}


def recipe_file(folder: Path, cohort: Path, data: dict[str, Any] | None = None, **changes: Any) -> Path:
    written = {
        "task": "translate",
        "data": {
            "size": [32, 32], "crop": [16, 16], "channel_names": NAMES, "given": ["pre", "post"], "wanted": "flair",
            "judge": None, "sources": [{"cohort": str(cohort), "licence": "CC0"}], **(data or {}),
        },
        "net": SMALL,
        "augment": {"flip": "x"},
        "train": {"steps": 6, "batch": 4, "rate": 0.02, "threads": 1, "precision": "32-true", "ema": 0.5,
                  "check_every": 3, "checkpoint_every": 3},
        "pack": {"name": "toy", "description": "FLAIR of T1."},
        **changes,
    }  # fmt: skip
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(written))
    return path


def recipe(folder: Path, **changes: Any) -> Recipe:
    return read_recipe(recipe_file(folder, write_slices(folder / "slices"), **changes))


def test_a_known_mapping_is_learned_and_shipped(tmp_path):
    cohort = write_slices(tmp_path / "slices", 12, copied=(0,))
    train = {
        "steps": 150,
        "batch": 8,
        "rate": 0.02,
        "threads": 1,
        "precision": "32-true",
        "ema": 0.8,
        "check_every": 75,
    }
    made = run(recipe_file(tmp_path, cohort, loss=FULL, train=train), [], tmp_path / "run", False)
    assert "s0," in (tmp_path / "run" / "left_out.csv").read_text()
    translator = open_translator(load_pack(made.pack), "onnxruntime")
    image = np.random.default_rng(3).uniform(0, 255, (2, 4, 4)).repeat(12, 1).repeat(12, 2).astype(np.uint8)
    found = translator(image, doubt=True)
    inner = (slice(4, -4), slice(4, -4))
    assert found.picture.shape == (48, 48)  # another size than it learned from
    error = np.abs(found.picture - flair_of(*image))[inner].mean()
    assert error < 0.3 * np.abs(image[1] - flair_of(*image))[inner].mean()
    assert found.doubt is not None
    assert translator.scale > 0


@pytest.mark.parametrize("cycle", [False, True])
def test_a_resumed_game_goes_on_to_the_same_curve(tmp_path, cycle):
    changes = (
        {"loss": CYCLE, "net": {**SMALL, "name": "cyclegan"}, "data": {"unpaired": True}} if cycle else {"loss": FULL}
    )
    given = recipe(tmp_path, **changes)
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    fit(make_parts(given, tmp_path), given.train, tmp_path / "whole")

    parts = make_parts(given, tmp_path)

    class Stops:
        def batch(self, step: int, size: int) -> tuple[torch.Tensor, ...]:
            if step == 5:
                raise RuntimeError("stopped here")
            return parts.sampler.batch(step, size)

    with pytest.raises(RuntimeError, match="stopped here"):
        fit(replace(parts, sampler=Stops()), given.train, tmp_path / "cut")
    fit(make_parts(given, tmp_path), given.train, tmp_path / "cut", resume=True)
    assert rows(tmp_path / "cut") == rows(tmp_path / "whole")
    assert len(rows(tmp_path / "whole")) == 7


def rows(folder: Path) -> list[list[str]]:
    return [[*row[:3], *row[4:]] for row in csv.reader((folder / "curve.csv").read_text().splitlines())]


def test_without_pairs_pictures_come_to_look_like_what_is_wanted(tmp_path):
    cohort = write_slices(tmp_path / "slices", 12, flat=True)  # T1 is 70 to 90 grey, FLAIR about 190
    train = {"steps": 120, "batch": 8, "rate": 0.01, "threads": 1, "precision": "32-true", "ema": 0.95}
    path = recipe_file(
        tmp_path, cohort, {"unpaired": True}, net={**SMALL, "name": "cyclegan"}, loss=CYCLE, train=train, augment={}
    )
    given = read_recipe(path)
    parts = make_parts(given, tmp_path)
    both = parts.sampler.batch(0, 64)[1]
    (tmp_path / "run").mkdir()
    net = fit(parts, given.train, tmp_path / "run")
    with torch.inference_mode():
        cycle = net(both)
    assert abs(float(cycle.made.mean()) - float(both[:, -1:].mean())) < 0.12
    assert abs(float(both[:, :-1].mean()) - float(both[:, -1:].mean())) > 0.4
    assert float((cycle.given - both[:, :-1]).abs().mean()) < 0.15


def test_pairs_stay_together_and_others_do_not(tmp_path):
    given = recipe(tmp_path, augment={"flip": "x", "rotate_deg": 20, "shift": 0.1})
    seen, both = make_parts(given, tmp_path).sampler.batch(4, 8)
    pre, post, flair = both.unbind(1)
    assert torch.equal(seen, both[:, :2])
    apart = (flair * 255 - torch.from_numpy(flair_of(pre.numpy() * 255, post.numpy() * 255))).abs()
    assert float(apart.mean()) < 2  # of 255: what moves them interpolates
    unpaired = recipe(tmp_path, data={"unpaired": True}, net={**SMALL, "name": "cyclegan"}, loss=CYCLE)
    seen, both = make_parts(unpaired, tmp_path).sampler.batch(4, 8)
    pre, post, flair = both.unbind(1)
    apart = (flair * 255 - torch.from_numpy(flair_of(pre.numpy() * 255, post.numpy() * 255))).abs()
    assert float(apart.mean()) > 20


def test_patients_are_drawn_equally_often(tmp_path):
    data = recipe(tmp_path).data
    marks = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 3, 32, 32), np.uint8)
    sampler = PairedBatches(marks, data, Strength(), 0, ["many"] * 9 + ["one"])
    drawn = torch.cat([sampler.batch(step, 20)[1][:, 0, 0, 0] for step in range(20)])
    assert 0.4 < float((drawn * 255 > 8.5).float().mean()) < 0.6


def test_a_regression_has_no_rival(tmp_path):
    assert make_parts(recipe(tmp_path), tmp_path).rival is None
    assert make_parts(recipe(tmp_path, loss={"adversarial": 0.1}), tmp_path).rival is not None


def test_what_a_net_is_held_to_is_what_its_checks_measure(tmp_path):
    sight = Sight(load_pack("brain-glioma-mri"), NAMES, "flair")
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 255, (3, 10, 10)).repeat(16, 1).repeat(16, 2).astype(np.uint8)
    made = np.clip(coarse[1] + rng.normal(0, 20, (160, 160)), 0, 255).round().astype(np.float32)
    both = torch.from_numpy(coarse[None]).float() / 255
    slopes = torch.from_numpy(made[None, None] / 255).requires_grad_()
    loss = sight.loss(slopes, both, (160, 160))
    stages = sight.features(coarse)
    assert float(loss.detach()) == pytest.approx(
        sight.distance(made, coarse, stages) / len(stages), rel=0.05
    )  # bfloat16
    [slope] = torch.autograd.grad(loss, slopes)
    assert float(slope.abs().max()) > 0
    assert float(sight.loss(both[:, 1:2], both, (160, 160))) == pytest.approx(0, abs=1e-6)
    crop = both[:, :, :80, :80]  # of a slice twice as large, so seen at half its size
    assert torch.isfinite(sight.loss(crop[:, 1:2] * 0.9, crop, (320, 320)))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"loss": {"perceptual": 1}}, "ask a discriminator"),
        ({"loss": {"l1": 0}}, "nothing says what is right"),
        ({"loss": {"cycle": 1}}, "is for data.unpaired"),
        ({"loss": {"judged": 1}}, "which is null: name a pack"),
        ({"data": {"unpaired": True}}, "net 'cyclegan'"),
        ({"data": {"unpaired": True}, "net": {**SMALL, "name": "cyclegan"}}, "loss.adversarial and loss.cycle"),
        ({"data": {"given": ["pre", "flair"]}}, "is given already"),
        ({"data": {"given": ["pre", "t2"]}}, "got 't2'"),
        ({"data": {"channel_names": ["pre", "flair", "t2"]}}, "'t2' is not one of"),
        ({"data": {"reference": "flair"}}, "data.reference is one of data.given"),
        ({"data": {"crop": [64, 64]}}, "larger than data.size"),
        ({"augment": {"mixup": 0.2}}, "no translation"),
        ({"net": {"name": "casnet", "options": {"blocks": 0}}, "planned": True}, "a block or more"),
        ({"data": {"crop": [15, 16]}, "made": True}, "does not go through the net"),
        ({"data": {"judge": "skin-lesion"}, "checked": True}, "without names"),
    ],
)
def test_slips_are_told(tmp_path, changes, told):
    from limner.train.run import planned

    kinds = {key: changes.pop(key) for key in ("planned", "made", "checked") if key in changes}
    with pytest.raises(RecipeError, match=told):
        given = recipe(tmp_path, **changes)
        assert kinds
        planned(given)
        parts = make_parts(given, tmp_path)
        assert parts.check is not None
        parts.check(parts.net)


def test_other_tasks_know_no_such_losses(tmp_path):
    cohort = write_slices(tmp_path / "slices")
    data = {"size": [32, 32], "classes": {"0": "background", "255": "it"},
            "sources": [{"cohort": str(cohort), "licence": "CC0"}]}  # fmt: skip
    path = recipe_file(tmp_path, cohort, task="segment", net={"name": "unet"}, loss={"l1": 2})
    text = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**text, "data": data}))
    with pytest.raises(RecipeError, match="section 'loss' is for task 'translate'"):
        read_recipe(path)
