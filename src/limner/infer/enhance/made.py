"""What a task that enhances takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from limner.image import Image, Series
from limner.packs import Pack

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class How:
    """Options of every task.

    Args:
        engine: see :func:`limner.infer.engines.open_engine`.
        max_memory_gb: what may be held beside input and result.
        modality: what a NIfTI file holds, which does not say so itself; found out or refused where None.
        channels: of packs on several series: channel → a path, or words of a series' description.
        samples: of packs with a latent: how many are drawn, whose spread is the map of uncertainty; 8 where None.
        seed: of these samples; 0 where None.
    """

    engine: str = "auto"
    max_memory_gb: float | None = None
    modality: str | None = None
    channels: Mapping[str, str] = field(default_factory=dict)
    samples: int | None = None
    seed: int | None = None


@dataclass(frozen=True, eq=False)
class Panel:
    """One of the pictures that are put side by side: values, and those that become black and white.

    Args:
        title: a few words.
        array: ``(rows, columns)``, square pixels.
        window: ``(low, high)``.
        heat: in colour, with its scale.
    """

    title: str
    array: NDArray[Any]
    window: tuple[float, float]
    heat: bool = False


@dataclass(frozen=True, eq=False)
class Enhanced:
    """What a pack made of an image.

    Args:
        pack: that made it.
        image: the result, where it stands in the world.
        uncertainty: how far each voxel may be off, in the image's unit; None where the task does not say.
        source: the DICOM series that it was made from; None for NIfTI.
        facts: for ``enhance.json``.
        panels: for ``before-after.png``.
        check: what the image that was written is measured by, beside the input: figures by name.
        warnings: what a reader must know, a sentence each.
        meaning: of the map of uncertainty, 69 bytes at most.
    """

    pack: Pack
    image: Image
    uncertainty: Image | None
    source: Series | None
    facts: dict[str, Any]
    panels: tuple[Panel, ...]
    check: Callable[[Image], dict[str, Any]]
    warnings: tuple[str, ...] = field(default=())
    meaning: str = "How far off, HU"
