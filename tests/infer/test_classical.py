import numpy as np
import pytest

from limner.data import phantoms
from limner.image import Image
from limner.infer.classical import applies, classical, coarse_grid


@pytest.fixture(scope="module")
def torso():
    plan = phantoms.sample(np.random.default_rng(1))
    return plan, phantoms.draw(plan, phantoms.grid_around(plan, (4, 2.5, 2.5), margin_mm=15))


def test_body_lungs_and_bones_of_a_torso(torso):
    plan, phantom = torso
    names = ["liver", "liver tumor", "liver vessels", "right kidney", "left kidney", "spleen"]
    found = classical(phantom.image, ["lungs", "bones", "body"], phantom.labels.mask(*names))
    small = coarse_grid(phantom.image.grid)
    truth = phantoms.truth(plan)
    for name in ("right lung", "left lung"):
        assert found[name].sum() * small.voxel_ml == pytest.approx(truth[name.replace(" ", "-")].volume_ml, rel=0.08), (
            name
        )
    x = {name: small.world(np.argwhere(found[name])).mean(0)[0] for name in ("right lung", "left lung")}
    assert x["right lung"] < 0 < x["left lung"]  # LPS: x grows to the patient's left
    bones = phantom.labels.mask("bones").sum() * phantom.image.grid.voxel_ml
    assert found["bones"].sum() * small.voxel_ml == pytest.approx(bones, rel=0.15)
    body = (phantom.labels.array > 0).sum() * phantom.image.grid.voxel_ml
    assert found["body"].sum() * small.voxel_ml == pytest.approx(body, rel=0.03)


def test_a_windowed_image_is_left_alone(torso):
    _, phantom = torso
    clipped = np.clip(phantom.image.array, -40, 160)
    assert applies(phantom.image)
    assert not applies(Image(clipped, phantom.image.grid, "CT", "HU"))
