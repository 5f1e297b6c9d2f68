"""StyleGAN2 with one axis more: every weight takes part, maps act where they are, slopes of thin volumes are right."""

import pytest
import torch
from torch.nn import functional as F

from limner.data.augment.adaptive import apply_changes, sample_changes
from limner.nets.discriminator import Discriminator
from limner.nets.stylegan2 import StyleGAN2, convolve


def small(**options):
    torch.manual_seed(0)
    net = StyleGAN2(2, 1, (8, 16, 16), latent=6, width=8, features=(8, 8, 4), depth=2, labels=True, **options)
    for weight in net.parameters():
        if not weight.any():
            weight.data.normal_(0, 0.2)
    return net


def test_every_weight_of_both_sides_takes_part():
    net, judge = small(), Discriminator(1, (4, 8, 8), maps=2, end=(2, 4, 4))
    maps = (torch.rand(4, 2, 8, 16, 16) < 0.3).float()
    made = net.train()(maps)
    assert made.pictures.shape == (4, 1, 8, 16, 16)
    judge(made.pictures, made.condition).sum().backward()
    lost = [name for one in (net, judge) for name, value in one.named_parameters() if value.grad is None]
    assert not lost


def test_names_of_weights_are_those_of_pictures():
    flat = StyleGAN2(2, 1, 16, latent=6, width=8, features=(8, 8, 4), depth=2, labels=True)
    deep = small()
    assert list(flat.state_dict()) == list(deep.state_dict())
    assert flat.state_dict()["synthesis.start"].shape == (1, 8, 4, 4)
    assert deep.state_dict()["synthesis.start"].shape == (1, 8, 2, 4, 4)


def test_a_map_acts_where_it_is():
    net, far = small().eval(), torch.zeros(1, 2, 8, 16, 16)
    near = far.clone()
    near[:, 0, :3, :4, :4] = 1
    styles = torch.randn(1, net.synthesis.layers, 8)
    noise = torch.randn(1, net.synthesis.noises)
    with torch.inference_mode():
        apart = (net.synthesis(styles, noise, near) - net.synthesis(styles, noise, far)).abs()[0, 0]
    assert apart[:3, :4, :4].mean() > 10 * apart[:, 12:, 12:].mean()


@pytest.mark.parametrize("size", [(8, 16, 24), (6, 16, 16), (8, 8, 8)])
def test_sizes_that_no_start_leads_to_are_refused(size):
    with pytest.raises(ValueError, match="lead to a side of 16"):
        StyleGAN2(0, 1, size, features=(8, 8, 4))


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_slopes_in_half_precision_are_those_in_full(depth):
    """oneDNN leaves them uncomputed for two slices, so memory that holds NaN is put where they may land."""
    torch.manual_seed(1)
    for trial in range(12):
        junk = [torch.full((1000 + 37 * trial,), float("nan")) for _ in range(20)]
        x, weight = torch.randn(4, 2, depth, 4, 4), torch.randn(12, 2, 3, 3, 3, requires_grad=True)
        slope = torch.randn(4, 12, depth, 4, 4)
        del junk
        with torch.autocast("cpu", torch.bfloat16):
            found = convolve(x, weight, padding=1)
        found.backward(slope.to(found.dtype))
        known = weight.detach().double().requires_grad_()
        F.conv3d(x.double(), known, padding=1).backward(slope.double())
        assert (weight.grad - known.grad).abs().max() < 0.02 * known.grad.abs().max()


def test_a_volume_is_changed_alike_in_all_of_its_slices():
    torch.manual_seed(3)
    flat = torch.rand(8, 2, 16, 16)
    deep = flat[:, :, None].expand(-1, -1, 4, -1, -1)
    changes = sample_changes(8, torch.tensor(0.7), torch.device("cpu"))
    found = apply_changes(deep, changes, 1)
    assert torch.equal(found, apply_changes(flat, changes, 1)[:, :, None].expand_as(found))
