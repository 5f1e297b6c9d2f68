"""What a step costs."""

from __future__ import annotations

import gc

import numpy as np

from limner.draw import Meter


def test_each_step_has_its_own_peak() -> None:
    meter = Meter()
    with meter.step("large"):
        array = np.ones(30_000_000)  # 240 MB
        del array
        gc.collect()
    with meter.step("small"):
        pass
    large, small = meter.steps
    assert large.peak_mb - small.peak_mb > 200
    assert meter.peak_mb == large.peak_mb
    assert meter.seconds == round(large.seconds + small.seconds, 3)


def test_the_listener_hears_every_step() -> None:
    heard: list[tuple[str, float]] = []
    meter = Meter(lambda step, fraction: heard.append((step, fraction)))
    with meter.step("predict") as done:
        done(0.5)
    assert heard == [("predict", 0.0), ("predict", 0.5), ("predict", 1.0)]


def test_a_step_that_fails_is_not_counted() -> None:
    meter = Meter()
    try:
        with meter.step("open"):
            raise ValueError
    except ValueError:
        pass
    assert meter.steps == []
