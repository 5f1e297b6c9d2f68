"""Directions in the space of styles: found in the weights, and named by what is measured to change along them.

Source: Shen Y., Zhou B. Closed-Form Factorization of Latent Semantics in GANs. CVPR 2021: the eigenvectors of AᵀA,
where A holds the weights that lead from a style into the synthesis, are the directions that change pictures most.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from limner.nets.stylegan2 import StyleGAN2
from limner.packs import DirectionSpec
from limner.tasks.picture_attributes import picture_attributes

NAMED = 0.6
"""Correlation with the way along a direction from which on an attribute gives it its name."""

STEPS = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
"""Where along a direction pictures are measured, in standard deviations of the styles."""


def find_directions(
    net: StyleGAN2, conditions: NDArray[np.uint8], channel_names: list[str], count: int = 8, pictures: int = 24
) -> list[DirectionSpec]:
    """The strongest directions, the first first.

    Args:
        net: in evaluation mode, on the processor.
        conditions: of what was learned from.
        channel_names: see :func:`limner.tasks.picture_attributes.picture_attributes`.
        count: directions.
        pictures: that each direction is measured on.
    """
    rng = np.random.default_rng(0)
    chosen = torch.from_numpy(conditions[rng.integers(0, len(conditions), 512)]).float()
    z = torch.from_numpy(rng.normal(size=(512, net.latent)).astype(np.float32))
    with torch.inference_mode():
        styles = net.mapping(z, None if net.labels else chosen)
        vectors = _factors(net)[:count]
        centered = styles - styles.mean(0)
        found = []
        for number, vector in enumerate(vectors, 1):
            spread = float((centered @ vector).std())
            moved = [_made(net, styles[:pictures] + step * spread * vector, chosen[:pictures]) for step in STEPS]
            measured = [picture_attributes(one, channel_names) for one in moved]
            found.append(_named(vector, spread, measured, number))
    return found


def _factors(net: StyleGAN2) -> Tensor:
    """Unit vectors ``(width, width)`` by how much they change, the strongest first."""
    synthesis = net.synthesis
    weights = torch.cat([layer.style.scaled()[0] for layer in (*synthesis.convs, *synthesis.pixels)])
    weights = weights / weights.norm(dim=1, keepdim=True).clamp_min(1e-8)
    return torch.linalg.eigh(weights.t() @ weights).eigenvectors.flip(1).t()


def _made(net: StyleGAN2, styles: Tensor, conditions: Tensor) -> NDArray[np.float32]:
    noise = torch.zeros(len(styles), net.synthesis.noises)
    label = conditions if net.labels else None
    found = net.synthesis(styles[:, None].expand(-1, net.synthesis.layers, -1), noise, label)
    return np.asarray((found.clamp(-1, 1) * 0.5 + 0.5).numpy())


def _named(vector: Tensor, spread: float, found: list[dict[str, NDArray[np.float64]]], number: int) -> DirectionSpec:
    """The attribute that follows the way most closely, whatever the picture; ``found`` has a table per step."""
    correlations = {}
    for name in found[0]:
        values = np.stack([one[name] for one in found], 1)
        values = values - values.mean(1, keepdims=True)
        ways = np.broadcast_to(STEPS, values.shape)
        correlations[name] = 0.0 if values.std() < 1e-9 else float(np.corrcoef(values.ravel(), ways.ravel())[0, 1])
    best = max(correlations, key=lambda name: abs(correlations[name]))
    r = correlations[best]
    sign = -1.0 if r < 0 and abs(r) >= NAMED else 1.0  # so that more of the way is more of the attribute
    return DirectionSpec(
        name=best if abs(r) >= NAMED else f"direction {number}",
        vector=[round(sign * float(one), 5) for one in vector],
        spread=round(spread, 5),
        correlation=round(abs(r), 3),
    )
