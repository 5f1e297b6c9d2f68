"""The small net of the liver's segments learns, from livers that are bent."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from limner.scene.vessels import liver_box
from limner.train.liver_segments import Bend, Lesson, Lessons, apply_bend, learn_segments, sample_bend


def lesson() -> Lesson:
    """An ellipsoid whose eight segments are its octants."""
    places = liver_box.channels(np.zeros(liver_box.SHAPE, np.float32), None)[3:]
    liver = ((places**2).sum(axis=0) <= 0.85).astype(np.float32)
    octant = (places[0] > 0) + 2 * (places[1] > 0) + 4 * (places[2] > 0)
    segments = np.stack([(octant == k) * liver for k in range(8)]).astype(np.float32)
    return Lesson(liver, None, segments)


def test_a_bend_of_nothing_changes_nothing_but_the_box():
    one = lesson()
    stack = torch.from_numpy(np.concatenate([one.liver[None], one.segments]))
    still = Bend(
        np.eye(3, dtype=np.float32), np.zeros((3, 4, 4, 4), np.float32), np.ones(3, np.float32), np.zeros(3, np.float32)
    )
    bent = apply_bend(stack, still).numpy()
    assert np.abs(bent[1:].sum(axis=0) - bent[0]).max() < 1e-5
    again = apply_bend(torch.from_numpy(bent), still).numpy()  # the box fits already
    assert (np.abs(again - bent) > 0.5).mean() < 0.01


def test_bent_livers_fill_their_box_and_keep_their_segments():
    one = lesson()
    stack = torch.from_numpy(np.concatenate([one.liver[None], one.segments]))
    rng = np.random.default_rng(0)
    shapes = []
    for _ in range(5):
        bent = apply_bend(stack, sample_bend(rng, Lessons())).numpy()
        inside = np.argwhere(bent[0] > 0.5)
        assert (np.ptp(inside, axis=0) + 1 >= 0.8 * np.array(liver_box.SHAPE)).all()
        assert np.abs(bent[1:].sum(axis=0) - bent[0]).max() < 1e-4 and (bent[1:].reshape(8, -1).sum(axis=1) > 50).all()
        shapes.append(bent[0].sum())
    assert np.std(shapes) > 0
    a, b = (sample_bend(np.random.default_rng(3), Lessons()) for _ in range(2))
    np.testing.assert_array_equal(a.shifts, b.shifts)


@pytest.mark.slow
def test_a_few_steps_learn_octants():
    one = lesson()
    net = learn_segments([one], Lessons(steps=40, batch=1))
    shown = torch.from_numpy(liver_box.channels(one.liver, None))[None]
    with torch.no_grad():
        best = net(shown)[0].argmax(0).numpy()
    inside = one.liver > 0.5
    assert (best == one.segments.argmax(axis=0))[inside].mean() > 0.6  # one in eight by chance
