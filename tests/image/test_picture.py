import numpy as np
import pytest

from limner.image import Picture, fit_picture
from limner.image.picture import _resize


def test_sides_keep_their_ratio_and_points_come_back():
    array = np.full((1, 40, 80), 200, np.uint8)
    fitted, fit = fit_picture(array, (64, 64))
    assert fitted.shape == (1, 64, 64)
    assert fit.inner == (slice(16, 48), slice(0, 64))
    assert (fitted[0][fit.inner] == 200).all()
    assert fitted.sum() == 200 * 32 * 64  # the rest is black
    points = np.array([[0, 0], [40, 80], [13.5, 7.25]])
    np.testing.assert_allclose(fit.back(fit.forth(points)), points)
    np.testing.assert_allclose(fit.forth([[40, 80]]), [[48, 64]])


def test_a_mask_stays_a_mask_and_a_picture_is_averaged():
    rng = np.random.default_rng(0)
    mask = (rng.random((1, 50, 30)) > 0.5).astype(np.uint8) * 255
    assert set(np.unique(fit_picture(mask, (20, 20), nearest=True)[0])) <= {0, 255}
    noise = rng.integers(0, 255, (1, 200, 200)).astype(np.uint8)
    assert fit_picture(noise, (20, 20))[0].std() < 0.3 * noise.std()


def test_a_small_volume_is_fitted_along_every_axis():
    array = np.zeros((1, 10, 20, 20), np.uint8)
    array[0, 5:, :, :] = 100
    fitted, fit = fit_picture(array, (28, 28, 28))
    assert fit.scale == pytest.approx(1.4)
    assert fitted.shape == (1, 28, 28, 28)
    assert fitted[0, 8, 14, 14] == 0
    assert fitted[0, 18, 14, 14] == 100


def test_a_volume_that_shrinks_is_averaged_as_pictures_are():
    noise = np.random.default_rng(0).integers(0, 255, (1, 8, 80, 60)).astype(np.uint8)
    slices = np.stack([fit_picture(one[None], (20, 15))[0][0] for one in noise[0]])
    in_plane = _resize(noise[0], (8, 20, 15), nearest=False)
    np.testing.assert_allclose(in_plane.astype(int), slices, atol=1)
    assert fit_picture(np.repeat(noise, 10, 1), (20, 20, 15))[0].std() < 0.4 * noise.std()
    mask = (noise > 200).astype(np.uint8) * 3
    assert set(np.unique(fit_picture(mask, (4, 40, 30), nearest=True)[0])) <= {0, 3}


def test_colours_become_grey_by_luma_and_grey_becomes_colour():
    red = Picture(np.stack([np.full((2, 2), v, np.uint8) for v in (200, 0, 0)]))
    assert red.with_channels(1).array.tolist() == [[[60, 60], [60, 60]]]
    assert red.with_channels(1).with_channels(3).array.shape == (3, 2, 2)
    with pytest.raises(ValueError, match="3 channels"):
        red.with_channels(2)


def test_what_is_no_picture_is_refused():
    with pytest.raises(ValueError, match="uint8"):
        Picture(np.zeros((1, 4, 4), np.float32))
