"""Territories of phantoms whose shares are known."""

from __future__ import annotations

import numpy as np
import pytest

from limner.errors import InputError
from limner.image import Grid
from limner.scene.vessels import Branch, Cut, VesselTree, downstream, territories, vessel_tree
from tests.scene.vessels.phantoms import FORK, Tube, ball, painted, room

GRID = Grid.axial((60, 60, 80), (1.5, 1.0, 1.0), (-39.5, -29.5, -44.25))


def straight(id: int, start, stop, radius: float, parent: int | None = None) -> Branch:
    points = np.linspace(start, stop, 81)
    return Branch(id, points, np.full(81, radius), parent, 0 if parent is None else 1)


def test_two_mirrored_vessels_share_a_symmetric_liver_in_halves():
    liver = ball(GRID, (0, 0, 0), (36, 26, 40))
    tubes = [Tube((-15, 0, -30), (-18, 0, 30), 3), Tube((15, 0, -30), (18, 0, 30), 3)]
    tree = vessel_tree(painted(GRID, tubes), GRID)
    shares = territories(liver, tree, GRID)
    assert len(tree.roots) == 2 and (shares.array > 0).sum() == liver.sum() and not shares.array[~liver].any()
    volumes = list(shares.volume_ml.values())
    half = liver.sum() * GRID.voxel_ml / 2
    assert volumes == pytest.approx([half, half], rel=0.01)
    left = np.unique(shares.array[:, :, 45:])
    assert len(left[left > 0]) == 1


def test_of_unlike_vessels_the_wider_one_takes_more_by_the_power_distance():
    block = np.ones(GRID.shape, bool)
    tree = VesselTree("x", (straight(1, (-20, 0, -60), (-20, 0, 60), 8.0), straight(2, (20, 0, -60), (20, 0, 60), 2.0)))
    shares = territories(block, tree, GRID)
    border = -20 + (40**2 + 8**2 - 2**2) / (2 * 40)  # the plane where both power distances are alike
    x = GRID.world(np.argwhere(shares.array == 1))[:, 0]
    assert x.max() <= border and x.max() == pytest.approx(border, abs=1.0)


def test_the_nearest_branch_agrees_with_brute_force():
    grid = room((2.5, 2.5, 2.5))
    tree = vessel_tree(painted(grid, FORK), grid)
    liver = ball(grid, (0, 0, 10), (50, 45, 45))
    shares = territories(liver, tree, grid)
    world = grid.world(np.argwhere(liver))
    best = np.full(len(world), np.inf)
    for one in tree.branches:
        for point, radius in list(zip(one.points_mm, one.radius_mm, strict=True))[one.parent is not None :]:
            best = np.minimum(best, ((world - point) ** 2).sum(axis=1) - radius**2)
    given = np.array(
        [
            min(
                ((p - q) ** 2).sum() - r**2
                for q, r in zip(
                    *(
                        v[tree.branch(i).parent is not None :]
                        for v in (tree.branch(i).points_mm, tree.branch(i).radius_mm)
                    ),
                    strict=True,
                )
            )
            for p, i in zip(world[::50], shares.array[liver][::50], strict=True)
        ]
    )
    np.testing.assert_allclose(given, best[::50], atol=1e-6)


def test_a_finer_grid_is_asked_in_blocks_and_shares_alike():
    tree = VesselTree("x", (straight(1, (-15, 0, -50), (-15, 0, 50), 3.0), straight(2, (15, 0, -50), (15, 0, 50), 3.0)))
    fine = Grid.axial((100, 120, 160), (0.7, 0.5, 0.5), (-39.75, -29.75, -34.65))
    shares = territories(np.ones(fine.shape, bool), tree, fine)
    half = fine.voxel_ml * np.prod(fine.shape) / 2
    assert list(shares.volume_ml.values()) == pytest.approx([half, half], rel=0.01)


def test_what_a_cut_takes_away():
    block = np.ones(GRID.shape, bool)
    total = block.sum() * GRID.voxel_ml
    trunk = straight(1, (0, 0, -45), (0, 0, 0), 3.0)
    arms = (straight(2, (0, 0, 0), (0, 0, 45), 3.0, parent=1),)
    tree = VesselTree("portal vein", (trunk, *arms))
    shares = territories(block, tree, GRID)
    for along, lost in ((0.0, 1.0), (22.5, 0.75)):
        assert downstream(tree, Cut(1, along), shares) == pytest.approx(lost * total, rel=0.02)
    assert downstream(tree, Cut(2, 22.5), shares) == pytest.approx(0.25 * total, rel=0.02)
    assert shares.downstream_ml[1] == pytest.approx(total)
    assert shares.downstream_ml[2] == pytest.approx(downstream(tree, Cut(2), shares))
    cut = tree.nearest(np.array([5.0, 0, 20.0]))
    assert cut.branch == 2 and cut.along_mm == pytest.approx(20, abs=1)
    for wrong in (Cut(1, -1.0), Cut(1, 46.0), Cut(7)):
        with pytest.raises(InputError):
            downstream(tree, wrong, shares)


def test_descendants_add_up():
    grid = room((1.5, 1.5, 1.5))
    tree = vessel_tree(painted(grid, FORK), grid)
    shares = territories(ball(grid, (0, 0, 10), (50, 45, 45)), tree, grid)
    own, below = shares.volume_ml, shares.downstream_ml
    for one in tree.branches:
        assert below[one.id] == pytest.approx(sum(own[k] for k in tree.descendants(one.id)))
        assert below[one.id] == pytest.approx(shares.mask(Cut(one.id)).sum() * grid.voxel_ml)
    assert below[1] == pytest.approx((shares.array > 0).sum() * grid.voxel_ml)


def test_vessels_of_elsewhere_and_no_liver_teach():
    tree = VesselTree("portal vein", (straight(1, (200, 0, -45), (200, 0, 45), 3.0),))
    with pytest.raises(InputError, match="vessels that run through the liver are expected"):
        territories(np.ones(GRID.shape, bool), tree, GRID)
    with pytest.raises(InputError, match="liver: the mask is empty"):
        territories(np.zeros(GRID.shape, bool), tree, GRID)
