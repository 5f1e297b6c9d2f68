"""What pictures of nobody add: four ways over draws of the real cases, from one set of made pictures."""

import json
from dataclasses import replace

import pytest
import yaml

from limner.bench import SyntheticBench, bench_synthetic
from limner.bench.synthetic import WAYS, SyntheticRow
from limner.data.moved_tumors import moved_tumors
from limner.errors import InputError, OutputExistsError
from limner.train.pictures import read_sources, view_for
from limner.train.recipe import read_recipe
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
    told = json.loads(json.dumps(found.as_dict()))["generator"]
    assert told.startswith("The generator learned from other real cases too; the interval covers neither it")
    assert "learned from: cohort, split train" in told
    with pytest.raises(OutputExistsError, match="--resume"):
        bench_synthetic(asked)


def test_label_maps_are_those_of_the_runs_own_patients(tmp_path, monkeypatch):
    classes = {"0": "background", "1": "tumor"}
    generator = make(tmp_path / "generator", condition="mask", classes=classes)
    cohort = tmp_path / "generator" / "cohort" / "cohort.csv"
    data = {"size": [16, 16], "classes": classes, "sources": [{"cohort": str(cohort), "licence": "CC0"}]}
    expect = [{"cohort": str(cohort), "split": "test", "metric": "dice"}]
    recipe = write_recipe(tmp_path / "r.yaml", cohort, task="segment", net="auto", data=data, expect=expect)
    maps, runs = [], {}

    def moved(labels, images, *others):
        maps.append({one.tobytes() for one in images})
        return moved_tumors(labels, images, *others)

    def trained(recipe, overrides, folder):
        read = read_recipe(recipe, overrides)
        view = view_for(read.data, "segment")
        real = read_sources(read.data.sources[:1], view, seed=read.seed).train
        runs[folder.name] = {one.tobytes() for one in real.stack()}
        return folder

    monkeypatch.setattr("limner.synthesize.moved_tumors", moved)
    monkeypatch.setattr("limner.bench.synthetic.trained", trained)
    monkeypatch.setattr("limner.bench.synthetic.figures_of", lambda *_: ([0.5], [4]))
    asked = SyntheticBench(recipe, f"synthetic:0.5:{generator.folder}", 2, 3, 2, (), tmp_path / "runs")
    bench_synthetic(asked)
    assert maps == [runs["both-0"], runs["both-1"]]  # made once for each seed
    assert runs["both-0"] == runs["synthetic-0"] == runs["real-0"] != runs["real-1"]
    bench_synthetic(replace(asked, seeds=3, resume=True))
    assert maps[2:] == [runs["both-2"]]
    with pytest.raises(OutputExistsError, match=r"other settings: cases 2 \(now 3\)"):
        bench_synthetic(replace(asked, cases=3, resume=True))


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
