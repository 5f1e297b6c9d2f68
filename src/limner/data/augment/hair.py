"""Hairs over dermoscopy: dark curves of one shade on one skin, most of them lying the same way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Hairs:
    """All hairs of a batch.

    Args:
        picture: ``(H,)`` the picture that each lies on.
        points: ``(H, 3, 2)`` control points ``(y, x)`` of a quadratic Bézier curve, as shares of the sides.
        width: ``(H,)`` as shares of the shorter side, at the thickest.
        cover: ``(H,)`` how much of the skin is hidden, 0–1.
        tone: ``(H,)`` brightness, 0–1: near black to brown.
    """

    picture: NDArray[np.int64]
    points: NDArray[np.float32]
    width: NDArray[np.float32]
    cover: NDArray[np.float32]
    tone: NDArray[np.float32]


def sample_hairs(rng: np.random.Generator, hairy: NDArray[np.bool_], most: int = 12) -> Hairs:
    """One to ``most`` hairs for each picture that is ``hairy``; a picture's hairs share shade and, about, direction."""
    count = np.where(hairy, rng.integers(1, most + 1, len(hairy)), 0)
    picture = np.repeat(np.arange(len(hairy)), count)
    h = len(picture)
    way = rng.uniform(0, np.pi, len(hairy))[picture] + rng.normal(0, 0.45, h)
    along = np.stack([np.sin(way), np.cos(way)], 1)
    length = rng.uniform(0.25, 1.2, (h, 1))
    middle = rng.uniform(0, 1, (h, 2))
    bow = np.stack([along[:, 1], -along[:, 0]], 1) * rng.normal(0, 0.15, (h, 1)) * length
    points = np.stack([middle - along * length / 2, middle + bow, middle + along * length / 2], 1)
    shade = rng.uniform(0.05, 0.3, len(hairy))[picture]
    return Hairs(
        picture=picture.astype(np.int64),
        points=points.astype(np.float32),
        width=rng.uniform(0.004, 0.014, h).astype(np.float32),
        cover=rng.uniform(0.45, 0.95, h).astype(np.float32),
        tone=shade.astype(np.float32),
    )


def draw_hairs(x: Tensor, hairs: Hairs) -> Tensor:
    """Draws hairs on a batch ``(N, C, Y, X)`` in 0–1: thinner towards their ends, with soft edges.

    Hairs thinner than a pixel cover less of it, so that a picture of 28 pixels is dimmed and not crossed out.
    """
    if not len(hairs.picture):
        return x
    n, channels, height, width = x.shape
    given = {name: torch.from_numpy(getattr(hairs, name)).to(x.device) for name in Hairs.__dataclass_fields__}
    steps = 2 * max(height, width)
    t = torch.linspace(0, 1, steps, device=x.device)[None, :, None]
    a, b, c = (point[:, None, :] for point in given["points"].unbind(1))
    size = torch.tensor([height, width], device=x.device)
    curve = ((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c) * size - 0.5  # in pixel centres, (H, T, 2)
    half = given["width"][:, None] * min(height, width) / 2 * (1 - (2 * t[..., 0] - 1).abs() ** 3)
    reach = int(torch.ceil(half.max() + 0.5))
    steps_away = torch.arange(-reach, reach + 1, device=x.device)
    offsets = torch.cartesian_prod(steps_away, steps_away)
    pixel = curve.round().long()[:, :, None] + offsets  # (H, T, O, 2)
    distance = (pixel - curve[:, :, None]).norm(dim=-1)
    thickness = half[..., None]
    # The share of a pixel that lies in a band of this thickness at this distance.
    cover = torch.minimum(thickness + 0.5 - distance, 2 * thickness).clamp(0, 1) * given["cover"][:, None, None]
    inside = ((pixel >= 0) & (pixel < size)).all(-1) & (cover > 0)
    place = (given["picture"][:, None, None] * height + pixel[..., 0]) * width + pixel[..., 1]
    hidden = x.new_zeros(n * height * width)
    hidden.scatter_reduce_(0, place[inside], cover[inside].to(x.dtype), "amax")
    hidden = hidden.reshape(n, 1, height, width)
    shade = x.new_zeros(n).index_put_((given["picture"],), given["tone"].to(x.dtype)).reshape(n, 1, 1, 1)
    # Hair is brown where it is not black: red is the last to go.
    tint = x.new_tensor([1.0, 0.8, 0.65] if channels == 3 else [1.0] * channels).reshape(1, channels, 1, 1)
    return x * (1 - hidden) + shade * tint * hidden
