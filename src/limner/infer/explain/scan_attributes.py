"""What a clinician says of a nodule or tumour in a scan, measured in millimetres on the pack's own outline.

The formulas are those of :mod:`limner.data.lesion_attributes`, which count voxels: the lesion is first brought to
voxels of equal sides, so that thick slices don't make a ball look like a plate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.data.lesion_attributes import Attribute, nodule_attributes
from limner.image import Grid, Image, resample_array
from limner.infer.explain.explanation import AttributeEffect, AttributeTable
from limner.scene import Part
from limner.scene.diameters import longest_diameter_mm, surface_points

LUNG_HU, SOFT_TISSUE_HU = (-1350.0, 150.0), (-160.0, 240.0)
"""What becomes black and white, to look at and to measure in: windows 1500 at -600 and 400 at 40."""
ACROSS = (16, 32)
"""Voxels along the longest side of a lesion, at least and at most: fewer have no shape, more cost time."""


def attributes_of(image: Image, part: Part) -> tuple[Attribute, ...]:
    """Size, margin, lobulation, spiculation and texture of a lesion.

    Args:
        image: the scan.
        part: the lesion, in the scan.

    Raises:
        InputError: the lesion has too few voxels for a shape.
    """
    grey, mask = even(image, part)
    return tuple(
        Attribute("size", longest_diameter_mm(surface_points(part)), "mm", one.source) if one.name == "size" else one
        for one in nodule_attributes(grey, mask)
    )


def measured(image: Image, part: Part, probability: float) -> AttributeTable:
    """What was measured of a lesion; nothing was taken out of the scan, so no effect is known.

    Raises:
        InputError: as :func:`attributes_of`.
    """
    effects = [
        AttributeEffect(one.name, one.value, one.unit, one.detail, None, None, one.source)
        for one in attributes_of(image, part)
    ]
    return AttributeTable(tuple(effects), probability, (), part.mask, "drawn")


def even(image: Image, part: Part) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A lesion with its surroundings in voxels of equal sides.

    Returns:
        ``(1, Z, Y, X)`` grey levels and ``(Z, Y, X)`` the lesion.
    """
    box, near = surroundings(image, part)
    low, high = window_of(image, part.label.name)
    values = np.clip(image.array[box], low, high).astype(np.float32)
    grid = even_grid(image, part)
    there = resample_array((values - low) * np.float32(255 / (high - low)), near, grid)
    return (there + 0.5).astype(np.uint8)[None], _shape(part, grid)


def _shape(part: Part, grid: Grid) -> NDArray[np.bool_]:
    """A lesion on another grid: the distance to its border is interpolated, so that thick slices leave no steps.

    Source: Raya & Udupa, *Shape-based interpolation of multidimensional objects*, IEEE Trans. Med. Imaging 9:32, 1990.
    """
    wide = [int(np.ceil(3 * max(grid.spacing_mm) / step)) + 1 for step in part.grid.spacing_mm]
    padded = np.pad(part.mask, [(w, w) for w in wide])
    spacing = part.grid.spacing_mm
    inward = ndimage.distance_transform_edt(padded, sampling=spacing)
    outward = ndimage.distance_transform_edt(~padded, sampling=spacing)
    around = part.grid.crop([-w for w in wide], (padded.shape[0], padded.shape[1], padded.shape[2]))
    depth = (inward - outward).astype(np.float32)
    found = np.asarray(resample_array(depth, around, grid, outside=float(depth.min())) > 0)
    return found if found.any() else np.asarray(resample_array(padded.astype(np.uint8), around, grid, nearest=True) > 0)


def even_grid(image: Image, part: Part) -> Grid:
    """Voxels of equal sides over a lesion and its surroundings, inside the scan."""
    sides = np.array(part.grid.shape) * part.grid.spacing_mm
    fewest, most = (float(sides.max()) / n for n in ACROSS)
    side = float(np.clip(min(image.grid.spacing_mm), most, fewest))
    return surroundings(image, part)[1].with_spacing((side, side, side))


def surroundings(image: Image, part: Part) -> tuple[tuple[slice, ...], Grid]:
    """Where a lesion and what its margin is measured against lie in the scan: that reaches 0.8 radii from it."""
    sides = np.array(part.grid.shape) * part.grid.spacing_mm
    wide = np.ceil(max(3.0, 0.45 * float(sides.max())) / np.array(part.grid.spacing_mm)).astype(int)
    ends = [
        (max(0, one.start - int(w)), min(n, one.stop + int(w)))
        for one, w, n in zip(part.box, wide, image.grid.shape, strict=True)
    ]
    size = [stop - start for start, stop in ends]
    grid = image.grid.crop([start for start, _ in ends], (size[0], size[1], size[2]))
    return tuple(slice(start, stop) for start, stop in ends), grid


def window_of(image: Image, name: str) -> tuple[float, float]:
    """Values that become black and white: as a radiologist would look at this structure."""
    if image.unit == "HU":
        return LUNG_HU if "lung" in name else SOFT_TISSUE_HU
    some = np.asarray(image.array[:: max(1, image.grid.shape[0] // 32), ::4, ::4], np.float64)
    low, high = np.percentile(some[np.isfinite(some)], (1, 99))
    return float(low), float(max(high, low + 1e-6))
