"""Sampling, augmentation, painted tumours, synthesis: same seed, same patch."""

import numpy as np
import pytest

from limner.data import synth, tumors
from limner.data.augment import volume as augment
from limner.data.cases import Prepared
from limner.data.patches import PatchSampler, Source

SPACING = (3.0, 2.0, 2.0)


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(0)
    target = np.zeros((24, 48, 48), np.uint8)
    target[6:18, 10:38, 12:36] = 1
    image = np.where(target, 180, 90).astype(np.uint8) + rng.integers(0, 9, target.shape).astype(np.uint8)
    return Prepared("case", image, target, (0, 1, 2), SPACING)


def _sampler(case, strength=1.0, **changes):
    source = Source((case,), 1.0, **changes)
    return PatchSampler([source], (16, 24, 24), (-40, 160), {1: 0.7}, strength, seed=5)


def test_the_same_step_gives_the_same_patch(case):
    one, other = _sampler(case, paint_tumors=1.0), _sampler(case, paint_tumors=1.0)
    for step in (0, 7):
        a, b = one.draw(step, 1), other.draw(step, 1)
        assert np.array_equal(a.image, b.image)
        assert np.array_equal(a.target, b.target)
    assert not np.array_equal(one.draw(0, 0).image, one.draw(1, 0).image)


def test_values_stay_in_range(case):
    sampler = _sampler(case, paint_tumors=0.5)
    for step in range(8):
        patch = sampler.draw(step, 0)
        assert patch.image.dtype == np.float32
        assert patch.image.shape == (1, 16, 24, 24)
        assert patch.target.shape == (16, 24, 24)
        assert np.isfinite(patch.image).all()
        assert patch.image.min() >= 0
        assert patch.image.max() <= 1
        assert set(np.unique(patch.target)) <= {0, 1, 2}


def test_strength_zero_is_a_plain_crop(case):
    spatial = augment.sample_spatial(np.random.default_rng(0), (11.5, 23.5, 23.5), strength=0.0)
    grid = augment.sampling_grid(spatial, (16, 24, 24), case.target.shape, SPACING)
    box, local = augment.crop_for(grid, case.target.shape)
    seen = augment.look(case.image[box], local, nearest=False, outside=0)
    assert np.allclose(seen, case.image[4:20, 12:36, 12:36], atol=1e-3)


def test_a_rotation_keeps_millimetres_on_an_anisotropic_grid():
    """A ball stays a ball: the matrix acts on millimetres, not on indices."""
    spacing = (4.0, 1.0, 1.0)
    z, y, x = np.indices((24, 96, 96))
    ball = ((z - 11.5) * 4) ** 2 + (y - 47.5) ** 2 + (x - 47.5) ** 2 <= 20**2
    a = np.radians(40)
    turn = ((np.cos(a), -np.sin(a), 0.0), (np.sin(a), np.cos(a), 0.0), (0.0, 0.0, 1.0))
    params = augment.SpatialParams((11.5, 47.5, 47.5), turn, 0.0, 0)
    grid = augment.sampling_grid(params, (20, 80, 80), ball.shape, spacing)
    seen = augment.look(ball.astype(np.float32), grid, nearest=False, outside=0) > 0.5
    assert np.abs(seen.sum() / ball.sum() - 1) < 0.03
    assert np.abs(np.argwhere(seen).mean(0) - [9.5, 39.5, 39.5]).max() < 0.3


def test_tumors_stay_inside_the_organ(case):
    organ = case.target == 1
    rng = np.random.default_rng(2)
    image = np.full(organ.shape, 100, np.float32)
    drawn = tumors.sample_tumors(rng, organ, SPACING)
    painted, mask = tumors.paint_tumors(image, organ, drawn, SPACING)
    assert mask.any()
    assert not (mask & ~organ).any()
    assert np.array_equal(painted[~organ], image[~organ])
    assert image.min() == 100  # the input is untouched


def test_a_tumor_is_as_large_as_it_was_drawn():
    organ = np.ones((40, 60, 60), bool)
    one = tumors.TumorParams((20, 30, 30), (18.0, 18.0, 18.0), -50.0, 0.1, 0.0, 0.001, 1)
    painted, mask = tumors.paint_tumors(np.full(organ.shape, 100, np.float32), organ, (one,), SPACING)
    assert mask.sum() * np.prod(SPACING) == pytest.approx(4 / 3 * np.pi * 18**3, rel=0.03)
    assert painted[mask].mean() == pytest.approx(50, abs=6)


def test_a_filled_trunk_keeps_the_labels_and_has_the_rest():
    labels = np.zeros((30, 90, 110), np.uint8)
    labels[4:22, 30:60, 15:55] = 1
    labels[:, 52:60, 58:66] = 2
    tissues = synth.fill_trunk(labels, {1: "liver", 2: "aorta"}, (4.0, 3.0, 3.0), seed=1)
    assert (tissues[labels == 1] == synth.TISSUE["liver"]).all()
    assert (tissues[labels == 2] == synth.TISSUE["aorta"]).all()
    for name in ("air", "fat", "muscle", "bone", "bowel"):
        assert (tissues == synth.TISSUE[name]).any(), name
    bones = np.argwhere(tissues == synth.TISSUE["bone"])
    assert bones[:, 1].mean() > 52  # the spine is behind the aorta
    image = synth.synthesize(tissues, synth.sample_synth(np.random.default_rng(0)))
    assert image[labels == 1].mean() > image[tissues == synth.TISSUE["fat"]].mean() + 80


@pytest.mark.parametrize("seed", range(4))
def test_intensity_changes_keep_the_order_of_tissues(seed):
    rng = np.random.default_rng(seed)
    ramp = np.broadcast_to(np.linspace(-40, 160, 64, dtype=np.float32), (8, 16, 64)).copy()
    seen = augment.apply_intensity(ramp, augment.sample_intensity(rng), (-40, 160)).mean((0, 1))
    assert np.corrcoef(seen, np.arange(64))[0, 1] > 0.9
