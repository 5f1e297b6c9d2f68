"""What the net keeps by construction, trained or not."""

import pytest
import torch

from limner.nets.sharpen import Sharpen, split
from limner.nets.sharpen_vae import SharpenVAE


def net(dims: int = 2, factor: int = 4, kind: type[Sharpen] = Sharpen, within: bool = False) -> Sharpen:
    torch.manual_seed(0)
    made = kind(1, 1, dims, factor, channels=6, blocks=2, within=within)
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


@pytest.mark.parametrize("within", [False, True])
@torch.inference_mode()
def test_whatever_the_latent_says_the_means_are_the_input(within):
    x = image(2)
    made = net(2, 3, SharpenVAE, within)
    seen = []
    for seed in range(3):
        z = torch.randn(2, made.latent, 6, 9, generator=torch.Generator().manual_seed(seed))
        values = made(x, z)
        assert values.shape == (2, 1, 18, 27 if within else 9)
        assert torch.allclose(split(values, 3, within).mean(1, keepdim=True), x, atol=1e-3)
        assert torch.allclose(made(7 * x - 300, z), 7 * values - 300, atol=2e-2)  # in its contrast, too
        seen.append(values)
    assert (seen[0] - seen[1]).abs().mean() > 1
    flat = torch.full((1, 1, 6, 9), 40.0)
    assert torch.allclose(made(flat, z[:1]), torch.tensor(40.0), atol=1e-4)  # where nothing varies nothing is invented


@torch.inference_mode()
def test_pixels_become_finer_along_both_axes_and_keep_their_means():
    x, made = image(2), net(2, 2, within=True)
    values, spread = made(x)
    assert values.shape == spread.shape == (2, 1, 12, 18)
    assert torch.allclose(torch.nn.functional.avg_pool2d(values, 2), x, atol=1e-3)
    made.tail.weight.zero_()
    ramp = torch.arange(12.0)[:, None] + 3 * torch.arange(10.0)
    fine = (torch.arange(24.0)[:, None] - 0.5) / 2 + 3 * (torch.arange(20.0) - 0.5) / 2
    assert torch.allclose(made(ramp[None, None])[0][0, 0, 4:-4, 4:-4], fine[4:-4, 4:-4], atol=1e-4)
    with pytest.raises(ValueError, match="2 axes"):
        Sharpen(1, 1, 3, within=True)


def test_an_encoder_reads_the_latent_off_the_truth_and_every_weight_learns():
    made, x = net(2, 4, SharpenVAE).train(), image(2)
    truth = split(x.repeat_interleave(4, 2) + 30 * torch.randn(2, 1, 24, 9), 4)
    guess = made(torch.cat([x, truth], 1))
    assert guess.values.shape == guess.plain.shape == (2, 1, 24, 9)
    assert guess.mean.shape == guess.spread.shape == (2, made.latent, 6, 9)
    (guess.values.square().mean() + guess.mean.square().mean() + guess.spread.mean()).backward()
    assert all(one.grad is not None and torch.isfinite(one.grad).all() for one in made.parameters())
    with pytest.raises(ValueError, match="4 channels of truth"):
        made(x)


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
