"""Phantom chests and the nodules in them: known, repeatable, in the lungs."""

import csv

import numpy as np
import pytest

from limner.data import chests, lungs, nodules, tubes
from limner.data.backgrounds import lung_mask, phantom_background, real_background
from limner.errors import CohortError
from limner.image import Grid

COARSE = (5.0, 4.0, 4.0)


@pytest.fixture(scope="module")
def drawn():
    chest = lungs.sample(np.random.default_rng(1))
    return lungs.draw(chest, lungs.grid_for(chest, COARSE))


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    return phantom_background(2, (3.0, 3.0, 3.0), tmp_path_factory.mktemp("cache"))


def _crops(folder, split="test"):
    """A folder of crops with one bright ball per patient."""
    z, y, x = np.mgrid[:7, :64, :64]
    ball = ((z - 3) * 2.0) ** 2 + (y - 32) ** 2 + (x - 32) ** 2 <= 7**2
    folder.mkdir()
    np.savez(
        folder / "one.npz",
        image=np.where(ball, 180, 20).astype(np.uint8),
        votes=np.where(ball, 4, 0).astype(np.uint8),
        nodule=np.zeros(7, int),
        slice=np.arange(7),
    )
    with (folder / "index.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("patient", "file", "split"), ("one", "one.npz", split)])
    return folder


def test_a_chest_looks_like_one(drawn):
    litres = drawn.lung.sum() * drawn.grid.voxel_ml / 1000
    assert 2.5 < litres < 8
    inside = drawn.hu[drawn.lung]
    assert -930 < np.median(inside) < -750
    assert 0.01 < (inside > -500).mean() < 0.25  # vessels
    assert drawn.hu.min() == pytest.approx(-1000, abs=1)
    assert (drawn.hu > 180).any()  # ribs


def test_a_chest_is_a_function_of_its_sample(drawn):
    again = lungs.draw(drawn.chest, drawn.grid)
    assert np.array_equal(again.hu, drawn.hu)
    assert np.array_equal(lungs.scan(drawn, seed=3).array, lungs.scan(drawn, seed=3).array)
    assert not np.array_equal(lungs.scan(drawn, seed=3).array, lungs.scan(drawn, seed=4).array)


def test_a_tree_thins_and_stays_inside():
    tree = tubes.grow(
        np.random.default_rng(0), np.zeros(3), np.array([0, 0, 1.0]), 3.0, lambda p: np.abs(p).max(1) < 60
    )
    assert len(tree) > 30
    assert np.abs(tree[:, 3:6]).max() < 60
    assert tree[0, 6] == 3.0
    assert tree[1:, 6].max() < 3.0


def test_a_tube_has_its_volume():
    grid = Grid.axial((40, 40, 40), (1, 1, 1))
    share = np.zeros(grid.shape, np.uint8)
    tubes.paint(share, grid, np.array([[20, 20, 10, 20, 20, 30, 4.0]]))
    expected = np.pi * 4**2 * 20 + 4 / 3 * np.pi * 4**3  # with round ends
    assert share.sum() / 255 == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("diameter", [6.0, 15.0])
def test_a_rendered_ball_has_its_volume(diameter):
    ball = nodules.Nodule(diameter, (1, 1, 1), 40, 1.0, 0, 0.0, (0, 0.0), None, (False, False, False, 0), 0)
    alpha = nodules.render(ball, (1.5, 1.0, 1.0))
    assert alpha.sum() * 1.5 == pytest.approx(np.pi / 6 * diameter**3, rel=0.05)
    assert all(n % 2 for n in alpha.shape)


def test_a_real_shape_keeps_its_width(tmp_path):
    shapes = nodules.read_shapes(_crops(tmp_path / "crops"), "test")
    one = nodules.Nodule(12.0, (1, 1, 1), 40, 1.0, 0, 0, (0, 0), 0, (False, True, False, 30.0), 0)
    alpha = nodules.render(one, (1.0, 1.0, 1.0), shapes)
    middle = [n // 2 for n in alpha.shape]
    assert (alpha[middle[0], middle[1]] > 0.5).sum() == pytest.approx(12, abs=2)
    assert (alpha[:, middle[1], middle[2]] > 0.5).sum() == pytest.approx(12, abs=3)


def test_blending_keeps_what_is_denser_and_stops_at_the_edge():
    hu = np.full((6, 6, 6), -800.0, np.float32)
    hu[0, 0, 0] = 400
    part = nodules.blend(hu, (0, 0, 0), np.ones((5, 5, 5), np.float32), 40.0)
    assert part.shape == (3, 3, 3)
    assert hu[0, 0, 0] == 400
    assert (hu[:3, :3, :3] >= 40).all()
    assert (hu[3:] == -800).all()


def test_crops_without_an_index_or_a_split_say_so(tmp_path):
    with pytest.raises(CohortError, match=r"index\.csv"):
        nodules.read_shapes(tmp_path)
    with pytest.raises(CohortError, match="no nodule in split 'val'"):
        nodules.read_shapes(_crops(tmp_path / "crops"), "val")


def test_a_background_is_kept(tmp_path, ground):
    first = phantom_background(2, (6.0, 6.0, 6.0), tmp_path)
    [kept] = tmp_path.glob("*.npz")
    stamp = kept.stat().st_mtime_ns
    again = phantom_background(2, (6.0, 6.0, 6.0), tmp_path)
    assert kept.stat().st_mtime_ns == stamp
    assert np.array_equal(first.hu, again.hu)
    assert 2.5 < ground.litres < 8


def test_patches_repeat_and_their_boxes_hold_something_bright(ground):
    sampler = chests.ChestPatches([ground], (), 0.0, (32, 32, 32), (-1000, 300), 0.0, seed=0)
    assert np.array_equal(sampler.draw(5, 1).image, sampler.draw(5, 1).image)
    assert not np.array_equal(sampler.draw(5, 1).image, sampler.draw(6, 1).image)
    compared = 0
    for place in range(24):
        patch = sampler.draw(0, place)
        assert patch.image.shape == (32, 32, 32)
        for box in patch.boxes:
            middle = ((box[:3] + box[3:]) / 2).astype(int)
            assert ((middle >= 0) & (middle < 32)).all()
            assert patch.image[tuple(middle)] > 0.2  # lung lies at about 0.12
            compared += 1
    assert compared > 12


def test_a_case_knows_its_nodules():
    case = chests.phantom_case(10_003, COARSE, count=4)
    assert len(case.diameters_mm) == len(case.centers_mm) == 4
    at = np.rint(case.image.grid.index(case.centers_mm)).astype(int)
    assert (case.image.array[tuple(at.T)] > -750).all()
    assert (case.diameters_mm >= 3).all()


def test_nodules_are_blended_into_a_scan(drawn):
    image = lungs.scan(drawn)
    case = chests.blended_case(image, 5, count=3)
    assert len(case.diameters_mm) == 3
    changed = np.argwhere(np.abs(case.image.array.astype(int) - image.array) > 100)
    near = np.linalg.norm(drawn.grid.world(changed)[:, None] - case.centers_mm[None], axis=2).min(1)
    assert near.max() < 40


def test_lungs_of_a_scan_are_found(drawn):
    found = lung_mask(lungs.scan(drawn).array.astype(np.float32), drawn.grid)
    assert 2 * (found & drawn.lung).sum() / (found.sum() + drawn.lung.sum()) > 0.9


def test_a_scan_without_lung_is_refused(tmp_path, write_ct):
    write_ct(tmp_path / "ct")
    with pytest.raises(CohortError, match="holds no lung"):
        real_background(tmp_path / "ct", (6.0, 6.0, 6.0))


def test_a_chest_drawn_as_a_scan_lies_where_it_lies(tmp_path):
    plain = phantom_background(2, (6.0, 6.0, 6.0), tmp_path)
    scanned = phantom_background(2, (6.0, 6.0, 6.0), tmp_path, (4.0, 3.0, 3.0))
    assert scanned.spacing_mm == plain.spacing_mm and abs(scanned.litres / plain.litres - 1) < 0.05
    assert len(list(tmp_path.glob("*.npz"))) == 2
    shape = np.minimum(scanned.lung.shape, plain.lung.shape)
    a, b = (one.lung[tuple(slice(n) for n in shape)] for one in (scanned, plain))
    assert 2 * (a & b).sum() / (a.sum() + b.sum()) > 0.9
