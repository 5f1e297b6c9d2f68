"""Planted copies are found, however disguised; held-out images are not accused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from limner.errors import CohortError, InputError, PackError
from limner.infer.copies import find_copies, turn, write_copies
from limner.infer.features import Features
from limner.packs import load_pack


def blobs(n: int, seed: int, size: int = 48) -> np.ndarray:
    """Lesions on skin: each its own place, size, colour and outline."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size
    out = np.empty((n, 3, size, size), np.uint8)
    for k in range(n):
        cy, cx, r = *rng.uniform(0.35, 0.65, 2), rng.uniform(0.12, 0.3)
        rim = gaussian_filter(rng.normal(size=(size, size)), 3) * 0.9
        inside = 1 / (1 + np.exp((np.hypot(y - cy, x - cx) - r + rim) * 40))
        skin, dark = rng.uniform(150, 220, (3, 1, 1)), rng.uniform(40, 110, (3, 1, 1))
        grain = gaussian_filter(rng.normal(size=(size, size)), 2) * 60
        out[k] = np.clip(skin * (1 - inside) + dark * inside + grain, 0, 255)
    return out


@pytest.fixture(scope="module")
def sets() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training, held out, and new images of one kind."""
    return blobs(150, 1), blobs(60, 2), blobs(80, 3)


DISGUISES = {
    "exact": lambda x: x,
    "mirrored": lambda x: x[..., ::-1],
    "turned": lambda x: np.rot90(x, 3, (-2, -1)),
    "brighter": lambda x: x * 1.1 + 12,
    "less contrast": lambda x: x * 0.6 + 40,
    "noisy": lambda x: x + np.random.default_rng(0).normal(0, 8, x.shape),
    "blurred": lambda x: gaussian_filter(x, (0, 0, 1.2, 1.2)),
    "moved": lambda x: np.roll(x, (3, -2), (-2, -1)),
}


@pytest.mark.parametrize("name", DISGUISES)
def test_planted_copies_are_found_and_nothing_else(sets, name):
    train, held, new = sets
    planted = np.clip(DISGUISES[name](train[[5, 77, 140]].astype(float)), 0, 255).astype(np.uint8)
    found = find_copies(np.concatenate([new[:40], planted]), train, held)
    assert found.copied == (40, 41, 42) and found.verdict == "copies"
    assert sorted(one.train for one in found.spaces[0].copies) == [5, 77, 140]
    with pytest.raises(PackError, match=r"'skin-gan' copies .* 3 of 43 .*augmentation"):
        found.refuse("skin-gan")


def test_held_out_images_are_no_copies(sets):
    train, held, new = sets
    for asked in (new, blobs(80, 4), blobs(80, 5)):
        found = find_copies(asked, train, held)
        assert found.verdict == "no copies found" and found.copied == ()
        assert 0.35 < found.spaces[0].nearer < 0.65
        found.refuse("skin-gan")


def test_plain_images_are_near_to_all_and_copies_of_none(sets):
    train, held, _ = sets
    mean = np.clip(train.mean(0) + np.random.default_rng(1).normal(0, 2, (30, 3, 48, 48)), 0, 255).astype(np.uint8)
    flat = np.full((1, 3, 48, 48), 128, np.uint8)
    found = find_copies(np.concatenate([mean, flat]), train, held)
    assert found.copied == () and found.spaces[0].nearer > 0.8


def test_the_turn_leads_to_the_neighbour(sets):
    train, held, _ = sets
    planted = np.stack([turn(train[9], way) for way in range(8)])
    found = find_copies(planted, train, held)
    for one in found.spaces[0].pairs:
        assert one.train == 9 and np.array_equal(turn(planted[one.made], one.turn), train[9])


def test_in_features_and_as_a_picture(sets, tmp_path):
    train, held, new = sets
    made = np.concatenate([new[:20], train[3:5]])
    found = find_copies(made, train, held, Features(load_pack("skin-lesion")))
    assert found.copied == (20, 21) and len(found.spaces[1].copies) == 2
    assert found.spaces[1].name.startswith("features of skin-lesion")
    told = json.loads(json.dumps(found.as_dict()))
    assert told["copied"] == [20, 21] and told["spaces"][0]["closest"][0]["ratio"] < 0.01
    write_copies(tmp_path / "pairs.png", found, made, train)
    with Image.open(tmp_path / "pairs.png") as drawn:
        pixels = np.asarray(drawn.convert("RGB")).astype(int)
    red = (abs(pixels - (161, 38, 34)).sum(-1) < 20).sum()
    assert pixels.shape[1] > 900 and red > 500  # the frames of the copies


def test_too_few_images_say_nothing(sets):
    train, held, new = sets
    with pytest.raises(InputError, match="20 held-out"):
        find_copies(new, train, held[:19])


@pytest.mark.parametrize("disguise", ["exact", "mirrored", "turned"])
def test_held_out_images_that_were_learned_from_are_refused(sets, disguise):
    train, held, new = sets
    same = np.clip(DISGUISES[disguise](train[[5, 77]].astype(float)), 0, 255).astype(np.uint8)
    with pytest.raises(CohortError, match=r"2 of 32 held-out images are training images .* not learned"):
        find_copies(np.concatenate([new[:5], train[:2]]), train, np.concatenate([held[:30], same]))
