"""Spine and ribs of a trunk CT by attenuation and place, for scans that are known in a soft-tissue window only.

Where a window ends at 160 HU, kidneys, contrast in bowel, vessels and the table are as bright as bone; what tells them
apart is where they lie. In full Hounsfield units the rules of :mod:`limner.infer.classical` know more.
"""

from __future__ import annotations

import edt
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import convex_hull_image

Mask = NDArray[np.bool_]

SOFT_HU = 0.0
RIB_MM, BESIDE_MM, BEHIND_MM = 22.0, 34.0, 95.0
"""Ribs lie less deep than the first; the spine less far from the midline than the second, and from the back than the
third (the aorta lies before it)."""
FRONT, FRONT_MM = 0.4, 90.0
"""Bowel lies under the wall in this part of the depth, so far from the midline; there nothing is taken for bone."""
LEAST_ML = 0.2


def bones(hu: NDArray[np.float32], spacing_mm: tuple[float, float, float], least_hu: float = 150.0) -> Mask:
    """Spine and ribs; the breastbone is not looked for.

    Args:
        hu: ``(Z, Y, X)``, axial: z to the head, y to the back, x to the left. It may end at ``least_hu``.
        spacing_mm: along ``(Z, Y, X)``.
        least_hu: from which on something may be bone.

    Returns:
        ``(Z, Y, X)``; empty where there is no trunk.
    """
    inside = _trunk(hu, spacing_mm)
    if not inside.any():
        return inside
    _, sy, sx = spacing_mm
    columns, rows = np.flatnonzero(inside.any((0, 1))), np.flatnonzero(inside.any((0, 2)))
    beside = np.abs(np.arange(hu.shape[2]) - (columns[0] + columns[-1]) / 2) * sx
    depth = np.stack([edt.edt(one, anisotropy=(sy, sx), black_border=False) for one in inside])
    share = (np.arange(hu.shape[1]) - rows[0]) / max(1, rows[-1] - rows[0])
    behind = (rows[-1] - np.arange(hu.shape[1])) * sy
    column = (beside < BESIDE_MM)[None, None, :] & (behind < BEHIND_MM)[None, :, None]
    bowel = (share < FRONT)[None, :, None] & (beside < FRONT_MM)[None, None, :]
    found = inside & (hu >= least_hu) & (((depth < RIB_MM) & ~bowel) | column)
    closed = ndimage.binary_closing(np.pad(found, 2), _plane_ball(spacing_mm, 4.0))[2:-2, 2:-2, 2:-2] & inside
    filled = np.stack([ndimage.binary_fill_holes(one) for one in closed])
    parts, _ = ndimage.label(filled, structure=np.ones((3, 3, 3)))
    large = np.bincount(parts.ravel()) * np.prod(spacing_mm) / 1000 >= LEAST_ML
    large[0] = False
    return np.asarray(large[parts])


def _trunk(hu: NDArray[np.float32], spacing_mm: tuple[float, float, float]) -> Mask:
    """The convex hull, slice by slice, of the largest soft thing: without the table."""
    soft = hu > SOFT_HU
    parts, count = ndimage.label(ndimage.binary_opening(soft, _plane_ball(spacing_mm, 3.0)))
    found = np.zeros(hu.shape, bool)
    if not count:
        return found
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    largest = soft & ndimage.binary_dilation(parts == sizes.argmax(), iterations=2)
    for z, one in enumerate(largest):
        if one.sum() > 3:
            found[z] = convex_hull_image(one)
    return found


def _plane_ball(spacing_mm: tuple[float, float, float], radius_mm: float) -> Mask:
    """A disc within a slice."""
    reach = [max(1, int(radius_mm / one)) for one in spacing_mm[1:]]
    y, x = np.ogrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    return np.asarray((y * spacing_mm[1]) ** 2 + (x * spacing_mm[2]) ** 2 <= max(radius_mm, *spacing_mm[1:]) ** 2)[None]
