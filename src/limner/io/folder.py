"""An output folder that is either whole or not there.

Everything is written into a sibling, ``OUT.partial-xxxxxxxx``, which takes its name when the last file is in it.
Whatever stops the run, nothing half-written ever looks whole, and nothing that was there is lost.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from limner.errors import InputError, OutputError, OutputExistsError

LEAST_FREE_MB = 16
"""No drawing is smaller: with less free space the run stops at the door."""

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def new_folder(out: Path, *, force: bool = False, marker: str = "drawing.json") -> Iterator[Path]:
    """A folder to write into, which becomes ``out`` when the block ends without an error.

    Args:
        out: the folder to make.
        force: replace an ``out`` that is there, once the new one is whole.
        marker: the file by which an older output of Limner is known; nothing else is ever replaced.

    Yields:
        The folder to write into, a sibling of ``out``.

    Raises:
        OutputExistsError: ``out`` is there, and may not be replaced.
        OutputError: the disk is full, or the place may not be written to; what was written is removed.
    """
    check_output(out, force=force, marker=marker)
    partial = out.parent / f"{out.name}.partial-{secrets.token_hex(4)}"
    with _said_clearly(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(out)
        partial.mkdir()
    lock = _lock(partial)
    try:
        with _said_clearly(out):
            yield partial
            _put_in_place(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        os.close(lock)


def check_output(out: Path, *, force: bool = False, marker: str = "drawing.json", inputs: Iterable[Path] = ()) -> None:
    """Refuses, before any work, an output that could not be put in place.

    Raises:
        OutputExistsError: as :func:`new_folder`.
        OutputError: the disk has less than ``LEAST_FREE_MB`` left.
        InputError: the output would replace one of the inputs.
    """
    for given in inputs:
        if out.resolve() == given.resolve() or out.resolve() in given.resolve().parents:
            raise InputError(f"The output {str(out)!r} would replace the input {str(given)!r}. Give another --output.")
    if out.exists() or out.is_symlink():
        if not force:
            raise OutputExistsError(
                f"The output {str(out)!r} is already there, and nothing is overwritten. "
                f"Give another --output, or --force to replace it once the new one is whole."
            )
        if not out.is_dir() or out.is_symlink() or (any(out.iterdir()) and not (out / marker).is_file()):
            raise OutputExistsError(
                f"The output {str(out)!r} was not made by Limner (it holds no {marker}), so --force does not "
                f"replace it. Give another --output, or move it away."
            )
    home = next(parent for parent in out.absolute().parents if parent.exists())
    free = shutil.disk_usage(home).free / 1e6
    if free < LEAST_FREE_MB:
        raise OutputError(
            f"The disk that holds {str(home)!r} is full: {free:.0f} MB are free, and at least {LEAST_FREE_MB} MB are "
            f"needed. Make room, or give an --output on another disk."
        )


def clear_leftovers(out: Path) -> list[Path]:
    """Removes what killed runs left beside ``out``, and returns it; a run that still writes is let alone.

    A writer holds a lock on its folder, and a lock ends with its process, so a folder that can be locked is nobody's.
    """
    if not out.exists():  # killed between the two renames of a replacement: the old one goes back
        for old in sorted(out.parent.glob(f"{out.name}.replaced-*")):
            old.rename(out)
            break
    cleared = []
    for left in [*out.parent.glob(f"{out.name}.partial-*"), *out.parent.glob(f"{out.name}.replaced-*")]:
        try:
            lock = _lock(left)
        except OSError:
            continue
        shutil.rmtree(left, ignore_errors=True)
        os.close(lock)
        cleared.append(left)
    return cleared


def _lock(folder: Path) -> int:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


def _put_in_place(partial: Path, out: Path) -> None:
    if not out.exists():
        partial.rename(out)
        return
    old = out.parent / f"{out.name}.replaced-{partial.name[-8:]}"
    out.rename(old)
    try:
        partial.rename(out)
    except OSError:
        old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _said_clearly(out: Path) -> Iterator[None]:
    """Turns a full disk or a forbidden place, from whichever library it comes, into a message."""
    try:
        yield
    except Exception as error:
        numbers = {one.errno for one in _chain(error) if isinstance(one, OSError)}
        home = next(parent for parent in out.absolute().parents if parent.exists())
        free = shutil.disk_usage(home).free
        if numbers & _FULL or free < 1e6:  # VTK and SimpleITK don't pass the number on
            raise OutputError(
                f"The disk that holds {str(home)!r} is full ({free / 1e6:.0f} MB are free); the unfinished output was "
                f"removed. Make room, or give an --output on another disk."
            ) from error
        if numbers & _FORBIDDEN and not os.access(home, os.W_OK):
            raise OutputError(
                f"The output {str(out)!r} cannot be made: {str(home)!r} may not be written to. Give another --output."
            ) from error
        raise


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
