"""A generator at hand: principal directions are what they are called, and a wish is a picture."""

from __future__ import annotations

import numpy as np
import pytest

from limner.errors import InputError
from limner.infer.generate import Studio, Wish, open_generator, principal_directions
from limner.packs import shipped_pack


@pytest.fixture(scope="module", params=["skin-stylegan2", "glioma-mr-stylegan2", "glioma-mr-vae"])
def studio(request) -> Studio:
    return Studio(open_generator(shipped_pack(request.param)))


def test_principal_directions_are_orthonormal_and_repeat(studio):
    found = studio.principal
    ways = np.array([one.direction.vector for one in found])
    assert np.allclose(ways @ ways.T, np.eye(len(ways)), atol=1e-6)
    again = principal_directions(studio.generator)
    assert np.array_equal(ways, [one.direction.vector for one in again])


def test_styles_spread_along_the_first_as_it_says_and_less_along_any_other_way(studio):
    generator, first = studio.generator, studio.principal[0].direction
    styles = np.stack([generator.latent(seed).styles[0] for seed in range(5000, 5600)])
    spread = (styles @ np.array(first.vector)).std()
    assert spread == pytest.approx(first.spread, rel=0.12)
    others = np.random.default_rng(0).normal(size=(50, styles.shape[1]))
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    assert (styles @ others.T).std(0).max() < spread


def test_no_move_is_the_seeds_own_picture_and_moves_add_up(studio):
    plain = studio.latent(Wish(4))
    assert np.array_equal(plain.styles, studio.generator.latent(4).styles)
    assert np.array_equal(studio.latent(Wish(4, moves={"principal-1": 0.0})).styles, plain.styles)
    both = studio.latent(Wish(4, moves={"principal-1": 1.0, "principal-2": -0.5})).styles
    one = studio.latent(Wish(4, moves={"principal-1": 1.0})).styles
    other = studio.latent(Wish(4, moves={"principal-2": -0.5})).styles
    assert np.allclose(both - plain.styles, one + other - 2 * plain.styles, atol=1e-4)


def test_what_cannot_be_wished_is_told(studio):
    with pytest.raises(InputError, match="from 0 to 1"):
        studio.latent(Wish(between=(1, 2, 1.2)))
    with pytest.raises(InputError, match="4 standard deviations at most"):
        studio.latent(Wish(1, moves={"principal-1": 9.0}))
    with pytest.raises(InputError, match="has no direction 'age'"):
        studio.latent(Wish(1, moves={"age": 1.0}))
    with pytest.raises(InputError, match="give one of them"):
        studio.latent(Wish(1, kind="melanoma", values={"size": 0.1}))
