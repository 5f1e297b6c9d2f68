"""Structures and lesions: what belongs to what, and who is called how."""

from __future__ import annotations

import numpy as np

from limner.image import Grid, LabelMap
from limner.image.anatomy import label as known
from limner.scene.parts import find_parts

LIVER, TUMOR, VESSELS, BODY, PORTAL = (
    known("liver", 1),
    known("liver tumor", 2),
    known("liver vessels", 3),
    known("body", 4),
    known("portal vein", 5),
)


def made(array: np.ndarray, *labels: object) -> LabelMap:
    return LabelMap(array.astype(np.uint8), Grid.axial(array.shape, (1, 1, 1), (-5, 3, 100)), labels)  # type: ignore[arg-type]


def test_lesions_are_numbered_by_volume_and_touching_corners_join() -> None:
    array = np.zeros((40, 40, 40))
    array[2:6, 2:6, 2:6] = 2
    array[20:30, 20:30, 20:30] = 2
    array[30:34, 30:34, 30:34] = 2  # shares only a corner with the one before
    found = find_parts(made(array, LIVER, TUMOR))
    assert [(one.id, one.voxels) for one in found] == [("tumor-1", 1064), ("tumor-2", 64)]
    assert found[1].grid.world((0, 0, 0)).tolist() == [-3.0, 5.0, 102.0]


def test_specks_are_no_lesions_but_stay_liver() -> None:
    array = np.ones((12, 12, 12))
    array[3, 3, 3] = 2
    found = find_parts(made(array, LIVER, TUMOR))
    assert [one.id for one in found] == ["liver"]
    assert found[0].voxels == 12**3


def test_an_organ_holds_its_tumors_and_the_vessels_inside_but_not_those_that_leave() -> None:
    array = np.zeros((60, 60, 60))
    array[10:50, 10:40, 10:50] = 1
    array[20:26, 20:26, 20:26] = 2
    array[29:33, 15:60, 29:33] = 5
    liver = next(one for one in find_parts(made(array, LIVER, TUMOR, PORTAL)) if one.id == "liver")
    missing = 40 * 30 * 40 - liver.voxels
    assert 0 <= missing <= 16 * 3  # the mouth of the vessel may be a little open
    assert liver.mask.shape[1] == 30


def test_a_vessel_under_a_name_of_the_organ_is_cut_at_its_border_too() -> None:
    array = np.zeros((60, 60, 60))
    array[10:50, 10:40, 10:50] = 1
    array[29:33, 15:60, 29:33] = 3
    liver = next(one for one in find_parts(made(array, LIVER, VESSELS)) if one.id == "liver")
    assert liver.mask.shape[1] == 30


def test_the_body_holds_everything() -> None:
    array = np.full((20, 20, 20), 4)
    array[5:15, 5:15, 5:15] = 1
    found = {one.id: one.voxels for one in find_parts(made(array, LIVER, BODY))}
    assert found == {"liver": 1000, "body": 8000}


def test_labels_that_do_not_occur_have_no_part() -> None:
    assert find_parts(made(np.zeros((4, 4, 4)), LIVER, TUMOR, BODY)) == ()
