"""Sizes and places: what is drawn is read off again, by the net's own reading and by the one without torch."""

import numpy as np
import pytest
import torch

from limner.infer.generate.shapes import place_of
from limner.nets.likeness import edge_difference, similarity
from limner.nets.place import discs, places

NUMBERS = torch.tensor([[0.12, 0.4, 0.6, 0.2, 0.5, 0.45], [0.08, 0.62, 0.3, 0.0, 0.5, 0.5]])


def test_a_disc_is_read_off_as_it_was_drawn():
    drawn = discs(NUMBERS, 64)
    assert drawn.shape == (2, 6, 64, 64)
    found = places(drawn[:, :2])
    assert torch.allclose(found, NUMBERS, atol=0.012)
    assert drawn[1, 1].max() == 0  # of radius 0 nothing is drawn


def test_both_readings_agree():
    rng = np.random.default_rng(0)
    maps = (rng.random((1, 2, 24, 40)) < 0.2).astype(np.float32)
    maps[:, :, :, 20:] = 0
    found = places(torch.from_numpy(maps))[0].numpy().reshape(2, 3)
    for one, numbers in zip(maps[0], found, strict=True):
        assert numbers == pytest.approx(place_of(one).numbers, abs=1e-4)


def test_nothing_marked_is_radius_0_in_the_middle():
    assert places(torch.zeros(1, 1, 16, 16))[0].tolist() == pytest.approx([0, 0.5, 0.5])
    assert place_of(np.zeros((16, 16), np.float32)).numbers.tolist() == [0, 0.5, 0.5]


def test_slopes_lead_from_a_disc_to_where_it_should_be():
    numbers = torch.tensor([[0.15, 0.4, 0.4]], requires_grad=True)
    wanted = discs(torch.tensor([[0.15, 0.5, 0.4]]), 32)[:, :1]
    (discs(numbers, 32)[:, :1] - wanted).square().sum().backward()
    assert numbers.grad[0, 1] < 0  # down, where y grows
    assert abs(numbers.grad[0, 2]) < 0.05 * abs(numbers.grad[0, 1])


def test_likeness_is_best_for_the_same_and_worse_for_blurred_and_moved():
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    blurred = torch.nn.functional.avg_pool2d(x, 3, 1, 1)
    assert float(similarity(x, x)) == pytest.approx(1, abs=1e-5)
    assert float(edge_difference(x, x)) == 0
    assert float(edge_difference(x, x + 0.3)) == pytest.approx(0, abs=1e-5)  # an even shade has no edges
    assert float(similarity(x, x.roll(3, 2))) < float(similarity(x, blurred)) < 0.99
    assert float(edge_difference(x, blurred)) > 0.1
