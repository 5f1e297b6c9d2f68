"""From a cohort to a pack to pictures of nobody: the same seed is the same picture, on each engine."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from typer.testing import CliRunner

from limner.cli.app import app
from limner.data.cohort import read_cohort
from limner.errors import InputError, NotAnImageError, OutputExistsError, PackError
from limner.infer.generate import GenerateOptions, generate, open_generator
from limner.io import read_marks
from limner.packs import load_pack
from limner.train import train
from tests.train.pictures import CLASSES, write_pictures, write_recipe

NET = {"name": "stylegan2", "options": {"features": [8, 8, 4], "latent": 6, "width": 8, "depth": 2}}


def make(folder, **data):
    cohort = write_pictures(folder / "cohort")
    if data.get("condition") == "mask":
        rows = cohort.read_text().splitlines()
        lines = [f"{rows[0]},mask"]
        for k, row in enumerate(rows[1:]):
            mask = np.zeros((16, 16), np.uint8)
            mask[4 : 8 + k % 4, 5:11] = k % 3 > 0
            Image.fromarray(mask).save(cohort.parent / f"m{k}.png")
            lines.append(f"{row},m{k}.png")
        cohort.write_text("\n".join(lines) + "\n")
    sources = [{"cohort": str(cohort), "licence": "CC0"}]
    recipe = write_recipe(
        folder / "recipe.yaml", cohort, task="generate", net=NET, data={"size": [16, 16], "sources": sources, **data},
        game={"r1_every": 2, "path_every": 2, "adapt": 1},
        train={"steps": 4, "batch": 4, "check_every": 2, "threads": 1, "ema": 0.5},  # half precision
    )  # fmt: skip
    return load_pack(train(recipe, [], folder / "run").pack)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return make(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    return make(tmp_path_factory.mktemp("classes"), condition="label", classes=CLASSES)


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    classes = {"0": "background", "1": "tumor"}
    return make(tmp_path_factory.mktemp("maps"), condition="mask", classes=classes)


@pytest.mark.parametrize("fixture", ["plain", "classes", "maps"])
def test_a_seed_is_a_picture_on_every_engine(fixture, request):
    pack = request.getfixturevalue(fixture)
    found = []
    for engine in ("openvino", "onnxruntime", "torch"):
        generator = open_generator(pack, engine)
        found.append(generator.pictures([generator.latent(seed) for seed in (4, 5, 6)]))
    assert found[0].shape == (3, 1, 16, 16)
    assert np.abs(found[0] - found[1]).max() < 2e-3
    assert np.abs(found[0] - found[2]).max() < 2e-3
    assert np.abs(found[0][0] - found[0][1]).max() > 1e-3
    alone = open_generator(pack)
    assert np.allclose(alone.pictures([alone.latent(5)])[0], found[0][1], atol=1e-5)


def test_files_say_what_would_make_them_again(plain, tmp_path):
    made = generate(open_generator(plain), tmp_path / "a", GenerateOptions(count=3, seed=7))
    told = json.loads((tmp_path / "a" / "generated.json").read_text())
    assert told == made.told
    assert [one["seed"] for one in told["images"]] == [7, 8, 9]
    assert told["pack"]["sha256"] == plain.sha256
    generate(open_generator(plain), tmp_path / "b", GenerateOptions(count=1, seed=9))
    pixels = [np.asarray(Image.open(tmp_path / name)) for name in ("a/0002.png", "b/0000.png")]
    assert np.abs(pixels[0].astype(int) - pixels[1]).max() <= 1  # an engine may round one way or the other


def test_every_picture_is_marked_and_its_marks_say_how_to_make_it_again(plain, tmp_path):
    generator = open_generator(plain)
    generate(generator, tmp_path / "a", GenerateOptions(count=2, seed=7))
    for name, seed in (("0000.png", 7), ("0001.png", 8)):
        found = read_marks(tmp_path / "a" / name)
        assert found.explicit.seed == seed
        assert found.explicit.sha256 == plain.sha256
        made = np.asarray(Image.open(tmp_path / "a" / name), float)
        plainly = generator.pictures([generator.latent(seed)])[0, 0] * 255
        assert 0 < np.abs(made - plainly).mean() < 3  # the watermark, which is too little to be seen
    sheet = read_marks(tmp_path / "a" / "sheet.png")
    assert sheet.explicit is not None
    assert sheet.invisible is not None
    cohort = read_cohort(tmp_path / "a" / "cohort.csv")
    assert [case.split for case in cohort.cases] == ["train", "train"]
    assert all(case.columns["synthetic"] == "1" for case in cohort.cases)


def test_a_way_begins_and_ends_at_its_seeds(plain, tmp_path):
    generator = open_generator(plain)
    generate(generator, tmp_path / "way", GenerateOptions(between=(3, 8), frames=5))
    ends = [np.asarray(Image.open(tmp_path / "way" / f"{k:04d}.png"), float) for k in (0, 4)]
    for seed, end in zip((3, 8), ends, strict=True):
        assert np.abs(generator.pictures([generator.latent(seed)])[0, 0] * 255 - end).mean() < 3  # the watermark
    with Image.open(tmp_path / "way" / "way.webp") as film:
        assert film.n_frames == 8  # there and back


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"frames": 5}, "--frames counts the pictures of a way"),
        ({"between": (1, 2), "count": 4}, "-n is for pictures of seeds"),
        ({"between": (1, 2), "seed": 4}, "--seed is for pictures of seeds"),
        ({"between": (1, 2), "direction": "size"}, "ask for one of them"),
        ({"between": (Path("a.png"), Path("b.png")), "truncation": 0.5}, "both ends are given pictures"),
    ],
)
def test_what_would_be_ignored_is_refused(plain, tmp_path, asked, said):
    with pytest.raises(InputError, match=said):
        generate(open_generator(plain), tmp_path / "out", GenerateOptions(**asked))
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_there_is_refused_before_a_picture_is_looked_for(plain, tmp_path, monkeypatch):
    monkeypatch.setattr("limner.infer.generate.workflow.invert", None)  # it would be called, and fail
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(tmp_path / "given.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept")
    with pytest.raises(OutputExistsError):
        generate(open_generator(plain), tmp_path / "out", GenerateOptions(between=(1, tmp_path / "given.png")))


def test_a_superscript_is_no_seed(plain, tmp_path):
    found = CliRunner().invoke(app, ["generate", str(plain.folder), "--between", "1", "²", "-o", str(tmp_path / "o")])
    assert isinstance(found.exception, NotAnImageError)
    assert "There is nothing at '²'" in str(found.exception)


def test_pictures_as_a_dicom_series(plain, tmp_path):
    generate(open_generator(plain), tmp_path / "out", GenerateOptions(count=3, seed=7, dicom=True))
    found = [pydicom.dcmread(path) for path in sorted((tmp_path / "out" / "dicom").iterdir())]
    assert len({(one.StudyInstanceUID, one.SeriesInstanceUID) for one in found}) == 1
    assert [one.InstanceNumber for one in found] == [1, 2, 3] and len({one.SOPInstanceUID for one in found}) == 3
    for one, name in zip(found, ("0000", "0001", "0002"), strict=True):
        assert one.ImageType[:2] == ["DERIVED", "SECONDARY"] and "SYNTHETIC" in one.DerivationDescription
        assert np.array_equal(one.pixel_array, np.asarray(Image.open(tmp_path / "out" / f"{name}.png")))


def test_truncation_leads_to_the_middle(plain):
    generator = open_generator(plain)
    mean = generator.mean_style(np.zeros(0, np.float32))
    far, near, middle = (generator.latent(3, truncation=t).styles[0] for t in (1.0, 0.5, 0.0))
    assert np.allclose(near, (far + mean) / 2, atol=1e-5)
    assert np.allclose(middle, mean)


def test_classes_come_as_often_as_they_were_seen_or_as_asked(classes, tmp_path):
    generator = open_generator(classes)
    drawn = [int(generator.latent(seed).condition.argmax()) for seed in range(300)]
    assert abs(np.mean(drawn) - classes.generator.shares[1]) < 0.1
    made = generate(generator, tmp_path / "light", GenerateOptions(count=4, kind="light"))
    assert {one["class"] for one in made.told["images"]} == {"light"}
    assert (made.told["class"], made.told["labels_sha256"]) == ("light", None)
    with pytest.raises(InputError, match="its classes are dark, light"):
        generate(generator, tmp_path / "x", GenerateOptions(kind="grey"))
    assert not (tmp_path / "x").exists()


def test_label_maps_are_drawn_like_those_seen_or_given(maps, tmp_path):
    generator = open_generator(maps)
    [seen] = maps.generator.shapes
    drawn = np.stack([generator.latent(seed).condition[0] for seed in range(200)])
    areas = drawn.mean((1, 2))
    assert abs((areas == 0).mean() - seen.empty) < 0.12
    assert seen.area[0] * 0.3 < np.median(areas[areas > 0]) < seen.area[-1] * 2
    given = np.zeros((32, 32), np.uint8)
    given[8:20, 8:20] = 1
    Image.fromarray(given).save(tmp_path / "given.png")
    generate(generator, tmp_path / "made", GenerateOptions(count=2, labels=tmp_path / "given.png"))
    written = np.asarray(Image.open(tmp_path / "made" / "0001.labels.png"))
    assert np.array_equal(written, given[::2, ::2])
    told = json.loads((tmp_path / "made" / "generated.json").read_text())
    assert told["labels_sha256"] == hashlib.sha256((tmp_path / "given.png").read_bytes()).hexdigest()
    Image.fromarray(given * 7).save(tmp_path / "strange.png")
    with pytest.raises(InputError, match=r"\[7\]"):
        generate(generator, tmp_path / "no", GenerateOptions(labels=tmp_path / "strange.png"))


def test_a_pack_that_classifies_makes_no_pictures():
    with pytest.raises(PackError, match="generates nothing"):
        open_generator(load_pack("skin-lesion"))


def test_the_command(plain, tmp_path):
    out = tmp_path / "made"
    found = CliRunner().invoke(app, ["generate", str(plain.folder), "-n", "2", "--seed", "3", "-o", str(out), "--json"])
    assert found.exit_code == 0, found.output
    assert [one["seed"] for one in json.loads(found.output)["images"]] == [3, 4]
    assert (out / "sheet.png").is_file()


def test_a_direction_leads_both_ways_from_each_seed(plain, tmp_path):
    generator = open_generator(plain)
    name = plain.generator.directions[0].name
    made = generate(generator, tmp_path / "way", GenerateOptions(count=2, seed=5, direction=name, frames=3))
    assert [one["seed"] for one in made.told["images"]][:3] == [
        f"5, {name} -2.50",
        f"5, {name} +0.00",
        f"5, {name} +2.50",
    ]
    way, latent = generator.direction(name), generator.latent(5)
    middle = np.asarray(Image.open(tmp_path / "way" / "0001.png"), float)
    assert np.abs(generator.pictures([latent])[0, 0] * 255 - middle).mean() < 3  # the watermark
    moved = generator.along(latent, way, 1.0).styles - latent.styles
    assert np.linalg.norm(moved, axis=1) == pytest.approx(way.spread, rel=1e-3)
    with pytest.raises(InputError, match="knows no direction 'age'"):
        generator.direction("age")
