"""Small bodies whose best needle is known, and random ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.image import Grid, LabelMap
from limner.image.anatomy import named

NAMES = (
    ("body", "tissue"),
    ("liver", "organ"),
    ("liver tumor", "lesion"),
    ("portal vein", "vessel"),
    ("ribs", "tissue"),
    ("right lung", "organ"),
    ("right kidney", "organ"),
)
BODY, LIVER, TUMOR, VESSEL, BONE, LUNG, KIDNEY = range(1, 8)


def made(array: NDArray[np.uint8], spacing_mm: tuple[float, float, float]) -> LabelMap:
    """A label map whose middle is the world's origin."""
    origin = -(np.array(array.shape) - 1) / 2 * spacing_mm
    labels = tuple(named(name, value, kind) for value, (name, kind) in enumerate(NAMES, start=1))
    return LabelMap(array, Grid.axial(array.shape, spacing_mm, origin[::-1]), labels)


def places(shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]) -> NDArray[np.float64]:
    """World positions ``(3, Z, Y, X)``, first x, of :func:`made`'s voxels."""
    index = np.indices(shape)
    z, y, x = ((index[k] - (shape[k] - 1) / 2) * spacing_mm[k] for k in range(3))
    return np.stack([x, y, z])


def caged(direction: NDArray[np.float64]) -> LabelMap:
    """A tumour in a shell of vessel that has one hole, in a direction."""
    shape, spacing = (101, 101, 101), (1.0, 1.0, 1.0)
    at = places(shape, spacing)
    radius = np.linalg.norm(at, axis=0)
    array = np.zeros(shape, np.uint8)
    array[radius <= 47] = BODY
    array[radius <= 38] = LIVER
    along = np.einsum("i,i...->...", direction, at)
    beside = np.sqrt(np.maximum(radius**2 - along**2, 0))
    array[(radius >= 24) & (radius <= 29) & ~((along > 0) & (beside < 8))] = VESSEL
    array[radius <= 6] = TUMOR
    return made(array, spacing)


def ribbed() -> LabelMap:
    """A trunk along z, cut by the image at both ends; ribs run around it, and a tumour lies amid two of them."""
    shape, spacing = (61, 111, 111), (1.0, 1.0, 1.0)
    x, y, z = places(shape, spacing)
    array = np.zeros(shape, np.uint8)
    array[x**2 + y**2 <= 50**2] = BODY
    array[(x**2 + y**2 <= 40**2)] = LIVER
    for middle in (-27, -9, 9, 27):
        array[(np.hypot(x, y) - 44) ** 2 + (z - middle) ** 2 <= 4**2] = BONE
    array[x**2 + (y + 8) ** 2 + z**2 <= 6**2] = TUMOR
    return made(array, spacing)


def random_body(rng: np.random.Generator) -> LabelMap:
    """A small body of coarse voxels with a tumour and a few obstacles."""
    shape, spacing = (14, 15, 15), (4.0, 4.0, 4.0)
    at = places(shape, spacing)
    array = np.zeros(shape, np.uint8)
    array[((at / np.array([25, 25, 24])[:, None, None, None]) ** 2).sum(axis=0) <= 1] = BODY
    array[((at / np.array([20, 20, 19])[:, None, None, None]) ** 2).sum(axis=0) <= 1] = LIVER
    for value in (VESSEL, BONE, LUNG, KIDNEY):
        for _ in range(int(rng.integers(1, 3))):
            middle = rng.standard_normal(3)
            middle *= rng.uniform(11, 21) / np.linalg.norm(middle)
            near = np.linalg.norm(at - middle[:, None, None, None], axis=0) <= rng.uniform(3.5, 7)
            array[near & (array > 0)] = value
    tumor = rng.uniform(-5, 5, 3)
    array[np.linalg.norm(at - tumor[:, None, None, None], axis=0) <= 5.5] = TUMOR
    return made(array, spacing)
