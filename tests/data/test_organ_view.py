import numpy as np

from limner.data.organ_view import CHANNELS, organ_view

SPACING = (3.0, 1.6, 1.6)


def _liver(seed=0):
    rng = np.random.default_rng(seed)
    z, y, x = np.indices((24, 64, 64))
    organ = ((z - 12) / 10) ** 2 + ((y - 32) / 26) ** 2 + ((x - 32) / 26) ** 2 < 1
    vessel = ((y - 30) ** 2 + (x - 30) ** 2 < 6) & organ
    tumor = ((z - 12) * 3) ** 2 + ((y - 45) * 1.6) ** 2 + ((x - 40) * 1.6) ** 2 < 64
    image = np.where(organ, 0.5, 0.0) + 0.2 * vessel - 0.2 * tumor + rng.normal(0, 0.15, organ.shape)
    return np.clip(image, 0, 1).astype(np.float32), organ, vessel, tumor


def test_vessels_are_bright_and_tumors_dark():
    image, organ, vessel, tumor = _liver()
    view = organ_view(image, organ, SPACING)
    assert view.shape == (CHANNELS, *image.shape)
    assert view.dtype == np.float32
    assert np.array_equal(view[0], image)
    rest = organ & ~vessel & ~tumor
    assert np.median(view[1][vessel]) > np.percentile(view[1][rest], 95)
    assert np.median(view[2][tumor]) < np.percentile(view[2][rest], 5)


def test_outside_the_organ_there_is_nothing_and_its_border_casts_no_shadow():
    image, organ, _, _ = _liver()
    view = organ_view(image, organ, SPACING)
    assert not view[1:][:, ~organ].any()
    flat = organ_view(np.where(organ, np.float32(0.5), np.float32(0)), organ, SPACING)
    assert np.abs(flat[1:]).max() < 1e-6


def test_an_empty_organ_is_an_empty_view():
    view = organ_view(np.zeros((4, 8, 8), np.float32), np.zeros((4, 8, 8), bool), SPACING)
    assert np.isfinite(view).all()
    assert not view.any()
