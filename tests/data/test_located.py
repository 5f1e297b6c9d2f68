import numpy as np
import pytest

from limner.data.located import LocatedParams, as_located, sample_located

SPACING = (3.0, 1.6, 1.6)


@pytest.fixture(scope="module")
def organ():
    z, y, x = np.mgrid[:24, :64, :64]
    return ((z - 12) * 3.0) ** 2 + ((y - 32) * 1.6) ** 2 + ((x - 32) * 1.6) ** 2 < 30**2


def _ratio(mask, organ):
    return mask.sum() / organ.sum()


def test_nothing_wrong_changes_nothing(organ):
    np.testing.assert_array_equal(as_located(organ, LocatedParams(0, 0, (), (), 0), SPACING), organ)


@pytest.mark.parametrize("offset", [-3.0, 3.0])
def test_an_offset_moves_the_border_by_millimetres(organ, offset):
    """Less half a voxel: distances run between the centres of voxels."""
    moved = as_located(organ, LocatedParams(offset, 0, (), (), 0), SPACING)
    radius = 30 * _ratio(moved, organ) ** (1 / 3)
    assert abs(offset) - 1.5 <= abs(radius - 30) <= abs(offset) + 0.2
    assert (radius > 30) == (offset > 0)


def test_neighbours_are_added_and_parts_are_missed(organ):
    more = as_located(organ, LocatedParams(0, 0, ((0.5, 12.0),), (), 0), SPACING)
    less = as_located(organ, LocatedParams(0, 0, (), ((0.5, 12.0),), 0), SPACING)
    assert (more & organ).sum() == organ.sum() < more.sum()
    assert (less & ~organ).sum() == 0
    assert less.sum() < organ.sum()


def test_the_same_draw_gives_the_same_mask_and_draws_are_as_wrong_as_a_coarse_net(organ):
    params = sample_located(np.random.default_rng(3))
    np.testing.assert_array_equal(as_located(organ, params, SPACING), as_located(organ, params, SPACING))
    masks = [as_located(organ, sample_located(np.random.default_rng(k)), SPACING) for k in range(20)]
    dices = [2 * (m & organ).sum() / (m.sum() + organ.sum()) for m in masks]
    assert 0.85 < np.median(dices) < 0.97


def test_an_organ_that_is_not_there_stays_away():
    nothing = np.zeros((4, 8, 8), bool)
    assert not as_located(nothing, sample_located(np.random.default_rng(0)), SPACING).any()
