"""From class probabilities on the net's grid to a label map on the scan's grid.

Hierarchical: organs by their whole (an organ holds what lies inside it), then what lies inside an organ. Borders are
placed by interpolating probabilities, not labels, so a coarse net still draws a smooth border on a fine grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.image import Grid, resample_array
from limner.packs import Pack

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Decoded:
    """``labels`` uint8 and ``confidence`` uint8 (255 = certain), both on the scan's grid; volume intervals in ml.

    ``unsure`` holds organs that were seen and not drawn, with the mean probability that was too low.
    """

    labels: NDArray[np.uint8]
    confidence: NDArray[np.uint8]
    intervals_ml: dict[str, tuple[float, float]]
    unsure: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Organ:
    """Probabilities of one organ on one grid.

    Args:
        name: of the organ.
        whole: ``(Z, Y, X)``, of the organ with all that lies inside it.
        parts: of what lies inside it, by name, e.g. tumours and vessels.
        grid: of all of them.
    """

    name: str
    whole: NDArray[np.float32]
    parts: dict[str, NDArray[np.float32]]
    grid: Grid


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities along axis 0, in place."""
    logits -= logits.max(0, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(0, keepdims=True)
    return logits


def organs(
    probabilities: NDArray[np.float32], classes: Sequence[str], grid: Grid, regions: Mapping[str, Sequence[str]]
) -> list[Organ]:
    """A net's channels as organs with their parts.

    Args:
        probabilities: ``(C, Z, Y, X)``.
        classes: of the channels; the first is the background.
        regions: organ → what lies inside it.
    """
    index = {name: number for number, name in enumerate(classes)}
    inner = {part for parts in regions.values() for part in parts}
    found = []
    for name in classes[1:]:
        if name in inner:
            continue
        parts = {part: probabilities[index[part]] for part in regions.get(name, ()) if part in index}
        whole = probabilities[index[name]].copy()
        for part in parts.values():
            whole += part
        found.append(Organ(name, whole, parts, grid))
    return found


def decode(fields: Sequence[Organ], target: Grid, pack: Pack) -> Decoded:
    """Labels on the scan's grid.

    Args:
        fields: the organs; each may have its own grid.
        target: the scan's grid.
        pack: its labels, and its settings (:class:`limner.packs.Decode`).
    """
    canvas = Decoded(np.zeros(target.shape, np.uint8), np.zeros(target.shape, np.uint8), {})
    for organ in fields:
        _paint(canvas, organ, target, pack)
    return canvas


def _paint(canvas: Decoded, organ: Organ, target: Grid, pack: Pack) -> None:
    values = {one.name: one.value for one in pack.labels}
    kinds = {one.name: one.kind for one in pack.labels}
    settings = pack.spec.decode
    alone = kinds[organ.name] == "lesion"  # lesions that no organ holds: there may be many
    border = settings.lesion_threshold if alone else settings.organ_threshold
    kept = lesions(organ.whole, None, organ.grid, pack) > border if alone else largest(organ.whole > border)
    if not kept.any():
        return
    mean = float(organ.whole[kept].mean())
    least = settings.organ_min_mean
    if organ.name not in pack.spec.classes and settings.others_min_mean is not None:
        least = settings.others_min_mean
    if mean < least:
        canvas.unsure[organ.name] = mean
        return
    kept = ndimage.binary_fill_holes(kept)
    whole = np.where(near(kept, 2), organ.whole, 0.0).astype(np.float32)
    canvas.intervals_ml[organ.name] = _interval(whole, organ.grid, border)
    at = _Place(organ.grid, box_of(whole > 0.05, 2), target)
    fine = at.fine(whole)
    labels, confidence = at.view(canvas.labels), at.view(canvas.confidence)
    # Two organs may claim a voxel where their nets or grids differ: the surer one has it.
    inside = (fine > border) & (to_uint8(fine) > confidence)
    np.copyto(labels, np.uint8(values[organ.name]), where=inside)
    np.copyto(confidence, to_uint8(fine), where=inside)
    ordered = sorted(organ.parts, key=lambda name: kinds[name] == "lesion")  # a vessel gives way to a tumour
    for name in ordered:
        lesion = kinds[name] == "lesion"
        p = lesions(organ.parts[name], kept, organ.grid, pack) if lesion else organ.parts[name] * near(kept, 1)
        threshold = settings.lesion_threshold if lesion else settings.vessel_threshold
        canvas.intervals_ml[name] = _interval(p, organ.grid, threshold)
        fine = at.fine(p)
        where = inside & (fine > threshold)
        np.copyto(labels, np.uint8(values[name]), where=where)
        np.copyto(confidence, to_uint8(fine), where=where)


def lesions(p: NDArray[np.float32], organ: Mask | None, grid: Grid, pack: Pack) -> NDArray[np.float32]:
    """Lesion probability with what is too small, too unsure or outside the organ (where there is one) taken out.

    A component stays when it is larger than ``lesion_min_ml`` and somewhere surer than ``lesion_min_peak``.
    """
    settings = pack.spec.decode
    p = p if organ is None else p * near(organ, 1)
    parts = cc3d.connected_components(p > settings.lesion_threshold, connectivity=26)
    count = int(parts.max())
    if not count:
        return np.zeros_like(p)
    sizes = np.bincount(parts.ravel(), minlength=count + 1) * grid.voxel_ml
    peaks = ndimage.maximum(p, parts, np.arange(count + 1))
    good = (sizes >= settings.lesion_min_ml) & (peaks >= settings.lesion_min_peak)
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


def _interval(p: NDArray[np.float32], grid: Grid, threshold: float = 0.5) -> tuple[float, float]:
    """Volumes inside the surfaces that are half-way surer and half-way less sure than the border."""
    low = float((p > (1 + threshold) / 2).sum() * grid.voxel_ml)
    high = float((p > threshold / 2).sum() * grid.voxel_ml)
    return low, high
