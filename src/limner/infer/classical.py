"""Body, lungs and bones of a CT by attenuation and connectedness: there, rules beat learning from few scans.

Works on a grid of about 2 mm, since these structures are large, and only where the scan is in full Hounsfield
units: an image that was clipped to a soft-tissue window shows air as fat.
"""

from __future__ import annotations

from typing import Any

import cc3d
import edt
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.image import Grid, Image, resample_array
from limner.infer.decode import largest, near

Mask = NDArray[np.bool_]
VERTEBRA_MM, DEEP_MM = 50.0, 50.0
SKIN_HU, GAS_HU, LUNG_HU, BONE_HU, SURE_BONE_HU = -300, -960, -400, 180, 350


def applies(image: Image) -> bool:
    """Whether the values reach down to air."""
    return image.clipped is None and image.unit == "HU" and int(image.array.min()) < -500


def classical(image: Image, names: list[str], learned: Mask) -> dict[str, Mask]:
    """Masks on a grid of about 2 mm, brought back to the scan's grid.

    Args:
        image: HU, axial order.
        names: of ``lungs``, ``bones``, ``body``.
        learned: voxels ``(Z, Y, X)`` that a net has already named; bones leave them alone.

    Returns:
        Label name to mask ``(Z, Y, X)``; ``body`` is all that is inside the skin.
    """
    small = coarse_grid(image.grid)
    hu = resample_array(image.array, image.grid, small, outside=-1024)
    taken = resample_array(learned.view(np.uint8), image.grid, small, nearest=True) > 0
    inside = body(hu, small)
    found: dict[str, Mask] = {}
    if "body" in names:
        found["body"] = inside
    if "lungs" in names:
        found["right lung"], found["left lung"] = lungs(hu, inside, small)
    if "bones" in names:
        found["bones"] = bones(hu, inside, taken, small)
    return found


def coarse_grid(grid: Grid) -> Grid:
    """A grid of about 2 mm; never finer than the scan."""
    return grid.with_spacing([max(2.0, s) for s in grid.spacing_mm])


def body(hu: NDArray[Any], grid: Grid) -> Mask:
    """The patient without the table: the largest dense thing after an opening, filled slice by slice."""
    dense = hu > SKIN_HU
    opened = ndimage.binary_opening(dense, structure=_ball(grid, 4.0))
    core = largest(opened)
    grown = near(core, 2) & dense
    filled = np.zeros_like(grown)
    for z in range(grown.shape[0]):
        filled[z] = ndimage.binary_fill_holes(grown[z])
    return filled


def lungs(hu: NDArray[Any], inside: Mask, grid: Grid) -> tuple[Mask, Mask]:
    """Right and left lung: the large airy components inside the body, told apart by the side of the midline.

    Bowel holds pure gas, a lung holds tissue and gas, and a lung reaches the head end of the scan.
    """
    airy = inside & (hu < LUNG_HU) & (hu > GAS_HU)
    airy = ndimage.binary_opening(airy, structure=_ball(grid, 2.5))
    parts = cc3d.connected_components(airy, connectivity=6)
    sizes = np.bincount(parts.ravel()) * grid.voxel_ml
    sizes[0] = 0
    head = _head_end(grid)
    right, left = np.zeros_like(airy), np.zeros_like(airy)
    columns = np.flatnonzero(inside.any((0, 1)))
    if not columns.size:
        return right, left
    middle = float(grid.world((0, 0, (columns[0] + columns[-1]) / 2))[0])
    for part in np.flatnonzero(sizes > 25.0):
        mask = parts == part
        if not mask[head].any():
            continue
        x = grid.world(np.argwhere(mask))[:, 0]
        share = float((x < middle).mean())
        if 0.2 < share < 0.8:  # joined through the airway or a thin wall: cut at the midline
            side = _world_x(grid) < middle
            right |= mask & side
            left |= mask & ~side
        elif share >= 0.5:
            right |= mask
        else:
            left |= mask
    ball = _ball(grid, 5.0)
    return _closed(right, ball) & inside, _closed(left, ball) & inside & ~_closed(right, ball)


def bones(hu: NDArray[Any], inside: Mask, taken: Mask, grid: Grid) -> Mask:
    """Hysteresis: what is denser than 180 HU and hangs together with cortex (350 HU), marrow filled.

    A vessel full of contrast is as dense as marrow and touches the spine, but it is even where marrow is coarse, and
    has no cortex: even parts as thick as an aorta are taken out first. What the net has named is left out.
    """
    dense = inside & (hu > BONE_HU) & ~taken
    bone = dense & ~_vessels(hu, inside, grid)
    parts = cc3d.connected_components(bone, connectivity=18)
    count = int(parts.max())
    if not count:
        return bone
    size = np.bincount(parts.ravel(), minlength=count + 1)
    sure = np.bincount(parts.ravel(), weights=(hu > SURE_BONE_HU).ravel(), minlength=count + 1)
    good = (size * grid.voxel_ml > 0.3) & (sure > 0.08 * size)
    good[0] = False
    kept = _without_islands(_closed(good[parts], _ball(grid, 4.0)), inside, grid)
    for z in range(kept.shape[0]):
        kept[z] = ndimage.binary_fill_holes(kept[z])
    return np.asarray(kept & inside & ~taken & (hu > -50))


def _without_islands(bone: Mask, inside: Mask, grid: Grid) -> Mask:
    """Bone without what lies deep and hangs on no skeleton: contrast in bowel and renal pelvis.

    Spine and pelvis are the largest component; ribs and breastbone lie under the skin.
    """
    parts = cc3d.connected_components(bone, connectivity=26)
    size = np.bincount(parts.ravel())
    if size.size < 3:
        return bone
    size[0] = 0
    deep = edt.edt(inside, anisotropy=grid.spacing_mm, black_border=False) > DEEP_MM
    share = np.bincount(parts.ravel(), weights=deep.ravel()) / np.maximum(size, 1)
    kept = (share < 0.5) | (size == size.max())
    kept[0] = False
    return np.asarray(kept[parts])


def _vessels(hu: NDArray[Any], inside: Mask, grid: Grid) -> Mask:
    """Even, contrast-filled parts that hold a ball of 4 mm, grown back to their wall."""
    values = hu.astype(np.float32)
    mean = ndimage.uniform_filter(values, 3)
    spread = np.sqrt(np.maximum(ndimage.uniform_filter(values**2, 3) - mean**2, 0))
    even = inside & (spread < 40) & (mean > 140) & (mean < 420)
    core = ndimage.binary_opening(even, structure=_ball(grid, 4.0))
    parts = cc3d.connected_components(core, connectivity=18)
    tall = np.zeros(int(parts.max()) + 1, bool)
    for number, box in enumerate(ndimage.find_objects(parts), start=1):
        # Even marrow ends with its vertebra; a stretch of aorta does not.
        tall[number] = (box[0].stop - box[0].start) * grid.spacing_mm[0] > VERTEBRA_MM
    return near(tall[parts], 2) & (hu < SURE_BONE_HU)


def _closed(mask: Mask, ball: Mask) -> Mask:
    reach = ball.shape[0] // 2, ball.shape[1] // 2, ball.shape[2] // 2
    padded = np.pad(mask, [(r, r) for r in reach], mode="edge")
    closed = ndimage.binary_closing(padded, structure=ball)
    return closed[tuple(slice(r, n - r) for r, n in zip(reach, padded.shape, strict=True))]


def _ball(grid: Grid, radius_mm: float) -> Mask:
    reach = [max(0, int(radius_mm / s)) for s in grid.spacing_mm]
    axes = [np.arange(-r, r + 1) * s for r, s in zip(reach, grid.spacing_mm, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    return np.asarray(z**2 + y**2 + x**2 <= radius_mm**2 + 1e-6)


def _head_end(grid: Grid) -> slice:
    """The quarter of the slices that is nearest to the head."""
    n = max(1, grid.shape[0] // 4)
    return slice(grid.shape[0] - n, None) if grid.direction[2, 0] > 0 else slice(0, n)


def _world_x(grid: Grid) -> NDArray[np.float64]:
    z, y, x = (np.arange(n).reshape([-1 if k == a else 1 for k in range(3)]) for a, n in enumerate(grid.shape))
    row = grid.affine[0]
    return np.asarray(row[0] * z + row[1] * y + row[2] * x + row[3])
