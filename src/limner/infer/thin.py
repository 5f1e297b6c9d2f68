"""A net of planes asked across all slices of a scan: thin slices, and how far each voxel may be off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError
from limner.infer.engines import open_engine
from limner.infer.guesses import Guesses, Spread
from limner.packs import Pack, SlicesSpec
from limner.tasks.superresolve import Finer

Field = NDArray[np.float32]
Progress = Callable[[str, float], None]
COARSE = 1.6
"""A direction is looked along only where its pixels are at most so many times the thin slices' spacing."""
WIDEST = 2.5
"""Where both directions are coarser than this, nothing within the slices can stand for what lies between them."""
MEMORY_GB = 1.5
"""What is held at most, beside the scan and the result, where nobody says."""
LEAST_HU = 0.5
EVEN = 1e-3
"""Share by which a spacing may miss a bound: files round it."""


@dataclass(frozen=True, eq=False)
class Thin:
    """Thin slices, or fine pixels.

    Args:
        values: ``(factor · Z, Y, X)`` int16, in-plane ``(Z, factor · Y, factor · X)``; their means are the input.
        spread: as large, uint8: the mean distance at which the truth is expected, in the values' unit, at most 255.
        directions: of the planes that were looked at: coronal, sagittal; in-plane, axial.
    """

    values: NDArray[np.int16]
    spread: NDArray[np.uint8]
    directions: tuple[str, ...]


class Thinner:
    """A pack that makes slices thinner, on an engine.

    Args:
        pack: of the task ``superresolve``.
        engine: see :func:`limner.infer.engines.open_engine`.
        max_memory_gb: what may be held beside the scan and the result.
        guesses: of a pack with a latent: the samples whose spread becomes the map of uncertainty.
    """

    def __init__(
        self,
        pack: Pack,
        engine: str = "auto",
        max_memory_gb: float | None = None,
        guesses: Guesses | None = None,
    ) -> None:
        self.spec = pack.main.slices
        self.factor = self.spec.factor
        self.finer = Finer(self.factor)
        self.guesses = guesses or Guesses()
        self.engine_name, self.engine = open_engine(engine, pack.main)
        self.memory = pack.spec.memory
        self.bytes = (max_memory_gb or MEMORY_GB) * 1e9
        options = pack.spec.net.options if pack.spec.net else {}
        self.reach = 2 * int(options.get("blocks", 6)) + 4  # slices beyond which nothing is seen
        self.scale = pack.spec.calibration.temperature if pack.spec.calibration else 1.0

    def directions(self, spacing_mm: tuple[float, float, float]) -> tuple[str, ...]:
        """Which planes are looked at: coronal ones hold X, sagittal ones Y.

        Raises:
            InputError: the slices lie nearer or farther apart than the pack is for, or pixels are too coarse.
        """
        thin = spacing_mm[0] / self.factor
        refuse_spacing(self.spec, spacing_mm[0])
        finest = min(spacing_mm[1:])
        if finest > WIDEST * thin:
            raise InputError(
                f"The pixels of these slices are {finest:.3g} mm wide, and slices of {thin:.3g} mm are asked for: the "
                f"pack learned from planes at most {WIDEST:g} times as coarse, and would invent what it gives."
            )
        found = [
            name
            for name, pixel in (("coronal", spacing_mm[2]), ("sagittal", spacing_mm[1]))
            if pixel <= max(COARSE * thin, finest)
        ]
        return tuple(found)

    def __call__(
        self,
        thick: NDArray[np.integer | np.floating],
        spacing_mm: tuple[float, float, float],
        progress: Progress | None = None,
    ) -> Thin:
        """Thin slices of ``(Z, Y, X)``.

        Slabs of slices are worked on one after another; each sees so many slices beyond its own that the result is the
        same as of the whole.
        """
        directions = self.directions(spacing_mm)
        depth, height, width = thick.shape
        values = np.empty((self.factor * depth, height, width), np.int16)
        spread = np.empty(values.shape, np.uint8)
        slab = self._slab(thick.shape)
        starts = range(0, depth, slab)
        for number, start in enumerate(starts):
            stop = min(start + slab, depth)
            low, high = max(0, start - self.reach), min(depth, stop + self.reach)
            part = np.asarray(thick[low:high], np.float32)

            def told(share: float, number: int = number) -> None:
                if progress:
                    progress("thin slices", (number + share) / len(starts))

            found, expected = self._known(part, range(low, high), directions, (start - low, stop - low), told)
            known = part[start - low : stop - low]
            for k in range(len(known)):  # a slice at a time: ranks of remainders are wider than what they rank
                own, there = slice(k, k + 1), slice(k * self.factor, (k + 1) * self.factor)
                at = slice((start + k) * self.factor, (start + k + 1) * self.factor)
                values[at] = self.finer.kept(found[there], known[own])
                spread[at] = as_map(expected[there] * self.scale)
        return Thin(values, spread, directions)

    def _slab(self, shape: tuple[int, ...]) -> int:
        """Slices at a time: a thin voxel of a slab is held as two sums (with samples, five), a thick one once more."""
        latent = self.spec.latent
        each = (8.0 * self.factor + 4.0) if not latent else (20.0 * self.factor + 4.0 + 4.0 * latent)
        return max(4, int(self.bytes * 0.6 / (each * shape[1] * shape[2])))

    def _known(
        self,
        part: Field,
        slices: range,
        directions: tuple[str, ...],
        own: tuple[int, int],
        told: Callable[[float], None],
    ) -> tuple[Field, Field]:
        """Values and spread of the slab's own slices; of a net with a latent, its mean and how far samples differ."""
        latent = self.spec.latent
        if not latent:
            return self._looked(part, directions, own, told)
        turns = 1 + self.guesses.samples

        def told_of(turn: int) -> Callable[[float], None]:
            return lambda share: told((turn + share) / turns)

        plain, _ = self._looked(part, directions, own, told_of(0), np.zeros((latent, *part.shape), np.float32))
        spread = Spread(plain)
        for sample in range(self.guesses.samples):
            drawn = self.guesses.drawn(sample, slices, latent, (part.shape[1], part.shape[2]))
            spread.add(self._looked(part, directions, own, told_of(1 + sample), drawn)[0])
        return plain, spread.deviation()

    def _looked(
        self,
        part: Field,
        directions: tuple[str, ...],
        own: tuple[int, int],
        told: Callable[[float], None],
        latent: Field | None = None,
    ) -> tuple[Field, Field]:
        """Mean over the directions of values and spread, of the slab's own slices; a latent knows no spread."""
        first, last = own
        inside = slice(first * self.factor, last * self.factor)
        shape = ((last - first) * self.factor, *part.shape[1:])
        values, spread = np.zeros(shape, np.float32), np.zeros(shape if latent is None else (0, 0, 0), np.float32)
        share = np.float32(1 / len(directions))
        for number, direction in enumerate(directions):
            axis = 1 if direction == "coronal" else 2
            planes = np.moveaxis(part, axis, 0)
            into, beside = np.moveaxis(values, axis, 0), np.moveaxis(spread, axis, 0)
            batch = self._batch(planes.shape[1] * planes.shape[2])
            for start in range(0, len(planes), batch):
                some = slice(start, start + batch)
                asked = {"image": np.ascontiguousarray(planes[some])[:, None]}
                if latent is not None:
                    asked["latent"] = np.ascontiguousarray(np.moveaxis(latent, axis + 1, 0)[some])
                given = self.engine.run(asked)
                into[some] += share * given["values"][:, 0, inside]
                if latent is None:
                    beside[some] += share * given["spread"][:, 0, inside]
                told((number + (start + len(asked["image"])) / len(planes)) / len(directions))
        return values, spread

    def _batch(self, voxels: int) -> int:
        return max(1, int(min(self.bytes * 0.3, 4e8) / (self.memory.bytes_per_voxel * voxels)))


def as_map(expected: Field) -> NDArray[np.uint8]:
    """Expected distances as whole numbers: 1 at least, 255 at most."""
    return np.asarray(np.clip(np.rint(np.maximum(expected, LEAST_HU)), 1, 255), np.uint8)


def refuse_spacing(spec: SlicesSpec, coarse_mm: float) -> None:
    """Slices, or pixels, that lie nearer or farther apart than the pack is for.

    Raises:
        InputError: with what it is for.
    """
    low, high = (one * spec.factor for one in spec.thin_mm)
    if low * (1 - EVEN) <= coarse_mm <= high * (1 + EVEN):
        return
    fine = coarse_mm / spec.factor
    if spec.plane == "in":
        told = (
            f"This pack makes {spec.factor} × {spec.factor} pixels of each of {low:g} to {high:g} mm; these are "
            f"{coarse_mm:.3g} mm wide"
        )
    else:
        told = (
            f"This pack makes {spec.factor} slices of each that lie {low:g} to {high:g} mm apart; these lie "
            f"{coarse_mm:.3g} mm apart"
        )
    if coarse_mm > high:
        raise InputError(f"{told}, too far for anything between them to be known.")
    raise InputError(
        f"{told}, and are {'fine' if spec.plane == 'in' else 'thin'} already: {fine:.3g} mm is finer than what the "
        "pack is for. One of a smaller factor may fit, or plain resampling."
    )
