"""Bowel that no label shows: its gas, seen in the scan itself."""

from __future__ import annotations

import cc3d
import edt
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.errors import InputError
from limner.image import Image, LabelMap
from limner.image.anatomy import named
from limner.scene.roles import role_of

GAS = "bowel with gas"
RIM_MM = 8.0
"""Air nearer than this to the outline of the body is air beside it: skin folds, and the rim of a coarse outline."""
_LUNG_SHARE = 0.02
"""A pocket of which this share of the rim is lung belongs to the lung."""


def with_gas(labels: LabelMap, image: Image, gas_hu: float, wall_mm: float, smallest_ml: float) -> LabelMap:
    """The label map with bowel where the scan shows gas inside the body.

    Gas is what is thinner than a threshold, inside the body, and not drawn as lung, nor in touch with drawn lung. Its
    wall and content are taken to reach some millimetres around it; what is drawn stays as it is drawn.

    Args:
        labels: with lungs, where the scan holds some.
        image: the scan on the same grid, in HU.
        gas_hu: thinner is gas.
        wall_mm: how far bowel reaches around its gas.
        smallest_ml: smaller pockets are left out.

    Returns:
        The same map where no gas is seen, else one with the label :data:`GAS`.

    Raises:
        InputError: the image lies elsewhere, or is not in HU.
    """
    if not image.grid.same_as(labels.grid, tolerance_mm=0.5):
        raise InputError(
            f"The scan must lie where the drawing lies: {labels.grid.shape} voxels (Z, Y, X) from "
            f"{labels.grid.origin_mm.round(1).tolist()} mm; got {image.grid.shape} from "
            f"{image.grid.origin_mm.round(1).tolist()} mm. Is it the series that was drawn?"
        )
    step = tuple(max(1, int(1.5 / size)) for size in labels.grid.spacing_mm)
    every = tuple(slice(None, None, one) for one in step)
    spacing = tuple(size * by for size, by in zip(labels.grid.spacing_mm, step, strict=True))
    drawn = np.ascontiguousarray(labels.array[every])
    pockets = _pockets(drawn, np.ascontiguousarray(image.array[every]) < gas_hu, _lungs(labels), spacing, smallest_ml)
    if not pockets.any():
        return labels
    near = edt.edt(~pockets, anisotropy=spacing) <= wall_mm
    for axis, by in enumerate(step):
        near = np.repeat(near, by, axis=axis)
    near = near[tuple(slice(size) for size in labels.grid.shape)]
    body = [one.value for one in labels.labels if role_of(one) in ("body", "soft")]
    free = near & np.isin(labels.array, [0, *body])
    if not free.any():
        return labels
    value = max(one.value for one in labels.labels) + 1
    array: NDArray[np.unsignedinteger] = labels.array.astype(np.uint8 if value < 256 else np.uint16)
    array[free] = value
    return LabelMap(array, labels.grid, (*labels.labels, named(GAS, value, "organ")))


def _pockets(
    drawn: NDArray[np.unsignedinteger],
    gas: NDArray[np.bool_],
    lungs: list[int],
    spacing: tuple[float, ...],
    smallest_ml: float,
) -> NDArray[np.bool_]:
    """Pockets of gas that are not lung: inside the outline of each axial slice, large enough, away from lungs."""
    filled = np.stack([ndimage.binary_fill_holes(one) for one in drawn != 0])
    inside = edt.edt(np.pad(filled, ((1, 1), (0, 0), (0, 0)), mode="edge"), anisotropy=spacing)[1:-1] > RIM_MM
    lung = np.isin(drawn, lungs)
    pockets, count = cc3d.connected_components(gas & inside & ~lung, connectivity=6, return_N=True)
    if not count:
        return np.zeros(gas.shape, bool)
    sizes = np.bincount(pockets.ravel(), minlength=count + 1)
    beside = ndimage.binary_dilation(lung, iterations=2)
    touching = np.bincount(pockets[beside], minlength=count + 1)
    kept = (sizes * np.prod(spacing) / 1000 >= smallest_ml) & (touching <= _LUNG_SHARE * sizes)
    kept[0] = False
    return np.asarray(kept[pockets])


def _lungs(labels: LabelMap) -> list[int]:
    return [one.value for one in labels.labels if role_of(one) == "lung"]
