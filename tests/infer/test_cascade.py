"""A pack of two nets: one finds the organs, one draws near its own.

The phantom lies on the nets' own grid, where no interpolated border takes another tissue's density.
"""

import numpy as np
import pytest

from limner.data import phantoms
from limner.image import Image
from limner.infer import predict
from limner.packs import Pack
from tests.infer.packs import threshold_pack

MAIN = {"background": -1000.0, "liver": 110.0, "liver tumor": 62.0, "liver vessels": 175.0}
FIRST = {"background": -1000.0, "liver": 110.0, "spleen": 135.0}
REGIONS = {"liver": ["liver tumor", "liver vessels"]}


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return threshold_pack(tmp_path_factory.mktemp("pack"), MAIN, locator=FIRST, regions=REGIONS)


@pytest.fixture(scope="module")
def phantom():
    plan = phantoms.sample(np.random.default_rng(2), tumors=2)
    names = ("spleen", "liver", "liver tumor")
    kept = tuple(one for one in plan.structures if one.name in names)
    plan = phantoms.Plan(kept, noise_hu=0.0)
    return phantoms.draw(plan, phantoms.grid_around(plan, (2, 2, 2)))


def test_labels_of_both_nets_in_one_map(pack, phantom):
    found = predict(pack, phantom.image)
    assert [one.name for one in pack.labels] == ["liver", "liver tumor", "liver vessels", "spleen"]
    for name, parts in (
        ("liver", ("liver", "liver tumor")),
        ("liver tumor", ("liver tumor",)),
        ("spleen", ("spleen",)),
    ):
        ours, theirs = found.labels.mask(*parts), phantom.labels.mask(*parts)
        assert 2 * (ours & theirs).sum() / (ours.sum() + theirs.sum()) > 0.93, name
    assert {"find organs", "draw the organ"} <= set(found.seconds)


def test_nothing_is_drawn_far_from_the_organ(pack, phantom):
    """A second thing of the liver's density, across the body, is not liver."""
    array = phantom.image.array.copy()
    array[2:8, 2:10, -12:-2] = 110
    found = predict(pack, Image(array, phantom.image.grid, "CT", "HU"))
    assert not found.labels.mask("liver")[2:8, 2:10, -12:-2].any()


def test_a_scan_without_the_organ_gives_the_other_ones(pack, phantom):
    array = np.where(phantom.labels.mask("spleen"), phantom.image.array, np.int16(-1000))
    found = predict(pack, Image(array, phantom.image.grid, "CT", "HU"))
    assert [one.name for one in found.labels.present()] == ["spleen"]


def test_an_empty_scan_gives_an_empty_map(pack, phantom):
    found = predict(pack, Image(np.full_like(phantom.image.array, -1000), phantom.image.grid, "CT", "HU"))
    assert not found.labels.array.any()
    assert found.intervals_ml == {}


def _with(pack, **settings):
    decode = pack.spec.decode.model_copy(update=settings)
    return Pack(pack.folder, pack.spec.model_copy(update={"decode": decode}))


def test_an_organ_of_the_locator_that_is_not_sure_enough_is_left_out_and_named(pack, phantom):
    strict = _with(pack, others_min_mean=1.01)
    found = predict(strict, phantom.image)
    assert "not sure" in found.left_out["spleen"]
    assert {one.name for one in found.labels.present()} == {"liver", "liver tumor"}


def test_the_organs_attenuation_is_asked_where_the_pack_says_so(pack, phantom):
    asked = _with(pack, tissue_weight=1.0)
    found = predict(asked, phantom.image)
    ours, theirs = found.labels.mask("liver", "liver tumor"), phantom.labels.mask("liver", "liver tumor")
    assert 2 * (ours & theirs).sum() / (ours.sum() + theirs.sum()) > 0.93
