"""What every task that enhances takes and gives, and which function does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from limner.errors import PackError
from limner.image import Image, Series
from limner.packs import Pack, list_packs

Progress = Callable[[str, float], None]

TASKS: dict[str, str] = {"superresolve": "limner.infer.enhance.superresolve:superresolve"}
"""Task of a pack → what does it: ``(pack, inputs, how, progress) -> Enhanced``."""


@dataclass(frozen=True)
class How:
    """Options of every task.

    Args:
        engine: see :func:`limner.infer.engines.open_engine`.
        max_memory_gb: what may be held beside input and result.
        modality: what a NIfTI file holds, which does not say so itself; found out or refused where None.
    """

    engine: str = "auto"
    max_memory_gb: float | None = None
    modality: str | None = None


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
    """

    pack: Pack
    image: Image
    uncertainty: Image | None
    source: Series | None
    facts: dict[str, Any]
    panels: tuple[Panel, ...]
    check: Callable[[Image], dict[str, Any]]
    warnings: tuple[str, ...] = field(default=())


def enhance(pack: Pack, inputs: Sequence[Path], how: How | None = None, progress: Progress | None = None) -> Enhanced:
    """Makes an image of the input, as the pack's task asks; :func:`limner.infer.enhance.write_enhanced` writes it.

    Args:
        pack: of a task of :data:`TASKS`.
        inputs: a DICOM folder or archive, or a NIfTI file.
        how: options.
        progress: called with a step and the share done.

    Raises:
        PackError: the pack does something else (with those that enhance).
        InputError: the input is not what the pack was made for.
    """
    if pack.spec.task not in TASKS:
        able = ", ".join(one.name for one in list_packs() if one.spec.task in TASKS) or "none"
        raise PackError(
            f"Pack {pack.name!r} makes no image: its task is {pack.spec.task!r}. Shipped packs that enhance: {able}; "
            f"the folder of one that you trained will do, too."
        )
    module, name = TASKS[pack.spec.task].split(":")
    made: Enhanced = getattr(import_module(module), name)(pack, inputs, how or How(), progress)
    return made
