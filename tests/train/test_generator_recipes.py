"""What a recipe of a generator may say, what it learns beside, and on which pictures it is judged."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from limner.data.examples import Example, Examples
from limner.errors import RecipeError
from limner.train.generate import AdaptiveDiscriminator, Game
from limner.train.pictures import Learned
from limner.train.recipe import Recipe, read_recipe
from limner.train.recipe_generate import GameSpec
from limner.train.run import make_parts
from limner.train.shown import LEAST, Shown

from .pictures import write_pictures, write_recipe

VAE = {"name": "vae", "options": {"features": [4, 8], "latent": 3, "grain": 1}}
GAN = {"name": "stylegan2", "options": {"features": [8, 8, 4], "latent": 6, "width": 8, "depth": 2}}


def recipe(folder, cohort, **changes):
    sources = changes.pop("sources", [{"cohort": str(cohort), "licence": "CC0"}])
    data = {"size": [16, 16], "sources": sources}
    return write_recipe(folder / "recipe.yaml", cohort, task="generate", data=data, **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"net": VAE, "game": {"r1": 3}}, "the section 'game' is for net 'stylegan2'"),
        ({"net": GAN, "code": {"kl": 0.1}}, "the section 'code' is for net 'vae'"),
        ({"net": GAN, "game": {"r1": -1}}, "game.r1"),
        ({"net": GAN, "game": {"path": -1}}, "game.path"),
        ({"net": GAN, "game": {"adapt": -1}}, "game.adapt"),
        ({"net": GAN, "game": {"discriminator": [8, 0]}}, "game.discriminator"),
        ({"net": GAN, "train": {"clip": 0}}, "train.clip"),
    ],
)
def test_what_would_be_ignored_or_makes_no_sense_is_refused(tmp_path, changes, said):
    cohort = write_pictures(tmp_path / "cohort")
    with pytest.raises(RecipeError, match=said):
        read_recipe(recipe(tmp_path, cohort, **changes))


def test_what_is_written_of_a_resolved_recipe_is_read_again(tmp_path):
    """It names every section, with what it holds by itself."""
    cohort = write_pictures(tmp_path / "cohort")
    for net in (VAE, GAN):
        read = read_recipe(recipe(tmp_path, cohort, net=net))
        assert Recipe.model_validate(read.model_dump(mode="json")) == read


@pytest.mark.parametrize(("net", "clip"), [(GAN, 100.0), (VAE, 1.0)])
def test_games_live_by_longer_gradients(tmp_path, net, clip):
    cohort = write_pictures(tmp_path / "cohort")
    parts = make_parts(read_recipe(recipe(tmp_path, cohort, net=net)), tmp_path / "cache")
    assert parts.clip == clip
    if parts.rival:
        assert parts.rival.columns() == ("rival", "p")


@pytest.mark.parametrize("net", [VAE, GAN])
def test_a_source_has_its_share(tmp_path, net):
    cohort, made = write_pictures(tmp_path / "cohort"), write_pictures(tmp_path / "made", count=48)
    rows = made.read_text().replace("patient", "nobody").replace("nobody,site", "patient,site").replace("case", "made")
    made.write_text(rows)
    sources = [
        {"cohort": str(cohort), "licence": "CC0"},
        {"cohort": str(made), "licence": "CC0", "check": None, "share": 0.9},
    ]
    parts = make_parts(read_recipe(recipe(tmp_path, cohort, net=net, sources=sources)), tmp_path / "cache")
    shares = parts.sampler.order.shares
    assert shares[:16].sum() == pytest.approx(0.1) and shares[16:].sum() == pytest.approx(0.9)
    parts.sampler.batch(0, 4)


def examples(count, value):
    image = np.full((1, 4, 4), value, np.uint8)
    return Examples(tuple(Example(f"{value}-{k}", image, f"{value}-{k}", None) for k in range(count)), ())


@pytest.mark.parametrize("count", [0, LEAST - 1, LEAST])
def test_pictures_that_are_not_learned_from_judge_where_there_are_enough(tmp_path, count):
    train, check = examples(40, 7), examples(count, 9)
    cohort = write_pictures(tmp_path / "cohort")
    data = read_recipe(recipe(tmp_path, cohort, net=VAE)).data
    shown = Shown(train.stack(), np.zeros((40, 0), np.uint8), Learned(train, check), data, most=30)
    assert shown.known()[0].shape == (30, 1, 4, 4)
    assert set(shown.held()[0].ravel()) == ({9} if count >= LEAST else {7})
    assert set(replace(shown, most=5).known()[0].ravel()) == {7}


def test_a_step_that_is_left_out_leaves_nothing_behind():
    class Judge(torch.nn.Module):
        def forward(self, pictures, condition):
            return pictures.sum((1, 2, 3)) * float("nan")

    judge = AdaptiveDiscriminator(Judge(), 1)
    game = Game(GameSpec(r1_every=2), judge, torch.nn.Identity())
    made = type("Made", (), {"pictures": torch.zeros(2, 1, 4, 4)})()
    game.discriminator(judge, made, torch.zeros(2, 0), torch.ones(2, 1, 4, 4), torch.tensor(1))
    assert float(judge.sure) == 0 and float(judge.p) == 0
