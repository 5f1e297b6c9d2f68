"""Boxes: overlap against a slow count of pixels; maps and boxes are each other's inverse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.tasks.boxes import Marks, decode, encode, iou, suppress


def _pixels(box, size):
    axes = len(box) // 2
    mask = np.zeros(size, bool)
    mask[tuple(slice(int(box[k]), int(box[k + axes])) for k in range(axes))] = True
    return mask


@pytest.mark.parametrize("axes", [2, 3])
def test_iou_counts_pixels(axes):
    rng = np.random.default_rng(axes)
    low = rng.integers(0, 8, (6, axes))
    boxes = np.concatenate([low, low + rng.integers(1, 6, (6, axes))], 1).astype(float)
    masks = [_pixels(box, (14,) * axes) for box in boxes]
    slow = [[(a & b).sum() / (a | b).sum() for b in masks] for a in masks]
    np.testing.assert_allclose(iou(boxes, boxes), slow)


def test_suppression_keeps_the_surest_and_other_classes():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [1, 0, 11, 10], [30, 30, 40, 40]], float)
    marks = Marks(boxes, np.array([0.6, 0.9, 0.5, 0.4]), np.array([0, 0, 1, 0]))
    kept = suppress(marks, 0.3)
    assert kept.scores.tolist() == [0.9, 0.5, 0.4]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), axes=st.sampled_from([2, 3]), stride=st.sampled_from([2, 4]))
def test_what_is_encoded_is_decoded(seed, axes, stride):
    rng = np.random.default_rng(seed)
    size = (48,) * axes
    low = np.array([[2.0] * axes, [26.0] * axes]) + rng.uniform(0, 6, (2, axes))
    boxes = np.concatenate([low, low + rng.uniform(3, 14, (2, axes))], 1)
    kinds = rng.integers(0, 2, 2)
    maps = encode(boxes, kinds, 2, size, stride)
    found = decode(maps.heat, maps.sizes, maps.offsets, stride, threshold=0.99)
    order = np.argsort(found.boxes[:, 0])
    np.testing.assert_allclose(found.boxes[order], boxes, atol=1e-3)
    assert found.classes[order].tolist() == kinds.tolist()
    assert maps.heat.max() == 1.0
    assert maps.weight.max() == 1.0


def test_an_empty_picture_has_empty_maps_and_no_marks():
    maps = encode(np.zeros((0, 4)), np.zeros(0, int), 1, (32, 32), 4)
    assert not maps.heat.any()
    assert len(decode(maps.heat, maps.sizes, maps.offsets, 4).scores) == 0
