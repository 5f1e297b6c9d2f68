"""One server a data folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from limner.errors import InputError


@contextmanager
def only_server(folder: Path) -> Iterator[None]:
    """Holds the folder's lock. It ends with the process, however that ends, so there is no stale one to remove.

    Raises:
        InputError: another server holds it.
    """
    handle = os.open(folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            other = os.read(handle, 20).decode(errors="replace").strip()
            raise InputError(
                f"Another server (process {other or 'unknown'}) works on {folder}. Stop it first, or give another "
                f"--data."
            ) from None
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)
