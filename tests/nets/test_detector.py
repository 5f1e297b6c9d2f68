"""The detector's net and losses."""

import numpy as np
import pytest
import torch

from limner import nets
from limner.nets.detector import center_loss, extent_loss, presence_logits
from limner.tasks import detect
from limner.tasks.boxes import encode


@pytest.mark.parametrize(("dims", "stride"), [(2, 4), (2, 8), (3, 2)])
def test_maps_lie_at_the_stride_and_every_weight_learns(dims, stride):
    torch.manual_seed(0)
    net = nets.build("center-net", 1, 3, dims=dims, channels=(8, 8, 12), stride=stride, cbam=True, dropout=0.1)
    side = 4 * stride
    centers, sizes, offsets = net(torch.randn(2, 1, *(side,) * dims))
    cells = (4,) * dims
    assert centers.shape == (2, 2, *cells)  # the background has no map
    assert sizes.shape == offsets.shape == (2, dims, *cells)
    (centers.square().mean() + sizes.mean() + offsets.square().mean()).backward()
    assert not [name for name, one in net.named_parameters() if one.grad is None]


def test_an_unknown_stride_is_refused():
    with pytest.raises(ValueError, match="stride is 2, 4 or 8; got 3"):
        nets.build("center-net", 1, 2, stride=3)


def test_the_right_map_has_the_least_loss():
    heat = torch.from_numpy(encode(np.array([[8, 8, 24, 24.0]]), np.zeros(1, int), 1, (32, 32), 4).heat)[None]
    right = torch.logit(heat.clamp(1e-4, 1 - 1e-4))
    shifted = right.roll(2, dims=-1)
    assert center_loss(right, heat) < 0.2 * center_loss(shifted, heat)
    assert center_loss(right, heat) < 0.2 * center_loss(torch.full_like(right, -4.0), heat)


def test_pictures_whose_places_are_unknown_teach_no_centre():
    heat = torch.zeros(2, 1, 4, 4)
    logits = torch.zeros(2, 1, 4, 4, requires_grad=True)
    center_loss(logits, heat, torch.tensor([1.0, 0.0])).backward()
    assert logits.grad[0].abs().sum() > 0
    assert logits.grad[1].abs().sum() == 0


def test_extents_count_only_near_centres():
    weight = torch.zeros(1, 4, 4)
    weight[0, 1, 1] = 1
    found, wanted = torch.full((1, 2, 4, 4), 9.0), torch.zeros(1, 2, 4, 4)
    found[0, :, 1, 1] = 0.5
    assert float(extent_loss(found, wanted, weight)) == 0.5


def test_torch_and_numpy_agree_on_presence():
    maps = torch.randn(3, 2, 6, 5, generator=torch.Generator().manual_seed(0))
    ours = np.stack([detect.presence_logits(one, 4) for one in maps.numpy()])
    np.testing.assert_allclose(presence_logits(maps, 4).numpy(), ours, rtol=1e-5)
