"""A click finds what was clicked; a click outside only takes away; the same clicks give the same mask."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from limner.errors import InputError
from limner.image import Grid
from limner.infer.click import Clicks, Scene, click
from limner.infer.cut import minimal_cut

SPACING = (2.5, 1.0, 1.0)
CENTER = (20, 45, 50)


def spheres(radius_mm=12.0, noise=12.0, seed=0, second=False):
    """A dark ball in a liver in a body; a second ball touches it."""
    grid = Grid.axial((40, 96, 96), SPACING)
    z, y, x = (a * s for a, s in zip(np.ogrid[:40, :96, :96], SPACING, strict=True))
    center = [k * s for k, s in zip(CENTER, SPACING, strict=True)]

    def ball(shift, r):
        return (z - center[0]) ** 2 + (y - center[1]) ** 2 + (x - center[2] - shift) ** 2 <= r * r

    truth, other = ball(0, radius_mm), ball(1.9 * radius_mm, radius_mm) if second else np.zeros(grid.shape, bool)
    organ = ball(0, 44)
    array = np.where(truth | other, 60.0, np.where(organ, 110.0, -80.0))
    array += ndimage.gaussian_filter(np.random.default_rng(seed).normal(0, noise * 3, array.shape), 0.7)
    return Scene(array.astype(np.int16), grid, organ.astype(np.uint8), 2), truth, other


def dice(a, b):
    return 2 * np.count_nonzero(a & b) / (a.sum() + b.sum())


@pytest.mark.parametrize("radius", [5.0, 12.0, 30.0])
@pytest.mark.parametrize("known", [True, False])
def test_one_click_in_a_homogeneous_ball(radius, known):
    scene, truth, _ = spheres(radius)
    if not known:
        scene = Scene(scene.array, scene.grid)
    found = click(scene, Clicks((CENTER,))).whole(scene.grid.shape)
    assert dice(found, truth) > 0.9


def test_a_bright_ball_is_found_as_a_dark_one():
    scene, truth, _ = spheres()
    turned = Scene((170 - scene.array).astype(np.int16), scene.grid, scene.labels, 2)
    assert dice(click(turned, Clicks((CENTER,))).whole(scene.grid.shape), truth) > 0.9


def test_a_click_outside_parts_what_looks_alike():
    scene, truth, other = spheres(second=True)
    there = (CENTER[0], CENTER[1], CENTER[2] + 23)
    assert other[there]
    before = click(scene, Clicks((CENTER,))).whole(scene.grid.shape)
    after = click(scene, Clicks((CENTER,), (there,))).whole(scene.grid.shape)
    assert not after[there]
    assert not (after & ~before).any()
    assert dice(after, truth) > max(0.85, dice(before, truth) + 0.1)


points = st.tuples(st.integers(12, 28), st.integers(30, 60), st.integers(35, 75))


@settings(max_examples=12, deadline=None)
@given(st.lists(points, min_size=1, max_size=2), st.lists(points, max_size=2), points)
def test_one_more_click_outside_never_enlarges(inside, outside, more):
    scene, _, _ = spheres(second=True, noise=25)
    inside = [one for one in inside if one not in (*outside, more)] or [CENTER]
    outside, more = [one for one in outside if one != CENTER], more if more != CENTER else (12, 30, 35)
    without = click(scene, Clicks(tuple(inside), tuple(outside))).whole(scene.grid.shape)
    with_it = click(scene, Clicks(tuple(inside), (*outside, more))).whole(scene.grid.shape)
    assert not (with_it & ~without).any()
    assert not with_it[more]
    assert with_it[tuple(np.array(inside).T)].all()


def test_the_same_clicks_give_the_same_mask():
    scene, _, _ = spheres(noise=30)
    clicks = Clicks((CENTER, (22, 47, 52)), ((20, 70, 50),))
    first, again = click(scene, clicks), click(scene, clicks)
    assert first.start == again.start
    assert (first.mask == again.mask).all()


def test_a_net_that_sees_more_is_followed_and_its_threshold_obeys_the_click():
    scene, truth, _ = spheres(noise=10)
    flat = Scene(np.full_like(scene.array, 100), scene.grid, scene.labels, 2)  # nothing to see in the image itself
    for height in (0.9, 0.3):  # the second is below one half everywhere: the pack alone draws nothing
        p = ndimage.gaussian_filter(truth.astype(np.float32), [0.4, 1, 1]) * np.float32(height)
        asked = Scene(flat.array, flat.grid, flat.labels, 2, p)
        found = click(asked, Clicks((CENTER,))).whole(scene.grid.shape)
        assert dice(found, truth) > 0.9, height


def test_a_thin_scan_of_full_size_answers_within_a_second():
    grid = Grid.axial((129, 512, 512), (2.5, 0.7, 0.7))
    rng = np.random.default_rng(0)
    array = rng.normal(110, 15, (129, 64, 64)).astype(np.int16).repeat(8, 1).repeat(8, 2)
    labels = np.ones(grid.shape, np.uint8)
    array[50:80, 200:300, 200:300] -= 60
    click(Scene(array, grid, labels, 2), Clicks(((65, 250, 250),)))
    start = time.process_time()
    found = click(Scene(array, grid, labels, 2), Clicks(((65, 250, 250), (60, 220, 260)), ((65, 350, 250),)))
    assert time.process_time() - start < 1.0
    assert found.mask.any()


@pytest.mark.parametrize(
    ("clicks", "words"), [(Clicks((), ((1, 1, 1),)), "a point inside"), (Clicks(((40, 0, 0),)), "not in the scan")]
)
def test_points_that_say_nothing_are_refused(clicks, words):
    scene, _, _ = spheres()
    with pytest.raises(InputError, match=words):
        click(scene, clicks)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_the_cut_is_the_cheapest_of_all(seed):
    """Against every mask of eight voxels."""
    rng = np.random.default_rng(seed)
    cost = np.rint(rng.normal(0, 2, (2, 2, 2)) * 64).astype(np.float32) / 64
    values = rng.normal(0, 1, (2, 2, 2)).astype(np.float32)

    def total(mask):
        whole = float(cost[mask].sum())
        for axis in range(3):
            a, b = (np.take(mask, k, axis) for k in (0, 1))
            va, vb = (np.take(values, k, axis) for k in (0, 1))
            whole += float((np.rint(1.5 * 64 * np.exp(-0.5 * (va - vb) ** 2)) / 64)[a != b].sum())
        return whole

    found = minimal_cut(cost, [values], (1.0, 1.0, 1.0), 1.5)
    masks = [np.array([number >> k & 1 for k in range(8)], bool).reshape(2, 2, 2) for number in range(256)]
    best = min(total(mask) for mask in masks)
    assert total(found) == pytest.approx(best, abs=0.05)
