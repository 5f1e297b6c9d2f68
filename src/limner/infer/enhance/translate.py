"""A sequence of MR that was not acquired, made of the series of a study: from files to an image with its doubt."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from limner import io
from limner.errors import InputError
from limner.image import Grid
from limner.image.mr import SEQUENCES
from limner.infer.enhance.made import Enhanced, How, Panel, Progress
from limner.infer.translate import TranslatedScan, translate_study
from limner.packs import Pack

BYTES = (0.0, 255.0)


def translate(pack: Pack, inputs: Sequence[Path], how: How, progress: Progress | None = None) -> Enhanced:
    """See :func:`limner.infer.enhance.enhance`.

    Raises:
        InputError: another modality is named, or a limit of memory, which would not hold.
        SeriesChoiceError: a channel is not found, or cannot be told; ``how.channels`` names it.
    """
    spec = pack.main.picture
    if how.modality not in (None, *spec.modality):
        raise InputError(f"Pack {pack.name!r} reads {' or '.join(spec.modality)}; --modality says {how.modality!r}.")
    if how.samples is not None or how.seed is not None:
        raise InputError(
            f"Pack {pack.name!r} has no latent of which --samples could be drawn; leave it out, and --seed."
        )
    if how.max_memory_gb is not None:
        raise InputError(
            f"--max-memory makes the windows of a volume smaller, and pack {pack.name!r} asks its net slice by slice, "
            "whose size is fixed: the limit would not hold. Leave it out."
        )
    started = time.monotonic()
    opened = io.open_channels(inputs, spec, how.channels)
    images = {name: series.load() for name, series in opened.series.items()}
    known = time.monotonic()
    told = (lambda share: progress("translate", share)) if progress else None
    made = translate_study(pack, images, engine=how.engine, progress=told)
    wanted, source = SEQUENCES[pack.translator.wanted], opened.reference
    facts: dict[str, Any] = {
        "makes": wanted,
        "channels": opened.told(),
        "input": _size(images[str(spec.reference)].grid),
        "output": _size(made.image.grid),
        "engine": made.engine,
        "seconds": {"open": round(known - started, 2), "enhance": made.seconds},
    }
    if made.doubt is not None:
        there = made.doubt.array[made.image.array > 0]
        facts["doubt"] = (
            {"mean": round(float(there.mean()), 2), "p95": float(np.percentile(there, 95))} if len(there) else {}
        )
    return Enhanced(
        pack,
        made.image,
        made.doubt,
        source if source.format == "dicom" else None,
        facts,
        _panels(made, wanted),
        lambda written: {},  # nothing can be measured of what was never acquired
        tuple(one.text for one in (*made.problems, *source.problems)),
        "How much a value hangs on how the net was asked; 255 grey values",
    )


def _panels(made: TranslatedScan, wanted: str) -> tuple[Panel, ...]:
    """The slice in which most is there: what was given, what was made, how much it hangs on how the net was asked."""
    given = [Panel(SEQUENCES[name], plane, BYTES) for name, plane in made.given.items()]
    panels = [*given, Panel(f"{wanted}, made by a net", made.made, BYTES)]
    if made.unsure is not None:
        top = max(4.0, float(np.percentile(made.unsure, 99)))
        panels.append(Panel("hangs on how the net was asked by", made.unsure, (0.0, top), heat=True))
    return tuple(panels)


def _size(grid: Grid) -> dict[str, Any]:
    return {"shape": list(grid.shape), "spacing_mm": [round(float(one), 4) for one in grid.spacing_mm]}
