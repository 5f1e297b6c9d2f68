"""Phantom chests: body, ribs, lungs with texture, vessel trees and airways; what is put into them is known.

A chest is sampled first (:func:`sample`, JSON-able), then drawn on any axial grid (:func:`draw`). Vessels cut across
are what detectors of nodules mistake most often, so the trees are the part that was made with most care; the rest of
the body is coarse.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.data import tubes
from limner.image import Grid, Image, resample_array

Field = NDArray[np.float32]
RIBS, RIB_MM = 10, 5.0
THIN_MM = 0.8
"""Slices on which vessels and airways are drawn."""


@dataclass(frozen=True)
class Chest:
    """A sampled chest; lengths in mm, attenuation in HU.

    Args:
        thorax_mm: half width and half depth of the rib cage inside.
        wall_mm: from there to the skin.
        height_mm: from the lowest recess of the lungs to their apex; the world's z runs from 0 to it.
        dome_mm: how far the diaphragm rises into the lungs.
        heart_mm: radii along x, y, z.
        lung_hu: of the parenchyma.
        gradient_hu: from the front to the back of the lungs.
        vessel_hu: with or without contrast.
        emphysema: share of the lungs that is rarefied.
        density: how many vessels, relative.
        blur_mm: standard deviation of the point spread.
        noise_hu: standard deviation of the noise at 1 mm.
        seed: of trees, texture and noise.
    """

    thorax_mm: tuple[float, float]
    wall_mm: float
    height_mm: float
    dome_mm: float
    heart_mm: tuple[float, float, float]
    lung_hu: float
    gradient_hu: float
    vessel_hu: float
    emphysema: float
    density: float
    blur_mm: float
    noise_hu: float
    seed: int


@dataclass(frozen=True, eq=False)
class Drawn:
    """A drawn chest without blur and noise: ``hu`` float32 and ``lung`` bool on ``grid``, ``(Z, Y, X)``."""

    chest: Chest
    hu: Field
    lung: NDArray[np.bool_]
    grid: Grid


def sample(rng: np.random.Generator) -> Chest:
    """Draws a chest of an adult."""
    return Chest(
        thorax_mm=(float(rng.uniform(118, 148)), float(rng.uniform(78, 100))),
        wall_mm=float(rng.uniform(18, 38)),
        height_mm=float(rng.uniform(230, 285)),
        dome_mm=float(rng.uniform(35, 60)),
        heart_mm=(float(rng.uniform(48, 62)), float(rng.uniform(42, 54)), float(rng.uniform(45, 60))),
        lung_hu=float(rng.uniform(-895, -800)),
        gradient_hu=float(rng.uniform(10, 90)),
        vessel_hu=float(rng.uniform(20, 60) if rng.random() < 0.6 else rng.uniform(100, 260)),
        emphysema=float(rng.choice([0.0, rng.uniform(0.05, 0.3)], p=[0.7, 0.3])),
        density=float(rng.uniform(0.7, 1.3)),
        blur_mm=float(rng.uniform(0.4, 0.8)),
        noise_hu=float(rng.uniform(12, 60)),
        seed=int(rng.integers(2**31)),
    )


def grid_for(chest: Chest, spacing_mm: tuple[float, float, float], margin_mm: float = 12.0) -> Grid:
    """An axial grid that holds the whole chest."""
    half = np.array(chest.thorax_mm) + chest.wall_mm + margin_mm
    size = (chest.height_mm + 2 * margin_mm, 2 * half[1], 2 * half[0])
    shape = tuple(int(np.ceil(n / s)) for n, s in zip(size, spacing_mm, strict=True))
    return Grid.axial((shape[0], shape[1], shape[2]), spacing_mm, (-half[0], -half[1], -margin_mm))


def draw(chest: Chest, grid: Grid) -> Drawn:
    """A chest on an axial grid, without blur, noise and nodules."""
    rng = np.random.default_rng([chest.seed, 1])
    coarse = grid.with_spacing([3.0, 3.0, 3.0])
    body, cage, lung = _fields(chest, coarse, rng)
    soft = float(np.cbrt(np.prod(grid.spacing_mm)))

    def share(field: Field) -> Field:
        fine = resample_array(field, coarse, grid, outside=float(field.min())) / np.float32(soft)
        return np.asarray(np.clip(fine + np.float32(0.5), 0, 1), np.float32)

    hu = np.full(grid.shape, -1000.0, np.float32)
    _lay(hu, share(body), -100.0)
    _lay(hu, share(cage + 16.0 - rng.uniform(0, 6)), 50.0)
    bones = np.zeros(grid.shape, np.uint8)
    tubes.paint(bones, grid, _skeleton(chest, rng))
    _lay(hu, bones.astype(np.float32) / 255.0, float(rng.uniform(220, 420)))
    inside = share(lung)
    _lay(hu, inside, _parenchyma(chest, coarse, grid, rng))
    _trees(hu, inside, chest, coarse, lung, grid)
    return Drawn(chest, hu, inside > 0.5, grid)


def scan(drawn: Drawn, hu: Field | None = None, seed: int = 0) -> Image:
    """A chest as a scanner shows it: point spread, slice profile, noise with some grain; int16 HU.

    Args:
        hu: with what was put in; the drawn chest where None.
    """
    chest, spacing = drawn.chest, np.array(drawn.grid.spacing_mm)
    blurred = ndimage.gaussian_filter(drawn.hu if hu is None else hu, chest.blur_mm / spacing)
    rng = np.random.default_rng([chest.seed, 2, seed])
    noise = rng.standard_normal(blurred.shape, dtype=np.float32)
    noise = ndimage.gaussian_filter(noise, [0, 0.6, 0.6])
    noise *= chest.noise_hu / max(float(np.cbrt(spacing.prod())), 0.5) / max(float(noise[0].std()), 1e-6)
    blurred += noise
    return Image(np.clip(np.rint(blurred), -1024, 3000).astype(np.int16), drawn.grid, "CT", "HU")


def _axes(grid: Grid) -> tuple[Field, Field, Field]:
    """World x, y, z of an axial grid, each ready to broadcast."""
    origin, (sz, sy, sx) = grid.origin_mm, grid.spacing_mm
    z, y, x = (np.arange(n, dtype=np.float32) for n in grid.shape)
    return (
        (origin[0] + x * sx)[None, None, :].astype(np.float32),
        (origin[1] + y * sy)[None, :, None].astype(np.float32),
        (origin[2] + z * sz)[:, None, None].astype(np.float32),
    )


def _fields(chest: Chest, grid: Grid, rng: np.random.Generator) -> tuple[Field, Field, Field]:
    """About how many mm each voxel lies inside the skin, the rib cage, the lungs; negative outside."""
    x, y, z = _axes(grid)
    half_x, half_y = chest.thorax_mm
    rise = np.clip((z - 0.45 * chest.height_mm) / (0.55 * chest.height_mm), 0, None)
    narrow = np.sqrt(np.clip(1 - rise**2.4, 1e-4, 1))  # the cage closes towards the apex
    cage = (1 - np.sqrt((x / (half_x * narrow)) ** 2 + (y / (half_y * narrow)) ** 2)) * half_y * narrow
    wall = chest.wall_mm
    body = (1 - (np.abs(x / (half_x + wall)) ** 2.5 + np.abs(y / (half_y + wall)) ** 2.5) ** 0.4) * half_y + 0 * z
    middle = (np.sqrt(((x - 4) / 30) ** 2 + ((y + 12) / (0.75 * half_y)) ** 2) - 1) * 30
    spine = np.sqrt((x / 26) ** 2 + ((y - half_y + 8) / 30) ** 2) * 28 - 28
    hx, hy, hz = chest.heart_mm
    heart = np.sqrt(((x - 22) / hx) ** 2 + ((y + 28) / hy) ** 2 + ((z - 0.3 * chest.height_mm) / hz) ** 2) * hy - hy
    away = np.sqrt(((np.abs(x) - 0.5 * half_x) / 62) ** 2 + ((y + 8) / 62) ** 2)
    floor = z - chest.dome_mm * np.exp(-(away**2)) * np.where(x < 0, 1.1, 0.95)
    lung = np.minimum.reduce(np.broadcast_arrays(cage, middle, spine, heart, 0.8 * floor, chest.height_mm - z)).astype(
        np.float32
    )
    bumps = ndimage.gaussian_filter(rng.standard_normal(grid.shape).astype(np.float32), 5.0)
    lung += bumps * (2.5 / max(float(bumps.std()), 1e-6))
    return body.astype(np.float32), cage.astype(np.float32) + 0 * lung, lung


def _lay(hu: Field, share: Field, value: float | Field) -> None:
    """Another tissue over what is there, in place, by the share of each voxel that it fills."""
    hu += share * (value - hu)


def _parenchyma(chest: Chest, coarse: Grid, grid: Grid, rng: np.random.Generator) -> Field:
    _, y, _ = _axes(coarse)
    rough = rng.standard_normal(coarse.shape).astype(np.float32)
    wide = ndimage.gaussian_filter(rng.standard_normal(coarse.shape).astype(np.float32), 5.0)
    wide /= max(float(wide.std()), 1e-6)
    values = chest.lung_hu + chest.gradient_hu * y / (2 * chest.thorax_mm[1]) + 14 * rough + 10 * wide
    if chest.emphysema:
        holes = wide + 0.5 * rough
        values = np.where(holes > np.quantile(holes, 1 - chest.emphysema), values - 60, values)
    return resample_array(np.maximum(values, -985).astype(np.float32), coarse, grid, outside=chest.lung_hu)


def _skeleton(chest: Chest, rng: np.random.Generator) -> NDArray[np.float32]:
    """Ribs, breastbone and spine as tubes."""
    half_x, half_y = chest.thorax_mm[0] + 5, chest.thorax_mm[1] + 5
    rows = [[0, half_y - 2, -20, 0, half_y - 2, chest.height_mm + 20, 17.0]]
    rows += [[0, -half_y, 0.35 * chest.height_mm, 0, -half_y * 0.9, 0.8 * chest.height_mm, 8.0]]
    slope = rng.uniform(35, 60)
    for number in range(RIBS):
        top = chest.height_mm * (0.12 + 0.86 * number / (RIBS - 1)) + rng.uniform(-3, 3)
        rise = np.clip((top - 25 - 0.45 * chest.height_mm) / (0.55 * chest.height_mm), 0, 0.95)
        narrow = np.sqrt(1 - rise**2.4)
        angle = np.linspace(0.1, 0.9 * np.pi, 14)
        for side in (-1, 1):
            line = np.stack(
                [side * half_x * narrow * np.sin(angle), half_y * narrow * np.cos(angle), top - slope * angle / np.pi],
                1,
            )
            rows += [[*a, *b, RIB_MM] for a, b in pairwise(line)]
    return np.array(rows, np.float32)


def _trees(hu: Field, inside: Field, chest: Chest, coarse: Grid, lung: Field, grid: Grid) -> None:
    """Arteries, veins and airways of both lungs, in place."""
    rng = np.random.default_rng([chest.seed, 3])

    def allowed(points: NDArray[np.float64]) -> NDArray[np.bool_]:
        at = np.rint(coarse.index(points)).astype(int)
        there = ((at >= 0) & (at < coarse.shape)).all(1)
        at = np.clip(at, 0, np.array(coarse.shape) - 1)
        return there & (lung[at[:, 0], at[:, 1], at[:, 2]] > 1.5)

    places = coarse.world(np.argwhere(lung > 3.0)[rng.permutation(int((lung > 3.0).sum()))[:4000]])
    vessels, walls, lumen, air = (_Slices(grid) for _ in range(4))
    for side in (-1, 1):
        hilum = np.array([side * 36.0, -2.0, 0.52 * chest.height_mm])
        own = places[places[:, 0] * side > 0]
        for k, target in enumerate(_spread(own, max(4, round(7 * chest.density)))):
            tree = tubes.grow(rng, hilum + rng.normal(0, 4, 3), target - hilum, float(rng.uniform(2.4, 4.4)), allowed)
            vessels.paint(tree)
            if k % 2 == 0:
                airs = tubes.grow(rng, hilum + rng.normal(0, 4, 3), target - hilum, 3.0, allowed, least_mm=1.0)
                wider = airs.copy()
                wider[:, 6] = 1.2 * airs[:, 6] + 0.5
                walls.paint(wider)
                lumen.paint(airs)
        vessels.paint(_twigs(own, hilum, round(260 * chest.density), rng))
    for share, value in ((vessels, chest.vessel_hu), (walls, -50.0), (lumen, -960.0)):
        _lay(hu, share.filled() * inside, value)
    trachea = np.array([[0, 8, 0.6 * chest.height_mm, 0, 8, chest.height_mm + 40, 8.5]], np.float32)
    air.paint(trachea)
    _lay(hu, air.filled(), -980.0)


class _Slices:
    """Tubes on thin slices, of which a thick one is the mean: a scanner sees all that lies within a slice.

    Painted at the middles of thick slices alone, a thin vessel would come apart into spots, which no scan shows.
    """

    def __init__(self, grid: Grid) -> None:
        z, y, x = grid.spacing_mm
        self._times = max(1, round(z / THIN_MM))
        origin = grid.origin_mm - np.array([0, 0, z / 2 - z / (2 * self._times)])
        shape = (grid.shape[0] * self._times, grid.shape[1], grid.shape[2])
        self._grid = Grid.axial(shape, (z / self._times, y, x), tuple(origin))
        self._share = np.zeros(shape, np.uint8)

    def paint(self, rows: NDArray[np.floating]) -> None:
        tubes.paint(self._share, self._grid, rows)

    def filled(self) -> Field:
        """``(Z, Y, X)``, the share of each voxel of the grid that is filled."""
        thick = self._share.reshape(-1, self._times, *self._share.shape[1:])
        return np.asarray(thick.mean(1, dtype=np.float32) / 255.0, np.float32)


def _spread(points: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Points that lie far from each other: each next one farthest from those before."""
    chosen = [points[0]]
    nearest = np.full(len(points), np.inf)
    for _ in range(count - 1):
        nearest = np.minimum(nearest, ((points - chosen[-1]) ** 2).sum(1))
        chosen.append(points[int(nearest.argmax())])
    return np.array(chosen)


def _twigs(
    points: NDArray[np.float64], hilum: NDArray[np.float64], count: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Thin vessels that point away from the hilum, thinning out both ways: ends whose stems are too thin to follow.

    Each is at least ten times as long as it is wide: what is round and stands alone is a nodule, not a vessel.
    """
    start = points[rng.integers(len(points), size=count)]
    way = start - hilum
    way = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1) + rng.normal(0, 0.4, (count, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    radius = rng.uniform(0.4, 1.1, (count, 1))
    long = np.maximum(rng.uniform(8, 24, (count, 1)), 20 * radius)
    ends = start[:, None] + way[:, None] * long[:, None] * np.linspace(0, 1, 4)[None, :, None]
    parts = [np.concatenate([ends[:, k], ends[:, k + 1], radius * r], 1) for k, r in enumerate((0.6, 1.0, 0.6))]
    return np.concatenate(parts).astype(np.float32)
