"""The measurement of many readers at once measures, and is bounded."""

from __future__ import annotations

import pytest

from limner.errors import InputError
from limner.serve.bench import bench_serve
from limner.serve.load import Waits


def test_waits_are_told_by_nearest_rank():
    waits = Waits()
    for k in range(100):
        waits.add("slice", (k + 1) / 1000)
    waits.add("study", 0.5)
    told = waits.summary()
    assert told["slice"] == {"n": 100, "p50_ms": 51.0, "p95_ms": 96.0, "max_ms": 100.0}
    assert told["all"]["n"] == 101
    assert told["all"]["max_ms"] == 500.0


@pytest.mark.parametrize("wrong", [{"readers": 0}, {"readers": 1000}, {"seconds": 0}, {"seconds": 10_000}])
def test_it_is_bounded(wrong):
    with pytest.raises(InputError):
        bench_serve(**wrong)


@pytest.mark.slow
def test_two_readers_read():
    found = bench_serve(readers=2, seconds=6, draw=False)
    assert found.errors == []
    assert set(found.waits) == {"work list", "study", "series", "slice", "all"}
    assert found.waits["slice"]["n"] > 20
    assert found.job is None


@pytest.mark.long
def test_twenty_readers_wait_less_than_a_third_of_a_second_while_a_study_is_drawn():
    found = bench_serve(readers=20, seconds=30)
    assert found.errors == []
    assert found.job["after"]["state"] in ("running", "done")
    assert found.waits["all"]["p95_ms"] <= 300
