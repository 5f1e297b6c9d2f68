"""What super-resolution learns from: planes of scans, one of whose axes is made as coarse as thick slices are.

A CT is finest within its slices. Along one axis of such a plane neighbouring pixels are averaged into thick "slices",
and the net learns to undo that; it is then asked across the slices, where no truth is needed to learn. Or pixels are
averaged along both axes, and the net learns to make them finer.

Source: Zhao et al., *SMORE*, IEEE Trans. Medical Imaging 40, 2021 (in-plane data teach the through-plane direction).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.cases import read_image
from limner.data.cohort import read_cohort
from limner.data.readers import is_reader_table, read_crops
from limner.errors import CohortError
from limner.image import degrade

Field = NDArray[np.float32]
FLAT_HU = 8.0
"""Patches that vary less hold nothing to sharpen."""
_TRIES = 6


@dataclass(frozen=True)
class Planes:
    """Slices of one patient.

    Args:
        patient: who.
        slices: ``(Y, X)`` each.
        unit_hu: Hounsfield units that a step of the stored values is worth.
        across: ``slices`` are planes across the real slices, ``(Z, X)``: only the first axis is made coarse, and what
            it holds is what is thin.
    """

    patient: str
    slices: tuple[NDArray[Any], ...]
    unit_hu: float = 1.0
    across: bool = False


@dataclass(frozen=True)
class Source:
    """Planes of one cohort, and how often it is drawn from."""

    planes: tuple[Planes, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Pair:
    """A plane with thick slices ``(Z, X)`` and the truth ``(factor · Z, X)``, both float32 about zero.

    Where pixels become finer, X of the truth is ``factor`` times as long, too.
    """

    thick: Field
    thin: Field


def read_planes(
    cohort: Path, split: str | None, unit_hu: float, modality: Sequence[str], across: int = 0
) -> tuple[Planes, ...]:
    """Slices of every patient of a cohort of scans, or of a table of crops (:mod:`limner.data.readers`).

    Args:
        across: of scans that have at least so many slices, planes across them instead; 0 for the slices themselves.

    Raises:
        CohortError: no case in that split.
    """
    held: dict[str, list[NDArray[Any]]] = {}
    if is_reader_table(cohort):
        for crop in read_crops(cohort, split):
            held.setdefault(crop.patient, []).append(crop.image)
    else:
        for case in read_cohort(cohort).split(split).cases:
            image = read_image(case.image, case.hu_window, modality)
            array = np.rint(image.array).astype(np.int16)
            if not across:
                held.setdefault(case.patient, []).extend(array)
            elif len(array) >= across:
                held.setdefault(case.patient, []).extend([*np.moveaxis(array, 1, 0), *np.moveaxis(array, 2, 0)])
    if not held:
        many = f" of at least {across} slices" if across else ""
        raise CohortError(f"{cohort.name!r} has no cases{many} in split {split!r}.")
    return tuple(Planes(patient, tuple(slices), unit_hu, across > 0) for patient, slices in held.items())


def coarser(plane: Field, rows: int, columns: int) -> Field:
    """Means over blocks of ``rows`` × ``columns`` pixels."""
    return degrade(degrade(plane, rows).T, columns).T


class PairSampler:
    """Draws pairs; a draw is a function of (seed, step, place).

    Args:
        sources: of planes.
        factor: thin slices in a thick one.
        patch: thick slices, columns.
        rows: how many pixels one thin slice may cover; one of them is drawn.
        columns: the same across.
        noise_hu: most noise that is put on the thin slices before they are averaged; the truth has none of it.
        seed: of every draw.
        within: both axes of a plane are averaged; ``patch`` then counts coarse pixels, and ``rows`` are of both axes.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        factor: int,
        patch: tuple[int, int],
        rows: Sequence[int],
        columns: Sequence[int],
        noise_hu: float,
        seed: int,
        within: bool = False,
    ) -> None:
        self.within = within
        self.sources, self.factor, self.patch = tuple(sources), factor, patch
        self.rows, self.columns, self.noise_hu, self.seed = tuple(rows), tuple(columns), noise_hu, seed
        weights = np.array([one.weight for one in self.sources], float)
        self.weights = weights / weights.sum()

    def draw(self, step: int, place: int) -> Pair:
        """One pair; flat patches are drawn again a few times."""
        rng = np.random.default_rng((self.seed, step, place))
        for _ in range(_TRIES):
            thin = self._patch(rng)
            if thin.std() > FLAT_HU:
                break
        noisy = thin
        if rng.random() < 0.3:
            noisy = thin + rng.normal(0, rng.uniform(0, self.noise_hu), thin.shape).astype(np.float32)
        sign = 1.0 if rng.random() < 0.5 else -1.0
        thick = coarser(noisy, self.factor, self.factor if self.within else 1)
        level = np.float32(thick.mean())
        return Pair(sign * (thick - level), np.ascontiguousarray(sign * (thin - level)))

    def _patch(self, rng: np.random.Generator) -> Field:
        """Thin slices of a random plane, turned and mirrored at random."""
        source = self.sources[int(rng.choice(len(self.sources), p=self.weights))]
        planes = source.planes[int(rng.integers(len(source.planes)))]
        plane = planes.slices[int(rng.integers(len(planes.slices)))]
        plane = plane.T if rng.random() < 0.5 and not planes.across else plane
        height, width = self.factor * self.patch[0], self.patch[1] * (self.factor if self.within else 1)
        thick = (1,) if planes.across else self.rows
        if self.within:
            fitting = [n for n in thick if n * height <= plane.shape[0] and n * width <= plane.shape[1]]
            rows = columns = _one_of(fitting, rng, max(height, width), plane)
        else:
            rows = _one_of([n for n in thick if n * height <= plane.shape[0]], rng, height, plane)
            columns = _one_of([n for n in self.columns if n * width <= plane.shape[1]], rng, width, plane)
        top = int(rng.integers(plane.shape[0] - rows * height + 1))
        left = int(rng.integers(plane.shape[1] - columns * width + 1))
        part = plane[top : top + rows * height, left : left + columns * width]
        part = part[:: -1 if rng.random() < 0.5 else 1, :: -1 if rng.random() < 0.5 else 1]
        return coarser(part.astype(np.float32) * np.float32(planes.unit_hu), rows, columns)


def check_pairs(
    planes: Planes, factor: int, rows: Sequence[int], most: int = 4, within: bool = False
) -> tuple[Pair, ...]:
    """A patient's pairs for checks: a few whole slices, coarse along either axis, or (``within``) along both."""
    every = max(1, len(planes.slices) // most)
    pairs = []
    for slice_ in planes.slices[::every][:most]:
        for plane in (slice_,) if planes.across or within else (slice_, slice_.T):
            for count in (1,) if planes.across else sorted({*rows})[:2]:
                values = plane.astype(np.float32) * np.float32(planes.unit_hu)
                thin = coarser(values, count, count if within else 1)
                thin = thin[: len(thin) // factor * factor]
                if within:
                    thin = thin[:, : thin.shape[1] // factor * factor]
                pairs.append(Pair(coarser(thin, factor, factor if within else 1), np.ascontiguousarray(thin)))
    return tuple(pairs)


def _one_of(fitting: Sequence[int], rng: np.random.Generator, least: int, plane: NDArray[Any]) -> int:
    if not fitting:
        raise CohortError(f"A plane of {plane.shape} pixels is too small: data.patch asks for {least} along one axis.")
    return int(fitting[int(rng.integers(len(fitting)))])
