"""The door: from files to a folder with an image that a pack made of them. The pack's task says what is done."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from limner.errors import PackError
from limner.infer.enhance.made import Enhanced, How, Progress
from limner.infer.enhance.write import MARKER, write_enhanced
from limner.io.folder import check_output, new_folder
from limner.packs import Pack, list_packs

TASKS: dict[str, str] = {
    "superresolve": "limner.infer.enhance.superresolve:superresolve",
    "translate": "limner.infer.enhance.translate:translate",
}
"""Task of a pack → what does it: ``(pack, inputs, how, progress) -> Enhanced``."""


def enhance(
    pack: Pack,
    inputs: Sequence[Path],
    out: Path,
    how: How | None = None,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Makes an image of the input, as the pack's task asks, and writes it; the folder is whole or not there.

    Args:
        pack: of a task of :data:`TASKS`.
        inputs: a DICOM folder or archive, or NIfTI; to translate, all series of a study.
        out: the folder to make, see :func:`limner.infer.enhance.write.write_enhanced`.
        how: options.
        force: replace an older result, once the new one is whole.
        progress: called with a step and the share done.

    Returns:
        What ``enhance.json`` holds.

    Raises:
        PackError: the pack does something else (with those that enhance).
        InputError: the input is not what the pack was made for.
        OutputExistsError: see :func:`limner.io.folder.check_output`.
    """
    check_output(out, force=force, marker=MARKER, inputs=inputs)
    made = made_of(pack, inputs, how or How(), progress)
    with new_folder(out, force=force, marker=MARKER) as folder:
        return write_enhanced(made, folder)


def made_of(pack: Pack, inputs: Sequence[Path], how: How, progress: Progress | None = None) -> Enhanced:
    """What :func:`enhance` writes, without writing it."""
    if pack.spec.task not in TASKS:
        able = ", ".join(one.name for one in list_packs() if one.spec.task in TASKS) or "none"
        raise PackError(
            f"Pack {pack.name!r} enhances no image: its task is {pack.spec.task!r}. Shipped packs that do: {able}; the "
            "folder of one that you trained will do, too."
        )
    module, name = TASKS[pack.spec.task].split(":")
    made: Enhanced = getattr(import_module(module), name)(pack, inputs, how, progress)
    return made
