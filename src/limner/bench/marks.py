"""How well the invisible mark holds: seen after JPEG, unseen by people, and not found where it is not."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError
from limner.image import watermark
from limner.io import read_picture
from limner.io.picture import ENDINGS


@dataclass(frozen=True)
class MarksBench:
    """What to mark.

    Args:
        paths: pictures, or folders of them.
        sizes: pixels of the longer side that pictures are brought to.
        qualities: of JPEG.
        seed: of the tags.
    """

    paths: tuple[Path, ...]
    sizes: tuple[int, ...] = (64, 128, 256)
    qualities: tuple[int, ...] = (90, 75)
    seed: int = 0


@dataclass(frozen=True)
class MarksRow:
    """One size and quality: of ``n`` marked pictures, in how many the mark and its tag were read; PSNR in dB."""

    size: int
    quality: int
    n: int
    found: int
    tags: int
    psnr_mean: float
    psnr_least: float


@dataclass(frozen=True)
class MarksResult:
    """Rows, and of ``unmarked`` pictures at their own size how many were taken for marked ones."""

    rows: tuple[MarksRow, ...]
    unmarked: int
    false_alarms: int
    bound: float = field(default=watermark.FALSE_ALARM)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "rows": [vars(row) for row in self.rows]}


def bench_marks(bench: MarksBench, progress: Callable[[str, float], None] | None = None) -> MarksResult:
    """Marks each picture at each size, packs it as JPEG and looks for the mark; looks at it unmarked, too.

    Raises:
        InputError: no picture under the paths.
    """
    files = [file for path in bench.paths for file in _files(path)]
    if not files:
        raise InputError(f"No picture ({', '.join(ENDINGS)}) under {', '.join(map(str, bench.paths))}.")
    rng = np.random.default_rng(bench.seed)
    found = {(size, quality): [0, 0] for size in bench.sizes for quality in bench.qualities}
    loss: dict[int, list[float]] = {size: [] for size in bench.sizes}
    alarms = 0
    for number, file in enumerate(files):
        if progress:
            progress("mark", number / len(files))
        picture = read_picture(file).array
        pixels = picture[0] if picture.shape[0] == 1 else np.moveaxis(picture, 0, -1)
        alarms += watermark.detect(pixels) is not None
        for size in bench.sizes:
            small = _resized(pixels, size)
            tag = int(rng.integers(1 << 24))
            marked = watermark.embed(small, tag)
            loss[size].append(float(np.mean((marked.astype(np.float64) - small) ** 2)))
            for quality in bench.qualities:
                mark = watermark.detect(_jpeg(marked, quality))
                found[size, quality][0] += mark is not None
                found[size, quality][1] += mark is not None and mark.tag == tag
    rows = []
    for (size, quality), (seen, tags) in found.items():
        decibel = 10 * np.log10(255**2 / np.array(loss[size]))
        rows.append(MarksRow(size, quality, len(files), seen, tags, float(decibel.mean()), float(decibel.min())))
    return MarksResult(tuple(rows), len(files), alarms)


def _files(path: Path) -> Sequence[Path]:
    if not path.exists():
        raise InputError(f"There is nothing at {str(path)!r}. Give pictures or folders of them.")
    return sorted(one for one in path.rglob("*") if one.suffix.lower() in ENDINGS) if path.is_dir() else [path]


def _resized(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    from PIL import Image

    image = Image.fromarray(pixels)
    times = size / max(image.size)
    shape = (max(round(image.width * times), watermark.BLOCK), max(round(image.height * times), watermark.BLOCK))
    return np.asarray(image.resize(shape, Image.Resampling.LANCZOS))


def _jpeg(pixels: NDArray[Any], quality: int) -> NDArray[np.uint8]:
    from PIL import Image

    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, "JPEG", quality=quality)
    with Image.open(packed) as opened:
        return np.asarray(opened)
