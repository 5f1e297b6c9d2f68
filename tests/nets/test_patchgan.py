"""Losses on features: nothing between a picture and itself, and style does not mind where things lie."""

import pytest
import torch

from limner.nets.features import activations
from limner.nets.patchgan import PatchGAN, feature_distance, gram, style_distance


@torch.no_grad()
def seen(picture: torch.Tensor) -> list[torch.Tensor]:
    torch.manual_seed(0)
    return PatchGAN(1, (4, 8))(picture)[1]


def test_a_picture_is_as_itself():
    picture = torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(1))
    assert float(feature_distance(seen(picture), seen(picture))) == 0
    assert float(style_distance(seen(picture), seen(picture))) == 0


def test_another_picture_is_not():
    one, other = torch.rand(2, 1, 1, 32, 32, generator=torch.Generator().manual_seed(1))
    assert float(feature_distance(seen(one), seen(other))) > 0.01
    assert float(style_distance(seen(one), seen(other))) > 0


def test_style_is_what_occurs_together_wherever_it_does():
    x = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(gram(x), gram(x.flip(3)), atol=1e-6)
    assert torch.allclose(gram(torch.ones(1, 4, 3, 5)), torch.full((1, 4, 4), 0.25))


def test_verdicts_are_by_patch():
    verdict, features = PatchGAN(3)(torch.rand(1, 3, 128, 128))
    assert verdict.shape == (1, 1, 14, 14)
    assert [one.shape[2] for one in features] == [64, 32, 16, 15]


def test_what_a_net_sees_on_its_way_and_no_hook_is_left():
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 1), torch.nn.ReLU(), torch.nn.Conv2d(2, 1, 1))
    x = torch.rand(1, 1, 4, 4)
    second, first = activations(net, x, ["1", "0"])
    assert torch.equal(first, net[0](x))
    assert torch.equal(second, net[1](net[0](x)))
    assert not net[0]._forward_hooks
    with pytest.raises(AttributeError):
        activations(net, x, ["9"])
