"""Label maps that volumes are made from: a file's, cut to what a net makes at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.data.label_channels import inside_of, label_channels
from limner.errors import InputError
from limner.image import Grid, LabelMap, reorient, resample_array, to_axial
from limner.infer.generate.conditions import Nothing, Numbers, Values
from limner.packs import Pack


class VolumeMap(Nothing):
    """A label map as a channel for each class ``(K, Z, Y, X)``; there is none but a given one."""

    def drawn(self, seed: int, values: Values) -> Numbers:
        """See :class:`limner.infer.generate.conditions.Conditions`."""
        raise InputError(
            f"Pack {self.pack.name!r} makes volumes from a label map, and draws none itself: give one with --labels "
            f"FILE.nii.gz. Its values are {told_values(self.pack)}."
        )

    def of_labels(self, path: Path) -> Numbers:
        """See :class:`limner.infer.generate.conditions.Conditions`."""
        return self.of_array(fit_labels(self.pack, path).array)

    def of_array(self, labels: NDArray[np.unsignedinteger]) -> Numbers:
        """That of classes ``(Z, Y, X)`` at the size of what is made."""
        spec = self.pack.spec
        inside = inside_of(spec.classes, spec.regions)
        return label_channels(labels.astype(np.uint8), len(spec.classes), inside).astype(np.float32)

    def to_synthesis(self, conditions: Numbers) -> dict[str, Numbers]:
        """See :class:`limner.infer.generate.conditions.Conditions`."""
        return {"label": conditions}


def told_values(pack: Pack) -> str:
    """What the values of its label maps mean."""
    return ", ".join(f"{value} {name}" for value, name in enumerate(pack.spec.classes))


@dataclass(frozen=True)
class Cut:
    """Where a part of a grid begins, and how large it is; it may reach past the edge."""

    start: tuple[int, ...]
    shape: tuple[int, int, int]

    def of(self, labels: LabelMap) -> LabelMap:
        """That part, axial; nothing is marked past the edge."""
        low = np.maximum(self.start, 0)
        high = np.minimum(np.add(self.start, self.shape), labels.grid.shape)
        part = np.zeros(self.shape, labels.array.dtype)
        inner = tuple(slice(int(a - s), int(b - s)) for a, b, s in zip(low, high, self.start, strict=True))
        part[inner] = labels.array[tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))]
        return LabelMap(part, labels.grid.crop(self.start, self.shape), labels.labels)


def fit_labels(pack: Pack, path: Path) -> LabelMap:
    """A file's label map on the pack's grid, cut around the middle of what is marked, of lesions where there are some.

    Args:
        pack: that generates volumes.
        path: NIfTI, any orientation and spacing.

    Raises:
        InputError: values that the pack does not know, or nothing is marked.
    """
    from limner import io

    if not path.name.lower().endswith((".nii", ".nii.gz")):
        raise InputError(f"A label map of a volume is NIfTI (.nii, .nii.gz); got {path.name!r}.")
    read = io.read_nifti_labels(path)
    strange = sorted({int(one) for one in np.unique(read.array)} - set(range(len(pack.spec.classes))))
    if strange:
        raise InputError(f"The label map {path.name!r} holds {strange}; pack {pack.name!r} knows {told_values(pack)}.")
    order, flips = to_axial(read.grid)
    array, grid = reorient(read.array, read.grid, order, flips)
    there = grid.with_spacing(pack.main.volume.spacing_mm)
    fitted = LabelMap(resample_array(array, grid, there, nearest=True).astype(np.uint8), there, pack.labels)
    if not fitted.array.any():
        raise InputError(f"Nothing is marked on the label map {path.name!r}; its values would be {told_values(pack)}.")
    lesions = [one.value for one in pack.labels if one.kind == "lesion"]
    middle = _middle(np.isin(fitted.array, lesions)) or _middle(fitted.array > 0)
    assert middle is not None
    return cut_around(middle, there, pack.main.volume.patch).of(fitted)


def cut_around(middle: Sequence[float], grid: Grid, shape: tuple[int, int, int]) -> Cut:
    """The part around a place; within the grid along each axis where that is long enough."""
    start = []
    for place, size, whole in zip(middle, shape, grid.shape, strict=True):
        wished = round(place - (size - 1) / 2)
        start.append(min(max(wished, 0), whole - size) if whole >= size else (whole - size) // 2)
    return Cut(tuple(start), shape)


def _middle(where: NDArray[np.bool_]) -> tuple[float, ...] | None:
    if not where.any():
        return None
    spots = np.argwhere(where)
    return tuple(float(one) for one in (spots.min(0) + spots.max(0)) / 2)
