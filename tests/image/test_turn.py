import itertools

import numpy as np
import pytest

from limner.image import Grid, Turn

TURNS = [
    (order, signs)
    for order in itertools.permutations(range(3))
    for signs in ((1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, -1))
]


def _grid(order, signs):
    """Slightly oblique axes in any order and direction."""
    axes = np.linalg.qr(np.eye(3) + 0.1 * np.random.default_rng(0).normal(size=(3, 3)))[0]
    axes *= np.sign(np.diag(axes))
    affine = np.eye(4)
    affine[:3, :3] = (axes * np.array([0.7, 1.0, 2.0]))[:, order] * signs
    affine[:3, 3] = (5, -40, 12)
    return Grid((4, 5, 6), affine)


@pytest.mark.parametrize(("order", "signs"), TURNS)
def test_every_voxel_keeps_its_place_and_finds_its_way_back(order, signs):
    turn = Turn.axial(_grid(order, signs))
    stored = np.arange(4 * 5 * 6).reshape(4, 5, 6)
    turned = turn.array(stored)
    assert turn.turned.axis_codes == "SPL"
    np.testing.assert_array_equal(turn.undo(turned), stored)
    for at in ((0, 0, 0), (3, 1, 5), (2, 4, 0)):
        center = np.array(at) + 0.5  # in voxel edges
        there = turn.forth(center)[0]
        np.testing.assert_allclose(turn.back(there)[0], center)
        assert turned[tuple(there.astype(int))] == stored[at]
        np.testing.assert_allclose(turn.turned.world(there - 0.5), turn.stored.world(at), atol=1e-9)
