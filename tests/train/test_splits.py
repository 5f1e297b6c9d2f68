"""Recipes as people first write them: no check split, classes as a list or with numbers, a net of another task."""

import csv

import numpy as np
import pytest
import yaml

from limner.errors import CohortError, RecipeError
from limner.nets import NETS
from limner.reproduce import cross_validate
from limner.train import train
from limner.train.pictures import picture_parts
from limner.train.recipe import FITTING, read_recipe
from limner.train.splits import with_splits

from .pictures import write_pictures, write_recipe


@pytest.fixture
def cohort(tmp_path):
    return write_pictures(tmp_path / "set")


def _without(cohort, column=None, split=None):
    """Drops a column, or calls one split ``train``."""
    table = list(csv.DictReader(cohort.read_text().splitlines()))
    for row in table:
        if row["split"] == split:
            row["split"] = "train"
        row.pop(column, None)
    cohort.write_text("\n".join([",".join(table[0]), *(",".join(row.values()) for row in table)]) + "\n")


def test_a_cohort_without_a_check_split_is_learned_from_and_that_is_said(tmp_path, cohort, capsys):
    _without(cohort, split="val")
    result = train(write_recipe(tmp_path / "toy.yaml", cohort), [], tmp_path / "run")
    said = capsys.readouterr().err.replace("\n", " ")
    assert "has no split 'val' to check on" in said and "not calibrated" in said
    written = yaml.safe_load((result.folder / "recipe.yaml").read_text())
    assert written["data"]["sources"][0]["check"] is None
    assert len((result.folder / "checks.csv").read_text().splitlines()) <= 1


def test_a_cohort_without_splits_is_learned_from_as_a_whole(tmp_path, cohort):
    _without(cohort, column="split")
    recipe, notes = with_splits(read_recipe(write_recipe(tmp_path / "toy.yaml", cohort)))
    assert recipe.data.sources[0].split is None and recipe.data.sources[0].check is None
    assert "names no splits" in notes[0] and "the last weights are kept" in notes[1]
    assert picture_parts(recipe, recipe.data, None).examples == 24


def test_folds_need_no_splits(tmp_path, cohort):
    _without(cohort, column="split")
    recipe = write_recipe(tmp_path / "toy.yaml", cohort)
    found = cross_validate(recipe, ["train.steps=2"], 3, tmp_path / "folds")
    assert found.patients == 12


def test_splits_that_the_recipe_names_must_be_there(tmp_path, cohort):
    recipe = write_recipe(tmp_path / "toy.yaml", cohort)
    with pytest.raises(
        CohortError, match=r"no cases in split 'dev' to check on; its splits are .*check=null. Then the"
    ):
        with_splits(read_recipe(recipe, ["data.sources.0.check=dev"]))
    with pytest.raises(CohortError, match=r"no cases in split 'trn' to learn from"):
        with_splits(read_recipe(recipe, ["data.sources.0.split=trn"]))
    same = read_recipe(recipe)
    assert with_splits(same) == (same, [])


def test_a_check_split_of_one_class_still_chooses_weights(tmp_path, cohort, capsys):
    table = cohort.read_text().splitlines()
    kept = [row for row in table if not (",val," in row and ",light," in row)]
    cohort.write_text("\n".join(kept) + "\n")
    result = train(write_recipe(tmp_path / "toy.yaml", cohort), [], tmp_path / "run")
    assert (result.folder / "best.pt").is_file()
    scores = [float(row["score"]) for row in csv.DictReader((result.folder / "checks.csv").read_text().splitlines())]
    assert np.isfinite(scores).all()
    assert "Every example of the check split is 'dark'" in capsys.readouterr().err.replace("\n", " ")


def test_classes_as_numbers_and_as_a_list(tmp_path, cohort):
    def classes(given, task="classify", source=str(cohort)):
        data = {"size": [16, 16], "classes": given, "sources": [{"cohort": source, "licence": "CC0"}]}
        recipe = write_recipe(tmp_path / "toy.yaml", cohort, data=data, task=task, net="auto", augment={})
        return read_recipe(recipe).data.classes

    assert classes({0: "background", 1: "lesion"}) == {"0": "background", "1": "lesion"}
    assert classes(["dark", "light"]) == {"dark": "dark", "light": "light"}
    assert classes(["background", "lesion"], "segment") == {"0": "background", "1": "lesion"}
    assert classes(["benign", "malignant"], source="breastmnist.npz") == {"0": "benign", "1": "malignant"}
    with pytest.raises(RecipeError, match="names a class twice"):
        classes(["dark", "dark"])
    with pytest.raises(RecipeError, match="into quotes"):
        classes({True: "ill", False: "well"})


@pytest.mark.parametrize(("task", "net"), [("classify", "unet++"), ("detect", "unet"), ("segment", "resnet18")])
def test_a_net_of_another_task_is_refused_with_those_that_fit(tmp_path, cohort, task, net):
    recipe = write_recipe(tmp_path / "toy.yaml", cohort, augment={})
    with pytest.raises(RecipeError, match=rf"there are auto, {FITTING[task][0]}"):
        read_recipe(recipe, [f"task={task}", f"net={net}"])


def test_every_net_is_for_one_task():
    assert sorted(name for names in FITTING.values() for name in names) == sorted(NETS)
