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
from limner.infer.evaluate.generate import fitting_features
from limner.infer.features import Features, layers
from limner.infer.generate import Generator, open_generator
from limner.packs import Pack, PictureSpec, load_pack
from limner.tasks.fidelity import perceptual_distance
from limner.tasks.realism import unbiased_mmd

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
        features: the pack in whose features pictures are compared; one that reads such where None.
    """

    pack: str
    ways: int = 24
    frames: int = 17
    pictures: int = 128
    engine: str = "auto"
    seed: int = 0
    features: str | None = None


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
        unlike: kernel distance of the middles from the ends: 0 where a middle might as well be an end.
        features: in which path length and kernel distance were taken.
    """

    title: str
    per_second: float
    ways: int
    length: Beside
    sharpness: Beside
    unlike: Beside
    features: str

    def as_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)


def bench_generate(bench: GenerateBench, progress: Progress | None = None) -> GenerateResult:
    """Times a generator, and walks from seed to seed.

    Both ways of a pair, the generator's and that of blended pixels, begin and end with the same two pictures.

    Args:
        bench: what is measured.
        progress: called with a text and the share done.

    Raises:
        PackError: the pack generates nothing, or volumes; or no pack reads what it makes.
    """
    pack = load_pack(bench.pack)
    if pack.spec.generator is not None and not isinstance(pack.spec.input, PictureSpec):
        raise PackError(f"Pack {pack.name!r} makes volumes; ways are measured between pictures.")
    generator = open_generator(pack, bench.engine)
    eye = _eye(pack, bench.features)
    per_second = _timed(generator, bench)
    lengths, sharps, ends, middles = [], [], [], []
    for number in range(bench.ways):
        if progress:
            progress("ways", number / bench.ways)
        made = _way(generator, bench.seed + 2 * number, bench.frames)
        ways = made, blended(made)
        lengths.append([path_length(_apart(one, eye)) for one in ways])
        sharps.append([middle_sharpness(one) for one in ways])
        ends.append(_pooled(made[[0]], eye)[0])
        middles.append([_pooled(one[[len(one) // 2]], eye)[0] for one in ways])
    title = f"{pack.name} {pack.version}; {generator.engine}; {os.cpu_count()} cores"
    unlike = _unlike(np.array(ends), np.array(middles))
    return GenerateResult(title, per_second, bench.ways, _beside(lengths), _beside(sharps), unlike, eye.name)


def _eye(pack: Pack, name: str | None) -> Features:
    """All stages of a net that looks at such pictures."""
    seeing = load_pack(name) if name else fitting_features(pack.main.picture)
    return Features(seeing, layers(seeing))


def _apart(way: NDArray[np.float32], eye: Features) -> NDArray[np.float64]:
    """Squared perceptual distances ``(F - 1,)`` from picture to picture."""
    maps = eye.maps(_whole(way))
    return perceptual_distance([one[1:] for one in maps], [one[:-1] for one in maps])


def _pooled(pictures: NDArray[np.float32], eye: Features) -> NDArray[np.float32]:
    """Means of the deepest stage's channels ``(N, D)``."""
    return eye.maps(_whole(pictures))[-1].mean((2, 3))


def _whole(pictures: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(pictures * 255).clip(0, 255).astype(np.uint8)


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


def path_length(apart: NDArray[np.float64]) -> float:
    """Mean squared speed along a way, of the squared distances between its pictures: the perceptual path length.

    Least for an even walk straight from end to end; jumps and detours make it longer.

    Source: Karras T. et al. A Style-Based Generator Architecture for GANs. CVPR 2019, section 4.1.
    """
    return float(apart.mean() * len(apart) ** 2)


def middle_sharpness(way: NDArray[np.float32]) -> float:
    """Variance of the Laplacian of the picture in the middle, over the mean of that of both ends."""
    first, middle, last = (float(ndimage.laplace(way[k], axes=(1, 2)).var()) for k in (0, len(way) // 2, -1))
    return middle / max((first + last) / 2, 1e-12)


def _beside(pairs: list[list[float]]) -> Beside:
    """Means over ways, and the interval of the difference over resampled ways."""
    values = np.array(pairs)
    away = values[:, 0] - values[:, 1]
    rng = np.random.default_rng(0)
    drawn = away[rng.integers(0, len(away), (RESAMPLED, len(away)))].mean(1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Beside(*(float(one) for one in (*values.mean(0), away.mean(), low, high)))


def _unlike(ends: NDArray[np.float64], middles: NDArray[np.float64]) -> Beside:
    """Kernel distances from the ends ``(N, D)`` of the middles ``(N, 2, D)`` of both kinds of ways.

    The interval is that of the difference over halves of the ways, drawn without replacement: they differ about as
    much as fresh sets of all ways would (``√(b / (N - b))`` is 1; see :func:`limner.tasks.realism.kernel_distance`).
    """
    n = len(ends)

    def found(which: NDArray[np.intp]) -> list[float]:
        return [unbiased_mmd(ends[which], middles[which, k]) for k in (0, 1)]

    half = max(n // 2, 2)
    rng = np.random.default_rng(0)
    halves = [found(rng.permutation(n)[:half]) for _ in range(200)]
    spread = float(np.std([a - b for a, b in halves], ddof=1)) * np.sqrt(half / (n - half))
    made, faded = found(np.arange(n))
    return Beside(made, faded, made - faded, made - faded - 1.96 * spread, made - faded + 1.96 * spread)
