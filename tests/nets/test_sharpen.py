"""What the net keeps by construction, trained or not."""

import pytest
import torch

from limner.nets.sharpen import Sharpen


def net(dims: int = 2, factor: int = 4) -> Sharpen:
    torch.manual_seed(0)
    made = Sharpen(1, 1, dims, factor, channels=6, blocks=2)
    with torch.no_grad():
        made.tail.weight.normal_(0, 0.3)  # as if it had learned something
    return made.eval()


def image(dims: int, seed: int = 0) -> torch.Tensor:
    size = (2, 1, 6, 9, 7)[: dims + 2]
    return 100 * torch.randn(size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("dims", "factor"), [(2, 4), (2, 3), (3, 2)])
@torch.inference_mode()
def test_the_mean_of_the_thin_slices_is_the_input(dims, factor):
    x = image(dims)
    values, spread = net(dims, factor)(x)
    assert values.shape == spread.shape == (2, 1, 6 * factor, *x.shape[3:])
    means = values.reshape(2, 1, 6, factor, *x.shape[3:]).mean(3)
    assert torch.allclose(means, x, atol=1e-3)
    assert (values - x.repeat_interleave(factor, 2)).abs().mean() > 1  # and it does say something
    assert (spread >= 0).all()


@torch.inference_mode()
def test_stronger_and_brighter_input_gives_stronger_and_brighter_output():
    """What was learned in a window of 200 HU holds over 2000."""
    made, x = net(), image(2)
    values, spread = made(x)
    strong, wide = made(7 * x - 300)
    assert torch.allclose(strong, 7 * values - 300, atol=2e-2)
    assert torch.allclose(wide, 7 * spread, atol=2e-2)


@torch.inference_mode()
def test_untrained_it_is_near_cubic_interpolation_and_mirrors_with_its_input():
    plain = Sharpen(1, 1, channels=6, blocks=2).eval()
    plain.tail.weight.zero_()
    ramp = torch.arange(12.0)[None, None, :, None].repeat(1, 1, 1, 5)
    values = plain(ramp)[0][0, 0, 8:-8, 2]
    assert torch.allclose(values, (torch.arange(48.0)[8:-8] - 1.5) / 4, atol=1e-4)
    x = image(2)
    assert torch.allclose(plain(x.flip(2))[0], plain(x)[0].flip(2), atol=1e-3)


def test_it_gives_as_many_channels_as_it_takes():
    with pytest.raises(ValueError, match="as many channels"):
        Sharpen(1, 2)
    with pytest.raises(ValueError, match="at least 2"):
        Sharpen(1, 1, factor=1)


def test_every_weight_learns_and_a_state_goes_round():
    made = net().train()
    values, spread = made(image(2))
    (values.square().mean() + spread.mean()).backward()
    assert all(one.grad is not None and torch.isfinite(one.grad).all() for one in made.parameters())
    other = Sharpen(1, 1, channels=6, blocks=2)
    other.load_state_dict(made.state_dict())
    assert torch.equal(other(image(2))[0], made(image(2))[0])
