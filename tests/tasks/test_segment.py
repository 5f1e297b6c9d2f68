import io as bytes_io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Picture
from scipy.spatial.distance import cdist

from limner import io
from limner.tasks.segment import dice, lesion_scores, surface_scores


def _ball(shape, center, radius, spacing=(1, 1, 1)):
    places = np.moveaxis(np.indices(shape), 0, -1) - np.array(center)
    return ((places * np.array(spacing)) ** 2).sum(-1) <= radius**2


def test_empty_masks_agree_and_half_empty_ones_do_not():
    empty, ball = np.zeros((9, 9, 9), bool), _ball((9, 9, 9), (4, 4, 4), 3)
    assert dice(empty, empty) == 1
    assert dice(empty, ball) == 0
    assert surface_scores(empty, empty, (1, 1, 1)).hd95_mm == 0
    assert surface_scores(empty, ball, (1, 1, 1)).hd95_mm == np.inf


def test_a_shift_is_measured_in_millimetres():
    one, other = _ball((9, 40, 40), (4, 15, 15), 3), _ball((9, 40, 40), (4, 15, 25), 3)
    found = surface_scores(one, other, (5.0, 1.0, 0.7))
    assert 0.7 * 4 <= found.hd95_mm <= 0.7 * 10


@given(st.integers(0, 2**31))
@settings(max_examples=15, deadline=None)
def test_surface_scores_against_all_pairs(seed):
    rng = np.random.default_rng(seed)
    spacing = tuple(rng.uniform(0.5, 4, 3))
    masks = [_ball((8, 10, 10), rng.uniform(2, 7, 3), rng.uniform(2, 5), spacing) for _ in range(2)]
    if not all(mask.any() for mask in masks):
        return
    borders = []
    for mask in masks:
        around = np.pad(mask, 1)
        shifts = [np.roll(around, s, a) for a in range(3) for s in (-1, 1)]
        inner = np.logical_and.reduce([around, *shifts])[1:-1, 1:-1, 1:-1]
        borders.append(np.argwhere(mask & ~inner) * spacing)
    pairs = cdist(*borders)
    expected = max(np.percentile(pairs.min(0), 95), np.percentile(pairs.min(1), 95))
    found = surface_scores(*masks, spacing, tolerance_mm=1.5)
    assert found.hd95_mm == pytest.approx(expected)
    within = (pairs.min(0) <= 1.5).sum() + (pairs.min(1) <= 1.5).sum()
    assert found.nsd == pytest.approx(within / sum(pairs.shape))


def test_lesions_are_counted_one_by_one():
    shape = (30, 60, 60)
    truth = _ball(shape, (10, 15, 15), 7) | _ball(shape, (15, 45, 45), 8) | _ball(shape, (25, 10, 50), 2)
    ours = _ball(shape, (11, 16, 15), 6) | _ball(shape, (20, 30, 5), 3)
    found = lesion_scores(ours, truth, (1, 1, 1))
    assert (found.lesions, found.found, found.false) == (2, 1, 1)  # the lesion of 4 mm is too small to count
    nothing = lesion_scores(np.zeros(shape, bool), np.zeros(shape, bool), (1, 1, 1))
    assert (nothing.lesions, nothing.found, nothing.false) == (0, 0, 0)
    assert lesion_scores(ours, np.zeros(shape, bool), (1, 1, 1)).false == 2


def test_dice_of_the_chaos_organisers_own_example(limner_data):
    """Their script scores their sample .978; their PNGs run from head to feet."""
    folder = limner_data / "ct_liver_chaos03"
    truth = io.read_nifti_labels(folder / "liver.nii.gz").array > 0
    with zipfile.ZipFile(folder / "sample_submission.zip") as archive:
        names = sorted(n for n in archive.namelist() if n.endswith(".png") and not n.startswith("__"))
        slices = [np.array(Picture.open(bytes_io.BytesIO(archive.read(name)))) > 0 for name in names]
    sample = np.stack(slices)[::-1]
    assert sample.shape == truth.shape
    assert dice(sample, truth) == pytest.approx(0.97843, abs=5e-4)
