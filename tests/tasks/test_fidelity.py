"""Fidelity against closed forms and slow, obvious versions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from limner.tasks.fidelity import mean_absolute_error, perceptual_distance, psnr, ssim


def test_psnr_of_known_noise():
    rng = np.random.default_rng(0)
    truth = rng.uniform(-100, 100, (64, 64, 64))
    assert psnr(truth + rng.normal(0, 4, truth.shape), truth, 400) == pytest.approx(20 * np.log10(400 / 4), abs=0.05)
    assert psnr(truth, truth, 400) == float("inf")
    bytes_ = np.array([250, 3], np.uint8)
    assert psnr(bytes_, bytes_[::-1], 255) == pytest.approx(10 * np.log10(255**2 / 247**2))  # no wrap-around


def test_ssim_is_one_for_the_same_and_follows_the_paper():
    rng = np.random.default_rng(1)
    a = gaussian_filter(rng.normal(size=(40, 44)), 2) * 100
    b = a + rng.normal(0, 3, a.shape)
    assert ssim(a, a, 100) == pytest.approx(1)

    def mean(x):
        return gaussian_filter(x, 1.5, truncate=3.5)

    ma, mb = mean(a), mean(b)
    va, vb, cov = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    c1, c2 = (0.01 * 100) ** 2, (0.03 * 100) ** 2
    slow = (2 * ma * mb + c1) * (2 * cov + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
    assert ssim(b, a, 100) == pytest.approx(slow[5:-5, 5:-5].mean(), abs=1e-9)
    colour = np.stack([a, a, b])
    assert ssim(np.stack([a, a, a]), colour, 100, channel_axis=0) == pytest.approx((2 + ssim(a, b, 100)) / 3)


def test_error_in_hu_where_asked():
    image, truth = np.array([[0, 10], [20, 30]], np.int16), np.array([[0, 0], [0, 0]], np.int16)
    assert mean_absolute_error(image, truth) == 15
    assert mean_absolute_error(image, truth, np.array([[False, True], [False, False]])) == 10
    with pytest.raises(ValueError, match="nowhere"):
        mean_absolute_error(image, truth, np.zeros((2, 2), bool))
    with pytest.raises(ValueError, match="same shape"):
        mean_absolute_error(image, truth[:1])


def test_perceptual_distance_against_loops():
    rng = np.random.default_rng(2)
    a = [rng.normal(size=(2, 5, 3, 4)), rng.normal(size=(2, 7, 2, 2))]
    b = [rng.normal(size=one.shape) for one in a]
    slow = np.zeros(2)
    for x, y in zip(a, b, strict=True):
        for n in range(2):
            each = []
            for h in range(x.shape[2]):
                for w in range(x.shape[3]):
                    p, q = x[n, :, h, w], y[n, :, h, w]
                    each.append(((p / np.linalg.norm(p) - q / np.linalg.norm(q)) ** 2).sum())
            slow[n] += np.mean(each)
    assert np.allclose(perceptual_distance(a, b), slow)
    assert np.allclose(perceptual_distance(a, [3 * one for one in a]), 0)  # only directions count
    assert np.allclose(perceptual_distance(a, [-one for one in a]), 8)
    assert np.allclose(perceptual_distance([np.zeros((1, 4, 2, 2))], [np.zeros((1, 4, 2, 2))]), 0)
