"""Boxes go where their pixels go."""

import numpy as np
import pytest
import torch

from limner.data.augment.boxes import move_boxes
from limner.data.augment.picture import Strength, apply_spatial, sample_batch

CHANGES = {
    "nothing": Strength(),
    "mirrored": Strength(flip="yx"),
    "turned": Strength(rotate_deg=40),
    "scaled and moved": Strength(scale=0.2, shift=0.1),
    "bent": Strength(elastic=0.06),
    "all": Strength(flip="x", rotate_deg=20, scale=0.1, shift=0.05, shear=0.05, elastic=0.03),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_disc_and_its_box_move_alike(name):
    size, n = (96, 128), 12
    y, x = np.mgrid[:96, :128]
    disc = (((y + 0.5 - 44) / 12) ** 2 + ((x + 0.5 - 70) / 9) ** 2 <= 1).astype(np.float32)
    box = np.array([[32, 61, 56, 79]], float)
    params = sample_batch(np.random.default_rng(4), n, 1, 2, CHANGES[name])
    moved = apply_spatial(torch.from_numpy(disc)[None, None].repeat(n, 1, 1, 1), params)[:, 0].numpy() > 0.5
    compared = 0
    for index in range(n):
        found, kept = move_boxes(box, params, index, size)
        rows, columns = np.flatnonzero(moved[index].any(1)), np.flatnonzero(moved[index].any(0))
        if not kept[0] or not rows.size:
            continue
        seen = np.array([rows[0], columns[0], rows[-1] + 1, columns[-1] + 1])
        assert np.abs(found[0] - seen).max() <= (6.0 if CHANGES[name].elastic else 2.0)
        compared += 1
    assert compared >= 8


def test_volumes_too():
    size = (24, 32, 40)
    ball = np.zeros(size, np.float32)
    ball[8:14, 10:20, 20:28] = 1
    params = sample_batch(np.random.default_rng(1), 4, 1, 3, Strength(flip="zyx", shift=0.05))
    moved = apply_spatial(torch.from_numpy(ball)[None, None].repeat(4, 1, 1, 1, 1), params)[:, 0].numpy() > 0.5
    for index in range(4):
        found, kept = move_boxes(np.array([[8, 10, 20, 14, 20, 28.0]]), params, index, size)
        at = np.argwhere(moved[index])
        assert kept[0]
        assert np.abs(found[0] - [*at.min(0), *(at.max(0) + 1)]).max() <= 1.5


def test_what_leaves_the_picture_is_dropped():
    params = sample_batch(np.random.default_rng(0), 1, 1, 2, Strength())
    params.shift[0] = (0.0, 1.5)  # looks three quarters of the width to the right
    _, kept = move_boxes(np.array([[10, 2, 20, 12.0], [10, 50, 20, 60.0]]), params, 0, (64, 64))
    assert kept.tolist() == [False, True]
