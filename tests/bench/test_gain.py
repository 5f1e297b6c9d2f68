import json

import numpy as np
import pytest
import yaml

from limner.bench import GainBench, bench_gain
from limner.bench.gain import GainRow
from limner.errors import OutputExistsError, RecipeError


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """A cohort in which the brighter half tells the class, and a net that learns it in seconds."""
    folder = tmp_path_factory.mktemp("gain")
    rng = np.random.default_rng(0)
    held = {}
    for split, n in (("train", 24), ("val", 12), ("test", 16)):
        labels = np.arange(n) % 2
        images = rng.integers(0, 90, (n, 16, 16))
        images[labels == 1, :8] += 120
        held |= {f"{split}_images": images.astype(np.uint8), f"{split}_labels": labels[:, None].astype(np.uint8)}
    np.savez(folder / "halves.npz", **held)
    cohort = str(folder / "halves.npz")
    written = {
        "task": "classify",
        "data": {
            "size": [16, 16],
            "classes": {"0": "below", "1": "above"},
            "sources": [{"cohort": cohort, "licence": "made here"}],
        },
        "net": {"name": "resnet18", "options": {"stem": "small", "width": 4}},
        "augment": {"flip": "x", "noise": 0.05},
        "train": {"steps": 2, "batch": 8, "ema": 0.5},
        "pack": {"name": "halves", "description": "Halves."},
        "expect": [
            {"cohort": cohort, "split": "test", "metric": "auc"},
            {"cohort": cohort, "split": "test", "region": "above", "metric": "sensitivity"},
        ],
    }
    path = folder / "halves.yaml"
    path.write_text(yaml.safe_dump(written))
    return path


def test_a_recipe_is_trained_with_and_without(recipe, tmp_path):
    told = []
    out = tmp_path / "runs"
    found = bench_gain(GainBench(recipe, seeds=1, out=out), lambda run, _: told.append(run))
    assert told == ["having, seed 0", "lacking, seed 0"]
    assert [(row.figure, row.n, row.data) for row in found.rows] == [
        ("auc", 16, "halves test"),
        ("above sensitivity", 16, "halves test"),
    ]
    assert all(0 <= value <= 1 for row in found.rows for value in (*row.having, *row.lacking))
    used = {way: yaml.safe_load((out / f"{way}-0" / "recipe.yaml").read_text()) for way in ("having", "lacking")}
    assert used["having"]["augment"]["noise"] == 0.05
    assert used["lacking"]["augment"]["noise"] == 0
    assert {k: v for k, v in used["having"].items() if k != "augment"} == {
        k: v for k, v in used["lacking"].items() if k != "augment"
    }
    with pytest.raises(OutputExistsError, match="--resume"):
        bench_gain(GainBench(recipe, seeds=1, out=out))
    again = bench_gain(GainBench(recipe, seeds=1, out=out, resume=True))
    assert again.rows == found.rows
    json.dumps(again.as_dict())
    with pytest.raises(OutputExistsError, match=r"other settings: without 'augment=\{\}' \(now 'augment.noise=0'\)"):
        bench_gain(GainBench(recipe, "augment.noise=0", seeds=1, out=out, resume=True))
    other = tmp_path / "other.yaml"
    other.write_text(recipe.read_text() + "\n")
    with pytest.raises(OutputExistsError, match="settings: the recipe's text"):
        bench_gain(GainBench(other, seeds=1, out=out, resume=True))
    (out / "bench.json").unlink()
    with pytest.raises(OutputExistsError, match=r"--resume: nothing in .* says what its runs were made with"):
        bench_gain(GainBench(recipe, seeds=1, out=out, resume=True))


def test_a_gain_is_taken_seed_by_seed():
    row = GainRow("set test", "auc", 10, (0.80, 0.90, 0.85), (0.75, 0.86, 0.79))
    assert row.gain == (0.05, 0.01)
    assert row.as_dict()["having_over_seeds"] == {"mean": 0.85, "sd": 0.05}


def test_a_recipe_that_expects_nothing_is_refused_before_any_work(recipe, tmp_path):
    with pytest.raises(RecipeError, match="expects no figure"):
        bench_gain(GainBench(recipe, overrides=("expect=[]",), out=tmp_path / "runs"))
    assert not (tmp_path / "runs").exists()
