import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.infer.windows import slide, starts


@given(st.integers(1, 200), st.integers(1, 80), st.floats(0, 0.8))
def test_windows_cover_an_axis(length, window, overlap):
    found = starts(length, window, overlap)
    covered = np.zeros(max(length, window), bool)
    for start in found:
        assert start >= 0
        covered[start : start + window] = True
    assert covered[:length].all()
    assert found[-1] + window == max(length, window)


@given(
    st.tuples(*[st.integers(3, 30)] * 3),
    st.tuples(*[st.sampled_from([4, 8, 12])] * 3),
    st.sampled_from([0.0, 0.3, 0.6]),
)
@settings(max_examples=25, deadline=None)
def test_stitched_windows_of_a_pointwise_net_equal_the_whole(shape, window, overlap):
    volume = np.random.default_rng(0).random(shape, dtype=np.float32)

    def pointwise(patch):
        return np.concatenate([patch * 2 - 1, 1 - patch**2], 1)

    found = slide(volume[None], pointwise, window, divisible=(4, 4, 4), overlap=overlap)
    assert np.allclose(found, pointwise(volume[None, None])[0], atol=1e-5)


def test_windows_are_multiples_that_the_net_can_halve():
    seen = []

    def spy(patch):
        seen.append(patch.shape[2:])
        return patch

    slide(np.zeros((1, 5, 37, 90), np.float32), spy, (16, 32, 32), divisible=(8, 16, 16))
    assert all(z % 8 == y % 16 == x % 16 == 0 for z, y, x in seen)


def test_progress_ends_at_one():
    told = []
    slide(np.zeros((1, 8, 8, 8), np.float32), lambda p: p, (4, 4, 4), divisible=(1, 1, 1), progress=told.append)
    assert told[-1] == pytest.approx(1.0)
    assert told == sorted(told)
