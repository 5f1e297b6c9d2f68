"""Thick CT slices to thin ones, or coarse pixels to fine ones, from a file to an image with its uncertainty."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner import io
from limner.errors import InputError
from limner.image import Image, Series
from limner.infer.enhance.made import Enhanced, How, Panel, Progress
from limner.infer.fine_pixels import open_finer
from limner.infer.guesses import SAMPLES, Guesses
from limner.infer.thin import Thin
from limner.packs import Pack
from limner.tasks.superresolve import Finer

LEAST_SLICES = 3
SOFT_TISSUE_HU = (-160.0, 240.0)
BODY_HU = -300.0
SEEN_PIXELS = 140
"""Coarse pixels along a side of the picture that is shown of a slice."""
PROFILES = {
    "through": "box: a thick slice is the mean of the thin ones that it covers",
    "in": "area: a coarse pixel is the mean of the fine ones that it covers",
}


def superresolve(pack: Pack, inputs: Sequence[Path], how: How, progress: Progress | None = None) -> Enhanced:
    """See :func:`limner.infer.enhance.enhance`.

    Raises:
        InputError: several inputs, no CT, slices that are thin already, or too few; samples of a pack without a latent.
    """
    if how.channels:
        raise InputError(f"Pack {pack.name!r} reads one series; --channel is for packs that read several together.")
    if len(inputs) != 1:
        raise InputError(f"One scan is made finer at a time; got {len(inputs)} inputs.")
    started = time.monotonic()
    series, image, warnings = _opened(Path(inputs[0]), pack, how)
    asked = how.samples is not None or how.seed is not None
    guesses = Guesses(SAMPLES if how.samples is None else how.samples, how.seed or 0) if asked else None
    thinner = open_finer(pack, how.engine, how.max_memory_gb, guesses)
    finer = thinner.finer
    if image.array.shape[0] < LEAST_SLICES and not finer.within:
        raise InputError(f"At least {LEAST_SLICES} slices are needed to say what lies between; got {len(image.array)}.")
    thinner.directions(image.grid.spacing_mm)  # refused before the work
    opened = time.monotonic()
    found = thinner(image.array, image.grid.spacing_mm, progress)
    made = Image(found.values, finer.grid(image.grid), image.modality, image.unit)
    facts: dict[str, Any] = {
        "factor": thinner.factor,
        "input": {"shape": list(image.grid.shape), "spacing_mm": _rounded(image.grid.spacing_mm)},
        "output": {"shape": list(made.grid.shape), "spacing_mm": _rounded(made.grid.spacing_mm)},
        "plane": thinner.spec.plane,
        "slice_profile": PROFILES[thinner.spec.plane],
        "planes": list(found.directions),
        "engine": thinner.engine_name,
        "uncertainty_hu": {
            "mean": round(float(found.spread.mean()), 2),
            "p95": float(np.percentile(found.spread[:, ::4, ::4], 95)),
        },
        "seconds": {"open": round(opened - started, 2), "enhance": round(time.monotonic() - opened, 2)},
    }
    if thinner.spec.latent:
        facts["samples"] = {"count": thinner.guesses.samples, "seed": thinner.guesses.seed}
    return Enhanced(
        pack,
        made,
        Image(found.spread, made.grid),
        series if series.format == "dicom" else None,
        facts,
        _axial(image, found, finer) if finer.within else _coronal(image, found, finer),
        lambda written: consistency_of(written, image, finer),
        tuple(warnings),
    )


def consistency_of(written: Image, thick: Image, finer: Finer) -> dict[str, Any]:
    """What the result's own coarse voxels differ from the input by, in HU."""
    each = 1 if finer.within else finer.factor
    apart = [
        finer.apart(written.array[each * k : each * (k + 1)], thick.array[k : k + 1]) for k in range(len(thick.array))
    ]
    return {
        "consistency_hu": {
            "mean": round(float(np.mean([one.mean() for one in apart])), 4),
            "max": round(float(np.max([one.max() for one in apart])), 3),
        }
    }


def _opened(path: Path, pack: Pack, how: How) -> tuple[Series, Image, list[str]]:
    """The series, its image, and what its reader must know.

    Raises:
        InputError: it is, or may be, something else than what the pack reads.
    """
    modalities = pack.main.slices.modality
    if how.modality is not None and how.modality not in modalities:
        raise InputError(f"Pack {pack.name!r} reads {' or '.join(modalities)}; --modality says {how.modality!r}.")
    study, series = io.choose_series(io.open_studies(path), modalities)
    image = series.load()
    told = [one.text for one in (*study.problems, *series.problems) if one.code != "modality-unknown"]
    if not image.modality and how.modality is None:
        if float(image.array.min()) >= 0:
            raise InputError(
                f"{path.name!r} is NIfTI, which does not say what was measured, and none of its values is negative: CT "
                f"in Hounsfield units has air at -1000. If it is CT all the same, say --modality {modalities[0]}."
            )
        told.append("NIfTI does not say what was measured; values below 0 were taken for Hounsfield units in a window.")
    return series, Image(image.array, image.grid, modalities[0], "HU" if modalities[0] == "CT" else image.unit), told


def _coronal(image: Image, found: Thin, finer: Finer) -> tuple[Panel, ...]:
    """The coronal plane through most of the body, square pixels: before, cubic, ours, uncertainty."""
    array, factor = image.array, finer.factor
    row = _fullest((array[:, ::4] > BODY_HU).sum((0, 2))) * 4
    seen = np.flatnonzero((array[:, row] > BODY_HU).any(0))
    inside = slice(seen[0], seen[-1] + 1) if len(seen) else slice(None)
    before = np.asarray(array[:, row, inside], np.float32)
    cubic = finer.interpolate(before[:, None], 3)[:, 0]
    planes = (np.repeat(before, factor, 0), cubic, found.values[:, row, inside], found.spread[:, row, inside])
    return _panels("slices as given", tuple(_upright(one, image, factor) for one in planes))


def _axial(image: Image, found: Thin, finer: Finer) -> tuple[Panel, ...]:
    """The middle of the slice with most of the body in it: before, cubic, ours, uncertainty."""
    factor = finer.factor
    k = _fullest((image.array[:, ::4, ::4] > BODY_HU).sum((1, 2)))
    coarse = np.asarray(image.array[k], np.float32)
    y, x = (_middle(length) for length in coarse.shape)
    there = tuple(slice(one.start * factor, one.stop * factor) for one in (y, x))
    cubic = finer.interpolate(coarse[None], 3)[0][there]
    before = np.repeat(np.repeat(coarse[y, x], factor, 0), factor, 1)
    return _panels("pixels as given", (before, cubic, found.values[k][there], found.spread[k][there]))


def _fullest(counts: NDArray[np.integer]) -> int:
    """The place with the most; of several the middle one, since in a narrow window all is body."""
    best = np.flatnonzero(counts == counts.max())
    return int(best[len(best) // 2])


def _middle(length: int) -> slice:
    """At most so many pixels that single ones are seen."""
    side = min(length, SEEN_PIXELS)
    return slice((length - side) // 2, (length - side) // 2 + side)


def _panels(given: str, planes: tuple[NDArray[Any], ...]) -> tuple[Panel, ...]:
    before, cubic, ours, spread = planes
    top = max(4.0, float(np.percentile(spread, 99)))
    return (
        Panel(given, before, SOFT_TISSUE_HU),
        Panel("cubic interpolation", cubic, SOFT_TISSUE_HU),
        Panel("this pack", ours, SOFT_TISSUE_HU),
        Panel("may be off by (HU)", spread, (0.0, top), heat=True),
    )


def _upright(plane: NDArray[Any], image: Image, factor: int) -> NDArray[Any]:
    """Head up, and as many rows as the pixels' width asks; rows are repeated, never blended."""
    z, _, x = image.grid.spacing_mm
    rows = max(1, round(len(plane) * z / factor / x))
    at = np.minimum((np.arange(rows) + 0.5) * len(plane) / rows, len(plane) - 1).astype(int)
    return plane[at][::-1]


def _rounded(numbers: Sequence[float]) -> list[float]:
    return [round(float(one), 4) for one in numbers]
