"""From marks to labels: the blob that each nodule stands on, and what a row says of it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.image import Grid, Image, LabelMap, resample_array
from limner.infer.nodules import Found, Nodule, NoduleFinder
from limner.infer.predict import Prediction, as_stored, in_axial_order
from limner.packs import Pack

if TYPE_CHECKING:
    from limner.scene import Part

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
    """The blob of each nodule that is shown, as labels on the image's grid.

    Blobs that touch are one lesion, as sure as the surest of them.
    """
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
    blobs_of = [blob(axial, one) for one in found.shown]
    believed = _believed(found.shown, [(box, blobs[1]) for box, blobs in blobs_of])
    for one, (box, blobs), p in reversed([*zip(found.shown, blobs_of, believed, strict=True)]):  # the surest last
        labels[box][blobs[1]] = values[one.name]
        sure[box][blobs[1]] = round(255 * p)
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


def stated(one: Nodule) -> float:
    """A nodule's probability as rows, label maps and drawings all tell it: in the 255 steps that a map can hold."""
    return round(255 * one.probability) / 255


def _believed(nodules: Sequence[Nodule], places: Sequence[tuple[tuple[slice, ...], Mask]]) -> list[float]:
    """The probability of each nodule; of those of one class whose blobs touch, that of the surest."""
    p = [stated(one) for one in nodules]
    close = [
        (a, b)
        for a, b in itertools.combinations(range(len(p)), 2)
        if nodules[a].name == nodules[b].name and _touch(*places[a], *places[b])
    ]
    for _ in close:  # as often as it may be handed on
        for a, b in close:
            p[a] = p[b] = max(p[a], p[b])
    return p


def _touch(box: tuple[slice, ...], mask: Mask, other: tuple[slice, ...], theirs: Mask) -> bool:
    """Whether two masks, each in a box of one image, share a voxel or have neighbours (26)."""
    start = [min(a.start, b.start) for a, b in zip(box, other, strict=True)]
    if any(a.stop < b.start or b.stop < a.start for a, b in zip(box, other, strict=True)):
        return False
    shape = [max(a.stop, b.stop) - s for a, b, s in zip(box, other, start, strict=True)]
    both = np.zeros((2, *shape), bool)
    for canvas, where, what in zip(both, (box, other), (mask, theirs), strict=True):
        canvas[tuple(slice(one.start - s, one.stop - s) for one, s in zip(where, start, strict=True))] = what
    grown = ndimage.binary_dilation(both[0], np.ones((3, 3, 3), bool))
    return bool((grown & both[1]).any())


def lesion_of(one: Nodule, parts: Sequence[Part], grid: Grid) -> str | None:
    """The id of the lesion that a nodule stands on; None where its blob is too small for one.

    Args:
        parts: of the label map of :func:`label_nodules`.
        grid: of the label map.
    """
    middle = np.clip(np.rint(grid.index(one.center_mm)).astype(int), 0, np.array(grid.shape) - 1)
    for part in parts:
        at = middle - [side.start for side in part.box]
        if part.label.name == one.name and (at >= 0).all() and (at < part.mask.shape).all() and part.mask[tuple(at)]:
            return part.id
    return None


def row(one: Nodule, grid: Grid, abstain_below: float = 0.0) -> dict[str, Any]:
    """What ``limner predict`` says of a nodule; ``box`` is ``[x0, y0, z0, x1, y1, z1]`` in voxel edges of ``grid``."""
    p = stated(one)
    half = np.array(one.sides_mm)[::-1] / 2  # along the world's x, y, z
    signs = np.array(list(itertools.product((-1, 1), repeat=3)))
    corners = grid.index(np.array(one.center_mm) + signs * half)
    low, high = corners.min(0) + 0.5, corners.max(0) + 0.5
    return {
        "box": [round(float(v), 1) for v in (*low[::-1], *high[::-1])],
        "class": one.name,
        "probability": round(p, 4),
        "abstained": p < abstain_below,
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
