"""What a surgeon reads off a label map: volumes, diameters, densities, distances, as findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.findings import CodedConcept, Finding, Measurement
from limner.image import Image, LabelMap
from limner.scene.diameters import axial_diameters, longest_diameter_mm, surface_points
from limner.scene.distances import Target, distance_mm, near_labels
from limner.scene.parts import Part, find_parts

NEAR_MM = 20.0
"""Other organs are named in a lesion's distances where they come this near."""
_UCUM = {"HU": "[hnsf'U]"}


def measure(
    labels: LabelMap,
    image: Image,
    confidence: NDArray[np.uint8] | None = None,
    intervals: Mapping[str, tuple[float, float]] | None = None,
    *,
    parts: Sequence[Part] | None = None,
) -> tuple[Finding, ...]:
    """One finding for every structure and for every lesion, in the order of the surfaces.

    An organ's volume, diameter and centre are of all that lies inside it, tumours and vessels too; its density is of
    the voxels that carry its own label. Lesions under 0.02 ml or 3 voxels are no findings
    (:mod:`limner.scene.parts`). Names of measurements: ``volume`` (ml), ``longest diameter``; ``RECIST diameter`` and
    ``RECIST short diameter`` (mm, lesions); ``mean``, ``standard deviation``, ``median``; and for lesions ``distance
    to NAME`` (mm) for every vessel, for the ``… surface`` of the organ around it, and for other organs within 20 mm.

    Args:
        labels: on the grid of the image.
        image: densities, HU for CT.
        confidence: ``(Z, Y, X)`` uint8, 255 × the probability of the given label at each voxel. A finding's
            probability is its mean over the finding's voxels.
        intervals: low and high volume in ml by label name (of the whole structure) or by lesion id. The interval of a
            lesion label is shared among its lesions in proportion to their volumes.
        parts: of the same map, where they were already found.

    Raises:
        ValueError: where image or confidence are not on the grid of the labels.
    """
    if not labels.grid.same_as(image.grid):
        raise ValueError(f"Labels {labels.grid.shape} and image {image.grid.shape} must lie on one grid; they do not.")
    if confidence is not None and confidence.shape != labels.grid.shape:
        raise ValueError(f"The confidence must have the labels' shape {labels.grid.shape}; got {confidence.shape}.")
    there = tuple(find_parts(labels) if parts is None else parts)
    scene = _Scene(labels, image, confidence, intervals or {}, there)
    targets = {part.id: Target(part, labels.grid) for part in there if part.label.kind in ("organ", "vessel")}
    return tuple(_finding(part, scene, targets) for part in there)


@dataclass(frozen=True, eq=False)
class _Scene:
    labels: LabelMap
    image: Image
    confidence: NDArray[np.uint8] | None
    intervals: Mapping[str, tuple[float, float]]
    parts: tuple[Part, ...]


def _finding(part: Part, scene: _Scene, targets: Mapping[str, Target]) -> Finding:
    lesion = part.label.kind == "lesion"
    own = part.mask if lesion else scene.labels.array[part.box] == part.label.value
    found = [_volume(part, scene)]
    surface = np.zeros((0, 3))
    if part.label.kind in ("organ", "lesion"):
        surface = surface_points(part, cells=4e5 if lesion else 1.5e5)
        found.append(_mm("longest diameter", longest_diameter_mm(surface)))
    if lesion:
        axial = axial_diameters(part)
        found += [_mm("RECIST diameter", axial.longest_mm), _mm("RECIST short diameter", axial.short_mm)]
    found += _density(scene.image, scene.image.array[part.box][own])
    if lesion:
        found += _distances(part, surface, scene, targets)
    code = part.label.code
    sure = None if scene.confidence is None else scene.confidence[part.box][own]
    return Finding(
        id=part.id,
        name=part.label.name,
        kind=part.label.kind,  # type: ignore[arg-type]  # a label's kind is one of a finding's
        label=part.label.value,
        code=CodedConcept(scheme=code.scheme, value=code.value, meaning=code.meaning),
        probability=None if sure is None or not sure.size else round(float(sure.mean(dtype=np.float64)) / 255, 4),
        center_mm=_center(part),
        measurements=tuple(found),
    )


def _volume(part: Part, scene: _Scene) -> Measurement:
    value, interval = part.volume_ml, scene.intervals.get(part.id)
    if interval is None and part.label.name in scene.intervals:
        low, high = scene.intervals[part.label.name]
        same = sum(one.volume_ml for one in scene.parts if one.label == part.label)
        interval = (low * value / same, high * value / same)
    low_ml, high_ml = (None, None) if interval is None else (round(interval[0], 3), round(interval[1], 3))
    return Measurement(name="volume", value=round(value, 3), unit="ml", low=low_ml, high=high_ml)


def _mm(name: str, value: float) -> Measurement:
    return Measurement(name=name, value=round(value, 2), unit="mm")


def _density(image: Image, values: NDArray[np.generic]) -> list[Measurement]:
    if not values.size:
        return []
    unit = _UCUM.get(image.unit, "1")
    if values.dtype == np.int16:  # counts by value: no sorting of millions
        counts = np.bincount(values.astype(np.int32) + 32768)
        levels = np.arange(len(counts)) - 32768.0
        mean = float(counts @ levels) / values.size
        spread = float(np.sqrt(counts @ (levels - mean) ** 2 / values.size))
        median = float(levels[int(np.searchsorted(np.cumsum(counts), (values.size + 1) // 2))])
    else:
        real = values.astype(np.float64)
        mean, spread, median = float(real.mean()), float(real.std()), float(np.median(real))
    rows = (("mean", mean), ("standard deviation", spread), ("median", median))
    return [Measurement(name=name, value=round(value, 2), unit=unit) for name, value in rows]


def _distances(
    lesion: Part, surface: NDArray[np.float64], scene: _Scene, targets: Mapping[str, Target]
) -> list[Measurement]:
    near = near_labels(lesion, scene.labels.array, scene.labels.grid, NEAR_MM)
    found = []
    for target in targets.values():
        label = target.part.label
        home = lesion.label.name.startswith(label.name + " ")
        if home:
            name, value = f"distance to {label.name} surface", distance_mm(lesion, target, surface, inside=True)
        elif label.kind == "vessel" or label.value in near:
            name, value = f"distance to {label.name}", distance_mm(lesion, target, surface)
        else:
            continue
        if np.isfinite(value) and (home or label.kind == "vessel" or value <= NEAR_MM):
            found.append(_mm(name, value))
    return found


def _center(part: Part) -> tuple[float, float, float]:
    middle = []
    for axis in range(3):
        counts = np.count_nonzero(part.mask, axis=tuple(other for other in range(3) if other != axis))
        middle.append(float(counts @ np.arange(len(counts))) / part.voxels)
    x, y, z = (round(float(one), 2) for one in part.grid.world(middle))
    return x, y, z
