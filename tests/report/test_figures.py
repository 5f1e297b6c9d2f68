"""Key images: which slices, and what is drawn over them."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pillow

from limner.image import Grid, Image, LabelMap
from limner.report import figures
from tests.report.phantom import GRID, LIVER, TUMORS, content, drawing, findings, volumes

TUMOR = TUMORS["tumor-1"][0]


@pytest.fixture(scope="module")
def drawn() -> figures.KeyImages:
    return figures.key_images(content())


def pixels(image: figures.KeyImage) -> np.ndarray:
    return np.asarray(Pillow.open(io.BytesIO(image.png)).convert("RGB"), np.int32)


def test_three_planes_through_the_largest_lesion(drawn):
    assert [one.frame.plane for one in drawn.overview] == ["axial", "coronal", "sagittal"]
    assert [one.frame.position_mm for one in drawn.overview] == [TUMOR[2], TUMOR[1], TUMOR[0]]
    assert {one.subject.id for one in drawn.overview} == {"tumor-1"}


def test_pictures_are_as_large_as_they_say(drawn):
    for one in (*drawn.overview, *drawn.close_ups):
        assert pixels(one).shape[1::-1] == one.size == figures.png_size(one.png)


def test_the_tumour_is_drawn_where_it_lies(drawn):
    axial = drawn.overview[0]
    rgb = pixels(axial)
    yellow = (rgb[..., 0] - rgb[..., 2] > 90) & (rgb[..., 1] > 140)
    rows, columns = np.nonzero(yellow)
    shown = axial.frame.points_mm()[round(rows.mean()), round(columns.mean())]
    np.testing.assert_allclose(shown, TUMOR, atol=2)


def test_the_skin_is_not_drawn_and_the_labels_in_sight_are_named(drawn):
    assert [one.name for one in drawn.overview[0].labels] == ["liver", "liver tumor", "liver vessels"]


def test_the_scale_bar_is_as_long_as_it_says(drawn):
    for one in drawn.overview:
        rgb = pixels(one)
        below = rgb[-rgb.shape[0] // 8 :, rgb.shape[1] // 2 :].min(axis=-1) > 250
        longest = max(_longest_run(row) for row in below)
        assert longest * one.frame.pixel_mm == pytest.approx(one.bar_mm, abs=2.5 * one.frame.pixel_mm)


def _longest_run(row: np.ndarray) -> int:
    best = run = 0
    for on in row:
        run = run + 1 if on else 0
        best = max(best, run)
    return best


def test_a_close_up_for_each_lesion_and_no_more_than_asked():
    assert [one.subject.id for one in figures.close_ups(content())] == ["tumor-1", "tumor-2"]
    assert len(figures.close_ups(content(), limit=1)) == 1


def test_without_lesions_the_liver_is_shown():
    organs = drawing(findings=tuple(one for one in findings() if one.kind != "lesion"))
    some = figures.overview(content(drawing=organs))
    assert [one.frame.position_mm for one in some] == [LIVER[2], LIVER[1], LIVER[0]]


def test_without_findings_the_middle_is_shown():
    some = figures.overview(content(drawing=drawing(findings=())))
    assert some[0].subject is None
    assert some[0].frame.position_mm == pytest.approx(GRID.world((19.5, 0, 0))[2])


def test_a_centre_outside_of_its_finding_moves_to_its_nearest_voxel():
    _, labels = volumes()
    ring = findings()[0].model_copy(update={"center_mm": (-30.0, 18.0, -12.0)})  # inside the small tumour
    at = figures.anchor(content(), ring)
    assert labels.array[tuple(np.round(GRID.index(at)).astype(int))] == ring.label
    assert np.linalg.norm(at - (-30, 18, -12)) < 12


def test_the_frame_holds_the_body_and_little_else():
    low, high = figures.body_box(volumes()[0])
    np.testing.assert_allclose((low[:2], high[:2]), ((-93, -73), (93, 73)), atol=4)


def test_other_modalities_are_windowed_by_their_own_values():
    rng = np.random.default_rng(0)
    image = Image(rng.uniform(0, 5000, GRID.shape).astype(np.float32), GRID, "MR")
    assert figures.window(image) == pytest.approx((50, 4950), abs=30)
    assert figures.window(volumes()[0]) == (-160, 240)
    assert figures.window(volumes()[0], ["lung nodule"]) == (-1350, 150)
    assert figures.window(volumes()[0], ["lung nodule", "liver tumor"]) == (-160, 240)


def test_one_slice_gives_one_picture():
    image, labels = volumes()
    grid = Grid((1, *GRID.shape[1:]), GRID.affine)
    thin = content(
        image=Image(image.array[20:21], grid, "CT", "HU"), labels=LabelMap(labels.array[20:21], grid, labels.labels)
    )
    assert [one.frame.plane for one in figures.overview(thin)] == ["axial"]


def test_the_same_study_gives_the_same_bytes(drawn):
    again = figures.overview(replace(content()))
    assert [one.png for one in again] == [one.png for one in drawn.overview]
