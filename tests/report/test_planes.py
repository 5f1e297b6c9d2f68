"""Pictures are cut true: the right place, the right side, square pixels, whatever the axes of the grid."""

from __future__ import annotations

import numpy as np
import pytest

from limner.image import Grid, Image, LabelMap, reorient
from limner.report.planes import PLANES, Frame, box_of_voxels, sample_image, sample_labels
from tests.report.phantom import GRID, LIVER, LIVER_RADIUS, volumes

BOX = box_of_voxels(GRID, (0, 0, 0), [n - 1 for n in GRID.shape])


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_pixel_shows_the_value_at_its_own_place(plane, axis):
    points = GRID.world(np.moveaxis(np.indices(GRID.shape), 0, -1))
    ramp = Image(points[..., axis].astype(np.float32), GRID)
    frame = Frame.around(plane, (3.0, -7.0, 11.0), BOX / 2, 60)
    np.testing.assert_allclose(sample_image(ramp, frame), frame.points_mm()[..., axis], atol=1e-3)


@pytest.mark.parametrize("plane", PLANES)
def test_pixels_are_square_and_a_ball_is_round(plane):
    frame = Frame.around(plane, LIVER, BOX, 400)
    filled = LabelMap((volumes()[1].array % 10 > 0).astype(np.uint8), GRID)
    rows, columns = np.nonzero(sample_labels(filled, frame)[1] > 0.5)
    across, down = np.ptp(columns) * frame.pixel_mm, np.ptp(rows) * frame.pixel_mm
    assert across == pytest.approx(2 * LIVER_RADIUS, abs=4)
    assert down == pytest.approx(2 * LIVER_RADIUS, abs=4)


def test_radiological_convention():
    _, labels = volumes()
    middle = {plane: sample_labels(labels, Frame.around(plane, LIVER, BOX, 300))[1] for plane in PLANES}
    for plane in ("axial", "coronal"):  # the liver is on the patient's right: on the left of the picture
        assert np.nonzero(middle[plane] > 0.5)[1].mean() < 0.4 * middle[plane].shape[1]
    tumor = sample_labels(labels, Frame.around("axial", (-45, -18, 8), BOX, 300))[2]
    assert np.nonzero(tumor > 0.5)[0].mean() < 0.45 * tumor.shape[0]  # in front: up
    tumor = sample_labels(labels, Frame.around("sagittal", (-45, -18, 8), BOX, 300))[2]
    assert np.nonzero(tumor > 0.5)[1].mean() < 0.45 * tumor.shape[1]  # in front: to the left
    assert np.nonzero(tumor > 0.5)[0].mean() < 0.5 * tumor.shape[0]  # to the head: up


@pytest.mark.parametrize(("order", "flips"), [((2, 1, 0), (True, False, True)), ((1, 0, 2), (False, True, True))])
def test_the_axes_of_the_grid_do_not_matter(order, flips):
    image, labels = volumes()
    array, grid = reorient(image.array, GRID, order, flips)
    values, _ = reorient(labels.array, GRID, order, flips)
    for plane in PLANES:
        frame = Frame.around(plane, LIVER, BOX, 120)
        np.testing.assert_allclose(sample_image(Image(array, grid), frame), sample_image(image, frame), atol=1e-2)
        turned, plain = sample_labels(LabelMap(values, grid), frame), sample_labels(labels, frame)
        assert turned.keys() == plain.keys()
        for value in plain:
            np.testing.assert_allclose(turned[value], plain[value], atol=1e-4)


def test_an_oblique_grid_is_shown_upright():
    turn = np.deg2rad(20)
    affine = np.eye(4)
    affine[:3, :3] = [[0, -np.sin(turn), np.cos(turn)], [0, np.cos(turn), np.sin(turn)], [1, 0, 0]]
    grid = Grid((20, 40, 40), affine)
    grid = Grid(
        grid.shape, np.block([[affine[:3, :3], -grid.world((9.5, 19.5, 19.5))[:, None]], [np.array([0, 0, 0, 1])]])
    )
    points = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1))
    right = Image((points[..., 0] < 0).astype(np.float32), grid)
    shown = sample_image(right, Frame.around("axial", (0, 0, 0), np.array([[-10.0] * 3, [10.0] * 3]), 40))
    assert shown[:, :18].min() == 1
    assert shown[:, 22:].max() == 0


def test_shares_of_labels_sum_to_one_inside_and_nothing_stands_outside():
    _, labels = volumes()
    everywhere = LabelMap(np.where(labels.array == 0, 9, labels.array).astype(np.uint8), GRID)
    wide = Frame.around("axial", (0, 0, 0), BOX * 1.2, 200)
    total = sum(sample_labels(everywhere, wide).values())
    inside = np.isfinite(sample_image(volumes()[0], wide))
    np.testing.assert_allclose(total[inside], 1, atol=1e-5)
    assert total[~inside].max() == 0
