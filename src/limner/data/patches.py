"""Patches for training: which case, where, how changed. A draw is a pure function of (seed, step, place in batch)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.data import synth, tumors
from limner.data.augment import volume as augment
from limner.data.cases import Prepared
from limner.data.located import as_located, sample_located
from limner.data.organ_view import organ_view
from limner.image import LabelMap, reorient, resample_array, to_axial

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Source:
    """Cases that are drawn alike.

    Args:
        cases: with ``image`` in window units, or tissue maps where ``synthetic``.
        weight: share of the draws, relative to the other sources.
        synthetic: ``image`` holds tissue indices; every draw makes another CT of them.
        paint_tumors: probability of painted tumours.
        organ: class in which tumours are painted.
        tumor: class that they become.
    """

    cases: tuple[Prepared, ...]
    weight: float
    synthetic: bool = False
    paint_tumors: float = 0.0
    organ: int = 1
    tumor: int = 2


@dataclass(frozen=True)
class Patch:
    """``image`` float32 ``(C, Z, Y, X)``, the window as 0–1 first; ``target`` uint8 ``(Z, Y, X)``; ``merge``."""

    image: NDArray[np.float32]
    target: NDArray[np.uint8]
    merge: tuple[int, ...]


class PatchSampler:
    """Draws patches from weighted sources.

    Args:
        sources: at least one.
        patch: voxels along ``(Z, Y, X)``.
        window: HU window of the prepared images.
        class_weights: how often a patch is centred on each class, by class index; the rest anywhere.
        strength: of the augmentation, 0 for none.
        values: strength of what changes values, in place of ``strength``; 0 where they are to be as they were.
        seed: of everything.
        around_hu: half width of a window around each case's ``center_hu``; the window itself where None.
        organ: classes of the organ in focus, whose :func:`limner.data.organ_view.organ_view` is drawn; none for the
            image alone.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        patch: Triple,
        window: tuple[float, float],
        class_weights: Mapping[int, float],
        strength: float = 1.0,
        seed: int = 0,
        around_hu: float | None = None,
        organ: Sequence[int] = (),
        values: float | None = None,
    ) -> None:
        self.sources = [s for s in sources if s.cases and s.weight > 0]
        self.patch = patch
        self.window = window
        self.class_weights = dict(class_weights)
        self.strength = strength
        self.values = strength if values is None else values
        self.seed = seed
        self.around_hu = around_hu
        self.organ = tuple(organ)
        total = sum(s.weight for s in self.sources)
        self._shares = [s.weight / total for s in self.sources]
        self._spots = [[_spots(case.target) for case in source.cases] for source in self.sources]

    def draw(self, step: int, place: int, class_weights: Mapping[int, float] | None = None) -> Patch:
        """The patch at a place of a step's batch; the same one whenever it is asked for.

        Args:
            step, place: of the run and its batch.
            class_weights: in place of the sampler's own.
        """
        rng = np.random.default_rng([self.seed, step, place])
        which = int(rng.choice(len(self.sources), p=self._shares))
        source = self.sources[which]
        number = int(rng.integers(len(source.cases)))
        case = source.cases[number]
        weights = self.class_weights if class_weights is None else dict(class_weights)
        center = self._center(rng, case, self._spots[which][number], weights)
        spatial = augment.sample_spatial(rng, center, self.strength)
        grid = augment.sampling_grid(spatial, self.patch, case.target.shape, case.spacing_mm)
        box, local = augment.crop_for(grid, case.target.shape)
        assert case.image is not None
        target = augment.look(
            case.target[box], local, nearest=True, outside=0 if case.center_hu is None else 255
        ).astype(np.uint8)
        low, high = self.window
        if source.synthetic:
            tissues = augment.look(case.image[box], local, nearest=True, outside=0).astype(np.uint8)
            image = synth.synthesize(tissues, synth.sample_synth(rng))
        else:
            image = augment.look(case.image[box], local, nearest=False, outside=0) * ((high - low) / 255.0) + low
        if rng.random() < source.paint_tumors:
            organ = target == source.organ
            painted = tumors.sample_tumors(rng, organ, case.spacing_mm)
            image, mask = tumors.paint_tumors(image, organ, painted, case.spacing_mm)
            target = np.where(mask, np.uint8(source.tumor), target)
        seen = augment.sample_intensity(rng, self.values)
        image = augment.apply_intensity(image, seen, self._window(case))
        if not self.organ:
            return Patch(image[None], target, case.merge)
        located = as_located(np.isin(target, self.organ), sample_located(rng), case.spacing_mm)
        return Patch(organ_view(image, located, case.spacing_mm), target, case.merge)

    def _window(self, case: Prepared) -> tuple[float, float]:
        if self.around_hu is None or case.center_hu is None:
            return self.window
        return case.center_hu - self.around_hu, case.center_hu + self.around_hu

    def _center(
        self,
        rng: np.random.Generator,
        case: Prepared,
        spots: dict[int, NDArray[np.int64]],
        class_weights: Mapping[int, float],
    ) -> tuple[float, float, float]:
        weights = {c: w for c, w in class_weights.items() if c in spots}
        draw = rng.random() * max(1.0, sum(class_weights.values()))
        for index, weight in weights.items():
            if draw < weight:
                flat = int(rng.choice(spots[index]))
                center = np.array(np.unravel_index(flat, case.target.shape), float)
                center += rng.uniform(-0.3, 0.3, 3) * self.patch
                break
            draw -= weight
        else:
            center = rng.uniform(0, 1, 3) * np.array(case.target.shape)
        # Keep most of the patch inside the case.
        half = np.array(self.patch) * 0.35
        shape = np.array(case.target.shape)
        center = np.clip(center, np.minimum(half, shape / 2), np.maximum(shape - half, shape / 2))
        return float(center[0]), float(center[1]), float(center[2])


def prepare_label_map(
    path: Path,
    values: Mapping[int, tuple[str, int]],
    merge: Sequence[int],
    spacing_mm: tuple[float, float, float],
    cache: Path,
    mirrored: Sequence[int] = (),
) -> Prepared:
    """A label map without an image, filled up to a trunk of tissues.

    Args:
        path: NIfTI.
        values: mask value → (tissue name, class index).
        merge: as in :class:`Prepared`.
        mirrored: axes (0 Z, 1 Y, 2 X) along which the file's affine is known to lie; they are turned back.
    """
    from limner import io

    cache.mkdir(parents=True, exist_ok=True)
    what = (path.name, sorted(values.items()), list(merge), spacing_mm, list(mirrored), "v1")
    key = hashlib.sha256(repr(what).encode())
    kept = cache / f"{path.name.split('.')[0]}-{key.hexdigest()[:16]}.npz"
    if kept.exists():
        held = np.load(kept)
        return Prepared(path.name, held["image"], held["target"], tuple(merge), spacing_mm)
    read: LabelMap = io.read_nifti_labels(path)
    order, flips = to_axial(read.grid)
    array, grid = reorient(read.array, read.grid, order, flips)
    there = grid.with_spacing(spacing_mm)
    labels = np.flip(resample_array(array, grid, there, nearest=True).astype(np.uint8), tuple(mirrored))
    seed = int.from_bytes(key.digest()[:4], "little")
    tissues = synth.fill_trunk(labels, {v: tissue for v, (tissue, _) in values.items()}, spacing_mm, seed)
    target = np.zeros_like(labels)
    for value, (_, index) in values.items():
        if index:
            target[labels == value] = index
    partial = kept.with_suffix(".partial.npz")
    np.savez_compressed(partial, image=tissues, target=target)
    partial.rename(kept)
    return Prepared(path.name, tissues, target, tuple(merge), spacing_mm)


def _spots(target: NDArray[np.uint8], most: int = 20000) -> dict[int, NDArray[np.int64]]:
    spots = {}
    for value in np.unique(target):
        if value in (0, 255):
            continue
        flat = np.flatnonzero(target == value)
        spots[int(value)] = flat[:: max(1, flat.size // most)].astype(np.int64)
    return spots
