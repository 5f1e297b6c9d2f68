"""An invisible mark in the pixels: "made by Limner", and by which pack, without the image beside it.

Each 8 × 8 block, the blocks of JPEG, is seen through its twelve lowest cosine waves (after the two lowest). Each wave
is moved onto one of two interleaved lattices of width ``step``; a public key of pseudo-random offsets says where the
lattices lie. Half of the waves always say yes, the others spell a tag of 32 bits, many times over.

Whoever reads knows no original: the waves of an unmarked image fall anywhere on the lattices. For any image at all,
the chance over keys that they fall together as in a marked one is bounded (a Chernoff bound), and :func:`detect` says
"marked" only where that bound, times everything that was tried, is below :data:`FALSE_ALARM`.

What the mark is not: a signature. The key is public, so it can be removed or forged by who wants to; it is there for
images whose metadata were lost. Cutting moves the blocks, resizing changes the waves, and both lose the mark, but for
enlarging by a whole number (a screenshot) and for mirroring.

Source: Chen and Wornell, Quantization index modulation, IEEE Trans. Inf. Theory 47(4), 2001 (dither modulation).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct
from scipy.special import i0e

STEP = 12.0
"""Width of the lattices in grey levels of 0 to 255. Pixels move by 1.5 levels in the root mean square."""
STEP_HU = 6.0
"""The same for Hounsfield units: 0.75 HU in the root mean square."""
FALSE_ALARM = 1e-6
"""The most that an image without a mark may be taken for a marked one, over keys."""
BLOCK = 8
_TILE = 128  # blocks: the key repeats after 1,024 pixels
_KEY = 0x4C494D4E4552  # "LIMNER"
_WAVES = tuple((v, u) for total in (2, 3, 4) for v in range(total, -1, -1) for u in [total - v])
_SYNC, _BITS = 6, 32
_PASSES = 12
_ENLARGED = (1, 2, 3, 4)
_SLICES, _WINDOW = 9, 32
"""Of a volume: slices along each axis that are asked, and the blocks a side, from their middle, that are read."""
_FEW_SLICES, _SMALL_WINDOW = 3, 12
_SAMPLED = 1 << 18
_Ends = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Mark:
    """What was found in the pixels.

    Args:
        score: 1 for an untouched mark, about 0 for none.
        false_alarm: a bound on the chance that an unmarked image shows as much.
        tag: the 24 bits that were written, see :func:`tag_of`; None where they can no longer be read.
    """

    score: float
    false_alarm: float
    tag: int | None = None


def tag_of(sha256: str) -> int:
    """The first 24 bits of a hash: what an image carries of its pack.

    >>> hex(tag_of("abcdef0123"))
    '0xabcdef'
    """
    return int(sha256[:6], 16)


def embed(image: NDArray[Any], tag: int, step: float | None = None) -> NDArray[Any]:
    """The image with the mark in it.

    Args:
        image: ``(Y, X)``, ``(Y, X, 3)`` (colours move in lightness only) or a volume ``(Z, Y, X)``, each slice marked;
            integers or floats. At least 8 pixels a side. Blocks that are all black, or all white, stay as they are,
            unless fewer than 16 others are there.
        tag: 24 bits, see :func:`tag_of`.
        step: None for :func:`natural_step`; :data:`STEP_HU` for Hounsfield units.

    Returns:
        The same type and shape; no value leaves the range of the type, nor falls below the least of the image where
        that is 0.

    Raises:
        ValueError: too small, or not of these shapes.
    """
    if not 0 <= tag < 1 << 24:
        raise ValueError(f"A tag has 24 bits; got {tag}.")
    step = step or natural_step(image)
    if image.ndim == 3 and image.shape[-1] != 3:
        return np.stack([_embed(one, tag, step) for one in image])
    return _embed(image, tag, step)


def detect(image: NDArray[Any], step: float | None = None, *, quick: bool = False) -> Mark | None:
    """The mark of an image, None where there is none.

    Mirrored, turned and (colour or 8-bit) images enlarged 2, 3 or 4 times are tried, too.

    Args:
        image: as for :func:`embed`, of any size; of a volume at most nine slices are asked along each axis, evenly
            spaced: whichever axis the marked slices lie along, it is found.
        step: None tries those that :func:`embed` may have taken.
        quick: of a volume, ask three slices along each axis, and less of each: under 100 ms, and enough for pixels that
            were not packed since.
    """
    steps = [step] if step else _steps(image)
    if image.ndim == 3 and image.shape[-1] != 3:
        return _detect_volume(image, steps, *((_FEW_SLICES, _SMALL_WINDOW) if quick else (_SLICES, _WINDOW)))
    return _detect(image, steps, _ENLARGED if image.dtype == np.uint8 else (1,), 2 * _WINDOW)


def _detect(image: NDArray[Any], steps: list[float], sizes: tuple[int, ...], window: int) -> Mark | None:
    tries = 8 * len(steps) * len(sizes)
    for times in sizes:
        part, ends = _middle(image, BLOCK * times, window)
        small = _shrunk(_grey(part), times)
        if min(small.shape) < BLOCK:
            continue
        for turned, first in _turns(small, ends):
            if found := _read(turned, first, steps, tries):
                return found
    return None


def natural_step(image: NDArray[Any]) -> float:
    """The width that suits an image: :data:`STEP` for bytes, else a power of two times 6, by the range that occurs."""
    if image.dtype == np.uint8:
        return STEP
    low, high = np.percentile(image.astype(np.float32), (0.5, 99.5))
    whole = image.dtype.kind in "iu"  # a mark narrower than this would be lost in rounding
    step = STEP_HU * 2.0 ** np.floor(np.log2(max(float(high - low), 1e-6) * STEP / 255 / STEP_HU))
    return max(float(step), STEP_HU) if whole else float(step)


def _steps(image: NDArray[Any]) -> list[float]:
    """What :func:`embed` may have taken: the mark may have moved the range, and a slice varies less than its volume."""
    if image.dtype == np.uint8:
        return [STEP]
    apart = max(1, math.ceil((image.size / _SAMPLED) ** (1 / image.ndim)))
    natural = natural_step(image[(slice(None, None, apart),) * image.ndim])
    return list(dict.fromkeys([natural, STEP_HU, natural * 2, natural / 2, natural * 4]))


def _detect_volume(image: NDArray[Any], steps: list[float], most: int, window: int) -> Mark | None:
    """The first axis along which marked slices lie; a file turns a volume that was marked otherwise than axially."""
    asked = [_evenly(length, most) for length in image.shape]
    for axis, numbers in enumerate(asked):
        slices = np.moveaxis(image, axis, 0)
        found = [one for k in numbers if (one := _detect(slices[k], steps, (1,), window))]
        if not found:
            continue
        best = min(found, key=lambda one: one.false_alarm)
        if (bound := best.false_alarm * sum(map(len, asked))) > FALSE_ALARM:
            continue
        tags = [one.tag for one in found if one.tag is not None]
        score = float(np.mean([one.score for one in found]))
        return Mark(score, bound, max(set(tags), key=tags.count) if tags else None)
    return None


def _evenly(length: int, most: int) -> NDArray[np.int64]:
    """Numbers of slices: the ends where there are many, else the middle of as many equal parts."""
    if most == _SLICES:
        return np.unique(np.linspace(0, length - 1, min(length, most)).astype(np.int64))
    return np.unique(((np.arange(most) + 0.5) * length / most).astype(np.int64))


def _embed(image: NDArray[Any], tag: int, step: float) -> NDArray[Any]:
    low, high = _range(image)
    colour = image.ndim == 3
    values = image.astype(np.float64)
    start = _grey(values)
    marked = start.copy()
    rows, columns = _blocks(start)
    target_at = _offsets(rows, columns, step) + _symbols(rows, columns, tag) * (step / 2)
    still = _saturated(start, low, high, step)
    for _ in range(_PASSES):  # values that leave the range are clipped, so the lattice is approached again
        waves = _waves(marked)
        wanted = target_at + step * np.rint((waves - target_at) / step)
        move = np.where(still[..., None], 0.0, wanted - waves)
        marked = _add(marked, move)
        moved = marked - start
        new = np.clip(values + (moved[..., None] if colour else moved), low, high)
        marked = _grey(new)
    if image.dtype.kind in "iu":
        new = np.rint(new)
    return new.astype(image.dtype)


def _read(grey: NDArray[np.float64], first: tuple[int, int], steps: list[float], tries: int) -> Mark | None:
    """The mark of a part of an image, whose first block has these numbers."""
    rows, columns = _blocks(grey)
    waves, offsets, varies = _waves(grey, first), _tiled(_key()[0], rows, columns, first), _cut(grey).std(-1)
    for step in steps:
        alive = varies >= step / 32
        phases = (waves[alive] / step - offsets[alive]) * (2 * np.pi)
        sync = np.cos(phases[..., :_SYNC])
        if not sync.size:
            continue
        score = float(sync.mean())
        bound = tries * _chance(score, min(sync.size, _TILE * _TILE * _SYNC))
        if bound > FALSE_ALARM:
            continue
        bits = _which_bit(rows, columns, first)[alive].ravel()
        votes = np.bincount(bits, np.cos(phases[..., _SYNC:]).ravel(), minlength=_BITS)
        return Mark(score, bound, _decoded(votes < 0))
    return None


def _middle(image: NDArray[Any], block: int, window: int) -> tuple[NDArray[Any], _Ends]:
    """The middle of an image, ``window`` blocks a side, and how many blocks lie before and behind it on each axis.

    It ends where a block does, counted from either end, so that it can be mirrored.
    """
    cuts, ends = [], []
    for length in image.shape[:2]:
        blocks = length // block
        kept = min(blocks, window)
        before = (blocks - kept) // 2
        cuts.append(slice(block * before, block * (before + kept) + length % block))
        ends.append((before, blocks - kept - before))
    return image[tuple(cuts)], (ends[0], ends[1])


def _chance(score: float, n: int) -> float:
    """Bound on the chance that the mean of ``n`` cosines of even phases reaches ``score``: Chernoff's, with I0."""
    return math.exp(-n * _rate(math.floor(min(score, 1.0) * 1000))) if score > 0 else 1.0


@cache
def _rate(thousandths: int) -> float:
    """By how much the logarithm of that bound falls with each cosine; rounded down to keep it a bound."""
    pull = np.linspace(0.01, 60, 3000)
    return max(0.0, -float(np.min(np.log(i0e(pull)) + pull - pull * thousandths / 1000)))


def _decoded(bits: NDArray[np.bool_]) -> int | None:
    word = int("".join("1" if one else "0" for one in bits), 2)
    tag = word >> 8
    return tag if _check(tag) == word & 0xFF else None


def _check(tag: int) -> int:
    return zlib.crc32(tag.to_bytes(3, "big")) & 0xFF


def _symbols(rows: int, columns: int, tag: int) -> NDArray[np.float64]:
    """0 or 1 for each wave: which of the two lattices it goes to."""
    word = tag << 8 | _check(tag)
    bits = np.array([word >> (_BITS - 1 - k) & 1 for k in range(_BITS)], np.float64)
    out = np.zeros((rows, columns, len(_WAVES)))
    out[..., _SYNC:] = bits[_which_bit(rows, columns)]
    return out


@cache
def _key() -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Offsets of 0 to 1, the bit that each wave votes for, and the order in which waves take their parts."""
    rng = np.random.Generator(np.random.Philox(_KEY))
    offsets = rng.random((_TILE, _TILE, len(_WAVES)))
    # Each bit is voted for equally often within any few blocks, so that small images carry all of it.
    count = _TILE * _TILE * (len(_WAVES) - _SYNC)
    bits = np.concatenate([rng.permutation(_BITS) for _ in range(-(-count // _BITS))])[:count]
    order = np.argsort(rng.random((_TILE, _TILE, len(_WAVES))), axis=-1)
    return offsets, bits.reshape(_TILE, _TILE, -1), order


def _tiled(values: NDArray[Any], rows: int, columns: int, first: tuple[int, int] = (0, 0)) -> NDArray[Any]:
    return values[np.ix_((first[0] + np.arange(rows)) % _TILE, (first[1] + np.arange(columns)) % _TILE)]


def _offsets(rows: int, columns: int, step: float) -> NDArray[np.float64]:
    return _tiled(_key()[0], rows, columns) * step


def _which_bit(rows: int, columns: int, first: tuple[int, int] = (0, 0)) -> NDArray[np.int64]:
    return _tiled(_key()[1], rows, columns, first)


@cache
def _basis() -> NDArray[np.float64]:
    """``(waves, 64)``: orthonormal cosine waves of a block."""
    one = dct(np.eye(BLOCK), norm="ortho", axis=0)
    return np.stack([np.outer(one[v], one[u]).ravel() for v, u in _WAVES])


def _blocks(grey: NDArray[Any]) -> tuple[int, int]:
    rows, columns = grey.shape[0] // BLOCK, grey.shape[1] // BLOCK
    if not rows or not columns:
        raise ValueError(f"An image to be marked has at least {BLOCK} pixels a side; got {grey.shape}.")
    return rows, columns


def _cut(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(rows, columns, 64)``; pixels beyond the last whole block are left out."""
    rows, columns = _blocks(grey)
    whole = grey[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return whole.swapaxes(1, 2).reshape(rows, columns, BLOCK * BLOCK)


def _waves(grey: NDArray[np.float64], first: tuple[int, int] = (0, 0)) -> NDArray[np.float64]:
    """``(rows, columns, waves)``, each block's in its own order, so that yes and tag use every wave alike."""
    order = _tiled(_key()[2], *_blocks(grey), first)
    return np.take_along_axis(_cut(grey) @ _basis().T, order, axis=-1)


def _add(grey: NDArray[np.float64], waves: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = _blocks(grey)
    back = np.zeros_like(waves)
    np.put_along_axis(back, _tiled(_key()[2], rows, columns), waves, axis=-1)
    blocks = (back @ _basis()).reshape(rows, columns, BLOCK, BLOCK).swapaxes(1, 2)
    out = grey.copy()
    out[: rows * BLOCK, : columns * BLOCK] += blocks.reshape(rows * BLOCK, columns * BLOCK)
    return out


def _flat(grey: NDArray[np.float64], step: float) -> NDArray[np.bool_]:
    """Blocks too even to hold a mark: a marked one varies by a step's eighth."""
    return _cut(grey).std(-1) < step / 32


def _saturated(grey: NDArray[np.float64], low: float, high: float, step: float) -> NDArray[np.bool_]:
    """Flat blocks at an end of the range: the background of a slice, which is not to become grey."""
    mean = _cut(grey).mean(-1)
    still = _flat(grey, step) & ((mean <= low + step / 8) | (mean >= high - step / 8))
    return still if (~still).sum() >= 16 else np.zeros_like(still)


def _range(image: NDArray[Any]) -> tuple[float, float]:
    least = 0.0 if float(image.min()) >= 0 else -np.inf
    if image.dtype.kind in "iu":
        kind = np.iinfo(image.dtype)
        return max(least, float(kind.min)), float(kind.max)
    return least, np.inf


def _grey(image: NDArray[Any]) -> NDArray[np.float64]:
    """Lightness of colours as JPEG has it (ITU-R BT.601)."""
    if image.ndim == 2:
        return image.astype(np.float64)
    if image.ndim == 3 and image.shape[-1] == 3:
        return image.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    raise ValueError(f"An image to be marked is (Y, X), (Y, X, 3) or (Z, Y, X); got {image.shape}.")


def _shrunk(grey: NDArray[np.float64], times: int) -> NDArray[np.float64]:
    if times == 1:
        return grey
    rows, columns = grey.shape[0] // times, grey.shape[1] // times
    whole = grey[: rows * times, : columns * times]
    return whole.reshape(rows, times, columns, times).mean((1, 3))


def _turns(grey: NDArray[np.float64], ends: _Ends) -> Iterator[tuple[NDArray[np.float64], tuple[int, int]]]:
    """A part as it is, mirrored and turned, eight ways, with the numbers of its first block; see :func:`_middle`."""
    rows, columns = ends
    for way, (y, x) in ((grey, (rows, columns)), (grey[:, ::-1], (rows, columns[::-1]))):
        for k in range(4):
            yield np.rot90(way, k), (y[0], x[0])
            y, x = x[::-1], y
