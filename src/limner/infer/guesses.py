"""Seeded latents of a net that can say in more than one way what coarse voxels leave open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLES = 8


@dataclass(frozen=True)
class Guesses:
    """How many samples are drawn, and from which seed.

    A latent belongs to a place in the scan: whichever planes and slabs it is asked in, a voxel has the same one.

    Args:
        samples: whose spread becomes the map of uncertainty, 2 at least.
        seed: of them all.
    """

    samples: int = SAMPLES
    seed: int = 0

    def drawn(self, sample: int, slices: range, latent: int, shape: tuple[int, int]) -> NDArray[np.float32]:
        """One sample's numbers ``(latent, len(slices), Y, X)``, standard normal."""
        found = np.empty((latent, len(slices), *shape), np.float32)
        for place, number in enumerate(slices):
            rng = np.random.default_rng((self.seed, sample, number))
            found[:, place] = rng.standard_normal((latent, *shape), np.float32)
        return found


class Spread:
    """How far samples differ, gathered one by one beside a plain answer: no more than two sums are held."""

    def __init__(self, plain: NDArray[np.float32]) -> None:
        self.plain, self.count = plain, 0
        self._sum, self._squares = np.zeros_like(plain), np.zeros_like(plain)

    def add(self, values: NDArray[np.float32]) -> None:
        """One more sample."""
        away = values - self.plain
        self._sum += away
        self._squares += np.square(away, out=away)
        self.count += 1

    def deviation(self) -> NDArray[np.float32]:
        """Standard deviation over the samples."""
        mean = self._sum / self.count
        return np.asarray(np.sqrt(np.maximum(self._squares / self.count - mean * mean, 0)), np.float32)
