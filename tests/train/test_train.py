"""The recipe → train → pack path, on phantoms."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from limner.errors import CohortError, OutputExistsError, RecipeError
from limner.infer import load_pack
from limner.infer.engines import ENGINES, open_engine
from limner.infer.evaluate import evaluate
from limner.train import train
from limner.train.export import binds


def _curve(folder: Path) -> list[tuple[int, float]]:
    return [
        (int(row["step"]), float(row["loss"]))
        for row in csv.DictReader((folder / "curve.csv").read_text().splitlines())
    ]


def test_a_run_learns_and_ends_in_a_pack(recipe, cohort, tmp_path):
    result = train(recipe, ["train.steps=120"], tmp_path / "run")
    losses = [loss for _, loss in _curve(result.folder)]
    assert len(losses) == 120
    assert np.mean(losses[-20:]) < 0.5 * np.mean(losses[:10])
    pack = load_pack(result.pack)
    pack.verify()
    assert [one.name for one in pack.labels] == ["liver", "liver tumor"]
    assert not pack.spec.non_commercial
    assert {row.case for row in pack.spec.training} == {"case0", "case1"}
    assert "case0, case1" in (result.pack / "CARD.md").read_text()

    # every engine gives the same answer on a realistic input (constant input through a norm would amplify noise)
    image = np.random.default_rng(0).random((1, 1, 16, 24, 24), dtype=np.float32)
    answers = {name: open_engine(name, pack.main)[1].run({"image": image})["logits"] for name in ENGINES}
    for name, answer in answers.items():
        assert answer.dtype == np.float32
        assert answer.shape == (1, 3, 16, 24, 24)
        assert np.abs(answer - answers["torch"]).max() < 2e-3, name

    found = evaluate(pack, cohort)
    assert found.per_class["liver"]["dice"].value > 0.85
    assert found.n == 3
    assert found.per_site["phantom"]["dice"].value is not None


def test_a_killed_run_goes_on_to_the_same_curve(recipe, tmp_path):
    whole = train(recipe, [], tmp_path / "whole")
    code = "import sys; from pathlib import Path; from limner.train import train; "
    code += "train(Path(sys.argv[1]), [], Path(sys.argv[2]))"
    process = subprocess.Popen([sys.executable, "-c", code, str(recipe), str(tmp_path / "cut")], env=dict(os.environ))
    deadline = time.monotonic() + 120
    checkpoint = tmp_path / "cut" / "checkpoint.pt"
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "cut" / "pack").exists()
    with pytest.raises(OutputExistsError, match="--resume"):
        train(recipe, [], tmp_path / "cut")
    resumed = train(recipe, [], tmp_path / "cut", resume=True)
    assert [step for step, _ in _curve(resumed.folder)] == list(range(1, 41))
    assert np.allclose(
        [loss for _, loss in _curve(resumed.folder)], [loss for _, loss in _curve(whole.folder)], atol=2e-3
    )


def test_a_recipe_answers_with_every_problem(recipe):
    with pytest.raises(RecipeError) as caught:
        train(recipe, ["train.stepz=3", "data.patch=[1,2]", "task=guess"])
    assert all(word in str(caught.value) for word in ("stepz", "data.patch", "task"))


def test_a_class_that_no_one_listed_is_refused(recipe):
    with pytest.raises(RecipeError, match="spleen"):
        train(recipe, ["data.sources.0.unknown={spleen: background}"])


def test_a_missing_recipe_and_a_split_without_cases(recipe, tmp_path):
    with pytest.raises(RecipeError, match="No recipe"):
        train(tmp_path / "none.yaml")
    with pytest.raises((RecipeError, CohortError), match="no cases"):
        train(recipe, ["data.sources.0.split=test"], tmp_path / "run")


@pytest.mark.parametrize(
    ("terms", "bound"),
    [("TCIA, CC BY 4.0", False), ("CC BY-NC 4.0", True), ("BUSI, unstated (CC BY 4.0 by others)", True), ("?", True)],
)
def test_terms_that_are_not_free_bind_the_pack(terms, bound):
    assert binds(terms.lower()) is bound
