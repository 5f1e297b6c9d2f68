"""Cohorts of small volumes: image, mask and boxes are read and fitted alike, whatever the axes of the files."""

import json
import shutil

import numpy as np
import pytest

from limner import io
from limner.data.examples import View, read_examples
from limner.data.mask_cases import read_mask_cases
from limner.data.masks import read_mask, read_region
from limner.errors import CohortError, NotAnImageError
from tests.infer.volumes import ball, write_balls, write_volume

SIZE = (12, 16, 16)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return write_balls(tmp_path_factory.mktemp("balls"))


def test_image_mask_and_boxes_are_fitted_alike(cohort):
    view = View(SIZE, 1, mask="mask", boxes="boxes", window_hu=(0.0, 100.0))
    rows = read_examples(cohort, view).rows
    assert {row.image.shape for row in rows} == {(1, *SIZE)}  # of 10, 11 and 12 slices
    for row in rows[1::2]:
        inside = row.mask == 1
        np.testing.assert_array_equal(row.image[0] == 255, inside)
        np.testing.assert_allclose(row.boxes[0][:3], np.argwhere(inside).min(0), atol=1e-4)
        np.testing.assert_allclose(row.boxes[0][3:], np.argwhere(inside).max(0) + 1, atol=1e-4)
    assert [len(row.boxes) for row in rows] == [0, 1] * 3


def test_a_case_keeps_its_own_grid_and_millimetres(cohort):
    cases = list(read_mask_cases(cohort, View(SIZE, mask="mask"), None, {"0": "background", "1": "ball"}))
    assert [case.picture.size for case in cases[:3]] == [(10, 16, 16), (11, 16, 16), (12, 16, 16)]
    assert all(case.truth.shape == case.picture.size for case in cases)
    assert cases[0].picture.spacing_mm == pytest.approx((2, 1, 1))


def test_a_damaged_volume_is_named_or_skipped(cohort, tmp_path):
    shutil.copytree(cohort.parent, tmp_path / "c")
    (tmp_path / "c" / "v1.nii.gz").write_bytes(b"no")
    with pytest.raises(CohortError, match="1 of 6"):
        read_examples(tmp_path / "c" / "cohort.jsonl", View(SIZE))
    left = read_examples(tmp_path / "c" / "cohort.jsonl", View(SIZE, skip_damaged=True))
    assert [id for id, _ in left.left_out] == ["c1"]


def test_pictures_and_volumes_are_not_mistaken_for_each_other(cohort):
    with pytest.raises(CohortError, match="Export the slice that is meant"):
        read_examples(cohort, View((16, 16)))


def test_a_mask_is_found_by_its_place_not_by_its_axes(tmp_path):
    inside = ball((8, 9, 10), (3, 4, 5))
    image = io.read_input(write_volume(tmp_path / "v.nii.gz", inside.astype(np.int16) * 50, "LPS"), 3)
    mask = write_volume(tmp_path / "m.nii.gz", inside.astype(np.uint8) * 3, "RSA")
    np.testing.assert_array_equal(read_mask(mask, image, "c"), inside * 3)
    np.testing.assert_array_equal(read_region(mask, image, "c"), inside)
    turned = io.read_input(write_volume(tmp_path / "t.nii.gz", inside.astype(np.int16) * 50, "RAS"), 3)
    np.save(tmp_path / "m.npy", turned.turn.undo(inside))  # as the image's file stores its voxels
    np.testing.assert_array_equal(read_mask(tmp_path / "m.npy", turned, "c"), inside)


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        ("far.nii.gz", CohortError, "does not lie on its image's grid"),
        ("other.nii.gz", CohortError, "7 × 9 × 10"),
        ("half.nii.gz", NotAnImageError, "fractions"),
        ("other.npy", CohortError, "7 × 9 × 10"),
        ("mask.png", CohortError, "NIfTI"),
    ],
)
def test_a_mask_that_lies_elsewhere_is_refused(tmp_path, name, error, told):
    image = io.read_input(write_volume(tmp_path / "v.nii.gz", np.zeros((8, 9, 10), np.int16)), 3)
    write_volume(tmp_path / "far.nii.gz", np.zeros((8, 9, 10), np.uint8), spacing=(2.0, 1.0, 1.4))
    write_volume(tmp_path / "other.nii.gz", np.zeros((7, 9, 10), np.uint8))
    write_volume(tmp_path / "half.nii.gz", np.full((8, 9, 10), 0.5, np.float32))
    np.save(tmp_path / "other.npy", np.zeros((7, 9, 10), np.uint8))
    with pytest.raises(error, match=told):
        read_mask(tmp_path / name, image, "c")


def test_an_array_has_no_place_that_a_mask_of_nifti_could_lie_on(tmp_path):
    np.save(tmp_path / "v.npy", np.zeros((8, 9, 10)))
    mask = write_volume(tmp_path / "m.nii.gz", np.zeros((8, 9, 10), np.uint8))
    with pytest.raises(CohortError, match=r"both as \.npy"):
        read_mask(mask, io.read_input(tmp_path / "v.npy", 3), "c")


def test_boxes_need_no_label_column(cohort, tmp_path):
    shutil.copytree(cohort.parent, tmp_path / "c")
    rows = [json.loads(line) for line in cohort.read_text().splitlines()]
    for row in rows:
        del row["label"]
    (tmp_path / "c" / "cohort.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = read_examples(tmp_path / "c" / "cohort.jsonl", View(SIZE, boxes="boxes"))
    assert all(row.boxes_tell and row.label is None for row in found.rows)
    with pytest.raises(CohortError, match="lacks the column 'kind'"):
        read_examples(tmp_path / "c" / "cohort.jsonl", View(SIZE, label="kind", boxes="boxes"))
