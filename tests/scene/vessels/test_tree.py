"""Trees of tubes with known axes: branches, lengths, radii, loops, spurs, gaps."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from limner.errors import InputError
from limner.image import Grid
from limner.scene.vessels import TreeRules, vessel_tree
from tests.scene.vessels.phantoms import FORK, Tube, painted, room

SPACINGS = {"fine": (1.0, 1.0, 1.0), "thick": (2.5, 1.2, 1.2)}


@pytest.mark.parametrize("kind", SPACINGS)
def test_a_fork_has_its_branches_lengths_and_radii(kind):
    grid = room(SPACINGS[kind])
    voxel = max(SPACINGS[kind])
    tree = vessel_tree(painted(grid, FORK), grid)
    assert len(tree.branches) == len(FORK) and tree.roots == (1,) and tree.left_out == 0
    assert [one.generation for one in tree.branches] == [0, 1, 1, 2, 2]
    ends = np.array([one.points_mm[-1] for one in tree.branches])
    for tube in FORK:
        branch = tree.branches[int(np.linalg.norm(ends - tube.stop, axis=1).argmin())]
        assert np.linalg.norm(branch.points_mm[-1] - tube.stop) <= 1.5 * voxel
        assert branch.length_mm == pytest.approx(tube.length, abs=max(1.5 * voxel, 0.05 * tube.length))
        assert branch.mean_radius_mm == pytest.approx(tube.radius, abs=0.5 * voxel)
        way = np.subtract(tube.stop, tube.start) / tube.length
        off = branch.points_mm - tube.start
        assert np.linalg.norm(off - (off @ way)[:, None] * way, axis=1).max() <= voxel
    assert tree.length_mm == pytest.approx(sum(one.length for one in FORK), rel=0.05)


@pytest.mark.parametrize("radius", [2.0, 4.0, 8.0])
def test_radii_of_tubes_in_any_direction_are_right_to_a_fraction_of_a_voxel(radius):
    rng = np.random.default_rng(int(radius))
    errors = []
    for _ in range(4):
        center, way = rng.uniform(-0.5, 0.5, 3), rng.normal(size=3)
        way *= 25 / np.linalg.norm(way)
        grid = Grid.axial((72, 72, 72), (1, 1, 1), (-35.5, -35.5, -35.5))
        tree = vessel_tree(painted(grid, [Tube(tuple(center - way), tuple(center + way), radius)]), grid)
        assert len(tree.branches) == 1
        assert tree.branches[0].length_mm == pytest.approx(50, abs=1.5)
        errors.append(tree.branches[0].mean_radius_mm - radius)
    assert np.abs(errors).max() <= 0.5 and abs(np.mean(errors)) <= 0.3


def test_a_turned_grid_gives_the_same_tree():
    plain = room((1.0, 1.0, 1.0))
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("xyz", [20, -30, 40], degrees=True).as_matrix()
    mask = painted(plain, FORK)
    here = vessel_tree(mask, plain)
    there = vessel_tree(mask, Grid(plain.shape, turn @ plain.affine))
    assert [one.parent for one in here.branches] == [one.parent for one in there.branches]
    for a, b in zip(here.branches, there.branches, strict=True):
        np.testing.assert_allclose(a.points_mm @ turn[:3, :3].T, b.points_mm, atol=1e-3)
        np.testing.assert_allclose(a.radius_mm, b.radius_mm, atol=1e-3)


def test_a_loop_opens_where_it_is_narrowest():
    grid = Grid.axial((20, 70, 90), (1, 1, 1), (-45, -35, -10))
    wide = [Tube((-38, 0, 0), (-20, 0, 0), 5), Tube((-20, 0, 0), (0, -22, 0), 4), Tube((0, -22, 0), (22, 0, 0), 4)]
    narrow = [Tube((-20, 0, 0), (0, 22, 0), 4), Tube((0, 22, 0), (22, 0, 0), 4, 1.5)]
    tree = vessel_tree(painted(grid, [*wide, *narrow]), grid, roots_mm=np.array([-38.0, 0, 0]))
    ends = [one for one in tree.branches if not tree.children(one.id)]
    tips = np.array([one.points_mm[-1] for one in ends])
    # both arms end where the thin end of the narrow one was opened; the wide one goes through
    assert len(tree.roots) == 1
    assert np.linalg.norm(tips - (22, 0, 0), axis=1).min() < 6


def test_bumps_are_no_branches():
    grid = Grid.axial((80, 40, 40), (1, 1, 1), (-20, -20, -40))
    rng = np.random.default_rng(0)
    mask = painted(grid, [Tube((0, 0, -33), (0, 0, 33), 5)])
    for z in rng.uniform(-25, 25, 12):
        angle = rng.uniform(0, 2 * np.pi)
        at = (4.5 * np.cos(angle), 4.5 * np.sin(angle), z)
        mask |= painted(grid, [Tube(at, tuple(np.add(at, (0.01, 0, 0))), 2.0)])
    tree = vessel_tree(mask, grid)
    assert len(tree.branches) == 1
    assert tree.branches[0].length_mm == pytest.approx(66, abs=3)


def gap(width: float, grid: Grid) -> np.ndarray:
    half = width / 2
    parts = [Tube((0, 0, -45), (0, 0, -half - 3), 3), Tube((0, 0, half + 3), (0, 0, 45), 3)]
    return painted(grid, parts)


def test_a_gap_is_bridged_and_marked():
    grid = Grid.axial((110, 30, 30), (1, 1, 1), (-15, -15, -55))
    mask = gap(8.0, grid)
    tree = vessel_tree(mask, grid)
    assert len(tree.roots) == 1 and [one.bridged for one in tree.branches] == [False, True, False]
    bridge = tree.branches[1]
    assert bridge.length_mm == pytest.approx(14, abs=2)  # from ball to ball: the gap and a radius at either end
    assert np.abs(bridge.points_mm[:, :2]).max() < 1.5
    assert tree.length_mm == pytest.approx(76, abs=3)  # what nobody saw does not count
    apart = vessel_tree(mask, grid, rules=TreeRules(bridge_mm=0))
    assert len(apart.roots) == 2 and not any(one.bridged for one in apart.branches)


def test_a_bridge_stays_in_the_organ_and_follows_what_looks_like_vessel():
    grid = Grid.axial((110, 40, 40), (1, 1, 1), (-20, -20, -55))
    mask = gap(6.0, grid)
    organ = np.ones(grid.shape, bool)
    organ[52:58] = False  # a slit right through
    assert len(vessel_tree(mask, grid, organ=organ).roots) == 2
    organ[:, 28:] = True  # open where y > 8
    likely = np.zeros(grid.shape, np.float32)
    around = vessel_tree(mask, grid, organ=organ, likely=likely, rules=TreeRules(bridge_mm=40))
    bridges = [one for one in around.branches if one.bridged]
    assert len(bridges) == 1
    inside = ndimage.binary_dilation(organ | mask)  # smoothing may cut a corner, by a voxel
    z, y, x = np.rint(grid.index(bridges[0].points_mm)).astype(int).T
    assert inside[z, y, x].all() and bridges[0].points_mm[:, 1].max() > 6


def test_the_root_can_be_named_and_the_tree_is_plain_json():
    grid = room((1.0, 1.0, 1.0))
    tree = vessel_tree(painted(grid, FORK), grid, name="portal vein", roots_mm=np.array([30.0, 0, 22]))
    np.testing.assert_allclose(tree.branch(tree.roots[0]).points_mm[0], (30, 0, 20), atol=2)
    read = json.loads(json.dumps(tree.to_json()))
    assert read["name"] == "portal vein" and read["roots"] == [1] and len(read["branches"]) == 5
    first = read["branches"][0]
    assert first["parent"] is None and len(first["points_mm"]) == len(first["radius_mm"])
    assert set(tree.descendants(1)) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("voxels", [0, 1])
def test_a_mask_without_vessels_teaches(voxels):
    mask = np.zeros((20, 20, 20), bool)
    mask.flat[:voxels] = True
    with pytest.raises(InputError, match="mask is empty" if not voxels else "centre line of at least 6 mm"):
        vessel_tree(mask, Grid.axial(mask.shape, (1, 1, 1)))
    with pytest.raises(InputError, match="must stand on its grid"):
        vessel_tree(mask, Grid.axial((10, 20, 20), (1, 1, 1)))


def test_real_vessels_make_one_tree_each(limner_data):
    from limner.io import read_nifti_labels

    folder = limner_data / "ct_liver_ircad01"
    labels = read_nifti_labels(folder / "labels.nii.gz")
    liver = read_nifti_labels(folder / "liver_full.nii.gz").array > 0
    tree = vessel_tree(labels.array == 4, labels.grid, name="portal vein", organ=liver)
    largest = sum(tree.branch(one).length_mm for one in tree.descendants(tree.roots[0]))
    assert largest > 0.95 * sum(one.length_mm for one in tree.branches)
    assert 50 < len(tree.branches) < 200 and 5 < max(one.radius_mm.max() for one in tree.branches) < 10
    # every point that was seen lies in the vessel, or within a voxel of it
    points = np.concatenate([one.points_mm for one in tree.branches if not one.bridged])
    z, y, x = np.rint(labels.grid.index(points)).astype(int).T
    assert (labels.array[z, y, x] == 4).mean() > 0.95
