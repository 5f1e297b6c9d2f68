"""A generator that gives back what it learned from is not kept as a pack, and who verifies it with the data is told."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from limner.cli.app import app
from limner.copying import refuse_copies
from limner.data.examples import View, read_examples
from limner.errors import InputError, OutputExistsError, PackError
from limner.infer.shippable import refuse_copier
from limner.packs import load_pack
from limner.reproduce import reproduce
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
