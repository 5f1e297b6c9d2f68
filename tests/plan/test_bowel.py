"""Gas in the scan is bowel; air in lungs and beside the body is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from limner.data import phantoms
from limner.data.solids import Ellipsoid
from limner.errors import InputError
from limner.image import Image
from limner.plan.bowel import GAS, with_gas

RULES = (-300.0, 4.0, 0.2)


@pytest.fixture(scope="module")
def phantom() -> phantoms.Phantom:
    plan = phantoms.sample(np.random.default_rng(3), tumors=1)
    return phantoms.draw(plan, phantoms.grid_around(plan, (4.0, 2.0, 2.0), margin_mm=10.0))


def _with_pocket(phantom: phantoms.Phantom, radius_mm: float) -> tuple[Image, np.ndarray]:
    grid = phantom.image.grid
    world = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1))
    pocket = np.linalg.norm(world - (60, -60, -60), axis=-1) <= radius_mm
    return replace(phantom.image, array=np.where(pocket, np.int16(-900), phantom.image.array)), pocket


def test_a_pocket_of_gas_becomes_bowel_with_its_wall_and_nothing_else_does(phantom: phantoms.Phantom) -> None:
    image, pocket = _with_pocket(phantom, 14.0)
    found = with_gas(phantom.labels, image, *RULES)
    bowel = found.mask(GAS)
    assert bowel[pocket & (phantom.labels.array == phantom.labels.label("body").value)].mean() > 0.99
    grown = Ellipsoid((60.0, -60.0, -60.0), (14.0 + 8.0,) * 3)
    inside = grown.holds(found.grid.world(np.argwhere(bowel)))
    assert inside.all()
    drawn = ~np.isin(phantom.labels.array, [0, phantom.labels.label("body").value])
    assert np.array_equal(found.array[drawn], phantom.labels.array[drawn])


def test_without_gas_the_map_stays_as_it_is(phantom: phantoms.Phantom) -> None:
    assert with_gas(phantom.labels, phantom.image, *RULES) is phantom.labels


def test_a_bubble_is_left_out(phantom: phantoms.Phantom) -> None:
    image, _ = _with_pocket(phantom, 3.0)
    assert with_gas(phantom.labels, image, *RULES) is phantom.labels


def test_an_image_elsewhere_is_refused(phantom: phantoms.Phantom) -> None:
    moved = replace(phantom.image, grid=phantom.image.grid.crop((5, 0, 0), phantom.image.grid.shape))
    with pytest.raises(InputError, match="series that was drawn"):
        with_gas(phantom.labels, moved, *RULES)
