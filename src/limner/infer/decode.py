"""From class probabilities on the net's grid to a label map on the scan's grid.

Hierarchical: organs by their whole (an organ holds what lies inside it), then what lies inside an organ. Borders are
placed by interpolating probabilities, not labels, so a coarse net still draws a smooth border on a fine grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.image import Grid, resample_array
from limner.infer.pack import Pack

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Decoded:
    """``labels`` uint8 and ``confidence`` uint8 (255 = certain), both on the scan's grid; volume intervals in ml."""

    labels: NDArray[np.uint8]
    confidence: NDArray[np.uint8]
    intervals_ml: dict[str, tuple[float, float]]


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities along axis 0, in place."""
    logits -= logits.max(0, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(0, keepdims=True)
    return logits


def decode(probabilities: NDArray[np.float32], grid: Grid, target: Grid, pack: Pack) -> Decoded:
    """Labels on the scan's grid.

    Args:
        probabilities: ``(C, Z, Y, X)`` on ``grid``.
        target: the scan's grid.
        pack: its classes, regions, and ``decode`` settings: ``lesion_threshold``, ``lesion_min_ml``,
            ``lesion_min_peak``, ``vessel_threshold``.
    """
    classes = pack.spec.classes
    index = {name: number for number, name in enumerate(classes)}
    inner = {part: organ for organ, parts in pack.spec.regions.items() for part in parts}
    labels = np.zeros(target.shape, np.uint8)
    confidence = np.zeros(target.shape, np.uint8)
    intervals: dict[str, tuple[float, float]] = {}
    for organ in (name for name in classes[1:] if name not in inner):
        parts = [part for part in pack.spec.regions.get(organ, []) if part in index]
        whole = probabilities[[index[organ], *(index[part] for part in parts)]].sum(0)
        kept = largest(whole > 0.5)
        if not kept.any():
            continue
        kept = ndimage.binary_fill_holes(kept)
        whole = np.where(near(kept, 2), whole, 0.0)
        intervals[organ] = _interval(whole, grid)
        box = box_of(whole > 0.05, 2)
        at = _Place(grid, box, target)
        fine = at.fine(whole)
        inside = fine > 0.5
        np.copyto(at.view(labels), np.uint8(index[organ]), where=inside)
        np.copyto(at.view(confidence), to_uint8(fine), where=inside)
        for part in parts:
            share = lesions(probabilities[index[part]], kept, grid, pack) if _is_lesion(pack, part) else None
            inner_p = probabilities[index[part]] * kept if share is None else share
            threshold = pack.spec.decode.get("lesion_threshold" if share is not None else "vessel_threshold", 0.5)
            intervals[part] = _interval(inner_p, grid, threshold)
            fine_part = at.fine(inner_p)
            where = inside & (fine_part > threshold)
            if share is None:  # a vessel does not run through a tumour's label
                where &= at.view(labels) == index[organ]
            np.copyto(at.view(labels), np.uint8(index[part]), where=where)
            np.copyto(at.view(confidence), to_uint8(fine_part), where=where)
    return Decoded(labels, confidence, intervals)


def lesions(p: NDArray[np.float32], organ: Mask, grid: Grid, pack: Pack) -> NDArray[np.float32]:
    """Lesion probability with what is too small or too unsure taken out.

    A component stays when it is larger than ``lesion_min_ml`` and somewhere surer than ``lesion_min_peak``.
    """
    settings = pack.spec.decode
    p = p * near(organ, 1)
    parts = cc3d.connected_components(p > settings.get("lesion_threshold", 0.5), connectivity=26)
    count = int(parts.max())
    if not count:
        return np.zeros_like(p)
    sizes = np.bincount(parts.ravel(), minlength=count + 1) * grid.voxel_ml
    peaks = ndimage.maximum(p, parts, np.arange(count + 1))
    good = (sizes >= settings.get("lesion_min_ml", 0.1)) & (peaks >= settings.get("lesion_min_peak", 0.7))
    good[0] = False
    seeds = good[parts]
    return np.where(near(seeds, 1), p, 0.0).astype(np.float32)


def largest(mask: Mask) -> Mask:
    """The largest 26-connected component."""
    if not mask.any():
        return mask
    return np.asarray(cc3d.largest_k(mask, k=1, connectivity=26) > 0)


def near(mask: Mask, steps: int) -> Mask:
    """The mask, grown by some voxels."""
    return np.asarray(ndimage.binary_dilation(mask, iterations=steps))


def box_of(mask: Mask, margin: int) -> tuple[slice, slice, slice]:
    """The bounding box of a mask with a margin, inside the array."""
    spans = []
    for axis in range(3):
        line = np.flatnonzero(mask.any(axis=tuple(k for k in range(3) if k != axis)))
        low, high = (int(line[0]), int(line[-1])) if line.size else (0, 0)
        spans.append(slice(max(low - margin, 0), min(high + margin + 1, mask.shape[axis])))
    return spans[0], spans[1], spans[2]


def to_uint8(p: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Probability 0–1 to 0–255."""
    return (np.clip(p, 0, 1) * 255 + 0.5).astype(np.uint8)


class _Place:
    """A box of the net's grid, and the box of the scan's grid that it covers."""

    def __init__(self, grid: Grid, box: tuple[slice, slice, slice], target: Grid) -> None:
        self.box = box
        start = [s.start for s in box]
        size = (box[0].stop - start[0], box[1].stop - start[1], box[2].stop - start[2])
        self.source = grid.crop(start, size)
        corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in size], indexing="ij")).reshape(3, -1).T
        there = target.index(self.source.world(corners))
        low = np.clip(np.floor(there.min(0)).astype(int), 0, np.array(target.shape) - 1)
        high = np.clip(np.ceil(there.max(0)).astype(int) + 1, low + 1, target.shape)
        self._where = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        shape = high - low
        self.target = target.crop(low, (int(shape[0]), int(shape[1]), int(shape[2])))

    def fine(self, coarse: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values of the whole coarse volume, cut to the box, on the scan's grid; the border is repeated outward."""
        cut = np.pad(coarse[self.box], 1, mode="edge")
        n = cut.shape
        source = self.source.crop((-1, -1, -1), (n[0], n[1], n[2]))
        return np.asarray(resample_array(cut.astype(np.float32), source, self.target))

    def view(self, array: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The box of an array on the scan's grid."""
        return array[self._where]


def _is_lesion(pack: Pack, name: str) -> bool:
    return next(one.kind for one in pack.labels if one.name == name) == "lesion"


def _interval(p: NDArray[np.float32], grid: Grid, threshold: float = 0.5) -> tuple[float, float]:
    """Volumes inside the surfaces that are half-way surer and half-way less sure than the border."""
    low = float((p > (1 + threshold) / 2).sum() * grid.voxel_ml)
    high = float((p > threshold / 2).sum() * grid.voxel_ml)
    return low, high
