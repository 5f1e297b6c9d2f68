"""Segments of real livers, and what must hold whatever the net says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from limner.errors import InputError
from limner.image import Grid, reorient
from limner.scene.vessels import SEGMENTS, couinaud, liver_box
from limner.scene.vessels.couinaud import connected
from tests.scene.vessels.phantoms import ball

GRID = Grid.axial((60, 64, 84), (3.0, 2.5, 2.5), (-103.75, -78.75, -88.5))


def shape() -> np.ndarray:
    """Something like a liver: large on the patient's right (low x), thin on the left."""
    right = ball(GRID, (-25, 5, 0), (70, 65, 75))
    return right | ball(GRID, (40, -20, 20), (55, 35, 35))


def test_every_voxel_of_the_liver_gets_a_segment_and_each_segment_is_one_piece():
    liver = shape()
    found = couinaud(liver, GRID)
    assert found.array.dtype == np.uint8 and not found.array[~liver].any() and (found.array[liver] > 0).all()
    assert not found.with_vessels and 1 / 8 < found.confidence < 1
    assert sum(found.volume_ml.values()) == pytest.approx(liver.sum() * GRID.voxel_ml)
    for k in np.unique(found.array[liver]):
        assert ndimage.label(found.array == k)[1] == 1
    names = [one.name for one in found.labels.labels]
    assert names[0] == "liver segment 1" and len(names) == len(SEGMENTS)


def test_segments_do_not_depend_on_how_the_voxels_are_stored():
    liver = shape()
    here = couinaud(liver, GRID)
    turned, there = reorient(liver, GRID, (2, 0, 1), (True, False, True))
    back, grid = reorient(couinaud(np.ascontiguousarray(turned), there).array, there, (1, 2, 0), (False, True, True))
    assert grid.same_as(GRID)
    assert (back == here.array)[liver].mean() > 0.99


def test_the_lattice_is_filled_by_the_liver_and_keeps_its_volume():
    liver = shape()
    lattice = liver_box.box_of(liver, GRID)
    share = liver_box.shares([liver], GRID, lattice)[0]
    assert share.shape == liver_box.SHAPE
    assert share.sum() * lattice.voxel_ml == pytest.approx(liver.sum() * GRID.voxel_ml, rel=0.02)
    for axis in range(3):
        rims = np.moveaxis(share, axis, 0)
        assert rims[0].max() < 0.3 and rims[-1].max() < 0.3 and rims[1].max() > 0 and rims[-2].max() > 0


def test_what_is_not_joined_goes_to_the_neighbour_that_it_touches_most():
    segments = np.zeros((1, 5, 12), np.uint8)
    segments[0, :, :6], segments[0, :, 6:] = 1, 2
    segments[0, 1:3, 1:3] = 2  # an island of 2 in 1
    segments[0, 4, 5] = 3  # a third segment, small, but all that there is of it
    alone = np.pad(segments, ((0, 0), (0, 0), (0, 3)))
    alone[0, 0, 14] = 1  # apart from the liver
    found = connected(alone)
    assert (found[0, 1:3, 1:3] == 1).all() and found[0, 4, 5] == 3 and found[0, 0, 14] == 1
    assert (found > 0).sum() == (alone > 0).sum()


def test_bad_masks_teach():
    liver = shape()
    none, one, elsewhere = np.zeros(GRID.shape, bool), np.zeros(GRID.shape, bool), np.zeros(GRID.shape, bool)
    one[30, 30, 30] = True
    elsewhere[:2] = True
    with pytest.raises(InputError, match="liver: the mask is empty"):
        couinaud(none, GRID)
    with pytest.raises(InputError, match="at least 200 ml; the mask holds"):
        couinaud(one, GRID)
    with pytest.raises(InputError, match="none of these lies in it"):
        couinaud(liver, GRID, elsewhere)
    with pytest.raises(InputError, match="must stand on its grid"):
        couinaud(liver[:-1], GRID)


def test_a_liver_that_was_not_learned_from(limner_data):
    """LiTS 34, of the split val: where a surgeon expects them, and mostly as the reference has them."""
    from limner.io import read_nifti_labels

    folder = limner_data / "ct_liver_lits"
    truth = read_nifti_labels(folder / "lits034_couinaud.nii.gz")
    liver = read_nifti_labels(folder / "lits034_seg.nii.gz").array > 0
    vessels = read_nifti_labels(folder / "lits034_vessels.nii.gz").array > 0
    found = couinaud(liver, truth.grid, vessels)
    x, y, z = np.array([truth.grid.world(np.argwhere(found.array == k).mean(axis=0)) for k in SEGMENTS]).T
    left, medial, anterior, posterior = ([1, 2], [3], [4, 7], [5, 6])
    assert x[left].min() > x[medial].max() > x[anterior].max()
    assert y[anterior].max() < y[posterior].min()
    assert z[1] > z[2] and z[7] > z[4] and z[6] > z[5]
    dice = [
        2 * ((found.array == k) & (truth.array == k)).sum() / ((found.array == k).sum() + (truth.array == k).sum())
        for k in SEGMENTS
    ]
    assert np.mean(dice) > 0.7 and found.with_vessels
