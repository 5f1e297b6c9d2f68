"""Files by the SHA-256 of their bytes: what was taken in is on the disk, once, and never changes."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session

from limner.errors import NotAnImageError
from limner.serve.tables import new_id

ENDINGS = (".dcm", ".nii", ".nii.gz", ".png", ".jpg", ".tif", ".bmp", ".webp")
PIECE = 1 << 20


@dataclass(frozen=True)
class Blob:
    """One file of the store.

    Args:
        sha256: of its bytes.
        ending: of its name, by which readers know what it is.
        bytes: how long it is.
    """

    sha256: str
    ending: str
    bytes: int


@dataclass(frozen=True)
class Blobs:
    """The folder of files by hash: ``ab/SHA256.dcm``.

    Args:
        folder: it must be on the same disk as what is given to :meth:`take`, or files are copied.
    """

    folder: Path

    def path(self, sha256: str, ending: str) -> Path:
        """Where a blob lies, or would lie."""
        assert len(sha256) == 64 and sha256.isalnum() and ending in ENDINGS
        return self.folder / sha256[:2] / f"{sha256}{ending}"

    def take(self, files: Iterable[tuple[Path, str]]) -> list[Blob]:
        """Takes files in; they may be removed afterwards, but not written to. When this returns, all are on the disk.

        The same bytes twice are one file. A file is linked, not copied, where the disk can do that.

        Args:
            files: each with the ending that its blob gets.

        Raises:
            OSError: the disk is full; what was taken until then stays, and a later sweep removes it.
        """
        taken, folders = [], set()
        for file, ending in files:
            blob = Blob(*_hash(file, ending))
            target = self.path(blob.sha256, ending)
            if not target.exists():
                if not target.parent.exists():
                    target.parent.mkdir(exist_ok=True)
                    folders.add(self.folder)
                aside = target.parent / f".{new_id()}.part"
                _link_or_copy(file, aside)
                fsync(aside)
                aside.replace(target)
            else:
                os.utime(target)  # young again: no sweep takes it before its row is written
            folders.add(target.parent)
            taken.append(blob)
        for folder in folders:
            fsync(folder)
        return taken

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        """Nobody removes a blob meanwhile: for :meth:`take` and the transaction that adds the rows.

        Without it a deletion could take away bytes that were there already, before the new row refers to them.
        """
        handle = self._lock(fcntl.LOCK_SH)
        try:
            yield
        finally:
            os.close(handle)

    def hold(self, db: Session) -> None:
        """As :meth:`holding`, until a transaction that is open already ends."""
        handle = self._lock(fcntl.LOCK_SH)
        done: list[bool] = []

        def release(_: Session) -> None:
            if not done:
                done.append(True)
                os.close(handle)

        for end in ("after_commit", "after_rollback"):
            event.listen(db, end, release, once=True)

    @contextlib.contextmanager
    def removing(self) -> Iterator[None]:
        """For the one who removes: waits until no transaction holds blobs that no row refers to yet."""
        handle = self._lock(fcntl.LOCK_EX)
        try:
            yield
        finally:
            os.close(handle)

    def _lock(self, kind: int) -> int:
        handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(handle, kind)  # ends with the handle, so with the process at the latest
        return handle

    def open_or_refuse(self, sha256: str, ending: str) -> Path:
        """The path of a blob that must be there.

        Raises:
            NotAnImageError: the disk lost it.
        """
        path = self.path(sha256, ending)
        if not path.is_file():
            raise NotAnImageError("A file of this study is missing on the server's disk: send the study again.")
        return path

    def remove(self, blobs: Iterable[tuple[str, str]]) -> None:
        """Removes blobs that no row refers to any more."""
        for sha256, ending in blobs:
            self.path(sha256, ending).unlink(missing_ok=True)

    def __iter__(self) -> Iterator[Path]:
        """All files below the folder, half-written ones too."""
        for shard in self.folder.iterdir():
            if shard.is_dir():
                yield from shard.iterdir()


def fsync(path: Path) -> None:
    """Puts a file's bytes, or the names in a folder, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _hash(file: Path, ending: str) -> tuple[str, str, int]:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest(), ending, os.fstat(stream.fileno()).st_size


def _link_or_copy(file: Path, target: Path) -> None:
    with contextlib.suppress(OSError):  # another disk, or one without links
        os.link(file, target)
        return
    shutil.copyfile(file, target)
