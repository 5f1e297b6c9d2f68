"""The ways along which the pictures of a generator differ most, whatever a person would call them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from limner.infer.generate.generator import MANY, Generator
from limner.packs import DirectionSpec

COUNT = 8


@dataclass(frozen=True)
class Principal:
    """One principal direction of a generator's styles.

    Args:
        direction: unit length, with the spread of styles along it.
        share: of the variance of all styles.
    """

    direction: DirectionSpec
    share: float


def principal_directions(generator: Generator, count: int = COUNT, samples: int = MANY) -> tuple[Principal, ...]:
    """Principal components of sampled styles, the widest first; the same for the same pack.

    Where a condition shapes styles, each sample has one of its own, as often as what was learned from.

    Args:
        generator: to be asked; only its mapping runs.
        count: of directions, as many as styles are wide at most.
        samples: of styles.

    Source: Härkönen et al., *GANSpace: Discovering interpretable GAN controls*, NeurIPS 2020, section 2.1.
    """
    z = np.random.default_rng(0).normal(size=(samples, generator.known.latent)).astype(np.float32)
    conditions = generator.made_from.drawn(0, {})[None]
    if generator.made_from.to_mapping(conditions):  # else no style knows of it, and label maps are slow to draw
        conditions = np.stack([generator.made_from.drawn(seed, {}) for seed in range(samples)])
    styles = generator.styles(z, conditions).astype(np.float64)
    centered = styles - styles.mean(0)
    _, scales, ways = np.linalg.svd(centered, full_matrices=False)
    variance = scales**2
    found = []
    for number, (way, scale) in enumerate(zip(ways[:count], scales, strict=False), 1):
        signed = way * np.sign(way[np.abs(way).argmax()])  # a component has no sign of its own
        spread = float(scale / np.sqrt(samples - 1))
        spec = DirectionSpec(name=f"principal {number}", vector=[float(v) for v in signed], spread=spread)
        found.append(Principal(spec, float(variance[number - 1] / variance.sum())))
    return tuple(found)
