"""Every net passes the same test."""

import pytest
import torch

from limner import nets

SMALL = {
    "unet": {"channels": (4, 8, 8)},
    "cbam-unet": {"channels": (4, 8, 8)},
    "unet++": {"features": (4, 4, 4, 8, 8, 4)},
    "basic-unet": {"features": (4, 4, 4, 8, 8, 4)},
    "attention-unet": {"channels": (4, 8)},
}


def test_every_net_is_tested():
    assert set(SMALL) == set(nets.NETS)


@pytest.mark.parametrize("name", nets.NETS)
def test_logits_finest_first(name):
    torch.manual_seed(0)
    net = nets.build(name, 1, 3, **SMALL[name])
    image = torch.randn(1, 1, 16, 16, 32)
    trained = net.train()(image)
    assert isinstance(trained, tuple)
    assert trained[0].shape == (1, 3, 16, 16, 32)
    loss = sum(one.square().mean() for one in trained)
    loss.backward()
    unused = [key for key, value in net.named_parameters() if value.grad is None]
    assert not unused
    with torch.inference_mode():
        assert [one.shape for one in net.eval()(image)] == [(1, 3, 16, 16, 32)]


def test_an_unknown_net_names_the_nearest():
    with pytest.raises(KeyError, match="'unet'"):
        nets.build("unett", 1, 2)
