"""A net's doubts about an organ, settled by the organ's own attenuation."""

import numpy as np
import pytest

from limner.infer.tissue import reweigh

SPACING = (3.0, 1.6, 1.6)


@pytest.fixture
def scene():
    """A ball of organ in softer tissue, a dense ball that touches it, and a dark lesion within; volume is 0 to 1."""
    z, y, x = np.mgrid[:24, :64, :80].astype(np.float32)
    away = lambda cz, cy, cx: np.sqrt(((z - cz) * 1.9) ** 2 + (y - cy) ** 2 + (x - cx) ** 2)  # noqa: E731
    organ, other, lesion = away(12, 32, 30) < 18, away(12, 32, 58) < 10, away(12, 32, 30) < 5
    volume = np.full(z.shape, 0.35, np.float32)
    volume[organ], volume[other], volume[lesion] = 0.6, 0.95, 0.3
    volume += np.random.default_rng(0).normal(0, 0.04, z.shape).astype(np.float32)
    # The net is sure within, takes the neighbour for organ, and is a little small along the border.
    whole = np.where(away(12, 32, 30) < 15, 0.97, np.where(away(12, 32, 30) < 18, 0.45, 0.02)).astype(np.float32)
    whole[other & ~organ] = 0.6
    return organ, other & ~organ, lesion, volume, whole


def _dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def test_what_looks_like_the_organ_is_taken_in_and_what_does_not_is_left_out(scene):
    organ, other, lesion, volume, whole = scene
    after = reweigh(whole, volume, SPACING, 1.0, lesion)
    assert _dice(after > 0.5, organ) > 0.95 > 0.7 > _dice(whole > 0.5, organ)
    assert (after[other] > 0.5).mean() < 0.1
    assert (after[lesion] > 0.5).all()


def test_it_cannot_make_an_organ_where_the_net_is_sure_there_is_none(scene):
    _, _, _, volume, whole = scene
    assert not (reweigh(whole, volume, SPACING, 5.0)[whole < 0.03] > 0).any()


def test_nothing_is_asked_where_there_is_no_example_or_no_weight(scene):
    _, _, _, volume, whole = scene
    assert reweigh(whole, volume, SPACING, 0.0) is whole
    faint = whole * 0.5  # nothing that the net is sure of
    assert np.array_equal(reweigh(faint, volume, SPACING, 1.0), faint)


def test_the_same_attenuation_everywhere_changes_little(scene):
    _, _, _, volume, whole = scene
    even = np.random.default_rng(1).normal(0.5, 0.04, volume.shape).astype(np.float32)
    after = reweigh(whole, even, SPACING, 1.0)
    assert np.abs(after - whole)[(whole > 0.05) & (whole < 0.95)].mean() < 0.06


def test_thick_slices_are_asked_as_thin_ones_are():
    """A flat organ of 30 mm and a dense neighbour that the net takes for it, in slices of 1.5 and of 7.5 mm."""
    doubtful = {}
    for thick in (1.5, 7.5):
        z = (np.arange(round(90 / thick)) + 0.5)[:, None, None] * thick * np.ones((1, 48, 48))
        x = np.arange(48) * 1.5 * np.ones_like(z)
        flat = (z > 30) & (z < 60)
        organ, other = flat & (x < 45), flat & (x >= 45) & (x < 54)
        volume = np.select([organ, other], [0.6, 0.95], 0.35).astype(np.float32)
        volume += np.random.default_rng(2).normal(0, 0.03, z.shape).astype(np.float32)
        whole = np.select([organ, other], [0.97, 0.6], 0.02).astype(np.float32)
        after = reweigh(whole, volume, (thick, 1.5, 1.5), 1.0)
        assert (after[organ & (x < 42)] > 0.5).all()
        doubtful[thick] = float((after[other & (x > 47)] > 0.5).mean())
    assert doubtful[1.5] < 0.1
    assert doubtful[7.5] == pytest.approx(doubtful[1.5], abs=0.05)
