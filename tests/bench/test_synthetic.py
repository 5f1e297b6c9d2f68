"""What pictures of nobody add: four ways over draws of the real cases, from one set of made pictures."""

import json

import pytest
import yaml

from limner.bench import SyntheticBench, bench_synthetic
from limner.bench.synthetic import WAYS, SyntheticRow
from limner.errors import InputError, OutputExistsError
from tests.infer.test_generate import make
from tests.train.pictures import CLASSES, write_pictures, write_recipe


def test_four_ways_learn_from_the_same_few_patients(tmp_path):
    generator = make(tmp_path / "generator", condition="label", classes=CLASSES)
    cohort = write_pictures(tmp_path / "cohort")
    recipe = write_recipe(tmp_path / "recipe.yaml", cohort)
    raw = yaml.safe_load(recipe.read_text())
    raw["expect"] = [{"cohort": str(cohort), "split": "test", "metric": "auc"}]
    raw["augment"] = {"flip": "x"}
    recipe.write_text(yaml.safe_dump(raw))
    steps = ("train.steps=2", "train.epochs=null")
    asked = SyntheticBench(recipe, f"synthetic:0.5:{generator.folder}", 2, 6, 2, steps, tmp_path / "runs")
    found = bench_synthetic(asked)
    [row] = found.rows
    assert (row.figure, {way: len(row.values[way]) for way in WAYS}) == ("auc", dict.fromkeys(WAYS, 2))
    used = {way: yaml.safe_load((tmp_path / "runs" / f"{way}-1" / "recipe.yaml").read_text()) for way in WAYS}
    for way in WAYS:
        first, *others = used[way]["data"]["sources"]
        assert (first["cases"], first["check"]) == (2, None)  # nobody else chooses weights
        assert [one["share"] for one in others] == ([0.5] if way in ("synthetic", "both") else [])
        assert (used[way]["augment"]["flip"] == "x") == (way in ("augmented", "both"))
    json.dumps(found.as_dict())
    with pytest.raises(OutputExistsError, match="--resume"):
        bench_synthetic(asked)


def test_a_gain_has_an_interval_over_draws_of_the_cases():
    few = (0.5, 0.6, 0.7)
    values = {"real": few, "augmented": few, "synthetic": (0.6, 0.7, 0.8), "both": (0.5, 0.7, 0.9)}
    row = SyntheticRow("set test", "auc", 10, values)
    assert row.gain("synthetic", "real") == (0.1, 0.1, 0.1)
    middle, low, high = row.gain("both", "augmented")
    assert middle == 0.1
    assert low == pytest.approx(0.1 - 4.3027 * 0.1 / 3**0.5, abs=1e-3)
    assert high == pytest.approx(0.2 - low)


def test_one_seed_is_no_interval(tmp_path):
    with pytest.raises(InputError, match="two seeds"):
        bench_synthetic(SyntheticBench(tmp_path / "recipe.yaml", seeds=1))
