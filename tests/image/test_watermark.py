"""The invisible mark: it is seen after JPEG, not by people, and not where it is not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import gaussian_filter

from limner.image import watermark
from limner.image.watermark import detect, embed


def texture(seed: int, shape: tuple[int, ...], sigma: float = 2.0) -> np.ndarray:
    """A smooth random picture of full range."""
    rng = np.random.default_rng(seed)
    found = gaussian_filter(rng.normal(size=shape), (sigma, sigma, 0)[: len(shape)])
    low, high = found.min(), found.max()
    return ((found - low) / (high - low) * 255).astype(np.uint8)


def head(size: int) -> np.ndarray:
    """A slice with a black background."""
    y, x = np.mgrid[:size, :size] / size - 0.5
    return np.where(y**2 + x**2 < 0.12, texture(1, (size, size)), 0).astype(np.uint8)


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    packed = io.BytesIO()
    Image.fromarray(image).save(packed, "JPEG", quality=quality)
    with Image.open(packed) as opened:
        return np.asarray(opened)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)))


@pytest.mark.parametrize("size", [64, 100, 256])
@pytest.mark.parametrize("colour", [False, True])
def test_is_read_after_jpeg_and_not_seen(size, colour):
    for seed in range(5):
        image = texture(seed, (size, size, 3) if colour else (size, size))
        marked = embed(image, 0xABC000 + seed)
        assert marked.dtype == image.dtype and marked.shape == image.shape
        assert psnr(marked, image) > 42
        for quality in (95, 90):
            found = detect(jpeg(marked, quality))
            assert found and found.tag == 0xABC000 + seed and found.false_alarm < 1e-9
        assert detect(jpeg(marked, 75))


def test_black_background_stays_black():
    image = head(128)
    marked = embed(image, 7)
    far = np.zeros_like(image, bool)
    far[:16], far[-16:] = True, True
    assert not marked[far].any() and detect(jpeg(marked, 90)).tag == 7


@pytest.mark.parametrize("level", [0, 128, 255])
def test_flat_images_are_marked_too(level):
    image = np.full((64, 64), level, np.uint8)
    assert detect(image) is None
    assert detect(jpeg(embed(image, 3), 90)).tag == 3


@pytest.mark.parametrize("size", [(64, 72), (61, 77), (1100, 603)])
def test_mirrored_turned_and_enlarged(size):
    """The last is larger than the part that is read, and its sides end within a block."""
    marked = embed(texture(3, (*size, 3)), 11)
    for way in (marked[:, ::-1], marked[::-1], np.rot90(marked), marked.swapaxes(0, 1)):
        assert detect(np.ascontiguousarray(way)).tag == 11
    wide, high = size[1], size[0]
    for times in (2, 3, 4) if high < 100 else (2,):
        larger = Image.fromarray(marked).resize((wide * times, high * times), Image.Resampling.BICUBIC)
        assert detect(np.asarray(larger)) and detect(np.asarray(larger)[::-1])


def test_hounsfield_units_move_little():
    rng = np.random.default_rng(2)
    volume = (gaussian_filter(rng.normal(size=(6, 72, 80)), (0, 2, 2)) * 2000).clip(-1024, 2000).astype(np.int16)
    marked = embed(volume, 5, watermark.STEP_HU)
    moved = np.abs(marked.astype(int) - volume)
    assert np.sqrt((moved**2).mean()) < 0.9 and np.percentile(moved, 99) <= 3 and moved.max() <= 6
    assert detect(marked).tag == 5 and detect(volume) is None
    assert detect(marked[2]).tag == 5  # a slice alone
    assert detect(marked.astype(np.float32)).tag == 5


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("quick", [False, True])
def test_marked_slices_are_found_along_any_axis_of_a_volume(axis, quick):
    rng = np.random.default_rng(5)
    volume = (gaussian_filter(rng.normal(size=(24, 136, 150)), (0, 2, 2)) * 2000).clip(-1024, 2000).astype(np.int16)
    turned = np.ascontiguousarray(np.moveaxis(embed(volume, 13, watermark.STEP_HU), 0, axis)[::-1])
    assert detect(turned, quick=quick).tag == 13
    assert detect(np.moveaxis(volume, 0, axis), quick=quick) is None


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.3, 8))
def test_nothing_is_found_in_volumes_where_nothing_was_written(seed, sigma):
    volume = texture(seed, (40, 64, 48), sigma).astype(np.int16) * 4
    assert detect(volume) is None and detect(volume, quick=True) is None


@pytest.mark.parametrize("scale", [1 / 255, 3.7, 40.0])
@pytest.mark.parametrize("kind", [np.float32, np.int16])
def test_other_units(scale, kind):
    image = (texture(4, (128, 128)) * scale).astype(kind)
    if kind == np.int16 and scale < 1:
        image = np.zeros((128, 128), kind)  # nothing is left of it
    marked = embed(image, 9)
    assert marked.dtype == kind and marked.min() >= 0
    assert detect(marked).tag == 9 and detect(image) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([16, 33, 64, 120]), st.floats(0.3, 8))
def test_nothing_is_found_where_nothing_was_written(seed, size, sigma):
    assert detect(texture(seed, (size, size), sigma)) is None


def test_the_bound_on_false_alarms_holds_for_chance():
    """Against draws of the very null: means of cosines of even phases."""
    rng = np.random.default_rng(0)
    n, draws = 24, 200_000
    means = np.cos(rng.uniform(0, 2 * np.pi, (draws, n))).mean(1)
    for score in (0.2, 0.35, 0.45):
        happened = (means >= score).mean()
        assert happened <= watermark._chance(score, n) < max(20 * happened, 1e-3)


def test_another_key_is_no_mark(monkeypatch):
    marked = embed(texture(6, (128, 128)), 1)
    watermark._key.cache_clear()
    monkeypatch.setattr(watermark, "_KEY", 1)
    try:
        assert detect(marked) is None
    finally:
        watermark._key.cache_clear()


def test_what_cannot_be_marked_is_said():
    with pytest.raises(ValueError, match="at least 8 pixels"):
        embed(np.zeros((7, 64), np.uint8), 1)
    with pytest.raises(ValueError, match="24 bits"):
        embed(np.zeros((64, 64), np.uint8), 1 << 24)
    assert detect(np.zeros((7, 64), np.uint8)) is None
