"""An autoencoder: what its prior is fitted to, and that a killed run goes on to the same curve."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from limner.train.loop import fit
from limner.train.recipe import read_recipe
from limner.train.run import make_parts
from limner.train.vae import Codes, fitted

from .phantom_heads import SIDE, write_heads
from .pictures import write_recipe


def drawn(count, seed=0):
    """Latents whose mean goes with one number, of a known covariance."""
    rng = np.random.default_rng(seed)
    numbers = rng.uniform(0, 1, (count, 1))
    factor = np.array([[1.0, 0.0, 0.0], [0.6, 0.5, 0.0], [0.0, 0.0, 0.1]]).T
    mean = 0.5 + 2 * numbers * np.array([1.0, 0.0, -1.0]) + rng.normal(size=(count, 3)) @ factor
    variance = np.full((count, 3), 0.04)
    return Codes(*(one.astype(np.float32) for one in (mean, variance, numbers))), factor


def test_the_prior_is_the_distribution_of_all_codes():
    codes, factor = drawn(20_000)
    found = fitted(codes, ridge=0)
    assert found.slope == pytest.approx(np.array([[2.0, 0, -2]]), abs=0.05)
    assert found.mean == pytest.approx(np.array([0.5] * 3), abs=0.05)
    assert found.factor.T @ found.factor == pytest.approx(factor.T @ factor + 0.04 * np.eye(3), abs=0.03)


def test_of_few_codes_the_prior_stays_a_distribution():
    codes, _ = drawn(2)
    found = fitted(codes)
    assert np.linalg.eigvalsh(found.factor.T @ found.factor).min() >= 0.03


def rows(path):
    return [row[:3] for row in csv.reader(path.read_text().splitlines())]  # not the seconds


def test_a_resumed_run_goes_on_to_the_same_curve(tmp_path):
    cohort = write_heads(tmp_path / "cohort", 20)
    spec = {"steps": 6, "batch": 4, "threads": 1, "precision": "32-true", "checkpoint_every": 2, "check_every": 2}
    path = write_recipe(
        tmp_path / "recipe.yaml", cohort, task="generate", train=spec, code={"warmup": 4}, augment={"noise": 0.1},
        net={"name": "vae", "options": {"features": [4, 8], "latent": 3, "grain": 1}},
        data={"size": [SIDE, SIDE], "condition": "mask", "classes": {"0": "background", "1": "tumor"},
              "sources": [{"cohort": str(cohort), "licence": "CC0"}]},
    )  # fmt: skip
    recipe = read_recipe(path)
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()

    def run(name, sampler=None, resume=False):
        parts = make_parts(recipe, tmp_path / "cache")
        fit(replace(parts, sampler=sampler or parts.sampler), recipe.train, tmp_path / name, resume=resume)

    class Stops:
        inner = make_parts(recipe, tmp_path / "cache").sampler

        def batch(self, step, size):
            if step == 5:
                raise RuntimeError("stopped here")
            return self.inner.batch(step, size)

    run("whole")
    with pytest.raises(RuntimeError, match="stopped here"):
        run("cut", Stops())
    run("cut", resume=True)
    for name in ("curve.csv", "checks.csv"):
        assert rows(tmp_path / "cut" / name) == rows(tmp_path / "whole" / name)
    assert len(rows(tmp_path / "whole" / "curve.csv")) == 7
