"""Attributes of pictures against discs and ellipses whose truth is known."""

import numpy as np
import pytest

from limner.tasks.picture_attributes import object_mask, picture_attributes


def ellipse(cy=0.5, cx=0.5, ry=0.2, rx=0.2, level=0.3, ground=0.7, side=96) -> np.ndarray:
    y, x = np.meshgrid(*[(np.arange(side) + 0.5) / side] * 2, indexing="ij")
    inside = ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 <= 1
    return np.where(inside, level, ground)[None].repeat(3, 0).astype(np.float32)


def attributes(*pictures):
    return picture_attributes(np.stack(pictures))


@pytest.mark.parametrize(("level", "ground"), [(0.3, 0.7), (0.9, 0.0)])
def test_size_place_and_elongation(level, ground):
    found = attributes(ellipse(0.4, 0.6, 0.2, 0.2, level, ground), ellipse(0.5, 0.5, 0.1, 0.3, level, ground))
    assert found["size"] == pytest.approx([np.pi * 0.04, np.pi * 0.03], rel=0.06)
    assert found["position down"] == pytest.approx([0.4, 0.5], abs=0.01)
    assert found["position right"] == pytest.approx([0.6, 0.5], abs=0.01)
    assert found["elongation"] == pytest.approx([0.0, 2 / 3], abs=0.04)


def test_light_contrast_and_colour():
    plain, light = ellipse(), ellipse() + 0.1
    red = ellipse()
    red[0] += 0.2
    found = attributes(plain, light, red)
    assert np.diff(found["brightness"])[0] == pytest.approx(0.1, abs=1e-5)
    assert found["contrast"][0] == pytest.approx(found["contrast"][1])
    assert found["redness"] == pytest.approx([0, 0, 0.2], abs=1e-6)


def test_channels_that_are_sequences_have_a_brightness_each():
    picture = ellipse()
    picture[1] += 0.3
    found = picture_attributes(picture[None], ["pre", "flair", "post"])
    assert "redness" not in found
    assert found["flair brightness"][0] == pytest.approx(0.2)
    assert found["pre brightness"][0] == pytest.approx(-0.1)


def test_a_picture_of_nothing_is_all_object():
    assert object_mask(np.full((3, 32, 32), 0.4, np.float32)).all()
    assert np.isfinite([one[0] for one in attributes(np.zeros((3, 32, 32), np.float32)).values()]).all()
