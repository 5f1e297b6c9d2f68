"""Each edit takes out what it is named after, and leaves the rest of the picture alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from limner.data.lesion_attributes import (
    asymmetry,
    border_irregularity,
    colours,
    diameter,
    lobulation,
    spiculation,
    texture,
)
from limner.infer.explain.edits import EDITS, SHRINK, take_apart, without
from tests.data.test_lesion_attributes import N, half_disc, polar, spiked

SKIN, BROWN, BLACK = (230, 190, 175), (150, 100, 10), (10, 5, 5)


def paint(mask: np.ndarray) -> np.ndarray:
    """A lesion of two colours on skin."""
    image = np.empty((3, N, N), np.uint8)
    image[:] = np.array(SKIN).reshape(3, 1, 1)
    image[:, mask] = np.array([BROWN]).T
    image[:, mask & (np.indices((N, N))[1] < N // 2)] = np.array([BLACK]).T
    return image


def seen(image: np.ndarray) -> np.ndarray:
    """The lesion of an edited picture."""
    away = np.abs(image.astype(int) - np.array(SKIN).reshape(3, 1, 1)).sum(0)
    return ndimage.binary_opening(away > 60)


def test_nothing_taken_out_changes_no_pixel() -> None:
    image = paint(polar(5, 0.2))
    assert np.array_equal(without(take_apart(image, polar(5, 0.2)), ()), image)


@pytest.mark.parametrize("name", EDITS)
def test_pixels_far_from_the_lesion_stay(name: str) -> None:
    mask = polar(5, 0.2)
    image = paint(mask)
    edited = without(take_apart(image, mask), (name,))
    assert edited.dtype == np.uint8 and edited.shape == image.shape
    far = ndimage.distance_transform_edt(~mask) > 24
    assert np.array_equal(edited[:, far], image[:, far])


@pytest.mark.parametrize(
    ("name", "mask", "measure"),
    [
        ("asymmetry", half_disc(), asymmetry),
        ("border", polar(12, 0.2), border_irregularity),
        ("lobulation", polar(4, 0.25), lobulation),
    ],
)
def test_shape_edits_lower_what_they_are_named_after(name, mask, measure) -> None:
    edited = seen(without(take_apart(paint(mask), mask), (name,)))
    before, after = measure(mask).value, measure(edited).value
    floor = 1.0 if name == "border" else 0.0
    assert after - floor < 0.5 * (before - floor)
    assert edited.sum() == pytest.approx(mask.sum(), rel=0.15)  # the size is another attribute


def test_spikes_go() -> None:
    mask = spiked()
    assert (
        spiculation(seen(without(take_apart(paint(mask), mask), ("spiculation",)))).value
        < 0.3 * spiculation(mask).value
    )


def test_colours_become_one() -> None:
    mask = polar()
    image = paint(mask)
    edited = without(take_apart(image, mask), ("colour",))
    core = ndimage.binary_erosion(mask, iterations=8)
    assert colours(image, mask).value == 2
    assert colours(edited, mask).detail["spread"] < 0.5 * colours(image, mask).detail["spread"]
    away_from_seam = core & (abs(np.indices((N, N))[1] - N // 2) > 14)
    assert np.ptp(edited[:, away_from_seam].astype(int), axis=1).max() <= 2


def test_the_lesion_shrinks_about_its_middle() -> None:
    mask = polar()
    edited = seen(without(take_apart(paint(mask), mask), ("diameter",)))
    assert diameter(edited, None).value == pytest.approx(SHRINK * diameter(mask, None).value, rel=0.08)
    assert np.allclose(np.argwhere(edited).mean(0), np.argwhere(mask).mean(0), atol=1)


def test_texture_goes_and_brightness_stays() -> None:
    mask = polar()
    board = (np.indices((N, N)).sum(0) % 2) * 48
    image = np.where(mask, 100 + board, 20).astype(np.uint8)[None]
    edited = without(take_apart(image, mask), ("texture",))
    assert texture(edited[0].astype(float), mask).value < 0.1 * texture(image[0].astype(float), mask).value
    assert edited[0][mask].mean() == pytest.approx(image[0][mask].mean(), abs=3)


def test_a_blurred_margin_becomes_a_step() -> None:
    mask = polar()
    image = ndimage.gaussian_filter(np.where(mask, 200.0, 20.0), 5).astype(np.uint8)[None]
    edited = without(take_apart(image, mask), ("margin",))
    rim = mask ^ ndimage.binary_erosion(mask)
    ring = ndimage.binary_dilation(mask, iterations=2) ^ ndimage.binary_dilation(mask)
    assert edited[0][rim].mean() - edited[0][ring].mean() > 2 * (float(image[0][rim].mean()) - image[0][ring].mean())


def test_a_volume_is_edited_too() -> None:
    away = sum((axis - 15.5) ** 2 for axis in np.indices((32, 32, 32)))
    mask = away <= 81
    image = np.where(mask, 180, 40).astype(np.uint8)[None]
    lesion = take_apart(image, mask)
    for name in ("size", "margin", "lobulation", "spiculation", "texture"):
        assert without(lesion, (name,)).shape == image.shape
    assert (without(lesion, ("size",))[0] > 110).sum() == pytest.approx(SHRINK**3 * mask.sum(), rel=0.25)
