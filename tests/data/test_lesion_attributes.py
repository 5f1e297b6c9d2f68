"""Attributes of lesions whose shape and colours are known."""

from __future__ import annotations

import numpy as np
import pytest

from limner.data.lesion_attributes import (
    asymmetry,
    border_irregularity,
    colours,
    diameter,
    lobulation,
    margin_width,
    nodule_attributes,
    skin_attributes,
    spiculation,
    texture,
)
from limner.data.lesion_mask import lesion_mask
from limner.errors import InputError

N = 128


def polar(lobes: int = 0, depth: float = 0.0, radius: float = 36.0, turn: float = 0.3) -> np.ndarray:
    """A body whose radius swings ``lobes`` times by a share ``depth``."""
    y, x = np.indices((N, N)) - (N - 1) / 2
    return np.hypot(y, x) <= radius * (1 + depth * np.cos(lobes * (np.arctan2(y, x) + turn)))


def ellipse(a: float, b: float, turn: float = 0.5) -> np.ndarray:
    y, x = np.indices((N, N)) - (N - 1) / 2
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    return (u / a) ** 2 + (v / b) ** 2 <= 1


def half_disc() -> np.ndarray:
    y, _ = np.indices((N, N)) - (N - 1) / 2
    return polar() & (y < 0)


def spiked(radius: float = 20.0) -> np.ndarray:
    """A disc with four arms, three pixels wide."""
    y, x = np.indices((N, N)) - N // 2
    arms = ((abs(y) <= 1) | (abs(x) <= 1)) & (np.hypot(y, x) <= 2.2 * radius)
    return (np.hypot(y, x) <= radius) | arms


def test_asymmetry_is_zero_for_an_ellipse_and_known_for_a_half_disc() -> None:
    assert asymmetry(ellipse(40, 22)).value < 0.02
    found = asymmetry(half_disc())
    about_short, about_long = sorted(found.detail["axes"])
    assert about_short < 0.02  # the half disc is its own mirror image about one axis
    assert about_long == pytest.approx(0.190, abs=0.03)  # folding at the centroid, by numerical integration
    assert asymmetry(polar(3, 0.3)).value > 0.08


def test_border_irregularity_is_one_for_a_circle_and_known_for_an_ellipse() -> None:
    assert border_irregularity(polar()).value == pytest.approx(1.0, abs=0.02)
    a, b = 48.0, 24.0
    h = ((a - b) / (a + b)) ** 2
    perimeter = np.pi * (a + b) * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h)))  # Ramanujan, 1914
    assert border_irregularity(ellipse(a, b)).value == pytest.approx(
        perimeter**2 / (4 * np.pi * np.pi * a * b), rel=0.03
    )
    assert border_irregularity(polar(12, 0.2)).value > 1.8


def test_colours_are_counted_where_they_cover_enough() -> None:
    mask = polar()
    image = np.empty((3, N, N), np.uint8)
    image[:] = np.array([230, 190, 175]).reshape(3, 1, 1)
    image[:, mask] = np.array([[150, 100, 10]]).T
    assert colours(image, mask).detail["shares"] == {"light brown": 1.0}
    left = mask & (np.indices((N, N))[1] < N // 2)
    image[:, left] = np.array([[10, 5, 5]]).T
    few = mask & (np.indices((N, N))[0] < N // 2 - 33)  # less than a twentieth
    image[:, few] = np.array([[200, 50, 50]]).T
    found = colours(image, mask)
    assert found.value == 2 and set(found.detail["shares"]) == {"light brown", "black"}
    image[:, mask] = image[:, :1, :1].reshape(3, 1)  # the skin's own colour is no colour of a lesion
    assert colours(image, mask).value == 0


def test_diameter_is_in_pixels_or_millimetres() -> None:
    assert diameter(polar(radius=30), None).value == pytest.approx(60, abs=1)
    found = diameter(polar(radius=30), (0.1, 0.1))
    assert found.unit == "mm" and found.value == pytest.approx(6.0, abs=0.1)


def test_lobes_and_spikes_are_told_apart() -> None:
    assert lobulation(polar()).value < 0.05 and spiculation(polar()).value < 0.02
    lobed = polar(4, 0.25)
    assert lobulation(lobed).value > 0.1 and spiculation(lobed).value < 0.1
    assert spiculation(spiked()).value > 0.1 and lobulation(spiked()).value < 0.1


def test_margin_width_grows_with_blur() -> None:
    from scipy import ndimage

    widths = [margin_width(ndimage.gaussian_filter(polar() * 100.0 + 50, s), polar()).value for s in (0.5, 4.0, 8.0)]
    assert widths == sorted(widths) and widths[0] < 0.1
    # a step blurred by a Gaussian has the slope contrast / (sqrt(2 pi) sigma) at its middle
    assert widths[1] == pytest.approx(np.sqrt(2 * np.pi) * 4.0 / 36.0, rel=0.15)


def test_texture_is_the_contrast_of_neighbours() -> None:
    even = np.full((N, N), 100.0)
    assert texture(even, polar()).value == 0
    board = even + 32.0 * (np.indices((N, N)).sum(0) % 2)  # two of sixteen levels apart, everywhere
    assert texture(board, polar()).value == pytest.approx(4.0)


def test_a_ball_in_three_dimensions() -> None:
    away = sum((axis - 15.5) ** 2 for axis in np.indices((32, 32, 32)))
    mask = away <= 100
    image = np.where(mask, 180, 40).astype(np.uint8)[None]
    found = {one.name: one for one in nodule_attributes(image, mask, (2.0, 1.0, 1.0))}
    assert found["size"].unit == "mm" and found["size"].value == pytest.approx(40, abs=3)  # along z
    assert found["lobulation"].value < 0.12 and found["spiculation"].value < 0.05 and found["texture"].value == 0
    assert found["margin"].value < 0.3


def test_a_lesion_is_found_where_it_stands_out() -> None:
    rng = np.random.default_rng(0)
    mask = ellipse(40, 25)
    image = np.empty((3, N, N), np.float32)
    image[:] = np.array([225, 185, 170]).reshape(3, 1, 1)
    image[:, mask] = np.array([[110, 60, 40]]).T
    image = np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(np.uint8)
    found = lesion_mask(image)
    assert (found & mask).sum() / (found | mask).sum() > 0.93
    assert not lesion_mask(np.full((3, 40, 40), 90, np.uint8)).any()


def test_masks_that_cannot_be_measured_are_refused() -> None:
    image = np.zeros((3, N, N), np.uint8)
    with pytest.raises(InputError, match="at least 9"):
        skin_attributes(image, np.zeros((N, N), bool))
    with pytest.raises(InputError, match="grid"):
        skin_attributes(image, np.ones((4, 4), bool))
