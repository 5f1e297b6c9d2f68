"""Recipes whose size has three numbers, from NIfTI to a pack; boxes of volumes and of several classes."""

import json

import numpy as np
import pytest
import yaml

from limner.errors import CohortError, RecipeError
from limner.infer import load_pack
from limner.infer.inputs import predict_inputs
from limner.train import train
from limner.train.detect import BoxBatches, boxed
from limner.train.pictures import load_pictures, picture_parts
from limner.train.recipe import read_recipe
from tests.infer.volumes import write_balls

NETS = {
    "classify": {"name": "resnet18", "options": {"stem": "small", "width": 4}},
    "segment": {"name": "unet", "options": {"channels": [4, 8, 8]}},
    "detect": {"name": "center-net", "options": {"channels": [8, 8]}},
}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return write_balls(tmp_path_factory.mktemp("balls"))


def _recipe(path, cohort, task, **data):
    classes = {"0": "background", "1": "ball"} if task == "segment" else {"skin": "skin", "lesion": "lesion"}
    written = {
        "task": task,
        "data": {
            "size": [16, 16, 16],
            "window_hu": [0, 100],
            "classes": classes,
            "sources": [{"cohort": str(cohort), "licence": "CC0", **data.pop("source", {})}],
            **data,
        },
        "net": NETS[task],
        "augment": {"flip": "x"},
        "train": {"steps": 2, "batch": 2, "check_every": 1, "threads": 1, "precision": "32-true"},
        "pack": {"name": "balls", "description": "Balls."},
    }
    path.write_text(yaml.safe_dump(written, sort_keys=False))
    return path


@pytest.mark.parametrize("task", list(NETS))
def test_a_pack_is_learned_from_files_of_mixed_depth_and_reads_them(task, cohort, tmp_path):
    pack = load_pack(train(_recipe(tmp_path / "r.yaml", cohort, task), out=tmp_path / "run").pack)
    assert pack.main.picture.window_hu == (0, 100)
    rows = predict_inputs(pack, [cohort.parent / "v1.nii.gz", cohort.parent / "v2.nii.gz"], tmp_path / "out")
    assert not any("error" in row for row in rows)
    assert all({"classify": "probabilities", "segment": "labels", "detect": "boxes"}[task] in row for row in rows)


def _rewritten(cohort, folder, change):
    """The cohort with changed rows, its files where they were."""
    rows = [json.loads(line) for line in cohort.read_text().splitlines()]
    for row in rows:
        row["image"] = str(cohort.parent / row["image"])
        change(row)
    (folder / "cohort.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "cohort.jsonl"


def _learned(cohort, folder, **data):
    recipe = read_recipe(_recipe(folder / "r.yaml", cohort, "detect", **data))
    return load_pictures(recipe, recipe.data), recipe


def test_spheres_teach_as_the_boxes_around_them_and_need_no_label(cohort, tmp_path):
    def as_spheres(row):
        del row["label"]
        row["boxes"] = [[(a + d) / 2, (b + e) / 2, (c + f) / 2, d - a] for a, b, c, d, e, f in row["boxes"]]

    boxes, _ = _learned(cohort, tmp_path)
    spheres, recipe = _learned(_rewritten(cohort, tmp_path, as_spheres), tmp_path)
    one, other = (boxed(found.train, recipe.data.classes) for found in (boxes, spheres))
    assert one.truth.there.tolist() == other.truth.there.tolist() == [[False], [True]]
    np.testing.assert_allclose(one.boxes[1], other.boxes[1], atol=1e-4)


def test_each_box_teaches_its_own_class(cohort, tmp_path):
    classes = {"none": "none", "cyst": "cyst", "mass": "mass"}

    def two(row):
        row["label"] = ""
        row["boxes"] = [[1, 1, 1, 5, 5, 5], [9, 9, 6, 15, 15, 10]]
        row["box_labels"] = ["Mass", "kyst"]

    path = _rewritten(cohort, tmp_path, two)
    with pytest.raises(CohortError, match="'kyst'"):
        learned, recipe = _learned(path, tmp_path, classes=classes)
        boxed(learned.train, recipe.data.classes)
    learned, recipe = _learned(path, tmp_path, classes=classes, source={"values": {"kyst": "cyst"}})
    held = boxed(learned.train, recipe.data.classes)
    assert [kinds.tolist() for kinds in held.truth.kinds] == [[1, 0], [1, 0]]
    assert held.truth.there.all()
    _, heat, *_, there = BoxBatches(held, 2, 4, recipe.changes, 0, balanced=True).batch(0, 2)
    assert (heat.amax((2, 3, 4)) == 1).all()
    assert there.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"size": [16, 16]}, "window_hu is for volumes"),
        ({"window_hu": [100, 0]}, "low below high"),
    ],
)
def test_a_window_that_does_not_fit_is_refused(cohort, tmp_path, data, told):
    with pytest.raises(RecipeError, match=told):
        read_recipe(_recipe(tmp_path / "r.yaml", cohort, "classify", **data))


def test_boxes_of_pictures_do_not_teach_volumes(cohort, tmp_path):
    def flat(row):
        row["boxes"] = [[1, 1, 5, 5, 5]]

    path = _rewritten(cohort, tmp_path, flat)
    with pytest.raises(CohortError, match=r"\[x0, y0, z0, x1, y1, z1\], or a sphere"):
        recipe = read_recipe(_recipe(tmp_path / "r.yaml", path, "detect"))
        picture_parts(recipe, recipe.data, None)
