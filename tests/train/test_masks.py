"""Segmentation of pictures, from recipe to evaluation, on bright discs."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from limner import io
from limner.data.augment.picture import Strength
from limner.errors import CohortError, RecipeError
from limner.infer import load_pack
from limner.infer.engines import ENGINES, open_engine
from limner.infer.evaluate import EvaluateOptions, evaluate
from limner.infer.masks import draw_mask
from limner.train import train
from limner.train.masks import MaskedBatches
from limner.train.recipe import read_recipe
from limner.train.run import make_parts

SIZE = 32


def _disc(rng: np.random.Generator, empty: bool) -> tuple[np.ndarray, np.ndarray]:
    """A noisy picture with a bright disc, or none, and its mask."""
    y, x = np.indices((SIZE, SIZE))
    center, radius = rng.uniform(10, 22, 2), 0.0 if empty else rng.uniform(4, 8)
    mask = np.hypot(y - center[0], x - center[1]) < radius
    image = np.clip(80 + 70 * mask + rng.normal(0, 25, mask.shape), 0, 255)
    return image.astype(np.uint8), np.where(mask, 255, 0).astype(np.uint8)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("discs")
    rng = np.random.default_rng(0)
    rows = [["id", "image", "mask", "label", "patient", "site", "split"]]
    for number in range(40):
        image, mask = _disc(rng, empty=number % 5 == 4)
        Image.fromarray(image).save(folder / f"{number}.png")
        Image.fromarray(mask).save(folder / f"{number}m.png")
        split = ["train", "train", "val", "test"][number // 10]
        label = "disc" if mask.any() else "nothing"
        rows.append([str(number), f"{number}.png", f"{number}m.png", label, f"p{number // 2}", "s", split])
    with (folder / "cohort.csv").open("w", newline="") as opened:
        csv.writer(opened).writerows(rows)
    return folder / "cohort.csv"


@pytest.fixture
def recipe(tmp_path, cohort):
    written = {
        "task": "segment",
        "seed": 1,
        "data": {
            "size": [SIZE, SIZE],
            "classes": {"0": "background", "255": "disc"},
            "sources": [{"cohort": str(cohort), "licence": "CC0"}],
        },
        "net": {"name": "unet", "options": {"channels": [8, 16, 16], "deep": 0}},
        "augment": {"flip": "yx", "rotate_deg": 20, "noise": 0.05},
        "train": {"steps": 50, "batch": 8, "rate": 0.005, "ema": 0.8, "check_every": 25, "threads": 1},
        "pack": {"name": "discs", "description": "Bright discs."},
    }
    path = tmp_path / "discs.yaml"
    path.write_text(yaml.safe_dump(written, sort_keys=False))
    return path


def test_from_recipe_to_figures(recipe, cohort, tmp_path):
    result = train(recipe, ["train.precision=32-true"], tmp_path / "run")
    pack = load_pack(result.pack)
    known = pack.spec.calibration
    assert pack.spec.mirrors == "yx"
    assert pack.spec.net.options["dims"] == 2
    assert known.ece_after <= known.ece_before
    assert 0 < known.area_thresholds[0] <= known.area_thresholds[1] < 1
    found = evaluate(pack, cohort, EvaluateOptions(split="test", bootstrap=50))
    assert found.per_class["disc"]["dice"].value > 0.85
    assert found.per_class["disc"]["patient_dice"].value > 0.85
    assert found.n == 10
    masked = draw_mask(pack, io.read_picture(cohort.parent / "30.png"))
    assert masked.areas["disc"].low <= masked.areas["disc"].value <= masked.areas["disc"].high

    image = np.random.default_rng(0).random((1, 1, SIZE, SIZE), dtype=np.float32)
    answers = {name: open_engine(name, pack.main)[1].run({"image": image})["logits"] for name in ENGINES}
    for name, answer in answers.items():
        assert answer.shape == (1, 2, SIZE, SIZE)
        assert np.abs(answer - answers["torch"]).max() < 2e-3, name


def test_a_net_starts_from_how_common_the_classes_are(recipe, tmp_path):
    parts = make_parts(read_recipe(recipe), tmp_path)
    _, target = parts.sampler.batch(0, 8)
    p = torch.softmax(parts.net.heads[0].bias, 0)[1].item()
    assert p == pytest.approx((target == 1).float().mean().item(), rel=0.5)


def test_image_and_mask_move_together():
    rng = np.random.default_rng(0)
    masks = np.stack([_disc(rng, False)[1] for _ in range(6)]) // 255
    strength = Strength(flip="yx", rotate_deg=90, scale=0.2, shift=0.1, shear=0.1, elastic=0.05)
    x, y = MaskedBatches((255 * masks)[:, None].astype(np.uint8), masks, strength, seed=0).batch(3, 16)
    assert x.shape == (16, 1, SIZE, SIZE)
    assert y.dtype == torch.uint8
    seen = (x[:, 0] > 0.5).numpy()
    assert (seen == y.numpy().astype(bool)).mean() > 0.985  # only the border is blurred
    assert (y.numpy().sum((1, 2)) > 0).all()


def test_a_batch_is_a_function_of_seed_and_step():
    rng = np.random.default_rng(0)
    images, masks = (np.stack(some) for some in zip(*(_disc(rng, False) for _ in range(6)), strict=True))
    sampler = MaskedBatches(images[:, None], masks // 255, Strength(rotate_deg=20, noise=0.1), seed=3)
    again = MaskedBatches(images[:, None], masks // 255, Strength(rotate_deg=20, noise=0.1), seed=3)
    for one, other in zip(sampler.batch(5, 4), again.batch(5, 4), strict=True):
        assert torch.equal(one, other)


def test_rare_pictures_are_drawn_as_often():
    masks = np.zeros((20, 4, 4), np.uint8)
    masks[:2, 0] = 1
    sampler = MaskedBatches(np.zeros((20, 1, 4, 4), np.uint8), masks, Strength(), seed=0, balanced=True)
    drawn = np.concatenate([sampler.order.at(step, 10) for step in range(60)])
    assert 0.42 < np.mean(drawn < 2) < 0.58


def test_kinds_of_one_thing_are_learned_together(recipe, tmp_path):
    """Classes from the labels, a group that holds them all: the loss also asks where either of them lies."""
    kinds = ["data.classes={nothing: background, disc: disc, ring: ring}", "data.groups={thing: [disc, ring]}"]
    parts = make_parts(read_recipe(recipe, kinds), tmp_path)
    _, target = parts.sampler.batch(0, 4)
    confused = torch.zeros(4, 3, SIZE, SIZE)
    confused[:, 2] = torch.where(target == 1, 8.0, -8.0)  # the right place, the wrong kind
    blind = torch.zeros(4, 3, SIZE, SIZE)
    blind[:, 0] = 8.0
    alone = make_parts(read_recipe(recipe, kinds[:1]), tmp_path)
    ratio = parts.loss((confused,), target) / parts.loss((blind,), target)
    assert ratio < 0.8 * alone.loss((confused,), target) / alone.loss((blind,), target)


def test_small_volumes_are_learned_too(recipe, tmp_path):
    rng = np.random.default_rng(0)
    masks = np.zeros((8, 8, 16, 16), np.uint8)
    masks[:, 2:6, 4:12, 4:12] = 255
    images = np.clip(masks * 0.5 + rng.normal(60, 20, masks.shape), 0, 255).astype(np.uint8)
    arrays = {"images": images, "masks": masks, "labels": np.zeros((8, 1), int)}
    held = {f"{split}_{name}": values for split in ("train", "val") for name, values in arrays.items()}
    np.savez(tmp_path / "volumes.npz", **held)
    parts = make_parts(
        read_recipe(
            recipe,
            ["data.size=[8,16,16]", f"data.sources=[{{cohort: {tmp_path / 'volumes.npz'}, licence: CC0}}]"],
        ),
        tmp_path,
    )
    x, y = parts.sampler.batch(0, 2)
    assert (x.shape, y.shape) == ((2, 1, 8, 16, 16), (2, 8, 16, 16))
    loss = parts.loss(parts.net(x), y)
    loss.backward()
    assert torch.isfinite(loss)
    assert 0 <= parts.check(parts.net.eval()) <= 1


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("data.balance=logits", "data.balance"),
        ("augment.mixup=0.2", "augment.mixup"),
        ("train.label_smoothing=0.1", "label_smoothing"),
        ("train.class_costs={star: 2}", "star"),
        ("data.size=[30,30]", "32 × 32"),
    ],
)
def test_what_does_not_fit_is_refused(recipe, tmp_path, setting, told):
    with pytest.raises(RecipeError, match=told):
        make_parts(read_recipe(recipe, [setting]), tmp_path)


def test_a_background_that_is_not_zero_is_refused(recipe, tmp_path):
    text = recipe.read_text().replace("'0': background\n    '255': disc", "'255': disc\n    '0': background")
    recipe.write_text(text)
    with pytest.raises(RecipeError, match="must begin with value 0"):
        make_parts(read_recipe(recipe), tmp_path)


def test_masks_that_nobody_told_of_are_refused(recipe, tmp_path):
    with pytest.raises(CohortError, match=r"holds 255; known values are 0, 7"):
        make_parts(read_recipe(recipe, ['data.classes={"0": background, "7": disc}']), tmp_path)


def test_the_pack_tells_how_it_is_calibrated(recipe, tmp_path):
    result = train(recipe, ["train.steps=4", "train.precision=32-true"], tmp_path / "run")
    spec = json.loads((result.pack / "pack.json").read_text())
    assert spec["class_values"] == ["0", "255"]
    assert "pictures of the check split" in spec["calibration"]["fitted_on"]
