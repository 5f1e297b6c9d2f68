"""A detector from recipe to answers: bright squares on noise."""

import json

import numpy as np
import pytest
import yaml
from PIL import Image

from limner import io
from limner.data.cohort import read_cohort
from limner.data.examples import View, read_examples
from limner.errors import CohortError, PackError, RecipeError
from limner.infer import load_pack
from limner.infer.detect import detect, open_detector
from limner.infer.evaluate import EvaluateOptions, evaluate
from limner.infer.inputs import predict_inputs
from limner.train import train
from limner.train.detect import boxed
from limner.train.pictures import load_pictures, picture_parts
from limner.train.recipe import read_recipe

CLASSES = {"none": "normal", "square": "square"}


def _write(folder, count=36):
    """Half of the pictures hold a bright square of 14 to 20 pixels; one says so without a box."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows = []
    for k in range(count):
        pixels = rng.normal(80, 12, (64, 80))
        boxes = []
        if k % 2:
            side = int(rng.integers(14, 20))
            y, x = (int(rng.integers(2, n - side - 2)) for n in pixels.shape)
            pixels[y : y + side, x : x + side] += 110
            boxes = [[x, y, x + side, y + side]] if k != 1 else []
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / f"p{k}.png")
        split = "train" if k < count - 12 else "val" if k < count - 6 else "test"
        rows.append(
            {
                "id": f"c{k}",
                "image": f"p{k}.png",
                "label": "square" if k % 2 else "none",
                "boxes": boxes,
                "split": split,
            }
        )
    (folder / "cohort.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "cohort.jsonl"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return _write(tmp_path_factory.mktemp("squares") / "data")


def _recipe(path, cohort, **changes):
    written = {
        "task": "detect",
        "data": {"size": [64, 64], "classes": CLASSES, "sources": [{"cohort": str(cohort), "licence": "CC0"}]},
        "net": {"name": "center-net", "options": {"channels": [8, 16], "stride": 4}},
        "augment": {"flip": "x", "shift": 0.05, "rotate_deg": 5},
        "train": {"steps": 90, "batch": 8, "rate": 0.01, "ema": 0.9, "threads": 1, "precision": "32-true"},
        "pack": {"name": "squares", "description": "Squares."},
        **changes,
    }
    path.write_text(yaml.safe_dump(written, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def pack(tmp_path_factory, cohort):
    folder = tmp_path_factory.mktemp("run")
    return load_pack(train(_recipe(folder / "squares.yaml", cohort), out=folder / "run").pack)


def test_squares_are_found_in_pixels_of_the_source(pack, cohort):
    [case] = [one for one in read_cohort(cohort).cases if one.id == "c35"]
    [[x0, y0, x1, y1]] = json.loads(case.columns["boxes"])
    found = detect(pack, io.read_picture(case.image))
    assert found.name == "square"
    assert np.abs(np.array(found.boxes[0].box) - [x0, y0, x1, y1]).max() < 4
    assert found.boxes[0].probability > 0.4
    assert found.maps.shape == (1, 16, 16)


def test_engines_agree(pack, cohort):
    example = read_examples(cohort, View((64, 64), 1, boxes="boxes")).rows[-1]
    seen = [open_detector(pack, name).see(example.image) for name in ("onnxruntime", "torch")]
    np.testing.assert_allclose(seen[0].centers, seen[1].centers, atol=2e-3)
    np.testing.assert_allclose(seen[0].presence, seen[1].presence, atol=2e-2)


def test_evaluation_finds_the_squares(pack, cohort):
    found = evaluate(pack, cohort, EvaluateOptions(split="test"))
    assert found.task == "detect"
    assert found.metrics["froc"].value > 0.9
    assert found.metrics["ap50"].value > 0.6
    assert found.metrics["auc"].value == 1.0
    assert found.baseline == {"accuracy": 0.5, "balanced_accuracy": 0.5}
    assert set(found.per_class) == {"square"}


def test_what_has_no_place_counts_for_presence_only(pack, cohort):
    found = evaluate(pack, cohort, EvaluateOptions(split="train", bootstrap=2))
    assert found.n == 24
    assert "1 picture(s)" in found.problems[0]


def test_a_row_holds_boxes(pack, cohort, tmp_path):
    case = read_cohort(cohort).cases[-1]
    [row] = predict_inputs(pack, [case.image], tmp_path / "out")
    assert row["class"] == "square"
    assert set(row["probabilities"]) == {"normal", "square"}
    assert len(row["boxes"][0]["box"]) == 4
    assert row["boxes"][0]["class"] == "square"


def test_the_check_split_sets_threshold_and_presence(pack):
    known = pack.spec.calibration
    assert known is not None
    assert 0.05 <= known.threshold <= 0.5
    assert known.fitted_on == "6 cases of the check split"


def test_scans_and_other_tasks_are_refused(pack):
    with pytest.raises(PackError, match="reads pictures, not scans"):
        _ = pack.main.volume


def test_a_batch_repeats_and_unknown_places_are_known_as_such(cohort, tmp_path):
    recipe = read_recipe(_recipe(tmp_path / "r.yaml", cohort))
    learned = load_pictures(recipe, recipe.data)
    held = boxed(learned.train, CLASSES)
    assert (~held.known).sum() == 1
    sampler = picture_parts(recipe, recipe.data, None).sampler
    one, again = sampler.batch(3, 8), sampler.batch(3, 8)
    assert all(bool((a == b).all()) for a, b in zip(one, again, strict=True))
    heat, there = one[1], one[6]
    assert ((heat.amax((1, 2, 3)) == 1) <= (there[:, 0] == 1)).all()


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"augment": {"mixup": 0.3}}, RecipeError, "boxes do not blend"),
        ({"augment": {"outside": "mirror"}}, RecipeError, "the mirror has no box"),
        ({"data.size": [60, 64]}, RecipeError, "divisible by 8"),
        ({"data.classes": {"square": "square", "none": "normal"}}, CohortError, "is the background, have boxes"),
    ],
)
def test_what_does_not_fit_is_refused_before_work(cohort, tmp_path, changes, error, told):
    path = _recipe(tmp_path / "r.yaml", cohort)
    written = yaml.safe_load(path.read_text())
    for key, value in changes.items():
        *parents, last = key.split(".")
        place = written
        for parent in parents:
            place = place[parent]
        place[last] = value
    path.write_text(yaml.safe_dump(written, sort_keys=False))
    with pytest.raises(error, match=told):
        recipe = read_recipe(path)
        picture_parts(recipe, recipe.data, None)


def test_a_cohort_without_boxes_is_refused(cohort, tmp_path):
    recipe = read_recipe(_recipe(tmp_path / "r.yaml", cohort))
    learned = load_pictures(recipe, recipe.data)
    from dataclasses import replace

    from limner.data.examples import Examples
    from limner.train.detect import detect_parts

    none = Examples(tuple(replace(row, boxes=None) for row in learned.train.rows))
    with pytest.raises(CohortError, match="No example has a box"):
        detect_parts(recipe, recipe.data, replace(learned, train=none))
