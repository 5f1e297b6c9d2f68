import numpy as np
import pytest

from limner.tasks import masks, pixels


def test_calibration_counts_pixels_that_have_a_chance():
    p = np.array([0.0] * 100 + [0.5] * 10)
    marked = np.array([False] * 100 + [True] * 10)
    found, everything = pixels.ForegroundBins(), pixels.ForegroundBins(least=0.0)
    found.add(p, marked)
    everything.add(p, marked)
    assert found.ece == pytest.approx(0.5)
    assert everything.ece == pytest.approx(0.5 * 10 / 110)


def test_temperature_and_bias_undo_what_was_done_to_honest_logits():
    rng = np.random.default_rng(2)
    honest = rng.normal(0, 2, 20000)
    marked = (rng.random(20000) < 1 / (1 + np.exp(-honest))).astype(int)
    spoilt = np.stack([np.zeros(20000), 2.5 * (honest + 0.8)], 1).astype(np.float32)
    temperature, bias = pixels.fit_pixels(spoilt, marked, np.arange(20000) % 300)
    assert temperature == pytest.approx(2.5, rel=0.1)
    assert bias == pytest.approx(-0.8, abs=0.1)
    p = masks.softmax_maps(spoilt, temperature, bias, axis=1)
    assert pixels.foreground_ece(p[None].swapaxes(1, 2), marked[None]) < 0.03


def test_few_patients_move_little():
    rng = np.random.default_rng(3)
    logits = np.stack([np.zeros(5000), rng.normal(0, 4, 5000)], 1).astype(np.float32)
    marked = (rng.random(5000) < 1 / (1 + np.exp(-logits[:, 1] / 4 + 2))).astype(int)
    few, many = (pixels.fit_pixels(logits, marked, np.arange(5000) % n) for n in (2, 1000))
    assert many[0] == pytest.approx(4, rel=0.15) and many[1] == pytest.approx(-2, rel=0.15)
    assert 1 < few[0] < many[0] and many[1] < few[1] < 0


def test_what_does_not_help_the_next_patient_is_left_as_it_is():
    rng = np.random.default_rng(5)
    z = rng.normal(0, 2, (2, 2400))
    off = np.array([[2.0], [-2.0]])  # what the one asks for is wrong for the other
    marked = (rng.random(z.shape) < 1 / (1 + np.exp(-(z + off)))).astype(int).ravel()
    logits = np.stack([np.zeros(z.size), z.ravel()], 1).astype(np.float32)
    assert pixels.fit_pixels(logits, marked, np.arange(2).repeat(2400), least=0.0) == (1.0, 0.0)
    alike = (rng.random(z.shape) < 1 / (1 + np.exp(-(z / 3)))).astype(int).ravel()
    assert pixels.fit_pixels(logits, alike, np.arange(6).repeat(800), least=0.0)[0] > 1.5
    assert pixels.fit_pixels(logits, alike, np.zeros(4800, int)) == (1.0, 0.0)  # one patient says nothing of the next


def test_the_error_is_judged_by_patient():
    rng = np.random.default_rng(4)
    found = pixels.ForegroundBins()
    for patient in range(12):
        p = rng.uniform(0.1, 0.9, 400)
        found.add(p, rng.random(400) < np.clip(p + (0.3 if patient % 2 else -0.3), 0, 1), f"p{patient}")
    assert found.sums.shape == (12, 3, 15)
    judged = found.believable()
    assert judged.ece == pytest.approx(found.ece)
    assert judged.p > 0.3  # off by much in each patient, and on the mean by nothing
    assert judged.expected > 0.05
