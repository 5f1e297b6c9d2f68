"""From marks to labels: the blob that each nodule stands on, and what a row says of it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import cc3d
import numpy as np
from numpy.typing import NDArray

from limner.image import Grid, Image, LabelMap, resample_array
from limner.infer.nodules import Found, Nodule, NoduleFinder
from limner.infer.predict import Prediction, as_stored, in_axial_order
from limner.packs import Pack

Progress = Callable[[str, float], None]
Mask = NDArray[np.bool_]


def predict_nodules(
    pack: Pack,
    image: Image,
    *,
    engine: str = "auto",
    max_memory_gb: float | None = None,
    progress: Progress | None = None,
) -> Prediction:
    """As :func:`limner.infer.predict`, for a pack that detects: nodules, and the lungs where the pack has them."""
    return label_nodules(pack, image, NoduleFinder(pack, engine, max_memory_gb)(image, progress))


def label_nodules(pack: Pack, image: Image, found: Found) -> Prediction:
    """The blob of each nodule that is shown, as labels on the image's grid."""
    start = time.perf_counter()
    axial = in_axial_order(image)
    labels = np.zeros(axial.grid.shape, np.uint8)
    sure = np.zeros(axial.grid.shape, np.uint8)
    values = {one.name: one.value for one in pack.labels}
    if "lungs" in pack.spec.classical:
        for name, mask in (("right lung", found.right), ("left lung", found.left)):
            fine = resample_array(mask.astype(np.uint8) * np.uint8(200), found.grid, axial.grid) > 100
            labels[fine] = values[name]
            sure[fine] = 255
    volumes: dict[str, list[float]] = {}
    for one in reversed(found.shown):  # the surest last, over the others
        box, blobs = blob(axial, one)
        labels[box][blobs[1]] = values[one.name]
        sure[box][blobs[1]] = round(255 * one.probability)
        low, high = volumes.setdefault(one.name, [0.0, 0.0])
        volumes[one.name] = [
            low + float(blobs[2].sum()) * axial.grid.voxel_ml,
            high + float(blobs[0].sum()) * axial.grid.voxel_ml,
        ]
    seconds = {**found.seconds, "draw borders": round(time.perf_counter() - start, 3)}
    return Prediction(
        labels=LabelMap(as_stored(image, labels), image.grid, pack.labels),
        confidence=as_stored(image, sure),
        intervals_ml={name: (round(low, 4), round(high, 4)) for name, (low, high) in volumes.items()},
        seconds=seconds,
        engine=found.engine,
        left_out={},
        abstain_below=pack.spec.calibration.abstain_below if pack.spec.calibration else 0.0,
        seen=(found.seen,) if found.seen else (),
    )


def row(one: Nodule, grid: Grid, abstain_below: float = 0.0) -> dict[str, Any]:
    """What ``limner predict`` says of a nodule; ``box`` is ``[x0, y0, z0, x1, y1, z1]`` in voxel edges of ``grid``."""
    half = np.array(one.sides_mm)[::-1] / 2  # along the world's x, y, z
    signs = np.array(list(itertools.product((-1, 1), repeat=3)))
    corners = grid.index(np.array(one.center_mm) + signs * half)
    low, high = corners.min(0) + 0.5, corners.max(0) + 0.5
    return {
        "box": [round(float(v), 1) for v in (*low[::-1], *high[::-1])],
        "class": one.name,
        "probability": round(one.probability, 4),
        "abstained": one.probability < abstain_below,
        "center_mm": [round(v, 1) for v in one.center_mm],
        "diameter_mm": round(one.diameter_mm, 1),
    }


def blob(axial: Image, one: Nodule) -> tuple[tuple[slice, ...], tuple[Mask, Mask, Mask]]:
    """What a nodule fills, by attenuation, inside the ellipsoid around its box.

    The border is where attenuation is halfway between the lung around it and its middle.

    Returns:
        The box in the image, and three masks in it: at 35 %, 50 % and 65 % of the way, from large to small.
    """
    spacing = np.array(axial.grid.spacing_mm)
    middle = axial.grid.index(one.center_mm)
    half = np.maximum(np.array(one.sides_mm) / 2, 0.75 * spacing)
    low = np.clip(np.floor(middle - 1.6 * half / spacing).astype(int), 0, np.array(axial.grid.shape) - 1)
    high = np.clip(np.ceil(middle + 1.6 * half / spacing).astype(int) + 1, low + 1, axial.grid.shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    hu = axial.array[box].astype(np.float32)
    axes = [(np.arange(a, b) - m) * s / h for a, b, m, s, h in zip(low, high, middle, spacing, half, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    away = np.sqrt(z**2 + y**2 + x**2)
    core = away <= max(0.4, float(away.min()) + 1e-6)
    inside, lung = float(np.median(hu[core])), float(np.percentile(hu, 15))
    masks = []
    for share in (0.35, 0.5, 0.65):
        full = (hu >= lung + share * max(inside - lung, 1.0)) & (away <= 1.25)
        parts = cc3d.connected_components(full | core, connectivity=26)
        masks.append(np.asarray(parts == parts[np.unravel_index(int(away.argmin()), away.shape)]) & (full | core))
    return box, (masks[0], masks[1], masks[2])
