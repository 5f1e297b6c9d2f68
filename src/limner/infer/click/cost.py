"""What it costs to count a block as inside: by how it looks, where it stands, and what a net says of it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from limner.infer.click.clicks import ClickSettings, Mask
from limner.infer.click.look import Look, Values, commonest

LIKE = 0.15
"""Probabilities that differ by more than this are no longer alike."""


def costs(smooth: Values, look: Look, settings: ClickSettings, reach_mm: float) -> tuple[Values, float]:
    """What each block costs inside, against outside; negative where inside is the cheaper.

    Args:
        smooth: the look's values without noise.
        look: what is looked at, and the points that speak.
        settings: how a click is read.
        reach_mm: how far the look goes.

    Returns:
        The cost, and the difference of values that counts as one, in the image's unit.
    """
    cost, scale = _likeness(smooth, look, _balls(look, settings), settings.certain)
    if look.probability is not None:
        cost = 0.35 * cost + _by_probability(look)
    cost += _distance_cost(smooth, look, settings, reach_mm, scale)
    cost += np.where(look.other, np.float32(settings.elsewhere), np.float32(0))
    for points, hard in ((look.outside, 1e3), (look.inside, -1e3)):
        cost[tuple(points.T)] = hard
    return cost, scale


def _balls(look: Look, settings: ClickSettings) -> list[Mask]:
    """What each point inside has seen: its surroundings within the ball."""
    axes = np.ogrid[tuple(slice(0, n) for n in look.values.shape)]
    found = []
    for point in (*look.inside, *look.outside):
        d2 = sum(((a - p) * s) ** 2 for a, p, s in zip(axes, point, look.spacing_mm, strict=True))
        found.append(np.asarray(d2 <= max(settings.ball_mm, max(look.spacing_mm)) ** 2))
    return found


def _likeness(smooth: Values, look: Look, balls: list[Mask], certain: float) -> tuple[Values, float]:
    """How much more a voxel looks like the surroundings than like the points inside, negative for the latter.

    Gaussians of one width; between the two means it matters where a voxel stands, beyond them it is clear.

    Returns:
        The cost, and the width, in the image's unit.
    """
    seen = [float(np.median(smooth[ball])) for ball in balls]
    inside, outside = seen[: len(look.inside)], seen[len(look.inside) :]
    own = np.logical_or.reduce(balls[: len(look.inside)])
    host, first = look.usual, inside[0]
    if host is None:
        host = _first_met(smooth, look, own | look.other, first)
    width = max(look.noise / 2, 0.25 * abs(host - first), 1e-3)
    # a point that looks like the other side speaks for its place alone
    inside = [one for one in inside if abs(one - host) >= 0.5 * abs(first - host)]
    outside = [one for one in outside if abs(one - first) >= 0.5 * abs(first - host)]
    sign = 1.0 if host >= first else -1.0

    def unlike(mean: float) -> Values:
        return np.asarray((smooth - np.float32(mean)) / np.float32(width))

    to_inside = np.min([np.where(sign * unlike(one) < 0, 0.5 * unlike(one), unlike(one)) ** 2 for one in inside], 0)
    to_host = np.where(sign * unlike(host) > 0, 0.0, unlike(host) ** 2)
    to_outside = np.min([to_host, *(unlike(one) ** 2 for one in outside)], 0)
    return np.clip((to_inside - to_outside) / 2, -certain, certain).astype(np.float32), width


def _first_met(smooth: Values, look: Look, left_out: Mask, own: float) -> float:
    """What one meets around the points that looks unlike them: the nearer, the more it counts."""
    axes = np.ogrid[tuple(slice(0, n) for n in smooth.shape)]
    d2 = [sum(((a - p) * s) ** 2 for a, p, s in zip(axes, one, look.spacing_mm, strict=True)) for one in look.inside]
    weights = np.exp(-np.sqrt(np.min(d2, axis=0)) / 10.0)  # type: ignore[arg-type]
    there = ~left_out & (np.abs(smooth - own) > 1.5 * look.noise)
    if np.count_nonzero(there) < 50:
        there = ~left_out if (~left_out).any() else np.ones_like(left_out)
    return commonest(smooth[there], weights[there])


def _distance_cost(smooth: Values, look: Look, settings: ClickSettings, reach_mm: float, scale: float) -> Values:
    """Geodesic: far from the points inside, along ways that change little, costs; near one outside, too."""
    from skimage.graph import MCP_Geometric

    steps = ndimage.gaussian_gradient_magnitude(smooth, 0.5, mode="nearest")
    way = (1 + np.minimum(steps / np.float32(scale), 8)).astype(np.float32)
    near, _ = MCP_Geometric(way, sampling=look.spacing_mm).find_costs(look.inside.tolist())
    points_mm = look.inside * look.spacing_mm
    apart = float(np.linalg.norm(points_mm[:, None] - points_mm[None], axis=2).max())  # it is at least so large
    cost = settings.far * near / reach_mm - settings.local * np.exp(
        -near / max(settings.ball_mm, apart * settings.share)
    )
    if len(look.outside):
        far, _ = MCP_Geometric(way, sampling=look.spacing_mm).find_costs(look.outside.tolist())
        cost += settings.local * np.exp(-far / settings.ball_mm)
        cost += 2 * np.clip(np.log((near + 1) / (far + 1)), 0, 4)
    return np.asarray(cost, np.float32)


def _by_probability(look: Look) -> Values:
    """What the net says, as a cost: half as probable as the points inside is enough."""
    assert look.probability is not None
    p = np.clip(look.probability, 0.01, 0.99)
    enough = min(0.5, 0.5 * float(p[tuple(look.inside.T)].min()))
    return np.asarray(np.log(enough / (1 - enough)) - np.log(p / (1 - p)), np.float32)
