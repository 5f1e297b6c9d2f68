"""What a generator costs, and what the way between two of its pictures is worth beside blending their pixels."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.errors import PackError
from limner.infer.generate import Generator, open_generator
from limner.packs import PictureSpec, load_pack

Features = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Pictures ``(N, C, H, W)`` in 0–1 to features ``(N, D)``, whose distances stand for how unlike pictures look."""

Progress = Callable[[str, float], None]

RESAMPLED = 999
"""Times that the ways are drawn again for an interval."""


@dataclass(frozen=True)
class GenerateBench:
    """What is measured.

    Args:
        pack: name or folder of a generative pack.
        ways: pairs of seeds between which pictures lead.
        frames: of each way.
        pictures: that are timed, in batches of 8.
        engine: as ``limner generate``.
        seed: of the first.
    """

    pack: str
    ways: int = 24
    frames: int = 17
    pictures: int = 128
    engine: str = "auto"
    seed: int = 0


@dataclass(frozen=True)
class Beside:
    """A figure of the generator's ways and of blended pixels: means over ways; their difference, 95 % interval."""

    generator: float
    blending: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class GenerateResult:
    """What was measured.

    Args:
        title: which pack, engine, how many cores.
        per_second: pictures decoded.
        length: perceptual path length, less is smoother.
        sharpness: of the middle, as a share of that of the ends.
        features: in which the path length was taken.
    """

    title: str
    per_second: float
    ways: int
    length: Beside
    sharpness: Beside
    features: str

    def as_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)


def bench_generate(
    bench: GenerateBench,
    features: Features | None = None,
    named: str = "contrast-normalized edges",
    progress: Progress | None = None,
) -> GenerateResult:
    """Times a generator, and walks from seed to seed.

    Both ways of a pair, the generator's and that of blended pixels, begin and end with the same two pictures.

    Args:
        bench: what is measured.
        features: in which paths are measured; :func:`edges` where None.
        named: what the result calls them.
        progress: called with a text and the share done.

    Raises:
        PackError: the pack generates nothing, or volumes.
    """
    pack = load_pack(bench.pack)
    if pack.spec.generator is not None and not isinstance(pack.spec.input, PictureSpec):
        raise PackError(f"Pack {pack.name!r} makes volumes; ways are measured between pictures.")
    generator = open_generator(pack, bench.engine)
    per_second = _timed(generator, bench)
    lengths, sharps = [], []
    for number in range(bench.ways):
        if progress:
            progress("ways", number / bench.ways)
        made = _way(generator, bench.seed + 2 * number, bench.frames)
        ways = made, blended(made)
        lengths.append([path_length(one, features or edges) for one in ways])
        sharps.append([middle_sharpness(one) for one in ways])
    title = f"{pack.name} {pack.version}; {generator.engine}; {os.cpu_count()} cores"
    return GenerateResult(title, per_second, bench.ways, _beside(lengths), _beside(sharps), named)


def _timed(generator: Generator, bench: GenerateBench) -> float:
    """Pictures per second: latents are there, pictures are decoded."""
    latents = [generator.latent(bench.seed + k) for k in range(bench.pictures)]
    generator.pictures(latents[:16])  # the engine's own first steps
    begun = time.perf_counter()
    generator.pictures(latents)
    return bench.pictures / (time.perf_counter() - begun)


def _way(generator: Generator, seed: int, frames: int) -> NDArray[np.float32]:
    one, other = generator.latent(seed), generator.latent(seed + 1)
    return generator.pictures([generator.between(one, other, float(share)) for share in np.linspace(0, 1, frames)])


def blended(way: NDArray[np.float32]) -> NDArray[np.float32]:
    """As many pictures ``(F, C, H, W)`` that fade from the first to the last."""
    shares = np.linspace(0, 1, len(way), dtype=np.float32)[:, None, None, None]
    return way[:1] + shares * (way[-1:] - way[:1])


def path_length(way: NDArray[np.float32], features: Features) -> float:
    """Mean squared speed along a way: the perceptual path length, with steps of ``1 / (F - 1)``.

    Least for an even walk straight from end to end; jumps and detours make it longer.

    Source: Karras T. et al. A Style-Based Generator Architecture for GANs. CVPR 2019, section 4.1.
    """
    found = features(way).astype(float)
    steps = len(way) - 1
    return float((np.diff(found, axis=0) ** 2).sum(1).mean() * steps**2)


def middle_sharpness(way: NDArray[np.float32]) -> float:
    """Variance of the Laplacian of the picture in the middle, over the mean of that of both ends."""
    first, middle, last = (float(ndimage.laplace(way[k], axes=(1, 2)).var()) for k in (0, len(way) // 2, -1))
    return middle / max((first + last) / 2, 1e-12)


def edges(pictures: NDArray[np.float32], scales: int = 3, floor: float = 0.02) -> NDArray[np.float32]:
    """Steps between pixels at some scales, each divided by how strong steps are around it.

    A weak edge counts almost as a strong one, as it does to eyes and to the first layers of nets: a ghost that fades in
    is seen at once.

    Args:
        pictures: ``(N, C, H, W)`` in 0–1.
        scales: each halves the size.
        floor: steps much smaller than this are no edges.

    Returns:
        ``(N, D)``, scaled so that squared distances are means over pixels, added over scales.
    """
    found, x = [], pictures.astype(np.float32)
    for scale in range(scales):
        if scale:
            x = ndimage.uniform_filter(x, (1, 1, 2, 2))[:, :, ::2, ::2]
        steps = np.stack([np.diff(x, axis=2, append=x[:, :, -1:]), np.diff(x, axis=3, append=x[..., -1:])], 1)
        around = np.sqrt(ndimage.gaussian_filter((steps**2).sum((1, 2)), (0, 2, 2)) + floor**2)
        shown = steps / around[:, None, None]
        found.append(shown.reshape(len(x), -1) / np.sqrt(np.prod(x.shape[2:])))
    return np.concatenate(found, 1)


def _beside(pairs: list[list[float]]) -> Beside:
    """Means over ways, and the interval of the difference over resampled ways."""
    values = np.array(pairs)
    away = values[:, 0] - values[:, 1]
    rng = np.random.default_rng(0)
    drawn = away[rng.integers(0, len(away), (RESAMPLED, len(away)))].mean(1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Beside(*(float(one) for one in (*values.mean(0), away.mean(), low, high)))
