"""An autoencoder's numbers are obeyed: a size, a place or a class that is set is what the picture then shows."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from limner.cli.app import app
from limner.data.fitted import read_for
from limner.errors import InputError, MissingExtraError, PackError
from limner.infer.generate import GenerateOptions, generate, invert, open_generator
from limner.infer.inputs import predict_inputs
from limner.io import read_marks
from limner.packs import load_pack
from limner.train import train
from tests.train.phantom_heads import SIDE, measured, write_heads
from tests.train.pictures import write_recipe

NET = {"name": "vae", "options": {"features": [12, 16, 24], "latent": 6, "grain": 1}}
CLASSES = {"mask": {"0": "background", "1": "tumor"}, "label": {"dark": "dark", "light": "light"}}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return write_heads(tmp_path_factory.mktemp("heads") / "cohort")


def make(folder, cohort, by, steps):
    spec = {"steps": steps, "batch": 12, "rate": 0.005, "threads": 1, "precision": "32-true", "ema": 0.97}
    recipe = write_recipe(
        folder / "recipe.yaml", cohort, task="generate", net=NET, train=spec, augment={"flip": "x", "shift": 0.08},
        data={"size": [SIDE, SIDE], "condition": by, "classes": CLASSES[by],
              "sources": [{"cohort": str(cohort), "licence": "CC0"}]},
        code={"warmup": 20},
    )  # fmt: skip
    return load_pack(train(recipe, [], folder / "run").pack)


@pytest.fixture(scope="module")
def places(tmp_path_factory, cohort):
    return make(tmp_path_factory.mktemp("places"), cohort, "mask", 200)


@pytest.fixture(scope="module")
def shades(tmp_path_factory, cohort):
    return make(tmp_path_factory.mktemp("shades"), cohort, "label", 40)


def test_a_disc_is_as_large_as_set_and_where_it_is_set(places):
    generator = open_generator(places)
    rng = np.random.default_rng(1)
    wanted = [
        {"size": np.pi * r**2, "y": y, "x": x}
        for r, y, x in zip(
            rng.uniform(0.09, 0.16, 40), rng.uniform(0.34, 0.66, 40), rng.uniform(0.34, 0.66, 40), strict=True
        )
    ]
    pictures = generator.pictures([generator.latent(seed, values=one) for seed, one in enumerate(wanted)])
    found = np.array([measured(one) for one in pictures])
    asked = np.array([[one["size"], one["y"], one["x"]] for one in wanted])
    for k, least in enumerate((0.8, 0.95, 0.95)):
        assert np.corrcoef(found[:, k], asked[:, k])[0, 1] > least
    assert np.abs(found[:, 1:] - asked[:, 1:]).mean() < 1 / SIDE
    empty = generator.pictures([generator.latent(seed, values={"size": 0}) for seed in range(20)])
    assert np.mean([measured(one)[0] for one in empty]) < 0.002


def test_a_disc_is_read_off_a_picture_and_made_again(places, cohort):
    generator = open_generator(places)
    for k in (9, 19, 29, 39):  # held out
        latent = invert(generator, read_for(cohort.parent / f"p{k}.png", generator.picture))
        real = np.asarray(Image.open(cohort.parent / f"p{k}.png"), np.float32)[None] / 255
        made = generator.pictures([latent])[0]
        assert np.abs(made - real).mean() < 0.06
        area, y, x = measured(real)
        told = generator.made_from.told(latent.condition)["attributes"]
        assert abs(told["size"] - area) < 0.03
        assert np.hypot(told["y"] - y, told["x"] - x) < 0.06


def test_the_way_between_two_pictures_is_smooth_and_keeps_its_edges(places, cohort, tmp_path):
    generator = open_generator(places)
    one, other = (cohort.parent / f"p{k}.png" for k in (9, 19))
    made = generate(generator, tmp_path / "way", GenerateOptions(between=(one, other), frames=9))
    assert "p9" not in json.dumps(made.told)  # a file's name may name its patient
    assert made.told["between"] == ["a given picture", "a given picture"]
    frames = np.stack([np.asarray(Image.open(tmp_path / "way" / f"{k:04d}.png"), float)[None] / 255 for k in range(9)])
    steps = np.abs(np.diff(frames, axis=0)).mean((1, 2, 3))
    assert steps.max() < 2.5 * steps.mean()
    sizes = [row["attributes"]["size"] for row in made.told["images"]]
    assert (np.diff(sizes) > 0).all() or (np.diff(sizes) < 0).all()


def test_a_class_that_is_set_is_what_the_picture_shows(shades, cohort):
    generator = open_generator(shades)
    middle = slice(SIDE // 4, -SIDE // 4)
    found = {}
    for name in ("dark", "light"):
        kind = generator.made_from.of_class(name)
        pictures = generator.pictures([generator.latent(seed, condition=kind) for seed in range(16)])
        found[name] = np.median(pictures[:, 0, middle, middle], axis=(1, 2))
    assert np.percentile(found["light"], 10) > np.percentile(found["dark"], 90)
    seen = invert(generator, read_for(cohort.parent / "p9.png", generator.picture))
    assert generator.made_from.told(seen.condition)["class"] == "light"


def test_engines_agree(places):
    found = []
    for engine in ("openvino", "onnxruntime", "torch"):
        generator = open_generator(places, engine)
        found.append(generator.pictures([generator.latent(seed) for seed in (4, 5)]))
    assert np.abs(found[0] - found[1]).max() < 2e-3
    assert np.abs(found[0] - found[2]).max() < 2e-3


def test_seeds_are_spread_as_what_was_learned_from(places):
    generator = open_generator(places)
    pictures = generator.pictures([generator.latent(seed) for seed in range(60)])
    areas = np.array([measured(one)[0] for one in pictures])
    [seen] = places.generator.shapes
    assert abs((areas < 0.004).mean() - seen.empty) < 0.15
    heads = (pictures[:, 0] > 0.12).mean((1, 2))
    assert 0.4 < heads.mean() < 0.68
    assert heads.std() > 0.015


def test_what_cannot_be_set_is_refused(places, shades, cohort, tmp_path):
    generator = open_generator(places)
    with pytest.raises(InputError, match="it has size, y, x"):
        generator.latent(1, values={"depth": 0.5})
    with pytest.raises(InputError, match="from 0 to 1; got 30"):
        generator.latent(1, values={"x": 30})
    with pytest.raises(InputError, match="it has none"):
        open_generator(shades).latent(1, values={"size": 0.1})
    options = GenerateOptions(labels=cohort.parent / "m0.png", values={"x": 0.5})
    with pytest.raises(InputError, match="--labels and --set both"):
        generate(generator, tmp_path / "x", options)
    options = GenerateOptions(between=(1, cohort.parent / "p0.png"), values={"x": 0.5})
    with pytest.raises(InputError, match="leave --set out"):
        generate(generator, tmp_path / "x", options)


def test_the_command_takes_attributes_and_label_maps(places, cohort, tmp_path):
    given = ["generate", str(places.folder), "-n", "2", "--json"]
    found = CliRunner().invoke(app, [*given, "--set", "size=0.06", "--set", "x=0.4", "-o", str(tmp_path / "a")])
    assert found.exit_code == 0, found.output
    rows = json.loads(found.output)["images"]
    assert [row["attributes"]["size"] for row in rows] == [0.06, 0.06]
    assert len({row["attributes"]["y"] for row in rows}) == 2
    found = CliRunner().invoke(app, [*given, "--labels", str(cohort.parent / "m0.png"), "-o", str(tmp_path / "b")])
    assert found.exit_code == 0, found.output
    area, y, x = measured(np.asarray(Image.open(cohort.parent / "m0.png"), float)[None])
    told = json.loads(found.output)["images"][0]["attributes"]
    assert (told["size"], told["y"], told["x"]) == pytest.approx((area, y, x), abs=1e-3)
    assert CliRunner().invoke(app, [*given, "--set", "size", "-o", str(tmp_path / "c")]).exit_code == 2


def test_without_an_encoder_the_styles_are_searched(tmp_path, cohort, monkeypatch):
    recipe = write_recipe(
        tmp_path / "recipe.yaml", cohort, task="generate",
        net={"name": "stylegan2", "options": {"features": [8, 4], "latent": 4, "width": 4, "depth": 1}},
        data={"size": [8, 8], "sources": [{"cohort": str(cohort), "licence": "CC0"}]},
        train={"steps": 1, "batch": 4, "threads": 1, "precision": "32-true"},
    )  # fmt: skip
    generator = open_generator(load_pack(train(recipe, [], tmp_path / "run").pack))
    given = GenerateOptions(between=(1, cohort.parent / "p1.png"), frames=3)
    monkeypatch.setattr("limner.infer.generate.inversion.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="torch"):
        generate(generator, tmp_path / "x", given)
    assert not (tmp_path / "x").exists()
    monkeypatch.undo()
    made = generate(generator, tmp_path / "x", given)
    assert made.told["between"] == [1, "a given picture"]  # a path may name a patient
    assert len(made.told["images"]) == 3
    assert not (tmp_path / "x" / "cohort.csv").exists()  # somebody's picture is no nobody to learn from
    assert "may resemble" in read_marks(tmp_path / "x" / "0002.png").explicit.sentence
    with pytest.raises(PackError, match="limner generate"):
        predict_inputs(generator.pack, [cohort.parent / "p1.png"], tmp_path / "p")
