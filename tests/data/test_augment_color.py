import numpy as np
import pytest
import torch

from limner.data.augment.color import white_light
from limner.data.augment.hair import draw_hairs, sample_hairs
from limner.data.examples import View, read_examples
from limner.data.fitted import fit_for
from limner.image import Picture


@pytest.fixture
def skin():
    rng = np.random.default_rng(0)
    return np.clip(rng.normal([[[200]], [[150]], [[140]]], 12, (3, 24, 32)), 1, 255).astype(np.uint8)


def test_the_light_is_the_mean_of_sixth_powers(skin):
    light = np.array([np.mean((channel / 255.0) ** 6) ** (1 / 6) for channel in skin])
    gain = np.linalg.norm(light) / (np.sqrt(3) * light)
    slow = np.clip(np.rint(skin * gain[:, None, None]), 0, 255)
    np.testing.assert_array_equal(white_light(skin), slow)


def test_one_skin_under_two_lamps_looks_the_same(skin):
    yellow = np.clip(np.rint(skin * np.array([1.0, 0.9, 0.6])[:, None, None]), 0, 255).astype(np.uint8)

    def apart(a, b):
        return np.abs(a.astype(float) / a.mean() - b.astype(float) / b.mean()).mean()

    assert apart(yellow, skin) > 0.1
    assert apart(white_light(yellow), white_light(skin)) < 0.01


def test_padding_and_grey_change_nothing(skin):
    padded = np.pad(skin, [(0, 0), (0, 0), (8, 8)])
    np.testing.assert_array_equal(white_light(padded)[:, :, 8:-8], white_light(skin))
    assert white_light(skin[:1]) is not None
    np.testing.assert_array_equal(white_light(skin[:1]), skin[:1])
    np.testing.assert_array_equal(white_light(np.zeros_like(skin)), 0)


def test_a_net_that_asks_for_it_sees_white_light(skin):
    picture = Picture(skin)
    plain, fit = fit_for(picture, View((16, 16), 3))
    white, same = fit_for(picture, View((16, 16), 3, color_constancy=True))
    assert fit == same
    np.testing.assert_array_equal(white, white_light(plain))
    assert not np.array_equal(white, plain)


def test_hairs_lie_on_hairy_pictures_only_and_are_dark():
    hairs = sample_hairs(np.random.default_rng(1), np.array([True, False, True]))
    x = torch.full((3, 3, 64, 80), 0.7)
    drawn = draw_hairs(x, hairs)
    changed = (drawn != x).any(1).flatten(1).float().mean(1)
    assert set(hairs.picture.tolist()) == {0, 2}
    assert changed[1] == 0
    assert 0.005 < changed[0] < 0.4
    assert 0.005 < changed[2] < 0.4
    assert drawn.max() == 0.7
    assert drawn[0].min() < 0.5
    assert torch.equal(drawn, draw_hairs(x, hairs))
    assert (drawn[:, 0] >= drawn[:, 2]).all()  # brown, not blue


def test_a_hair_covers_its_width_at_any_size():
    hairs = sample_hairs(np.random.default_rng(3), np.array([True]))
    hidden = []
    for side in (32, 64, 256):
        x = torch.ones(1, 1, side, side)
        hidden.append(float((1 - draw_hairs(x, hairs)).mean()))
    assert hidden[0] == pytest.approx(hidden[2], rel=0.35)
    assert hidden[1] == pytest.approx(hidden[2], rel=0.25)


def test_no_hairs_is_no_change():
    x = torch.rand(2, 3, 16, 16)
    assert torch.equal(draw_hairs(x, sample_hairs(np.random.default_rng(0), np.array([False, False]))), x)


def test_examples_are_read_under_white_light_where_it_is_asked_for(skin, tmp_path):
    np.savez(tmp_path / "set.npz", train_images=np.moveaxis(skin, 0, -1)[None], train_labels=np.zeros((1, 1), np.uint8))
    for asked in (False, True):
        view = View(skin.shape[1:], 3, color_constancy=asked)
        [row] = read_examples(tmp_path / "set.npz", view).rows
        np.testing.assert_array_equal(row.image, white_light(skin) if asked else skin)
