"""Maps of a training split with tumours elsewhere: inside what held them, as large and as common as before."""

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
    somewhere = np.any([body_of(image) for image in images], axis=0)
    least = ndimage.distance_transform_edt(somewhere)
    marked = [one == 1 for one in drawn if one.any()]
    assert all(least[one].min() > maps.rules.clear > 2 for one in marked)
    assert len(marked) / len(drawn) == pytest.approx(2 / 3, abs=0.2)  # empty maps are as common
    assert not any((one == old).all() for one in drawn if one.any() for old in labels)
    areas = [one.sum() for one in marked]
    real = [one.sum() for one in labels if one.any()]
    assert min(real) * 0.8 < np.median(areas) < max(real) * 1.2
    middles = np.array([ndimage.center_of_mass(one) for one in marked])
    assert middles.std(0).min() > 2  # not all in one place


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
