"""Bones by place: of a phantom of known truth, in a window in which kidneys are as bright as they are."""

import numpy as np
import pytest

from limner.data.bones import bones
from limner.data.phantoms import draw, grid_around, sample


@pytest.fixture(scope="module")
def trunk():
    """Slices of a torso of muscle with a table below, cut at 160 HU as such scans are; its bones; what is as bright."""
    plan = sample(np.random.default_rng(0), tumors=0)
    grid = grid_around(plan, (8.0, 4.0, 4.0), "body", margin_mm=40)
    phantom = draw(plan, grid)
    hu = np.where(phantom.labels.mask("body"), 45, phantom.image.array)
    hu[:, -4:-2] = 400  # the table
    bright = phantom.labels.mask("left kidney", "right kidney", "spleen", "aorta")
    slices = slice(len(hu) // 4, len(hu) // 2)
    return np.clip(hu, -40, 160).astype(np.float32)[slices], phantom.labels.mask("bones")[slices], bright[slices], grid


def test_spine_and_ribs_are_found_and_what_is_as_bright_is_not(trunk):
    hu, truth, bright, grid = trunk
    found = bones(hu, grid.spacing_mm)
    assert bright[hu >= 150].any()
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.85
    assert found[bright].mean() < 0.1
    assert not found[:, -4:].any()


def test_air_has_no_bones(trunk):
    assert not bones(np.full((4, 20, 20), -40, np.float32), (3, 2, 2)).any()
