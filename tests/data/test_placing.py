"""Tumours where anatomy allows: inside the organ, clear of all else, as large as asked, or refused with a reason."""

import numpy as np
import pytest
from scipy import ndimage

from limner.data.lobed import sample_lobed
from limner.data.placing import Rules, depth, healed, sample_place, with_tumor
from limner.errors import InputError

ORGAN, TUMOR, VESSEL = 1, 2, 3


def organ(shape, radius_mm, spacing):
    """A ball of organ with a vessel through its middle."""
    axes = [(np.arange(n) - n / 2 + 0.5) * s for n, s in zip(shape, spacing, strict=True)]
    away = np.meshgrid(*axes, indexing="ij")
    labels = (sum(a**2 for a in away) < radius_mm**2).astype(np.uint8)
    labels[sum(a**2 for a in away[1:]) < 5**2] *= VESSEL
    return labels


MAPS = {
    2: (organ((96, 96), 44, (1, 1)), (1.0, 1.0)),
    3: (organ((32, 56, 56), 50, (3, 2, 2)), (3.0, 2.0, 2.0)),
}


@pytest.mark.parametrize("dims", MAPS)
@pytest.mark.parametrize("seed", range(6))
def test_a_tumour_lies_inside_its_organ_and_keeps_clear_of_all_else(dims, seed):
    labels, spacing = MAPS[dims]
    rules = Rules((ORGAN,), clear=4.0, diameters=(6.0, 16.0))
    placed = sample_place(np.random.default_rng(seed), labels, rules, spacing)
    with_it = with_tumor(labels, placed, TUMOR, spacing)
    there = with_it == TUMOR
    assert there.any()
    assert (labels[there] == ORGAN).all()
    assert (with_it[~there] == labels[~there]).all()
    away = ndimage.distance_transform_edt(labels == ORGAN, sampling=spacing)  # an oracle: the other library's distances
    assert away[there].min() > 4.0
    assert ndimage.label(there, np.ones((3,) * dims))[1] == 1
    again = sample_place(np.random.default_rng(seed), labels, rules, spacing)
    assert again == placed


@pytest.mark.parametrize("dims", MAPS)
def test_a_body_is_as_large_as_asked_and_never_a_ball(dims):
    for seed in range(8):
        body = sample_lobed(np.random.default_rng(seed), 15.0, dims)
        shape, center = (81,) * dims, (40,) * dims
        there = body.draw(shape, center, (1.0,) * dims)
        expected = np.pi * 15**2 if dims == 2 else 4 / 3 * np.pi * 15**3
        assert there.sum() == pytest.approx(expected, rel=0.04)
        far = np.linalg.norm(np.argwhere(there) - 40, axis=1)
        assert far.max() <= body.reach
        surface = there & ~ndimage.binary_erosion(there)
        radii = np.linalg.norm(np.argwhere(surface) - 40, axis=1)
        assert radii.max() / radii.min() > 1.15


def test_a_body_is_the_same_in_millimetres_on_any_grid():
    body = sample_lobed(np.random.default_rng(1), 12.0, 3)
    fine = body.draw((60, 60, 60), (30, 30, 30), (1, 1, 1)).sum()
    coarse = body.draw((21, 31, 61), (10, 15, 30), (3, 2, 1)).sum() * 6
    assert coarse == pytest.approx(fine, rel=0.06)


def test_where_none_fits_it_is_refused_with_the_room_there_is():
    labels, spacing = MAPS[3]
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match=r"room for a diameter of \d+\.\d at most, and diameters of 90\.0 to 99\.0"):
        sample_place(rng, labels, Rules((ORGAN,), 3.0, (90.0, 99.0)), spacing)
    with pytest.raises(InputError, match="the organ in which it may lie is not on it"):
        sample_place(rng, labels, Rules((7,)), spacing)


def test_what_lies_past_the_edge_of_the_map_is_not_allowed():
    everywhere = np.full((40, 40), ORGAN, np.uint8)
    assert depth(everywhere, (ORGAN,), (1, 1))[0].max() == 1
    for seed in range(10):
        placed = sample_place(np.random.default_rng(seed), everywhere, Rules((ORGAN,), 3.0, (10.0, 20.0)), (1, 1))
        there = np.argwhere(with_tumor(everywhere, placed, TUMOR, (1, 1)) == TUMOR)
        assert there.min() >= 3
        assert there.max() <= 36


def test_healed_gives_back_the_organ_that_was_there():
    labels, _ = MAPS[2]
    sick = labels.copy()
    sick[20:30, 60:72] = TUMOR
    assert (healed(sick, TUMOR, (ORGAN,)) == labels).all()
    alone = np.where(labels == ORGAN, np.uint8(0), sick)
    assert not (healed(alone, TUMOR, (ORGAN,)) == TUMOR).any()
