from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from limner.data.augment.picture import Strength, apply_values, mix, sample_batch


@pytest.fixture(autouse=True)
def _same_pictures_every_time():
    torch.manual_seed(0)


def plain(n, axes=2, channels=1):
    return sample_batch(np.random.default_rng(0), n, channels, axes, Strength())


def floats(*values):
    return np.array(values, np.float32)


@pytest.mark.parametrize("size", [(20, 32), (10, 12, 14)])
def test_a_blur_is_the_gaussian_of_each_picture(size):
    x = torch.rand(3, 2, *size)
    found = apply_values(x, replace(plain(3, len(size), 2), blur=floats(0, 0.6, 1.0)))
    assert torch.equal(found[0], x[0])
    for i, sigma in ((1, 0.6), (2, 1.0)):
        slow = ndimage.gaussian_filter(x[i].numpy(), [0, *[sigma] * len(size)], mode="nearest", radius=3)
        np.testing.assert_allclose(found[i], slow, atol=1e-5)


@pytest.mark.parametrize("size", [(20, 32), (10, 12, 14)])
def test_lost_detail_stays_lost_and_flat_stays_flat(size):
    x = torch.rand(3, 1, *size)
    x[2] = 0.4
    params = replace(plain(3, len(size)), shrink=floats(1, 2, 2.5))
    found = apply_values(x, params)
    assert torch.equal(found[0], x[0])
    assert found[1].std() < 0.6 * x[1].std()
    assert torch.allclose(found[2], x[2], atol=1e-6)


def test_tone_is_contrast_about_the_mean_then_gain_then_gamma():
    x = torch.rand(2, 3, 8, 8) * 0.4 + 0.3
    color = np.array([[1, 1, 1], [1.05, 1, 0.9]], np.float32)
    params = replace(
        plain(2, 2, 3), gain=floats(1.2, 0.8), offset=floats(0.05, -0.02), gamma=floats(1, 1.3), color=color
    )
    found = apply_values(x, params)
    for i in range(2):
        one = x[i].double().numpy()
        mean = one.mean()
        slow = ((one - mean) * float(params.gain[i]) + mean + float(params.offset[i])) * color[i][:, None, None]
        np.testing.assert_allclose(found[i], np.clip(slow, 1e-4, 1) ** float(params.gamma[i]), atol=1e-5)


def test_noise_has_the_spread_that_was_drawn():
    x = torch.full((2, 1, 64, 64), 0.5)
    found = apply_values(x, replace(plain(2), noise=floats(0.0, 0.04)))
    assert torch.equal(found[0], x[0])
    assert float(found[1].std()) == pytest.approx(0.04, rel=0.05)


def test_a_hole_is_grey_and_as_large_as_drawn():
    x = torch.rand(2, 1, 20, 40)
    holes = np.array([[0, 0, 0, 0], [0.25, 0.5, 0.5, 0.75]], np.float32)
    found = apply_values(x, replace(plain(2), holes=holes))
    assert torch.equal(found[0], x[0])
    assert torch.allclose(found[1, 0, 5:10, 20:30], x[1].mean())
    assert int((found[1] != x[1]).sum()) == 50


def test_mixup_shares_label_and_picture():
    x, target = torch.rand(2, 1, 4, 4), torch.eye(2)
    params = replace(plain(2), partner=np.array([1, 0]), share=floats(0.7, 0.9))
    mixed, shares = mix(x, target, params)
    assert torch.allclose(mixed[0], 0.7 * x[0] + 0.3 * x[1])
    assert torch.allclose(shares, torch.tensor([[0.7, 0.3], [0.1, 0.9]]))


def test_the_label_of_cutmix_is_the_share_of_its_pixels():
    x = torch.stack([torch.zeros(1, 7, 9), torch.ones(1, 7, 9)])
    params = replace(
        plain(2), partner=np.array([1, 0]), share=floats(0.8, 0.8), patch=np.array([0.2, 0.3, 0.62, 0.77], np.float32)
    )
    mixed, shares = mix(x, torch.eye(2), params)
    assert torch.allclose(mixed.flatten(1).mean(1), shares[:, 1])
    assert 0 < float(shares[0, 1]) < 1
    pixels, shown = mix(x, torch.stack([1 - x[:, 0], x[:, 0]], 1), params)
    assert torch.equal(pixels[:, 0], shown[:, 1])
