"""From a cohort's files to arrays on one grid, kept on disk so that the second run starts at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.data.cohort import Case
from limner.data.mask_grid import SAME_MM, on_grid
from limner.errors import CohortError
from limner.image import Grid, Image, LabelMap, reorient, resample_array, to_axial


@dataclass(frozen=True)
class Layer:
    """One label file, painted over the ones before it.

    Args:
        column: of the cohort.
        values: mask value to class index.
        within: paint only over these classes; anywhere where None.
        otherwise: where a case lacks the file, class → the class that it cannot be told from.
    """

    column: str
    values: Mapping[int, int]
    within: tuple[int, ...] | None = None
    otherwise: Mapping[int, int] | None = None


@dataclass(frozen=True)
class Prepared:
    """A case ready for patches.

    Args:
        id: of the case.
        image: ``(Z, Y, X)`` uint8, the window scaled to 0–255; None for a label map without an image.
        target: ``(Z, Y, X)`` uint8 classes, 255 where nothing is known.
        merge: class → the class that it counts as here, length C.
        spacing_mm: along ``(Z, Y, X)``.
        center_hu: median attenuation of the organ in focus, None where a case is seen through one window.
        resampled: a mask lay on another grid than the image.
        patient: who it is of; the case itself where None.
    """

    id: str
    image: NDArray[np.uint8] | None
    target: NDArray[np.uint8]
    merge: tuple[int, ...]
    spacing_mm: tuple[float, float, float]
    center_hu: float | None = None
    resampled: bool = False
    patient: str | None = None


def focus(case: Prepared, organ: Sequence[int], within_mm: float, window: tuple[float, float]) -> Prepared:
    """A case as a net sees it that works around one organ only: voxels far from the organ teach nothing.

    Args:
        organ: classes of the organ and of what lies inside it.
        within_mm: what lies farther from the organ is unknown (255).
        window: of the case's image.
    """
    inside = np.isin(case.target, organ)
    if case.image is None or not inside.any():
        return case
    reach = ndimage.distance_transform_edt(~inside, sampling=case.spacing_mm) <= within_mm
    low, high = window
    center = float(np.median(case.image[inside])) * (high - low) / 255.0 + low
    return replace(case, target=np.where(reach, case.target, np.uint8(255)), center_hu=center)


def window_to_uint8(array: NDArray[Any], window: tuple[float, float]) -> NDArray[np.uint8]:
    """Hounsfield units inside a window to 0–255, clipped outside.

    >>> window_to_uint8(np.array([-1000, -40, 60, 160, 900]), (-40, 160)).tolist()
    [0, 0, 128, 255, 255]
    """
    low, high = window
    scaled = (np.clip(array, low, high).astype(np.float32) - low) * (255.0 / (high - low))
    return (scaled + 0.5).astype(np.uint8)


def read_image(path: Path, clipped: tuple[float, float] | None = None, modalities: Sequence[str] = ("CT",)) -> Image:
    """An image of a cohort: NIfTI, a DICOM folder, or an archive of DICOM files.

    Args:
        path: of the file or folder.
        clipped: see :class:`limner.image.Image`.
        modalities: that are looked for; NIfTI, which names none, is taken as the first.
    """
    from limner import io

    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        image = io.read_nifti(path)
    else:
        _, series = io.choose_series(io.open_studies(path), modalities)
        image = series.load()
    modality = image.modality or modalities[0]
    return Image(image.array, image.grid, modality, "HU" if modality == "CT" else image.unit, clipped)


def read_target(
    case: Case, layers: Sequence[Layer], grid: Grid, merge: Sequence[int]
) -> tuple[LabelMap, list[int], bool]:
    """The classes of a case on a grid, what it cannot tell apart, and whether a mask lay on another grid.

    Raises:
        CohortError: where the first layer's file is missing, or a mask lies elsewhere than the image.
    """
    from limner import io

    target = np.zeros(grid.shape, np.uint8)
    merged = list(merge)
    resampled = False
    for number, layer in enumerate(layers):
        path = case.path(layer.column)
        if path is None:
            if number == 0:
                raise CohortError(f"Case {case.id!r} has no {layer.column!r}.")
            for source, into in (layer.otherwise or {}).items():
                merged[source] = into
            continue
        read = io.read_nifti_labels(path)
        resampled |= not read.grid.same_as(grid, SAME_MM)
        values = on_grid(read, grid, case.id, path.name)
        allowed = None if layer.within is None else np.isin(target, layer.within)
        for value, index in layer.values.items():
            where = values == value
            target[where if allowed is None else where & allowed] = index
    return LabelMap(target, grid), merged, resampled


def prepare(
    case: Case,
    layers: Sequence[Layer],
    merge: Sequence[int],
    spacing_mm: tuple[float, float, float],
    window: tuple[float, float],
    cache: Path,
    modalities: Sequence[str] = ("CT",),
) -> Prepared:
    """Reads, turns to axial, windows and resamples a case; a second call reads the cache."""
    cache.mkdir(parents=True, exist_ok=True)
    masks = [_stamp(case.path(layer.column)) for layer in layers]
    what = [case.id, _stamp(case.image), masks, repr(layers), list(merge), spacing_mm, window, "v2"]
    key = json.dumps(what, default=str)
    kept = cache / f"{case.id}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    if kept.exists():
        held = np.load(kept)
        return Prepared(
            case.id,
            held["image"],
            held["target"],
            tuple(held["merge"].tolist()),
            spacing_mm,
            resampled=bool(held["resampled"]),
            patient=case.patient,
        )
    image = read_image(case.image, case.hu_window, modalities)
    labels, merged, resampled = read_target(case, layers, image.grid, merge)
    order, flips = to_axial(image.grid)
    array, grid = reorient(window_to_uint8(image.array, window), image.grid, order, flips)
    target, _ = reorient(labels.array, labels.grid, order, flips)
    there = grid.with_spacing(spacing_mm)
    prepared = Prepared(
        case.id,
        resample_array(array, grid, there).astype(np.uint8),
        resample_array(target, grid, there, nearest=True).astype(np.uint8),
        tuple(merged),
        spacing_mm,
        resampled=resampled,
        patient=case.patient,
    )
    partial = kept.with_suffix(".partial.npz")
    assert prepared.image is not None
    np.savez_compressed(
        partial,
        image=prepared.image,
        target=prepared.target,
        merge=np.array(prepared.merge),
        resampled=np.array(resampled),
    )
    partial.rename(kept)
    return prepared


def _stamp(path: Path | None) -> list[str | int] | None:
    """What changes when a file is mended: a mask drawn again must not be answered from the cache."""
    if path is None:
        return None
    about = path.stat()
    return [str(path), about.st_size, about.st_mtime_ns]
