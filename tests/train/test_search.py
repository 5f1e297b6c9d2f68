"""The search finds what a known figure rewards, is pruned, and goes on where it was cut off."""

import json
from pathlib import Path

import pytest

from limner.errors import OutputExistsError, RecipeError
from limner.train import search as module
from limner.train.recipe import SearchSpec, read_recipe
from limner.train.search import read_search, search

from .pictures import write_pictures, write_recipe
from .toys import toy_parts


@pytest.fixture
def recipe(tmp_path) -> Path:
    settings = {"steps": 4, "batch": 4, "check_every": 2, "threads": 1, "precision": "32-true"}
    return write_recipe(tmp_path / "toy.yaml", write_pictures(tmp_path / "set"), train=settings)


@pytest.fixture
def known(monkeypatch):
    """The figure is known: best at clip 2, and a trial with mixup is poor from its first check on."""
    seen = []

    def make_parts(recipe, cache):
        seen.append(recipe.train.clip or 1.0)
        score = -(((recipe.train.clip or 1.0) - 2.0) ** 2) - 100 * recipe.augment.mixup
        return toy_parts(check=lambda net: score)

    monkeypatch.setattr(module, "make_parts", make_parts)
    return seen


SPEC = {
    "trials": 6,
    "set": {"train.steps": 6},
    "space": {
        "train.clip": {"low": 0.5, "high": 4.0},
        "train.rate": {"low": 1e-5, "high": 1e-2, "log": True},
        "train.batch": {"choices": [2, 4]},
    },
}


def test_it_finds_the_best_and_writes_a_recipe(recipe, known, tmp_path):
    found = search(recipe, [], SearchSpec.model_validate(SPEC), tmp_path / "s")
    assert found.trials == {"finished": 6 - found.trials["pruned"], "pruned": found.trials["pruned"], "failed": 0}
    assert len(known) == 6
    assert abs(found.best["train.clip"] - 2.0) == min(abs(one - 2.0) for one in known)
    best = read_recipe(tmp_path / "s" / "best.yaml")
    assert best.train.clip == found.best["train.clip"]
    assert best.train.rate == pytest.approx(found.best["train.rate"])
    assert best.train.batch == found.best["train.batch"]
    assert best.train.steps == 4  # what every trial was set to is not part of what was found
    assert json.loads((tmp_path / "s" / "search.json").read_text())["best"] == found.best
    assert f"--set train.batch={found.best['train.batch']}" in found.settings
    assert (tmp_path / "s" / "trials" / "006" / "live.html").is_file()


def test_poor_trials_end_early(recipe, known, tmp_path):
    spec = {"trials": 8, "space": {"augment.mixup": {"choices": [0.0, 1.0]}}, "set": {"train.steps": 8}}
    found = search(recipe, [], SearchSpec.model_validate(spec), tmp_path / "s")
    assert found.best == {"augment.mixup": 0.0}
    assert found.trials["pruned"] >= 1
    pruned = [place for place in (tmp_path / "s" / "trials").iterdir() if len(_curve(place)) < 8]
    assert len(pruned) == found.trials["pruned"]
    whole = search(recipe, [], SearchSpec.model_validate({**spec, "prune": False, "trials": 5}), tmp_path / "t")
    assert whole.trials["pruned"] == 0


def _curve(folder: Path) -> list[str]:
    return (folder / "curve.csv").read_text().splitlines()[1:]


def test_a_search_that_was_cut_off_goes_on(recipe, known, tmp_path, monkeypatch):
    made, whole = module.make_parts, []

    def cut(recipe, cache):
        if len(whole) == 3:
            raise KeyboardInterrupt
        whole.append(recipe.train.clip)
        return made(recipe, cache)

    monkeypatch.setattr(module, "make_parts", cut)
    spec = SearchSpec.model_validate(SPEC)
    with pytest.raises(KeyboardInterrupt):
        search(recipe, [], spec, tmp_path / "s")
    with pytest.raises(OutputExistsError, match="--resume"):
        search(recipe, [], spec, tmp_path / "s")
    monkeypatch.setattr(module, "make_parts", made)
    found = search(recipe, [], spec, tmp_path / "s", resume=True)
    assert found.trials["finished"] + found.trials["pruned"] == 6
    assert len(known) == 6  # three before, three after: the fourth was tried again


def test_what_a_search_refuses(recipe, tmp_path):
    with pytest.raises(RecipeError, match="No search"):
        read_search(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("search: {trials: 0, space: {train.rate: {low: 2, high: 1}, a: {}}}")
    with pytest.raises(RecipeError) as caught:
        read_search(tmp_path / "bad.yaml")
    assert all(word in str(caught.value) for word in ("trials", "low (2.0) must be below", "choices"))
    with pytest.raises(RecipeError, match=r"train\.ratee"):
        spec = SearchSpec.model_validate({"space": {"train.ratee": {"low": 1, "high": 2}}})
        search(recipe, [], spec, tmp_path / "s")
    with pytest.raises(RecipeError, match="check split"):
        spec = SearchSpec.model_validate({"space": {"train.rate": {"low": 1, "high": 2}}})
        search(recipe, ["data.sources.0.check=null"], spec, tmp_path / "t")
