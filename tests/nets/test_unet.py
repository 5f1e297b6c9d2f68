"""The segmentation nets in two and three dimensions; weights of shipped packs must go on to load."""

import pytest
import torch
from safetensors.torch import load_file

from limner import nets
from limner.infer import load_pack
from limner.nets.losses import deeply_supervised

SMALL = {
    "unet": {"channels": (4, 8, 8)},
    "cbam-unet": {"channels": (4, 8, 8)},
    "unet++": {"features": (4, 4, 4, 8, 8, 4)},
    "basic-unet": {"features": (4, 4, 4, 8, 8, 4)},
    "attention-unet": {"channels": (4, 8, 8)},
}


@pytest.mark.parametrize("name", SMALL)
def test_pictures_go_through_and_every_weight_learns(name):
    torch.manual_seed(0)
    net = nets.build(name, 3, 2, dims=2, **SMALL[name])
    assert not any(isinstance(module, torch.nn.Conv3d) for module in net.modules())
    logits = net.train()(torch.randn(2, 3, 32, 48))
    assert logits[0].shape == (2, 2, 32, 48)
    target = (torch.rand(2, 32, 48) > 0.5).long()
    deeply_supervised(logits, target, torch.tensor([[0, 1]]).expand(2, -1)).backward()
    assert not [key for key, value in net.named_parameters() if value.grad is None]
    with torch.inference_mode():
        assert [one.shape for one in net.eval()(torch.randn(1, 3, 32, 48))] == [(1, 2, 32, 48)]


@pytest.mark.parametrize("name", [name for name in SMALL if name != "cbam-unet"])
@pytest.mark.parametrize("dims", [2, 3])
def test_attention_can_be_added_and_changes_no_other_name(name, dims):
    plain, attentive = (nets.build(name, 1, 2, dims=dims, cbam=cbam, **SMALL[name]) for cbam in (False, True))
    more = sum(one.numel() for one in attentive.parameters()) - sum(one.numel() for one in plain.parameters())
    assert more > 0
    size = (32,) * dims
    assert attentive.eval()(torch.randn(1, 1, *size))[0].shape == (1, 2, *size)


def test_the_loss_is_the_same_in_a_volume_of_one_slice():
    torch.manual_seed(0)
    logits, target = torch.randn(2, 3, 8, 8), torch.randint(0, 3, (2, 8, 8))
    merge = torch.arange(3).expand(2, -1)
    flat = deeply_supervised([logits], target, merge)
    assert torch.allclose(flat, deeply_supervised([logits[:, :, None]], target[:, None], merge))


def test_the_shipped_weights_load():
    pack = load_pack("abdomen-ct")
    for held in (pack.main, pack.locator):
        assert held is not None
        net = nets.build(held.build.name, held.input.channels, len(held.classes), **held.build.options)
        net.load_state_dict(load_file(held.weights))  # strict: no name is missing, none is new


def test_a_kernel_with_a_number_too_many_is_refused():
    with pytest.raises(ValueError, match=r"expected 2, got \[1, 3, 3\]"):
        nets.build("unet", 1, 2, dims=2, channels=(4, 8), kernels=[[1, 3, 3], [1, 3, 3]])


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize(
    ("name", "options"), [("unet", {"channels": (4, 8)}), ("resnet18", {"width": 4, "stem": "small"})]
)
def test_a_normalized_net_does_not_see_gain_and_offset(name, options, dims):
    torch.manual_seed(0)
    net = nets.build(name, 2, 2, dims=dims, normalize=True, **options).eval()
    x = torch.rand(2, 2, *(16,) * dims)
    gain = torch.tensor([0.5, 3.0]).reshape(1, 2, *(1,) * dims)
    here, brighter, turned = ([*net(one)][-1] for one in (x, gain * x + 0.2, x.flip(-1)))
    assert torch.allclose(here, brighter, atol=0.02)
    assert not torch.allclose(here, turned, atol=0.02)
