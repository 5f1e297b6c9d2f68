"""A generator that gives back what it learned from is not kept as a pack, and who verifies it with the data is told."""

import json
import re
import shutil

import numpy as np
import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

from limner.cli.app import app
from limner.copying import refuse_copies
from limner.data.examples import Example, Examples, View, read_examples
from limner.errors import InputError, OutputExistsError, PackError
from limner.infer.shippable import refuse_copier, strangers
from limner.packs import load_pack
from limner.reproduce import reproduce
from limner.train import train
from tests.infer.test_generate import NET
from tests.train.pictures import write_pictures, write_recipe


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Holds ``cohort``, ``recipe.yaml``, and, where pictures were copied, what is left of a run."""
    folder = tmp_path_factory.mktemp("copying")
    cohort = write_pictures(folder / "cohort", count=160)
    sources = [{"cohort": str(cohort), "licence": "CC0"}]
    write_recipe(
        folder / "recipe.yaml", cohort, task="generate", net=NET, data={"size": [16, 16], "sources": sources},
        train={"steps": 2, "batch": 4, "check_every": 2, "threads": 1, "ema": 0.5},
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def trained(home):
    """A run whose end has not been looked at."""
    train(home / "recipe.yaml", [], home / "plain")
    return home / "plain"


def pictures(monkeypatch, values):
    monkeypatch.setattr("limner.infer.shippable.make_pictures", lambda *_: values)


def test_a_copier_is_refused_set_aside_and_shown(home, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    cohort, run = home / "cohort" / "cohort.csv", home / "run"
    train = read_examples(cohort, View((16, 16), 1, label=None), "train").stack()
    new = np.random.default_rng(9).normal(120, 20, (30, 1, 16, 16)).clip(0, 255).astype(np.uint8)

    pictures(monkeypatch, np.concatenate([new, train[[3, 8]]]))
    with pytest.raises(PackError, match=r"2 of 32 images .* Train it again .*copies\.png.*pack-that-copies"):
        reproduce(home / "recipe.yaml", out=run)
    assert not (run / "pack").exists() and (run / "pack-that-copies" / "pack.json").is_file()
    assert json.loads((run / "copies.json").read_text())["copied"] == [30, 31]
    with Image.open(run / "copies.png") as drawn:
        assert drawn.width > 300

    (run / "pack-that-copies").rename(run / "pack")
    named = ["packs", "verify", str(run / "pack")]
    asked = [*named, "--cohort", str(cohort), "--split", "val"]
    drawing = [*asked, "--pairs", str(tmp_path / "pairs.png")]
    refused = CliRunner().invoke(app, drawing).exception
    assert isinstance(refused, PackError) and "pairs.png" in str(refused) and (tmp_path / "pairs.png").is_file()
    before = (tmp_path / "pairs.png").read_bytes()
    assert isinstance(CliRunner().invoke(app, drawing).exception, OutputExistsError)
    assert (tmp_path / "pairs.png").read_bytes() == before
    assert isinstance(CliRunner().invoke(app, [*named, "--pairs", "new.png"]).exception, InputError)
    assert CliRunner().invoke(app, named).exit_code == 0  # without the data it cannot be known

    pictures(monkeypatch, new)
    refuse_copies(run)
    assert (run / "pack" / "pack.json").is_file() and json.loads((run / "copies.json").read_text())["copied"] == []
    found = CliRunner().invoke(app, [*asked, "--json"])
    assert json.loads(found.output)[0]["copies"] == "0 of 30"
    assert [one.name for one in tmp_path.iterdir()] == ["pairs.png"]  # training pictures are drawn where asked for


def test_a_pack_that_generates_nothing_is_not_asked(home):
    with pytest.raises(InputError, match="does not"):
        refuse_copier(load_pack("skin-lesion"), home / "cohort" / "cohort.csv", home / "pairs.png")


def changed(run, folder, **source):
    """The run under another recipe; how many cases are learned from stays what it was."""
    copy = shutil.copytree(run, folder)
    recipe = yaml.safe_load((copy / "recipe.yaml").read_text())
    recipe["data"]["sources"][0] |= source
    (copy / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return copy


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"split": None, "check": None}, r"got 0 and 160"),  # the split test was learned from
        ({"split": None, "check": "val"}, r"got 0 and 160"),
        ({"cases": 4, "split": "train", "check": "val"}, r"got \d+ and 8"),
    ],
)
def test_where_it_cannot_be_told_the_finished_run_says_so(home, trained, tmp_path, monkeypatch, capsys, source, said):
    pictures(monkeypatch, read_examples(home / "cohort" / "cohort.csv", View((16, 16), 1, label=None)).stack()[:30])
    run = changed(trained, tmp_path / "run", **source)
    refuse_copies(run)
    assert (run / "pack" / "pack.json").is_file() and not (run / "copies.json").exists()
    told = capsys.readouterr()
    assert re.search(f"cannot be told.*{said}", (told.out + told.err).replace("\n", " "))


def test_a_split_that_was_learned_from_tells_nothing(home, trained):
    cohort = home / "cohort" / "cohort.csv"
    with pytest.raises(InputError, match=r"'train' of 'cohort.csv' has 0 pictures .* Name a split"):
        refuse_copier(load_pack(trained / "pack"), cohort, home / "p.png", split="train")


def test_strangers_are_of_other_patients_and_other_pictures():
    one, two = np.zeros((1, 2, 2), np.uint8), np.ones((1, 2, 2), np.uint8)
    learned = Examples((Example("a", one, "anna"),))
    held = Examples((Example("b", two, "anna"), Example("c", one, "bert"), Example("d", two, "carl")))
    assert [row.id for row in strangers(held, learned).rows] == ["d"]
