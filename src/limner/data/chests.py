"""Patches of lungs with nodules for training, and whole phantom chests with a known list of nodules for testing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.data import lungs, nodules
from limner.data.backgrounds import Background, lung_mask, to_axial_image
from limner.data.nodules import Nodule, Shape
from limner.data.sampling import Sampled, scan_noise, thick
from limner.errors import CohortError
from limner.image import Image, resample_array

Triple = tuple[int, int, int]
LEAST_CONTRAST_HU, LEAST_SEEN = 80.0, 0.6
"""A nodule of which a smaller share stands out by as much (it lies in a vessel or in the wall) is not put in: nobody
could find it."""


@dataclass(frozen=True)
class Patch:
    """``image`` float32 ``(Z, Y, X)`` 0–1; ``boxes`` ``(N, 6)`` voxels; ``litres`` of lung in it."""

    image: NDArray[np.float32]
    boxes: NDArray[np.float64]
    litres: float


@dataclass(frozen=True)
class Case:
    """A whole chest: ``centers_mm`` ``(N, 3)`` LPS and ``diameters_mm`` ``(N,)`` of its nodules."""

    image: Image
    centers_mm: NDArray[np.float64]
    diameters_mm: NDArray[np.float64]


class ChestPatches:
    """Draws patches; a draw is a pure function of (seed, step, place).

    Args:
        backgrounds: lungs.
        shapes: real nodules, none for analytic ones alone.
        real: share of the nodules that are real ones.
        patch: voxels along ``(Z, Y, X)``.
        window: HU scaled to 0–1.
        strength: of thick slices, gain and offset, 0 for none; some noise there always is.
        seed: of everything.
    """

    def __init__(
        self,
        backgrounds: Sequence[Background],
        shapes: Sequence[Shape],
        real: float,
        patch: Triple,
        window: tuple[float, float],
        strength: float,
        seed: int,
    ) -> None:
        self.backgrounds, self.shapes, self.real = list(backgrounds), shapes, real
        self.patch, self.window, self.strength, self.seed = patch, window, strength, seed
        self._spots = [np.flatnonzero(one.lung)[::7].astype(np.int64) for one in self.backgrounds]

    def draw(self, step: int, place: int) -> Patch:
        """The patch at a place of a step's batch; the same one whenever it is asked for."""
        rng = np.random.default_rng([self.seed, step, place])
        which = int(rng.integers(len(self.backgrounds)))
        ground = self.backgrounds[which]
        center = np.unravel_index(int(rng.choice(self._spots[which])), ground.lung.shape)
        start = np.array(center) - np.array(self.patch) // 2 + (rng.uniform(-0.3, 0.3, 3) * self.patch).astype(int)
        hu = _window(ground.hu, start, self.patch).astype(np.float32)
        lung = _window(ground.lung, start, self.patch)
        blur_mm = rng.uniform(0.4, 0.9)
        count = int(rng.choice([0, 1, 2, 3], p=[0.25, 0.45, 0.2, 0.1]))
        blur = None if ground.phantom else blur_mm
        sampled = Sampled(ground.spacing_mm, blur, ground.drawn_mm)
        placed = put_nodules(rng, hu, lung, count, sampled, self.shapes, self.real)
        boxes = [_box(at, one, ground.spacing_mm) for at, one in placed]
        image = self._scan(rng, hu, ground, blur_mm)
        litres = float(lung.sum() * np.prod(ground.spacing_mm) / 1e6)
        return _flip(rng, Patch(image, np.array(boxes).reshape(-1, 6), litres))

    def _scan(
        self, rng: np.random.Generator, hu: NDArray[np.float32], ground: Background, blur_mm: float
    ) -> NDArray[np.float32]:
        spacing = np.array(ground.spacing_mm)
        if ground.phantom:
            hu = ndimage.gaussian_filter(hu, blur_mm / spacing)
        if rng.random() < (0.15 if ground.drawn_mm else 0.4) * self.strength:  # thick slices
            hu = ndimage.uniform_filter1d(hu, int(rng.integers(2, 4)), axis=0)
        hu = hu + self._noise(rng, hu.shape, ground)
        hu = (hu + 850) * np.exp(rng.normal(0, 0.04 * self.strength)) - 850 + rng.normal(0, 15 * self.strength)
        low, high = self.window
        return np.clip((hu - low) / (high - low), 0, 1).astype(np.float32)

    def _noise(self, rng: np.random.Generator, shape: tuple[int, ...], ground: Background) -> NDArray[np.float32]:
        if ground.drawn_mm:
            return scan_noise(rng, shape, ground.drawn_mm, ground.spacing_mm, rng.uniform(8, 65))
        noise_hu = rng.uniform(4, 45) if ground.phantom else rng.uniform(0, 20)
        noise = rng.standard_normal(shape, dtype=np.float32)
        if rng.random() < 0.5:
            noise = ndimage.gaussian_filter(noise, 0.6) * 2.6
        return np.asarray(noise * noise_hu * max(self.strength, 0.2), np.float32)


def put_nodules(
    rng: np.random.Generator,
    hu: NDArray[np.float32],
    lung: NDArray[np.bool_],
    count: int,
    sampled: Sampled,
    shapes: Sequence[Shape],
    real: float,
) -> list[tuple[NDArray[np.float64], Nodule]]:
    """Blends nodules into lungs, in place, apart from each other and where they stand out.

    Args:
        sampled: how ``hu`` came to its voxels: a nodule has its blur and its slices, too.

    Returns:
        Their middles ``(z, y, x)`` in voxels and what they are; fewer than ``count`` where there is no room.
    """
    inside = np.argwhere(lung)
    placed: list[tuple[NDArray[np.float64], Nodule]] = []
    spacing, drawn_mm = np.array(sampled.spacing_mm), sampled.drawn_mm
    for _ in range(4 * count if len(inside) > 50 else 0):
        if len(placed) == count:
            break
        one = nodules.sample(rng, len(shapes), real)
        at = inside[int(rng.integers(len(inside)))]
        gaps = [np.linalg.norm((at - b) * spacing) - (one.diameter_mm + o.diameter_mm) / 2 for b, o in placed]
        if gaps and min(gaps) < 3:
            continue
        alpha = nodules.render(one, drawn_mm or sampled.spacing_mm, shapes)
        off = np.zeros(3, np.float32)
        if drawn_mm:
            alpha, off = thick(rng, alpha, drawn_mm, sampled.spacing_mm)
        if sampled.blur_mm:
            alpha = ndimage.gaussian_filter(alpha, sampled.blur_mm / spacing)
        if _seen(hu, at, alpha, one.hu) < LEAST_SEEN:
            continue
        nodules.blend(hu, at.tolist(), alpha, one.hu)
        placed.append((at + off, one))
    return placed


def phantom_case(
    seed: int,
    spacing_mm: tuple[float, float, float],
    shapes: Sequence[Shape] = (),
    count: int | None = None,
    real: float = 0.5,
) -> Case:
    """A whole chest with nodules, as a scanner shows it.

    Args:
        seed: of chest and nodules; training takes small ones, tests those from 10 000.
        count: of nodules; one to six where None.
    """
    rng = np.random.default_rng([seed, 11])
    chest = lungs.sample(np.random.default_rng([seed, 7]))
    drawn = lungs.draw(chest, lungs.grid_for(chest, spacing_mm))
    hu = drawn.hu
    asked = int(rng.integers(1, 7)) if count is None else count
    placed = put_nodules(rng, hu, drawn.lung, asked, Sampled(spacing_mm), shapes, real)
    image = lungs.scan(drawn, hu, seed)
    centers = drawn.grid.world(np.array([at for at, _ in placed]).reshape(-1, 3))
    return Case(image, centers, np.array([float(nodules.sides_mm(one).max()) for _, one in placed]))


def _seen(hu: NDArray[np.float32], at: NDArray[np.int64], alpha: NDArray[np.float32], nodule_hu: float) -> float:
    """Share of the part that a nodule fills well in which it stands out."""
    half = np.array(alpha.shape) // 2
    part = _window(hu, at - half, alpha.shape)
    core = alpha > 0.5 * float(alpha.max())
    return float((alpha * (nodule_hu - part) > LEAST_CONTRAST_HU)[core].mean())


def _box(at: NDArray[np.float64], one: Nodule, spacing_mm: tuple[float, float, float]) -> NDArray[np.float64]:
    half = nodules.sides_mm(one) / np.array(spacing_mm) / 2
    return np.concatenate([at + 0.5 - half, at + 0.5 + half])


def _window(array: NDArray[Any], start: NDArray[np.int64], size: Sequence[int]) -> NDArray[Any]:
    """A part of an array; past its edges the edge goes on, as the body does."""
    places = [np.clip(np.arange(s, s + n), 0, m - 1) for s, n, m in zip(start, size, array.shape, strict=True)]
    return array[np.ix_(*places)]


def _flip(rng: np.random.Generator, patch: Patch) -> Patch:
    """Mirrored along some axes: a nodule has no side."""
    image, boxes = patch.image, patch.boxes.copy()
    for axis in np.flatnonzero(rng.random(3) < 0.5).tolist():
        image = np.flip(image, axis)
        size = image.shape[axis]
        boxes[:, [axis, axis + 3]] = size - boxes[:, [axis + 3, axis]]
    return Patch(np.ascontiguousarray(image), boxes, patch.litres)


def blended_case(
    image: Image, seed: int, shapes: Sequence[Shape] = (), count: int | None = None, real: float = 0.5
) -> Case:
    """A real scan with nodules blended into its lungs, on its own grid in axial order.

    Nodules that the patient has are not known, and count as false marks where they are found.

    Raises:
        CohortError: the scan holds no lung.
    """
    rng = np.random.default_rng([seed, 12])
    axial = to_axial_image(image)
    small = axial.grid.with_spacing([max(2.0, s) for s in axial.grid.spacing_mm])
    coarse = lung_mask(resample_array(axial.array, axial.grid, small, outside=-1000), small)
    if not coarse.any():
        raise CohortError("This scan holds no lung in Hounsfield units; nodules are blended into lungs.")
    lung = resample_array(coarse.view(np.uint8), small, axial.grid, nearest=True) > 0
    hu = axial.array.astype(np.float32)
    asked = int(rng.integers(1, 7)) if count is None else count
    placed = put_nodules(rng, hu, lung, asked, Sampled(axial.grid.spacing_mm, blur_mm=0.6), shapes, real)
    centers = axial.grid.world(np.array([at for at, _ in placed]).reshape(-1, 3))
    sides = np.array([float(nodules.sides_mm(one).max()) for _, one in placed])
    blended = Image(np.rint(hu).astype(np.int16), axial.grid, axial.modality, axial.unit, axial.clipped)
    return Case(blended, centers, sides)
