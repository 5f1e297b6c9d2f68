"""Lungs into which nodules are blended: phantom chests, kept on disk, and the lungs of real scans."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.data import lungs
from limner.data.cases import read_image
from limner.data.sampling import block_means
from limner.errors import CohortError
from limner.image import Grid, Image, reorient, resample_array, to_axial

Spacing = tuple[float, float, float]
MARGIN_MM = 18.0


@dataclass(frozen=True, eq=False)
class Background:
    """The box around the lungs of one scan.

    Args:
        id: of the scan.
        hu: int16 ``(Z, Y, X)``.
        lung: bool, the same shape: where the middle of a nodule may lie.
        spacing_mm: along ``(Z, Y, X)``.
        phantom: drawn without blur and noise, which are still to come.
        drawn_mm: spacing of the scan that a phantom is drawn as; None where that is ``spacing_mm``.
    """

    id: str
    hu: NDArray[np.int16]
    lung: NDArray[np.bool_]
    spacing_mm: Spacing
    phantom: bool
    drawn_mm: Spacing | None = None

    @property
    def litres(self) -> float:
        """Volume of the lungs."""
        return float(self.lung.sum() * np.prod(self.spacing_mm) / 1e6)


def phantom_background(seed: int, spacing_mm: Spacing, cache: Path, drawn_mm: Spacing | None = None) -> Background:
    """The chest of a seed on a grid; a second call reads the cache.

    Args:
        drawn_mm: spacing at which it is drawn first, as a scan has one: a thin vessel that is drawn on thick slices
            comes apart into spots, and a net must have seen that. ``spacing_mm`` where None.
    """
    chest = lungs.sample(np.random.default_rng([seed, 7]))
    told = (asdict(chest), spacing_mm, "v6", *([drawn_mm] if drawn_mm else []))
    key = hashlib.sha256(repr(told).encode()).hexdigest()[:16]
    kept = cache / f"chest-{seed}-{key}.npz"
    id = f"chest-{seed}"
    if kept.exists():
        held = np.load(kept)
        return Background(id, held["hu"], held["lung"], spacing_mm, True, drawn_mm)
    drawn = lungs.draw(chest, lungs.grid_for(chest, drawn_mm or spacing_mm))
    hu, lung = drawn.hu, drawn.lung
    if drawn_mm:
        there = drawn.grid.with_spacing(spacing_mm)
        hu = _brought(hu, drawn.grid, there)
        lung = resample_array(lung.astype(np.uint8), drawn.grid, there, nearest=True) > 0
    found = _boxed(id, hu, lung, spacing_mm, phantom=True)
    cache.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(".partial.npz")
    np.savez_compressed(partial, hu=found.hu, lung=found.lung)
    partial.rename(kept)
    return replace(found, drawn_mm=drawn_mm)


def real_background(path: Path, spacing_mm: Spacing) -> Background:
    """The lungs of a scan: a DICOM folder or NIfTI in HU.

    Raises:
        CohortError: the scan holds no lung, or was clipped to a window.
    """
    image = to_axial_image(read_image(path))
    there = image.grid.with_spacing(spacing_mm)
    hu = _brought(image.array, image.grid, there)
    lung = lung_mask(hu, there)
    if not lung.any():
        raise CohortError(f"{path.name!r} holds no lung in Hounsfield units; nodules are blended into lungs.")
    return _boxed(path.name.split(".")[0], hu, lung, spacing_mm, phantom=False)


def _brought(array: NDArray[np.number], here: Grid, there: Grid) -> NDArray[np.float32]:
    """Averaged down to about the other grid's spacing, then resampled, as a net's input is."""
    smooth, off = block_means(array.astype(np.float32), here.spacing_mm, there.spacing_mm)
    affine = here.affine.copy()
    affine[:3, 3] = here.world(-off)
    return np.asarray(resample_array(smooth, Grid(here.shape, affine), there, outside=-1000), np.float32)


def lung_mask(hu: NDArray[np.floating], grid: Grid) -> NDArray[np.bool_]:
    """Air inside the body, closed over its vessels: components of more than 100 ml that touch no side of the image.

    What is as thin as pure gas is bowel, not lung.
    """
    air = ndimage.binary_opening(hu < -400, iterations=1)
    parts = cc3d.connected_components(air, connectivity=6)
    edge = np.unique(np.concatenate([parts[:, [0, -1]].ravel(), parts[:, :, [0, -1]].ravel()]))
    count = np.bincount(parts.ravel())
    mean = np.bincount(parts.ravel(), weights=hu.ravel()) / np.maximum(count, 1)
    good = (count * grid.voxel_ml > 100) & (mean > -940)
    good[0] = False
    good[edge] = False
    mask = good[parts]
    return np.asarray(ndimage.binary_closing(mask, iterations=max(1, round(4.0 / grid.spacing_mm[1]))) & (hu < 200))


def _boxed(
    id: str, hu: NDArray[np.floating], lung: NDArray[np.bool_], spacing_mm: Spacing, phantom: bool
) -> Background:
    box = []
    for axis, step in enumerate(spacing_mm):
        rows = np.flatnonzero(lung.any(tuple(k for k in range(3) if k != axis)))
        margin = int(np.ceil(MARGIN_MM / step))
        box.append(slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1))
    cut = tuple(box)
    return Background(id, np.rint(hu[cut]).astype(np.int16), np.ascontiguousarray(lung[cut]), spacing_mm, phantom)


def to_axial_image(image: Image) -> Image:
    """The same image with its axes in axial order."""
    order, flips = to_axial(image.grid)
    array, grid = reorient(image.array, image.grid, order, flips)
    return Image(array, grid, image.modality, image.unit, image.clipped)
