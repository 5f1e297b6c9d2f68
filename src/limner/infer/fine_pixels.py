"""A net of slices asked slice by slice: finer pixels within them, and how far each may be off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError
from limner.infer.engines import open_engine
from limner.infer.guesses import Guesses, Spread
from limner.infer.thin import MEMORY_GB, Field, Progress, Thin, Thinner, as_map, refuse_spacing
from limner.packs import Pack
from limner.tasks.superresolve import Finer

SQUARE = 1.3
"""A pixel may be so many times as long as wide: the net learned from square ones."""
LEAST_PIXELS = 8


class PixelRefiner:
    """A pack that makes pixels within slices finer, on an engine. Its arguments are those of :class:`Thinner`.

    Slices are independent of one another: what is held beside the scan and the result is some of them.
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
        self.finer = Finer(self.factor, within=True)
        self.guesses = guesses or Guesses()
        self.engine_name, self.engine = open_engine(engine, pack.main)
        self.memory = pack.spec.memory
        self.bytes = (max_memory_gb or MEMORY_GB) * 1e9
        self.scale = pack.spec.calibration.temperature if pack.spec.calibration else 1.0

    def directions(self, spacing_mm: tuple[float, float, float]) -> tuple[str, ...]:
        """Which planes are looked at: the slices.

        Raises:
            InputError: pixels that are not square, or larger or smaller than the pack is for.
        """
        short, long = sorted(spacing_mm[1:])
        if long > SQUARE * short:
            raise InputError(
                f"These pixels are {short:.3g} mm by {long:.3g} mm; this pack learned from square ones, and takes "
                f"those at most {SQUARE:g} times as long as wide."
            )
        refuse_spacing(self.spec, short)
        refuse_spacing(self.spec, long)
        return ("axial",)

    def __call__(
        self,
        coarse: NDArray[np.integer | np.floating],
        spacing_mm: tuple[float, float, float],
        progress: Progress | None = None,
    ) -> Thin:
        """Fine pixels ``(Z, factor · Y, factor · X)`` of ``(Z, Y, X)``."""
        directions = self.directions(spacing_mm)
        depth, height, width = coarse.shape
        if min(height, width) < LEAST_PIXELS:
            raise InputError(f"Slices of at least {LEAST_PIXELS} pixels a side are needed; got {height} × {width}.")
        values = np.empty((depth, self.factor * height, self.factor * width), np.int16)
        spread = np.empty(values.shape, np.uint8)
        batch = self._batch(height * width)
        for start in range(0, depth, batch):
            some = range(start, min(start + batch, depth))
            part = np.asarray(coarse[some.start : some.stop], np.float32)
            found, expected = self._known(part, some)
            for k, number in enumerate(some):  # a slice at a time, as slabs of thin ones
                values[number] = self.finer.kept(found[k : k + 1], part[k : k + 1])[0]
                spread[number] = as_map(expected[k] * self.scale)
            if progress:
                progress("fine pixels", some.stop / depth)
        return Thin(values, spread, directions)

    def _known(self, part: Field, slices: range) -> tuple[Field, Field]:
        """Values and spread; of a net with a latent, its mean and how far samples differ."""
        latent = self.spec.latent
        image = np.ascontiguousarray(part)[:, None]
        if not latent:
            given = self.engine.run({"image": image})
            return given["values"][:, 0], given["spread"][:, 0]
        plain = self._asked(image, np.zeros((latent, *part.shape), np.float32))
        spread = Spread(plain)
        for sample in range(self.guesses.samples):
            drawn = self.guesses.drawn(sample, slices, latent, (part.shape[1], part.shape[2]))
            spread.add(self._asked(image, drawn))
        return plain, spread.deviation()

    def _asked(self, image: Field, latent: Field) -> Field:
        found: Field = self.engine.run({"image": image, "latent": np.ascontiguousarray(np.moveaxis(latent, 1, 0))})[
            "values"
        ][:, 0]
        return found

    def _batch(self, pixels: int) -> int:
        """Slices at a time: the net's own features, and what is held of each fine pixel."""
        each = (self.memory.bytes_per_voxel + 32.0 * self.finer.count) * pixels
        return max(1, int(min(self.bytes * 0.6, 4e8) / each))


def open_finer(
    pack: Pack, engine: str = "auto", max_memory_gb: float | None = None, guesses: Guesses | None = None
) -> Thinner | PixelRefiner:
    """What makes voxels finer as the pack says: slices, or the pixels within them.

    Raises:
        InputError: samples are asked for of a pack that has no latent, or fewer than two.
    """
    spec = pack.main.slices
    if guesses is not None and not spec.latent:
        raise InputError(
            f"Pack {pack.name!r} says one thing only of what lies between: it has no latent of which samples could be "
            "drawn. Leave --samples and --seed out; its map of uncertainty was learned."
        )
    if guesses is not None and guesses.samples < 2:
        raise InputError(f"A spread is of 2 samples at least; got --samples {guesses.samples}.")
    kind = PixelRefiner if spec.plane == "in" else Thinner
    return kind(pack, engine, max_memory_gb, guesses)
