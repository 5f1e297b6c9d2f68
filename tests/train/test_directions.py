"""Directions get the name of what is measured to change along them, and none where nothing follows."""

import numpy as np
import pytest
import torch

from limner.nets.stylegan2 import StyleGAN2
from limner.train import directions
from tests.tasks.test_picture_attributes import ellipse


@pytest.fixture
def found(monkeypatch):
    """A generator whose first axis shrinks a disc and whose second moves it right; the third does nothing lasting."""
    torch.manual_seed(0)
    net = StyleGAN2(0, 3, 16, features=(4, 4, 4), width=8, latent=4, depth=1).eval()
    monkeypatch.setattr(directions, "_factors", lambda net: torch.eye(8))

    def made(net, styles, conditions):
        rows = []
        for w in styles.numpy():
            wobble = 0.1 * np.sin(50 * w[2])
            rows.append(ellipse(0.5 + wobble, 0.5 + 0.1 * np.tanh(w[1]), *[0.22 - 0.08 * np.tanh(w[0])] * 2, side=48))
        return np.stack(rows)

    monkeypatch.setattr(directions, "_made", made)
    return directions.find_directions(net, np.zeros((5, 0), np.uint8), [], count=3, pictures=12)


def test_names_follow_what_changes(found):
    assert found[1].name == "position right"
    assert found[1].correlation > 0.8
    assert found[0].name in ("size", "brightness", "contrast", "detail")  # all of them follow a disc's size
    assert found[2].name == "direction 3"


def test_more_of_a_way_is_more_of_the_attribute(found):
    sign = found[0].vector[0]
    assert sign == (-1.0 if found[0].name in ("size", "contrast", "detail") else 1.0)  # its axis shrinks a dark disc
    assert found[1].vector[1] == 1.0
    assert found[0].spread > 0


def test_factors_are_the_directions_that_the_weights_answer_to_most():
    torch.manual_seed(0)
    net = StyleGAN2(0, 3, 16, features=(4, 4, 4), width=8, latent=4, depth=1)
    vectors = directions._factors(net).detach()
    assert torch.allclose(vectors @ vectors.t(), torch.eye(8), atol=1e-5)
    rows = torch.cat([one.style.scaled()[0] for one in (*net.synthesis.convs, *net.synthesis.pixels)]).detach()
    power = ((rows / rows.norm(dim=1, keepdim=True)) @ vectors.t()).square().sum(0)
    assert torch.equal(power.argsort(descending=True), torch.arange(8))
