"""Segmentation of whole scans: what is refused before the first step."""

from __future__ import annotations

import json

import numpy as np
import pytest

from limner import io
from limner.errors import CohortError
from limner.image import Grid, LabelMap
from limner.infer import load_pack
from limner.train import train
from limner.train.recipe import read_recipe
from limner.train.run import make_parts


@pytest.fixture
def copied(cohort, recipe, tmp_path):
    """The recipe's own cohort, to be spoiled."""
    folder = tmp_path / "spoiled"
    folder.mkdir()
    for path in cohort.parent.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    recipe.write_text(recipe.read_text().replace(str(cohort), str(folder / "cohort.csv")))
    return folder


def _rewrite(path, change):
    read = io.read_nifti_labels(path)
    io.write_nifti_labels(change(read), path)


def test_masks_of_another_place_are_refused_before_training_and_not_kept(recipe, copied, tmp_path):
    path = copied / "mask1.nii.gz"
    good = path.read_bytes()
    _rewrite(path, lambda m: LabelMap(m.array, Grid(m.grid.shape, m.grid.affine + 500 * np.eye(4, k=3))))
    with pytest.raises(CohortError, match=r"'case1'.*'mask1.nii.gz' lies elsewhere"):
        make_parts(read_recipe(recipe), tmp_path / "cache")
    path.write_bytes(good)
    assert make_parts(read_recipe(recipe), tmp_path / "cache").notes == ()


def test_a_mask_on_a_wider_grid_is_resampled_and_told_of_again(recipe, copied, tmp_path):
    def wider(mask):
        grid = Grid.crop(mask.grid, (-1, -1, -1), tuple(n + 2 for n in mask.grid.shape))
        return LabelMap(np.pad(mask.array, 1), grid)

    _rewrite(copied / "mask0.nii.gz", wider)
    for _ in range(2):  # made, then from the cache
        (told,) = make_parts(read_recipe(recipe), tmp_path / "cache").notes
        assert told.startswith("1 case(s)")
        assert "case0" in told


def test_a_training_set_without_marks_is_refused(recipe, copied, tmp_path):
    values = "data.sources.0.layers=[{column: mask, values: {7: liver}}]"
    with pytest.raises(CohortError, match="None of liver, liver tumor is marked in any of the 2 cases"):
        make_parts(read_recipe(recipe, [values]), tmp_path / "cache")
    (copied / "mask0.nii.gz").touch()
    one = "data.sources.0.layers=[{column: mask, values: {1: liver, 2: liver}}]"
    (told,) = make_parts(read_recipe(recipe, [one, "data.sources.0.paint_tumors=0"]), tmp_path / "cache").notes
    assert told == "No case marks liver tumor: the net can't learn it."


def test_a_class_of_any_name_becomes_a_pack(recipe, tmp_path):
    recipe.write_text(recipe.read_text().replace("liver tumor", "my lesion").replace("paint_tumors: 0.3", ""))
    result = train(recipe, ["train.steps=1", "pack.kinds={my lesion: lesion}"], tmp_path / "run")
    pack = load_pack(result.pack)
    assert [(one.name, one.kind) for one in pack.labels] == [("liver", "organ"), ("my lesion", "lesion")]
    assert json.loads((result.pack / "pack.json").read_text())["kinds"] == {"my lesion": "lesion"}
