"""What a cohort of scans is like, from its headers: spacings and sizes, and the grid and patch that follow from them.

Source of the rules: Isensee et al., *nnU-Net*, Nat. Methods 18:203, 2021, supplementary note 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from limner.data.cohort import Case, read_cohort
from limner.errors import CohortError, RecipeError
from limner.nets.dynunet import Topology, topology

ANISOTROPIC = 3.0
"""An axis coarser than the others by this factor is one along which slices stand apart."""

_REFERENCE_VALUES, _REFERENCE_GB, _REFERENCE_BATCH = 560e6, 8.0, 2
"""So many values of feature maps, at 32 channels on the finest level, fit a batch of two into eight gigabytes."""


@dataclass(frozen=True)
class Fingerprint:
    """Scans in numbers.

    Args:
        cases: how many there are.
        read: how many headers were read.
        spacing_mm: on which the net should work, along ``(Z, Y, X)``.
        shape: median voxels at that spacing.
        anisotropic: slices stand apart.
    """

    cases: int
    read: int
    spacing_mm: tuple[float, float, float]
    shape: tuple[int, int, int]
    anisotropic: bool


def fingerprint(cases: Sequence[Case], most: int = 40, modalities: Sequence[str] = ("CT",)) -> Fingerprint:
    """Spacing and shape of a cohort; of ``most`` cases, spread evenly, where there are more.

    Args:
        cases: of the cohort.
        most: cases whose headers are read.
        modalities: of the DICOM series that are looked for.

    Raises:
        CohortError: no case has a place in space.
    """
    chosen = [cases[k] for k in np.unique(np.linspace(0, len(cases) - 1, min(most, len(cases))).astype(int))]
    grids = [_grid(case.image, modalities) for case in chosen]
    spacings = np.array([spacing for spacing, _ in grids])
    target = np.median(spacings, axis=0)
    shapes = np.array([shape for _, shape in grids])
    worst = int(target.argmax())
    others = [a for a in range(3) if a != worst]
    few = np.median(shapes, axis=0)
    apart = bool(target[worst] > ANISOTROPIC * target[others].max())
    if apart and few[worst] * ANISOTROPIC < few[others].min():
        target[worst] = max(float(np.percentile(spacings[:, worst], 10)), float(target[others].max()))
    at_target = np.median(shapes * spacings / target, axis=0)
    z, y, x = (round(float(s), 3) for s in target)
    a, b, c = (max(1, round(float(n))) for n in at_target)
    return Fingerprint(len(cases), len(chosen), (z, y, x), (a, b, c), apart)


def _grid(path: Path, modalities: Sequence[str]) -> tuple[tuple[float, ...], tuple[int, ...]]:
    from limner import io

    _, series = io.choose_series(io.open_studies(path), modalities)
    if series.grid is None:
        raise CohortError(f"{path.name!r} has no place in space; `limner inspect` says why.")
    return series.grid.spacing_mm, series.grid.shape


@dataclass(frozen=True)
class PatchPlan:
    """The largest patch that memory holds, with the net's topology on it."""

    patch: tuple[int, int, int]
    batch: int
    topology: Topology
    channels: tuple[int, ...]


def plan_patch(found: Fingerprint, memory_gb: float, first: int = 32) -> PatchPlan:
    """Patch, topology and batch for a memory.

    The patch begins as large as 256³ isotropic voxels would be in millimetres, at most the median shape, and loses the
    axis that is the largest share of the shape until two patches fit. Then the batch takes what memory is left, as
    long as it sees no more than a twentieth of all voxels.

    Args:
        found: the cohort.
        memory_gb: for training.
        first: channels of the finest level.
    """
    spacing, shape = np.array(found.spacing_mm), np.array(found.shape)
    wished = (256.0**3 / np.prod(1 / spacing)) ** (1 / 3) / spacing
    patch = np.maximum(1, np.minimum(np.round(wished), shape)).astype(int)
    budget = _REFERENCE_VALUES * memory_gb / _REFERENCE_GB
    net = topology(found.spacing_mm, patch.tolist())
    while (needed := feature_values(net, first)) > budget and len(net.strides) > 1:
        patch = np.array(net.patch)
        divisible = np.prod(np.array(net.strides), axis=0)
        axis = int(np.argmax(np.where(patch > divisible, patch / shape, -1.0)))
        if patch[axis] <= divisible[axis]:
            break
        patch[axis] -= divisible[axis]
        net = topology(found.spacing_mm, patch.tolist())
    seen = 0.05 * found.cases * float(np.prod(shape)) / float(np.prod(net.patch))
    batch = max(2, min(int(_REFERENCE_BATCH * budget / needed), round(seen)))
    z, y, x = net.patch
    return PatchPlan((z, y, x), batch, net, net.channels(first))


def feature_values(net: Topology, first: int) -> float:
    """Values in the feature maps of a U-Net with two convolutions a level each way: what its memory grows with."""
    total, size = 0.0, np.array(net.patch, float)
    channels = net.channels(first)
    for level, (stride, width) in enumerate(zip(net.strides, channels, strict=True)):
        size = size / np.array(stride)
        each = float(np.prod(size)) * width
        last = level == len(channels) - 1
        total += each * (2 if last else 5)  # two of the encoder; two of the decoder and the upsampled one
    return total


def fill_data(data: dict[str, Any], memory_gb: float) -> dict[str, Any]:
    """A recipe's data section with ``spacing_mm: auto`` and ``patch: auto`` put into numbers.

    Args:
        data: as written, with paths expanded.
        memory_gb: for training.

    Raises:
        RecipeError: nothing to take them from.
    """
    wanted = [key for key in ("spacing_mm", "patch") if data.get(key) == "auto"]
    if not wanted:
        return data
    cases: list[Case] = []
    for source in data.get("sources") or []:
        if "cohort" in source:
            cases += read_cohort(Path(source["cohort"])).split(source.get("split", "train")).cases
    if not cases:
        raise RecipeError(f"data.{wanted[0]}=auto is taken from the scans of data.sources; there are none.")
    found = fingerprint(cases, modalities=data.get("modality") or ("CT",))
    if "spacing_mm" not in wanted:
        given = tuple(float(s) for s in data["spacing_mm"])
        scaled = [round(n * a / b) for n, a, b in zip(found.shape, found.spacing_mm, given, strict=True)]
        found = Fingerprint(found.cases, found.read, given, tuple(scaled), found.anisotropic)  # type: ignore[arg-type]
    patch = plan_patch(found, memory_gb).patch if "patch" in wanted else data["patch"]
    return {**data, "spacing_mm": list(found.spacing_mm), "patch": list(patch)}


def as_dict(found: Fingerprint) -> dict[str, Any]:
    """For ``plan.json``."""
    return asdict(found)
