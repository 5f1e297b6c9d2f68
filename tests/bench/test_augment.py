import sys

import numpy as np
import pytest

from limner.bench import AugmentBench, bench_augment
from limner.bench.augment import AugmentResult, AugmentRow, _check
from limner.errors import InputError, LimnerError


def row(name, faster):
    return AugmentRow(name, "", 1.0, (1.0,), 1.0, faster)


def test_ours_is_timed_alone_where_nothing_else_is_installed(monkeypatch):
    for name in ("monai", "torchio"):
        monkeypatch.setitem(sys.modules, name, None)
    found = bench_augment(AugmentBench(side=24, rounds=3))
    assert [one.name.split()[0] for one in found.rows] == ["limner"]
    assert found.missing == ("monai", "torchio")
    assert found.lead is None
    ours = found.rows[0]
    assert len(ours.seconds) == 3
    assert ours.ours_faster == 1
    assert ours.per_second > 0
    assert ours.cpu_seconds > 0
    assert found.as_dict()["rows"][0]["seconds"] == ours.seconds


@pytest.mark.filterwarnings("default")  # of monai
def test_monai_is_timed_beside_ours(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchio", None)
    told = []
    found = bench_augment(AugmentBench(side=32, rounds=1), lambda name, share: told.append(share))
    assert [one.name.split()[0] for one in found.rows] == ["limner", "monai", "monai"]
    assert found.missing == ("torchio",)
    assert found.lead == min(one.ours_faster for one in found.rows[1:])
    assert told == sorted(told)
    assert len(told) == 3


def test_the_lead_is_over_the_fastest_other_way():
    assert AugmentResult("", (row("limner", 1), row("a", 9.0), row("b", 2.5)), ()).lead == 2.5


def test_a_way_that_does_not_do_the_work_is_refused():
    rng = np.random.default_rng(0)
    image, label = rng.random((8, 8, 8), np.float32), (rng.random((8, 8, 8)) < 0.5).astype(np.uint8)
    other = image + 0.1, np.roll(label, 1)
    _check("fair", (image, label), other)
    with pytest.raises(LimnerError, match="changed nothing"):
        _check("lazy", (image, label), (image, other[1]))
    with pytest.raises(LimnerError, match="changed nothing"):
        _check("small", (image, label), (other[0][:4], other[1][:4]))
    with pytest.raises(LimnerError, match="a label that is none"):
        _check("blurred", (image, label), (other[0], other[1] * 0.5))
    with pytest.raises(LimnerError, match="a label that is none"):
        _check("empty", (image, label), (other[0], other[1] * 0))


@pytest.mark.parametrize("asked", [{"side": 8}, {"rounds": 0}, {"threads": 0}])
def test_settings_that_make_no_sense_are_refused(asked):
    with pytest.raises(InputError, match="at least 16"):
        bench_augment(AugmentBench(**asked))
