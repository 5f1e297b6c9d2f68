from dataclasses import replace

import numpy as np
import pytest
import torch

from limner.data.augment.picture import Strength, sample_batch
from limner.data.augment.views import over_views

SIZE = (24, 30)


def views(strength, count=6):
    return [sample_batch(np.random.default_rng(i), 2, 1, 2, strength) for i in range(count)]


def smooth():
    y, x = torch.meshgrid(torch.linspace(-1, 1, SIZE[0]), torch.linspace(-1, 1, SIZE[1]), indexing="ij")
    return torch.stack([torch.exp(-2 * (y**2 + (x - 0.2) ** 2)), torch.exp(-3 * ((y + 0.3) ** 2 + x**2))])[:, None]


def test_a_net_that_follows_the_picture_gives_the_same_map_from_every_view():
    mean, spread = over_views(lambda x: x, smooth(), views(Strength(flip="yx", rotate_deg=20, shift=0.05)), maps=True)
    seen = torch.isfinite(mean)
    assert seen.float().mean() > 0.9
    assert (mean - smooth())[seen].abs().max() < 0.06
    assert spread[seen].max() < 0.06


def test_mirrored_views_come_back_exactly():
    def left_half(x):
        return torch.cat([x[..., :15], torch.zeros_like(x[..., 15:])], -1)

    x = smooth()
    mean, spread = over_views(left_half, x, views(Strength(flip="x"), 8), maps=True)
    share = (mean / x).mean((1, 2))  # of the views that showed a column on the left
    assert torch.allclose(share[:, :15] + share[:, 15:].flip(-1), torch.ones(2, 15), atol=1e-3)
    assert spread.max() > 0.1  # views disagree, and the map of uncertainty says so


def test_answers_without_a_place_are_averaged_as_they_are():
    x = smooth()
    drawn = [
        replace(view, offset=np.full(2, d, np.float32))
        for view, d in zip(views(Strength(), 2), (0.02, -0.02), strict=True)
    ]
    mean, spread = over_views(lambda one: one.mean((2, 3)), x * 0.8 + 0.05, drawn)
    assert torch.allclose(mean, (x * 0.8 + 0.05).mean((2, 3)), atol=1e-4)
    assert torch.allclose(spread, torch.full((2, 1), 0.02), atol=1e-4)


def test_maps_cannot_come_back_from_a_bend():
    with pytest.raises(ValueError, match="elastic"):
        over_views(lambda x: x, smooth(), views(Strength(elastic=0.02)), maps=True)
    with pytest.raises(ValueError, match="at least one view"):
        over_views(lambda x: x, smooth(), [])
