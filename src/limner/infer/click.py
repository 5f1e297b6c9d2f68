"""From a click to a mask: a minimal cut between what looks like the points inside and what their surroundings do.

The image around the points is looked at twice: coarsely, to see how far the thing reaches, then as finely as its box
allows. Each time voxels are nodes, neighbours that look alike are tied, and the cheapest cut that parts the points
inside from those outside is the border. A point outside only ever adds cost to "inside", so that it never enlarges.

Source: Boykov Y, Jolly M-P. Interactive graph cuts for optimal boundary & region segmentation of objects in N-D
images. ICCV 2001, equations 1-3; the geodesic term is of Price BL, Morse B, Cohen S. Geodesic graph cut for
interactive image segmentation. CVPR 2010.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.errors import InputError
from limner.image import Grid
from limner.infer.cut import minimal_cut

Mask = NDArray[np.bool_]
Values = NDArray[np.float32]
Box = tuple[slice, slice, slice]
LIKE = 0.15
"""Probabilities that differ by more than this are no longer alike."""


class Boxed(Protocol):
    """Values of a scan, asked for a box at a time: an array, or :class:`limner.infer.sight.Sight`."""

    def __getitem__(self, box: Box, /) -> NDArray[np.float32]:
        """``(Z, Y, X)`` of the box."""
        ...


@dataclass(frozen=True)
class ClickSettings:
    """How a click is read. Lengths in mm.

    Args:
        reach_mm: how far from the points the first look goes; doubled while the mask fills it.
        widest_mm: how far at most.
        nodes: voxels of one cut.
        ball_mm: around a point this counts as seen by it.
        smooth_mm: Gaussian that calms noise before looking.
        certain: most that the looks of one voxel may say, for or against.
        tie: weight of "neighbours belong together" against "looks like".
        far: cost of a voxel at the end of the reach, as if it looked unlike by so much.
        local: what a point says of its surroundings, falling to a third every ``ball_mm``.
        share: of the distance between the points inside that lie farthest apart, to which they speak at least.
        elsewhere: cost of leaving the organ in which the points lie.
    """

    reach_mm: float = 30.0
    widest_mm: float = 100.0
    nodes: int = 64**3
    ball_mm: float = 4.0
    smooth_mm: float = 1.2
    certain: float = 3.0
    tie: float = 1.75
    far: float = 1.0
    local: float = 5.0
    share: float = 0.4
    elsewhere: float = 4.0


@dataclass(frozen=True)
class Clicks:
    """Points, and what they ask for.

    Args:
        inside: indices ``(z, y, x)``; at least one.
        outside: likewise; may be none.
    """

    inside: tuple[tuple[int, int, int], ...]
    outside: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, eq=False)
class Scene:
    """What is clicked on.

    Args:
        array: ``(Z, Y, X)`` voxel values.
        grid: where they stand.
        labels: ``(Z, Y, X)`` what is drawn there now, 0 where nothing is; None where nothing is known.
        value: of the label that is being corrected: what carries it is looked through, and counts as nothing drawn.
        probability: ``(Z, Y, X)`` 0-1 of a net, an array or what gives a box of it; given, the cut follows the net,
            shifted to obey the points.
    """

    array: NDArray[np.generic]
    grid: Grid
    labels: NDArray[np.unsignedinteger] | None = None
    value: int = 0
    probability: Boxed | None = None


@dataclass(frozen=True, eq=False)
class Clicked:
    """A mask in its box.

    Args:
        start: index ``(z, y, x)`` of the mask's first voxel.
        mask: ``(Z, Y, X)`` bool.
    """

    start: tuple[int, int, int]
    mask: Mask

    def whole(self, shape: tuple[int, int, int]) -> Mask:
        """The mask in an array of the scan's shape."""
        out = np.zeros(shape, np.bool_)
        out[tuple(slice(a, a + n) for a, n in zip(self.start, self.mask.shape, strict=True))] = self.mask
        return out


@dataclass(frozen=True, eq=False)
class _Look:
    """The scene around the points, averaged in blocks of whole voxels."""

    box: Box
    factors: tuple[int, int, int]
    values: Values
    spacing_mm: tuple[float, float, float]
    other: Mask  # lies in another organ than the points, or in none where they lie in one
    probability: Values | None
    inside: NDArray[np.intp]  # (N, 3) in blocks
    outside: NDArray[np.intp]
    usual: float | None  # what their organ measures
    noise: float


def click(scene: Scene, clicks: Clicks, settings: ClickSettings | None = None) -> Clicked:
    """The thing that was clicked on.

    Raises:
        InputError: no point inside, or a point that is not in the scan.
    """
    settings = settings or ClickSettings()
    _check(scene, clicks)
    reach = settings.reach_mm
    while True:
        box = _box_around(np.array(clicks.inside), scene.grid, reach)
        look = _look(scene, clicks, box, settings.nodes // 4)
        rough = _cut(look, settings, reach, with_outside=False)
        if reach >= settings.widest_mm or not _fills(rough, box, scene.grid.shape):
            break
        reach = min(2 * reach, settings.widest_mm)
    fine = _tight(rough, look, scene.grid)
    look = _look(scene, clicks, fine, settings.nodes)
    return _as_voxels(_cut(look, settings, reach, with_outside=True), look, clicks)


def _check(scene: Scene, clicks: Clicks) -> None:
    if not clicks.inside:
        raise InputError("A click needs a point inside what is meant; only points outside came.")
    for point in (*clicks.inside, *clicks.outside):
        if any(not 0 <= k < n for k, n in zip(point, scene.grid.shape, strict=True)):
            raise InputError(f"The point {point} (z, y, x) is not in the scan of {scene.grid.shape} voxels.")


def _box_around(points: NDArray[np.intp], grid: Grid, margin_mm: float) -> Box:
    margin = np.maximum(2, np.ceil(margin_mm / np.array(grid.spacing_mm))).astype(int)
    low = np.maximum(points.min(0) - margin, 0)
    high = np.minimum(points.max(0) + margin + 1, grid.shape)
    return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1])), slice(int(low[2]), int(high[2]))


def _factors(box: Box, grid: Grid, nodes: int) -> tuple[int, int, int]:
    """Voxels per block along each axis, so that blocks are about as long as wide and not more than ``nodes``."""
    size = [one.stop - one.start for one in box]
    spacing_mm = min(grid.spacing_mm)
    while True:
        z, y, x = (max(1, int(spacing_mm / step + 0.5)) for step in grid.spacing_mm)
        if np.prod([-(-n // f) for n, f in zip(size, (z, y, x), strict=True)]) <= nodes:
            return z, y, x
        spacing_mm *= 1.1


def _look(scene: Scene, clicks: Clicks, box: Box, nodes: int) -> _Look:
    factors = _factors(box, scene.grid, nodes)
    raw = scene.array[box].astype(np.float32)
    values = _blocks(raw, factors)
    z, y, x = (step * f for step, f in zip(scene.grid.spacing_mm, factors, strict=True))
    start = np.array([one.start for one in box])
    inside, outside = (
        (np.array(points, np.intp).reshape(-1, 3) - start) // np.array(factors)
        for points in (clicks.inside, clicks.outside)
    )
    outside = outside[((outside >= 0) & (outside < values.shape)).all(1)]
    p = None if scene.probability is None else _blocks(scene.probability[box].astype(np.float32), factors)
    host = _host(scene, clicks, box)
    other = _elsewhere(scene, box, host, factors)
    return _Look(box, factors, values, (z, y, x), other, p, inside, outside, _usual(scene, host), _noise(values))


def _blocks(array: Values, factors: tuple[int, int, int]) -> Values:
    """Means of blocks; the last are filled up by the edge."""
    if factors == (1, 1, 1):
        return array
    padded = np.pad(array, [(0, -n % f) for n, f in zip(array.shape, factors, strict=True)], mode="edge")
    (a, b, c), (fz, fy, fx) = (n // f for n, f in zip(padded.shape, factors, strict=True)), factors
    return padded.reshape(a, fz, b, fy, c, fx).mean((1, 3, 5), dtype=np.float32)


def _host(scene: Scene, clicks: Clicks, box: Box) -> int | None:
    """The organ in which the points lie; the label that is being corrected is looked through, to what is around it."""
    if scene.labels is None:
        return None
    at = [int(scene.labels[point]) for point in clicks.inside]
    if not (known := [one for one in at if one != scene.value]):
        own = scene.labels[box] == scene.value
        known = scene.labels[box][ndimage.binary_dilation(own, iterations=3) & ~own].tolist()
    return int(np.bincount(known).argmax()) if known else None


def _elsewhere(scene: Scene, box: Box, host: int | None, factors: tuple[int, int, int]) -> Mask:
    """Blocks in which another organ is drawn than around the points."""
    size = tuple(-(-(one.stop - one.start) // f) for one, f in zip(box, factors, strict=True))
    if scene.labels is None or host is None:
        return np.zeros(size, np.bool_)
    here = scene.labels[box][tuple(slice(f // 2, None, f) for f in factors)]
    here = np.pad(here, [(0, n - m) for n, m in zip(size, here.shape, strict=True)], mode="edge")
    return np.asarray((here != host) & (here != scene.value))


def _usual(scene: Scene, host: int | None) -> float | None:
    """What the organ in which the points lie usually measures; None where none is drawn."""
    if scene.labels is None or not host:
        return None
    some = tuple(slice(None, None, max(1, n // 128)) for n in scene.grid.shape)
    values = scene.array[some][scene.labels[some] == host]
    return _commonest(values.astype(np.float32)) if values.size > 500 else None


def _noise(values: Values) -> float:
    """Standard deviation of noise: the median of differences between neighbours, as if they were Gaussian.

    Source: Rousseeuw PJ, Croux C. Alternatives to the median absolute deviation. JASA 88:1273, 1993 (the factor).
    """
    steps = np.abs(np.diff(values, axis=2))
    return max(float(np.median(steps[steps > 0])) * 1.4826 / np.sqrt(2), 1e-3) if (steps > 0).any() else 1e-3


def _cut(look: _Look, settings: ClickSettings, reach_mm: float, *, with_outside: bool) -> Mask:
    """The cheapest border, in blocks: the part that holds the points inside, without holes."""
    if not with_outside:
        look = replace(look, outside=look.outside[:0])
    sigma = [settings.smooth_mm / step for step in look.spacing_mm]
    smooth = ndimage.gaussian_filter(look.values, sigma, mode="nearest")
    balls = _balls(look, settings)
    cost, scale = _likeness(smooth, look, balls, settings.certain)
    if look.probability is not None:
        cost = 0.35 * cost + _by_probability(look)
    cost += _distance_cost(smooth, look, settings, reach_mm, scale)
    cost += np.where(look.other, np.float32(settings.elsewhere), np.float32(0))
    for points, hard in ((look.outside, 1e3), (look.inside, -1e3)):
        cost[tuple(points.T)] = hard
    seen = [smooth / np.float32(scale)]
    if look.probability is not None:
        seen.append(look.probability / np.float32(LIKE))
    mask = minimal_cut(cost, seen, look.spacing_mm, settings.tie)
    return _clean(mask, look)


def _balls(look: _Look, settings: ClickSettings) -> list[Mask]:
    """What each point inside has seen: its surroundings within the ball."""
    axes = np.ogrid[tuple(slice(0, n) for n in look.values.shape)]
    found = []
    for point in (*look.inside, *look.outside):
        d2 = sum(((a - p) * s) ** 2 for a, p, s in zip(axes, point, look.spacing_mm, strict=True))
        found.append(np.asarray(d2 <= max(settings.ball_mm, max(look.spacing_mm)) ** 2))
    return found


def _likeness(smooth: Values, look: _Look, balls: list[Mask], certain: float) -> tuple[Values, float]:
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


def _first_met(smooth: Values, look: _Look, left_out: Mask, own: float) -> float:
    """What one meets around the points that looks unlike them: the nearer, the more it counts."""
    axes = np.ogrid[tuple(slice(0, n) for n in smooth.shape)]
    d2 = [sum(((a - p) * s) ** 2 for a, p, s in zip(axes, one, look.spacing_mm, strict=True)) for one in look.inside]
    weights = np.exp(-np.sqrt(np.min(d2, axis=0)) / 10.0)  # type: ignore[arg-type]
    there = ~left_out & (np.abs(smooth - own) > 1.5 * look.noise)
    if np.count_nonzero(there) < 50:
        there = ~left_out if (~left_out).any() else np.ones_like(left_out)
    return _commonest(smooth[there], weights[there])


def _commonest(values: Values, weights: NDArray[np.float64] | None = None) -> float:
    """The peak of the histogram."""
    low, high = np.percentile(values, (2, 98))
    if high - low < 1e-3:
        return float(low)
    counts, edges = np.histogram(values, 64, (low, high), weights=weights)
    return float(edges[int(ndimage.gaussian_filter1d(counts.astype(float), 2).argmax())] + (edges[1] - edges[0]) / 2)


def _distance_cost(smooth: Values, look: _Look, settings: ClickSettings, reach_mm: float, scale: float) -> Values:
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


def _by_probability(look: _Look) -> Values:
    """What the net says, as a cost: half as probable as the points inside is enough."""
    assert look.probability is not None
    p = np.clip(look.probability, 0.01, 0.99)
    enough = min(0.5, 0.5 * float(p[tuple(look.inside.T)].min()))
    return np.asarray(np.log(enough / (1 - enough)) - np.log(p / (1 - p)), np.float32)


def _clean(mask: Mask, look: _Look) -> Mask:
    """The parts that hold a point inside, and their holes; a hole with a point outside in it stays."""
    mask = _firmly_held(mask, look)
    holes, count = ndimage.label(~mask)
    open_ = {0, *np.unique(np.concatenate([holes[face].ravel() for face in _faces()])).tolist()}
    open_ |= set(holes[tuple(look.outside.T)].tolist())
    closed = np.array([k not in open_ for k in range(count + 1)])
    return np.asarray(mask | closed[holes])


def _firmly_held(mask: Mask, look: _Look) -> Mask:
    """What hangs together with the points inside by more than a thread: a neck of two voxels is a leak."""
    core = ndimage.binary_erosion(mask, border_value=1)
    at = np.zeros(mask.shape, np.bool_)
    at[tuple(look.inside.T)] = True
    core |= ndimage.binary_dilation(at, iterations=2) & mask
    parts, _ = ndimage.label(core)
    kept = np.isin(parts, np.unique(parts[at])) & core
    grown = ndimage.binary_dilation(kept, iterations=2) & mask
    parts, _ = ndimage.label(grown)
    return np.asarray(np.isin(parts, np.unique(parts[at])) & grown)


def _faces() -> list[tuple[slice | int, ...]]:
    return [(slice(None),) * axis + (end,) for axis in range(3) for end in (0, -1)]


def _fills(mask: Mask, box: Box, shape: Sequence[int]) -> bool:
    """Whether the mask stands at a face of the box that is not the scan's own."""
    for axis, (one, n) in enumerate(zip(box, shape, strict=True)):
        ends = ((0, one.start > 0), (-1, one.stop < n))
        if any(inner and mask[(slice(None),) * axis + (end,)].any() for end, inner in ends):
            return True
    return False


def _tight(mask: Mask, look: _Look, grid: Grid) -> Box:
    """The box of a mask of blocks with a margin, in voxels of the scan."""
    where = np.argwhere(mask)
    start = np.array([one.start for one in look.box])
    low, high = where.min(0) * look.factors + start, (where.max(0) + 1) * look.factors + start - 1
    return _box_around(np.clip([low, high], 0, np.array(grid.shape) - 1), grid, 6.0)


def _as_voxels(mask: Mask, look: _Look, clicks: Clicks) -> Clicked:
    """Blocks as voxels, with a border that runs between block centres."""
    size = tuple(one.stop - one.start for one in look.box)
    start = np.array([one.start for one in look.box])
    if look.factors != (1, 1, 1):
        axes = [(np.arange(n) - (f - 1) / 2) / f for n, f in zip(size, look.factors, strict=True)]
        there = np.meshgrid(*axes, indexing="ij")
        mask = ndimage.map_coordinates(mask.astype(np.float32), there, order=1, mode="nearest") > 0.5
        for points, state in ((clicks.outside, False), (clicks.inside, True)):
            for point in np.array(points, np.intp).reshape(-1, 3) - start:
                if all(0 <= k < n for k, n in zip(point, size, strict=True)):
                    mask[tuple(point)] = state
    return Clicked((int(start[0]), int(start[1]), int(start[2])), np.asarray(mask))
