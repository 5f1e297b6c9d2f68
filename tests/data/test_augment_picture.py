import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from scipy import ndimage
from scipy.interpolate import BSpline

from limner.data.augment.boxes import move_boxes
from limner.data.augment.picture import (
    BatchParams,
    Strength,
    apply_spatial,
    apply_together,
    apply_values,
    carve,
    inverse,
    mix,
    move_points,
    sample_batch,
    sampling_grid,
)

SIZES = [(24, 24), (20, 32), (12, 20, 16)]
SPATIAL = Strength(flip="zyx", rotate_deg=180, scale=0.15, shift=0.1, shear=0.1, elastic=0.04)
VALUES = Strength(
    brightness=0.1, contrast=0.3, gamma=0.2, color=0.1, noise=0.05, blur=0.5, low_resolution=0.5, cutout=0.5, hair=0.5
)
ALL = replace(VALUES, flip="x", rotate_deg=30, elastic=0.02, mixup=0.4, cutmix=0.5)


@pytest.fixture(autouse=True)
def _same_pictures_every_time():
    torch.manual_seed(0)


def draw(strength, size, n=3, channels=2, seed=0):
    return sample_batch(np.random.default_rng(seed), n, channels, len(size), strength)


def still(size, n=1):
    return draw(Strength(), size, n)


def turn(angle_deg):
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    return np.array([[[c, -s], [s, c]]], np.float32)


def looked_at(params, size, i):
    """The slow, obvious version: where each pixel of picture ``i`` looks, in pixel indices, ``(A, *size)``."""
    half = np.array(size) / 2
    places = np.stack(np.meshgrid(*((np.arange(n) + 0.5) / (n / 2) - 1 for n in size), indexing="ij"), -1)
    flat = places.reshape(-1, len(size))
    bend = np.zeros_like(flat)
    if params.elastic is not None:
        k = params.elastic.shape[-1]
        h = 2 / (k - 3)
        steps = -1 + h * np.arange(-3, k + 1)
        basis = [
            np.stack([BSpline(steps, np.eye(k)[j], 3, extrapolate=False)(axis) for j in range(k)], 1) for axis in flat.T
        ]
        for p in range(len(flat)):
            weights = basis[0][p]
            for one in basis[1:]:
                weights = np.multiply.outer(weights, one[p])
            bend[p] = (params.elastic[i] * weights).reshape(len(size), -1).sum(1)
    pixels = ((flat + bend) * half) @ params.matrix[i].T + params.shift[i] * half  # a turn is made in pixels
    return (pixels + half - 0.5).T.reshape(len(size), *size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("elastic", "outside", "mode"), [(0.0, "edge", "nearest"), (0.04, "mirror", "reflect")])
def test_one_resampling_is_what_a_slow_one_gives(size, elastic, outside, mode):
    params = draw(replace(SPATIAL, elastic=elastic, outside=outside), size)
    x = torch.rand(3, 2, *size)
    found = apply_spatial(x, params)
    for i in range(3):
        at = looked_at(params, size, i)
        for c in range(2):
            slow = ndimage.map_coordinates(x[i, c].double().numpy(), at, order=1, mode=mode)
            np.testing.assert_allclose(found[i, c].numpy(), slow, atol=2e-4)


@pytest.mark.parametrize("size", SIZES)
def test_a_mask_goes_with_its_picture(size):
    params = draw(SPATIAL, size)
    mask = (torch.rand(3, 1, *size) * 4).to(torch.uint8)
    x = torch.rand(3, 2, *size)
    moved, with_it = apply_together(x, mask, params)
    assert with_it.dtype == torch.uint8
    assert set(with_it.unique().tolist()) <= {0, 1, 2, 3}
    assert torch.equal(moved, apply_spatial(x, params))
    assert torch.equal(with_it, apply_spatial(mask, params, nearest=True))
    smooth = torch.from_numpy(
        ndimage.gaussian_filter(np.random.default_rng(0).random((3, *size)), [0, *[2] * len(size)])
    )
    smooth = smooth[:, None].float()
    level = smooth.median()
    shown, marked = apply_together(smooth, (smooth > level).to(torch.uint8), params)
    sure = (shown - level).abs() > 0.25 * smooth.std()
    assert ((shown > level) == marked.bool())[sure].float().mean() > 0.97


@pytest.mark.parametrize(("size", "times"), [((16, 16), 1), ((16, 16), 3), ((10, 18), 2)])
def test_quarter_turns_are_exact_and_go_the_way_of_the_matrix(size, times):
    params = replace(still(size), matrix=turn(90.0 * times))
    x = torch.rand(1, 1, *size)
    # place (y, x) looks at (-x, y) after 90°: the source's left side comes up
    np.testing.assert_allclose(apply_spatial(x, params)[0, 0], np.rot90(x[0, 0], -times), atol=1e-5)


def test_a_turned_disc_stays_round_on_a_picture_that_is_not_square():
    y, x = np.mgrid[:40, :80] + 0.5
    disc = torch.from_numpy(np.exp(-((y - 20) ** 2 + (x - 40) ** 2) / (2 * 6**2)).astype(np.float32))[None, None]
    turned = apply_spatial(disc, replace(still((40, 80)), matrix=turn(45)))
    assert (turned - disc).abs().max() < 0.01
    spots = [np.array([[10.0, 30.0], [25.0, 60.0]])]
    moved = move_points(replace(still((40, 80)), matrix=turn(33)), spots, (40, 80))[0]
    assert np.linalg.norm(moved[0] - moved[1]) == pytest.approx(np.linalg.norm(spots[0][0] - spots[0][1]))


@pytest.mark.parametrize(("flip", "axis"), [("x", -1), ("y", -2), ("z", -3)])
def test_only_the_axes_that_are_named_are_mirrored(flip, axis):
    size = (8, 9, 10)
    x = torch.rand(16, 1, *size)
    found = apply_spatial(x, draw(Strength(flip=flip), size, n=16))
    same = [torch.allclose(a, b, atol=1e-5) for a, b in zip(found, x, strict=True)]
    mirrored = [torch.allclose(a, b.flip(axis), atol=1e-5) for a, b in zip(found, x, strict=True)]
    assert all(a != b for a, b in zip(same, mirrored, strict=True))
    assert 2 <= sum(mirrored) <= 14


@pytest.mark.parametrize("size", [(48, 48), (40, 64), (32, 40, 36)])
def test_points_go_where_the_picture_goes(size):
    strength = Strength(flip="yx", rotate_deg=40, scale=0.1, shift=0.05, shear=0.1, elastic=0.03)
    params = draw(strength, size, n=6, seed=4)
    spots = np.random.default_rng(1).uniform(0.35, 0.65, (6, 1, len(size))) * size
    places = np.stack(np.meshgrid(*(np.arange(n) + 0.5 for n in size), indexing="ij"), -1)
    blobs = np.exp(-((places - spots.reshape(6, *(1,) * len(size), -1)) ** 2).sum(-1) / (2 * 1.5**2))
    moved = apply_spatial(torch.from_numpy(blobs[:, None]).float(), params)[:, 0].numpy()
    for blob, place in zip(moved, move_points(params, list(spots), size), strict=True):
        seen = (blob[..., None] * places).reshape(-1, len(size)).sum(0) / blob.sum()
        np.testing.assert_allclose(seen, place[0], atol=0.35)


@pytest.mark.parametrize("size", SIZES)
def test_points_and_grid_are_inverse_to_each_other(size):
    params = draw(SPATIAL, size)
    grid = sampling_grid(params, size).flip(-1).double().numpy()  # of each pixel of the result, where it looks
    half = np.array(size) / 2
    sources = [((one + 1) * half).reshape(-1, len(size))[::13] for one in grid]
    pixels = np.stack(np.meshgrid(*(np.arange(n) + 0.5 for n in size), indexing="ij"), -1).reshape(-1, len(size))
    for back in move_points(params, sources, size):
        np.testing.assert_allclose(back, pixels[::13], atol=2e-3)


@pytest.mark.parametrize("size", [(64, 64), (24, 24, 24)])
def test_the_strongest_bend_folds_nothing(size):
    params = draw(Strength(elastic=5.0), size, n=2)
    grid = sampling_grid(params, size).flip(-1).numpy()
    for one in grid:
        slopes = [np.gradient(one[..., k], axis=list(range(len(size)))) for k in range(len(size))]
        jacobian = np.moveaxis(np.array(slopes), (0, 1), (-2, -1))
        assert np.linalg.det(jacobian).min() > 0


def test_a_bend_has_no_kinks():
    params = draw(Strength(elastic=0.05), (200, 200), n=1)
    along = sampling_grid(params, (200, 200)).numpy()[0, 100, :, 0].astype(float)
    second = np.diff(along, 2)
    assert np.abs(np.diff(second)).max() < 0.15 * np.abs(second).max()


def test_test_time_changes_are_undone():
    size = (40, 56)
    smooth = ndimage.gaussian_filter(np.random.default_rng(0).random((4, 1, *size)), [0, 0, 4, 4])
    x = torch.from_numpy(smooth).float()
    params = draw(Strength(flip="yx", rotate_deg=25, scale=0.05, shift=0.03, shear=0.03), size, n=4)
    there_and_back = apply_spatial(apply_spatial(x, params), inverse(params, size))
    middle = (slice(None), slice(None), slice(14, 26), slice(18, 38))
    assert (there_and_back - x)[middle].abs().max() < 0.06 * (x.max() - x.min())
    mirrored = draw(Strength(flip="yx"), size, n=4)
    assert torch.allclose(apply_spatial(apply_spatial(x, mirrored), inverse(mirrored, size)), x, atol=1e-5)


def test_a_bend_is_not_undone_as_if_it_were_none():
    with pytest.raises(ValueError, match="elastic=0"):
        inverse(draw(Strength(elastic=0.02), (16, 16)), (16, 16))


@pytest.mark.parametrize("size", SIZES)
def test_parameters_replay_from_json(size):
    strength = ALL if len(size) == 2 else replace(ALL, hair=0.0)
    params = draw(strength, size, channels=3)
    again = BatchParams.from_dict(json.loads(json.dumps(params.as_dict())))
    x, target = torch.rand(3, 3, *size), torch.eye(3)
    for one, other in zip(whole(x, target, params), whole(x, target, again), strict=True):
        assert torch.equal(one, other)
    assert again.as_dict() == draw(strength, size, channels=3).as_dict()


def whole(x, target, params):
    return mix(apply_values(apply_spatial(x, params), params), target, params)


@pytest.mark.parametrize("size", SIZES)
def test_applying_leaves_its_input_alone(size):
    x, target = torch.rand(3, 3, *size), torch.eye(3)
    kept = x.clone()
    changed, _ = whole(x, target, draw(ALL, size, channels=3))
    assert torch.equal(x, kept)
    assert not torch.allclose(changed, x, atol=0.01)


def test_no_strength_changes_nothing():
    x = torch.rand(3, 2, 20, 32)
    params = still((20, 32), 3)
    assert torch.allclose(apply_spatial(x, params), x, atol=1e-5)
    assert torch.equal(apply_values(x, params), x)
    same, shares = mix(x, torch.eye(3), params)
    assert torch.equal(same, x)
    assert torch.equal(shares, torch.eye(3))


def test_boxes_follow_what_is_in_them():
    size = (40, 60)
    params = replace(still(size), matrix=turn(90))
    boxes, kept = move_boxes(np.array([[10, 20, 16, 24]]), params, 0, size)
    np.testing.assert_allclose(boxes, [[10, 34, 14, 40]], atol=1e-5)
    assert kept.tolist() == [True]
    strong = draw(Strength(flip="yx", rotate_deg=30, scale=0.1, shift=0.05, elastic=0.03), size, n=8)
    y, x = np.mgrid[:40, :60] + 0.5
    disc = ((y - 18) ** 2 / 7**2 + (x - 31) ** 2 / 9**2 < 1).astype(np.float32)
    moved = apply_spatial(torch.from_numpy(disc).expand(8, 1, *size), strong)
    for i in range(8):
        rows, columns = np.nonzero(moved[i, 0].numpy() > 0.5)
        seen = np.array([rows.min(), columns.min(), rows.max() + 1, columns.max() + 1])
        found, _ = move_boxes(np.array([[11, 22, 25, 40]]), strong, i, size)
        np.testing.assert_allclose(found[0], seen, atol=1.2)


def test_boxes_that_leave_the_picture_are_told():
    params = replace(still((20, 20)), shift=np.array([[0.0, 1.0]], np.float32))
    boxes, kept = move_boxes(np.array([[2, 2, 6, 6], [2, 12, 6, 18]]), params, 0, (20, 20))
    assert kept.tolist() == [False, True]
    np.testing.assert_allclose(boxes[1], [2, 2, 6, 8], atol=1e-5)
    assert move_boxes(np.zeros((0, 4)), params, 0, (20, 20))[0].shape == (0, 4)


@pytest.mark.parametrize("size", SIZES)
def test_carving_moves_what_is_marked_with_its_rim(size):
    """Everything that is marked in the partner arrives; far from it nothing changes."""
    rng = np.random.default_rng(3)
    x = torch.from_numpy(rng.random((4, 2, *size)).astype(np.float32))
    labels = torch.zeros((4, *size), dtype=torch.uint8)
    labels[1][tuple(slice(n // 2 - 2, n // 2 + 1) for n in size)] = 2
    labels[0][tuple(slice(1, 3) for _ in size)] = 1
    rim = 1 / min(size)
    params = replace(still(size, 4), partner=np.array([1, 0, 3, 1]), carve=np.array([rim, -1, rim, 0], np.float32))
    moved, marked = carve(x, labels, params)
    there = labels[1] == 2
    assert (marked[0][there] == 2).all() and torch.equal(moved[0][:, there], x[1][:, there])
    assert (marked[0] == 1).sum() == (labels[0] == 1).sum()  # its own stays
    far = torch.from_numpy(ndimage.distance_transform_edt(~there.numpy()) > 2 * np.sqrt(3))
    assert torch.equal(moved[0][:, far], x[0][:, far]) and (moved[0] != x[0]).any(0).sum() > there.sum()
    for still_there in (1, 2):  # not drawn; a partner without a mark
        assert torch.equal(moved[still_there], x[still_there]) and torch.equal(marked[still_there], labels[still_there])
    assert ((moved[3] != x[3]).any(0) == there).all()  # no rim
    assert torch.equal(labels[3], torch.zeros_like(labels[3]))  # what was given is left as it was


def test_a_strength_that_is_not_known_is_refused():
    with pytest.raises(ValidationError, match="rotate"):
        TypeAdapter(Strength).validate_python({"rotate": 3})
