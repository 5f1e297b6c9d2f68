"""Maps of a training split with tumours elsewhere: inside what held them, as large and as common as before."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from limner.data.moved_tumors import body_of, moved_tumors
from limner.errors import CohortError


@pytest.fixture(scope="module")
def heads():
    """Bright ellipses on black, two of three with a tumour well inside."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:64, :64] - 31.5
    labels, images = np.zeros((12, 64, 64), np.uint8), np.zeros((12, 2, 64, 64), np.uint8)
    for k in range(12):
        tall, wide = rng.uniform(24, 29), rng.uniform(18, 23)
        images[k, :, (y / tall) ** 2 + (x / wide) ** 2 < 1] = 90
        images[k, :, 30:34, 30:34] = 0  # a ventricle is a hole, and belongs to the head
        if k % 3:
            labels[k, (y - rng.uniform(-8, 8)) ** 2 + (x - rng.uniform(-5, 5)) ** 2 < rng.uniform(4, 6) ** 2] = 1
    return labels, images


def test_a_head_is_what_is_not_black_without_holes(heads):
    _, images = heads
    truth = ndimage.binary_fill_holes(images[0, 0] > 0)
    found = body_of(images[0])
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.95
    assert found[32, 32]
    grey = np.clip(images[0] + np.array([40, 0])[:, None, None], 0, 255).astype(np.uint8)  # one channel's air is grey
    assert (body_of(grey) == found).all()
    assert body_of(np.full((3, 32, 32), 120, np.uint8)).mean() > 0.9  # a picture of skin is all body
    assert not body_of(np.zeros((1, 32, 32), np.uint8)).any()


def test_tumours_lie_in_the_head_off_its_edge_and_elsewhere_than_before(heads):
    labels, images = heads
    maps = moved_tumors(labels, images, (), (1,))
    drawn = [maps.draw(seed) for seed in range(60)]
    assert all((maps.draw(seed) == drawn[seed]).all() for seed in (0, 7))
    marked = [one == 1 for one in drawn if one.any()]
    assert len(marked) / len(drawn) == pytest.approx(2 / 3, abs=0.2)  # empty maps are as common
    assert not any((one == old).all() for one in drawn if one.any() for old in labels)
    areas = [one.sum() for one in marked]
    real = [one.sum() for one in labels if one.any()]
    assert min(real) * 0.8 < np.median(areas) < max(real) * 1.2
    middles = np.array([ndimage.center_of_mass(one) for one in marked])
    assert middles.std(0).min() > 2  # not all in one place


def test_each_tumour_lies_in_the_head_of_its_own_map(heads):
    labels, images = heads
    maps = moved_tumors(labels, images, (), (1,))
    asked = [k for k in range(len(labels)) if labels[k].any()]
    for k in asked:
        alone = replace(maps, labels=labels[k : k + 1], where=maps.where[k : k + 1])
        head = ndimage.distance_transform_edt(body_of(images[k]))
        drawn = [alone.draw(seed) == 1 for seed in range(4)]
        assert all(head[one].min() > maps.rules.clear > 2 for one in drawn)
    assert len(asked) == 8


def test_several_tumours_stay_several_and_small(heads):
    _, images = heads
    labels = np.zeros((4, 64, 64), np.uint8)
    for top, left in ((18, 22), (18, 38), (40, 22), (40, 38)):
        labels[:, top : top + 5, left : left + 5] = 1
    labels[:, 23, 27] = 1  # a pixel at the corner of the first is part of it
    maps = moved_tumors(labels, images[:4], (), (1,))
    assert max(maps.rules.diameters) < 6  # 25 pixels are a disc of 5.6, and all four together one of 11.3
    for seed in range(6):
        parts, count = ndimage.label(maps.draw(seed), np.ones((3, 3)))
        assert count == 4
        assert 8 < np.bincount(parts.ravel())[1:].max() < 50


def test_under_a_tumour_lies_the_organ_and_no_vessel(heads):
    _, images = heads
    labels = np.zeros((2, 64, 64), np.uint8)
    labels[:, 8:56, 8:56] = 1
    labels[:, 8:56, 30] = 3  # a vessel along the tumour
    labels[:, 20:26, 31:37] = 2
    maps = moved_tumors(labels, images[:2], (1,), (2,))
    for seed in range(6):
        drawn = maps.draw(seed)
        assert ((drawn == 3) == (labels[0] == 3)).all()  # no wider, no narrower
        assert (drawn == 2).any()
    bare = labels.copy()
    bare[bare == 1] = 0  # where no map has the organ, nothing is known to lie under a tumour
    drawn = moved_tumors(bare, images[:2], (), (2,)).draw(0)
    assert (drawn == 3).sum() <= (bare[0] == 3).sum()


def test_where_maps_have_an_organ_tumours_stay_in_it(heads):
    _, images = heads
    labels = np.zeros((3, 64, 64), np.uint8)
    labels[:, 10:50, 10:40] = 1
    labels[:, 20:30, 15:25] = 2
    maps = moved_tumors(labels, images[:3], (1,), (2,))
    for seed in range(8):
        drawn = maps.draw(seed)
        assert (drawn == 2).any()
        assert ((drawn > 0) == (labels[0] > 0)).all()  # the organ keeps its outline


def test_maps_without_tumours_are_refused(heads):
    labels, images = heads
    with pytest.raises(CohortError, match="No map of the training split marks a tumour"):
        moved_tumors(labels * 0, images, (), (1,))
