"""Generated pictures as a source of a recipe: the share that was asked, real pictures alone for checks and figures."""

import numpy as np
import pytest
import yaml
from PIL import Image

from limner.data.mask_cases import class_masks
from limner.errors import RecipeError
from limner.synthesize import Addition, fitting_pack, read_addition, with_synthetic
from limner.train.pictures import picture_parts, read_sources, view_for
from limner.train.recipe import read_recipe
from tests.infer.test_generate import make
from tests.train.pictures import CLASSES, write_pictures, write_recipe


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return make(tmp_path_factory.mktemp("generator"), condition="label", classes=CLASSES)


@pytest.fixture
def recipe(tmp_path):
    return write_recipe(tmp_path / "recipe.yaml", write_pictures(tmp_path / "cohort"))


def test_half_of_what_is_learned_from_is_generated_and_nothing_else(pack, recipe, tmp_path):
    path = with_synthetic(recipe, ["seed=3"], Addition(0.5, str(pack.folder), 40), tmp_path / "run")
    read = read_recipe(path)
    assert read.seed == 3
    assert [one.share for one in read.data.sources] == [None, 0.5]
    parts = picture_parts(read, read.data, None)
    assert parts.examples == 16 + 40
    drawn = np.concatenate([parts.sampler.order.at(step, 50) for step in range(40)])
    assert abs((drawn >= 16).mean() - 0.5) < 0.05
    alone = read_recipe(recipe)
    assert parts.check(parts.net.eval()) == picture_parts(alone, alone.data, None).check(parts.net)


def test_what_a_killed_run_has_made_is_used_again(pack, recipe, tmp_path):
    addition = Addition(0.25, str(pack.folder), 3)
    with_synthetic(recipe, [], addition, tmp_path / "run")
    first = (tmp_path / "run" / "synthetic" / "0002.png").stat().st_mtime_ns
    with_synthetic(recipe, [], addition, tmp_path / "run")
    assert (tmp_path / "run" / "synthetic" / "0002.png").stat().st_mtime_ns == first
    with pytest.raises(RecipeError, match="holds 3 pictures"):  # never another pack's, seed's or number
        with_synthetic(recipe, [], Addition(0.25, str(pack.folder), 4), tmp_path / "run")


def test_labels_are_led_to_the_recipe_s_own(pack, tmp_path):
    written = write_recipe(tmp_path / "r.yaml", write_pictures(tmp_path / "cohort"))
    raw = yaml.safe_load(written.read_text())
    raw["data"]["classes"] = {"0": "dark", "1": "light"}
    raw["data"]["sources"][0]["values"] = {"dark": "0", "light": "1"}
    written.write_text(yaml.safe_dump(raw))
    assert fitting_pack(read_recipe(written), str(pack.folder))[1] == {"dark": "0", "light": "1"}


def test_a_pack_of_other_classes_is_refused(pack, recipe, tmp_path):
    raw = yaml.safe_load(recipe.read_text())
    raw["data"]["classes"] = {"dark": "dim", "light": "light"}
    recipe.write_text(yaml.safe_dump(raw))
    with pytest.raises(RecipeError, match="its class 'dark' is none of the recipe's"):
        with_synthetic(recipe, [], Addition(0.5, str(pack.folder)), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("given", ["synthetic", "synthetic:2", "real:0.5", "synthetic:half"])
def test_a_slip_in_the_option_is_named(given):
    with pytest.raises(RecipeError, match="synthetic:SHARE"):
        read_addition(given)


def test_shares_that_leave_no_room_are_refused(recipe):
    with pytest.raises(RecipeError, match="below 1"):
        read_recipe(recipe, ["data.sources.0.share=0.5"])


def test_maps_of_the_training_split_get_their_tumours_elsewhere(tmp_path):
    classes = {"0": "background", "1": "tumor"}
    maker = make(tmp_path / "maker", condition="mask", classes=classes)
    cohort = tmp_path / "maker" / "cohort" / "cohort.csv"
    sources = [{"cohort": str(cohort), "licence": "CC0"}]
    data = {"size": [32, 32], "classes": classes, "sources": sources}  # twice the size of what the pack makes
    written = write_recipe(tmp_path / "r.yaml", cohort, task="segment", net="auto", data=data)
    path = with_synthetic(written, [], Addition(0.5, str(maker.folder), 12), tmp_path / "run")
    read = read_recipe(path)
    real = read_sources(read.data.sources[:1], view_for(read.data, "segment")).train
    known = {class_masks(real, classes)[k][::2, ::2].tobytes() for k in range(len(real.rows))}
    drawn = [np.asarray(Image.open(tmp_path / "run" / "synthetic" / f"{k:04d}.labels.png")) for k in range(12)]
    marked = [one for one in drawn if one.any()]
    assert 3 <= len(marked) < 12  # some real maps mark nothing
    assert not any(one.tobytes() in known for one in marked)
    edge = np.pad(np.zeros((14, 14), bool), 1, constant_values=True)
    assert not any(one[edge].any() for one in marked)
    assert len(read_sources(read.data.sources, view_for(read.data, "segment")).train.rows) == len(real.rows) + 12
