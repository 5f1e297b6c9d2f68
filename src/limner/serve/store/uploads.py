"""Files on their way in: each is on the disk before it is acknowledged, and may be sent again without harm.

An upload is a folder. A file's name on the disk is a hash of the name that it was sent under, so that sending it again
replaces it; the name itself stands in a file beside it, and goes when the upload is finished.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import update

from limner.errors import InputError
from limner.serve.house import House
from limner.serve.settings import MIB, Limits
from limner.serve.store.archives import unpack
from limner.serve.store.blobs import fsync
from limner.serve.store.intake import Outcome, Sender, ingest
from limner.serve.store.kinds import ARCHIVES, ending_of
from limner.serve.store.reading import Given, Refused, Rules
from limner.serve.tables import Upload, new_id

_PART, _NAME = ".part", ".name"
_UNPACKED = "unpacked"


class TooLargeError(InputError):
    """More bytes or files than one upload may have."""


@dataclass(frozen=True)
class Received:
    """A file that is on the disk.

    Args:
        name: as its sender calls it.
        bytes: how long it is.
        sha256: of its bytes, None where it was not asked for.
    """

    name: str
    bytes: int
    sha256: str | None = None


class Receiver:
    """Takes one file of an upload, piece by piece.

    Args:
        folder: of the upload.
        upload: what came before.
        limits: of one upload.
    """

    def __init__(self, folder: Path, upload: Upload, limits: Limits) -> None:
        self.folder = folder
        self._left = limits.upload_bytes - upload.bytes
        if upload.files >= limits.files:
            raise TooLargeError(f"An upload may have {limits.files} files; finish this one and begin another.")
        self._most = limits.upload_bytes
        self.part = folder / f"{new_id()}{_PART}"
        self._hash = hashlib.sha256()
        self.bytes = 0

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The file to write into; it is removed where the block ends with an error."""
        self.folder.mkdir(exist_ok=True)
        try:
            with self.part.open("wb") as stream:
                yield stream
        except BaseException:
            self.part.unlink(missing_ok=True)
            raise

    def write(self, stream: IO[bytes], piece: bytes) -> None:
        """One piece.

        Raises:
            TooLargeError: the upload would grow beyond its limit.
        """
        self.bytes += len(piece)
        if self.bytes > self._left:
            raise TooLargeError(f"An upload may have {self._most // MIB} MiB; finish this one and begin another.")
        self._hash.update(piece)
        stream.write(piece)

    def keep(self, name: str) -> Received:
        """Gives the file its place. When this returns, it is on the disk."""
        fsync(self.part)
        key = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        named = self.folder / f"{key}{_NAME}"
        named.write_text(name, "utf-8", "surrogatepass")
        fsync(named)
        kept = self.part.rename(self.folder / f"{key}{ending_of(self.part)}")
        fsync(self.folder)
        for older in self.folder.glob(f"{key}.*"):
            if older not in (kept, named):
                older.unlink()
        fsync(self.folder.parent)
        return Received(name, self.bytes, self._hash.hexdigest())


def add_up(house: House, upload_id: str, received: Received) -> bool:
    """Counts a file that came, so that the next one knows how much is left; whether the upload is still open."""
    open_ = (Upload.id == upload_id, Upload.outcome.is_(None))
    with house.database.session() as db:
        grown = {"bytes": Upload.bytes + received.bytes, "files": Upload.files + 1}
        return db.scalars(update(Upload).where(*open_).values(grown).returning(Upload.id)).first() is not None


def folder_of(house: House, upload_id: str) -> Path:
    """Where the files of an upload lie."""
    return house.folder("uploads") / upload_id


def received(folder: Path) -> list[Received]:
    """The files of an upload that are on the disk: what a client who was cut off need not send again."""
    return [Received(given.name, given.path.stat().st_size) for given in _given(folder)]


def finish(house: House, sender: Sender, folder: Path, rules: Rules | None = None) -> Outcome:
    """Makes studies of an upload's files; archives are unpacked. The folder stays, for :func:`forget`.

    It may be called again after a crash: what was taken before is no news.
    """
    unpacked = folder / _UNPACKED
    shutil.rmtree(unpacked, ignore_errors=True)
    given: list[Given] = []
    refused: list[Refused] = []
    for k, one in enumerate(_given(folder)):
        ending = next((kind for kind in reversed(ARCHIVES) if one.path.name.endswith(kind)), None)
        if ending is None:
            given.append(one)
            continue
        found = unpack(one, ending, unpacked / str(k), house.settings.limits)
        given += found.given
        refused += found.refused
    outcome = ingest(house, sender, given, rules or Rules(most_voxel_bytes=house.settings.limits.unpacked_bytes))
    outcome.refused[:0] = refused
    shutil.rmtree(unpacked, ignore_errors=True)
    return outcome


def forget(folder: Path) -> None:
    """Removes an upload's files."""
    shutil.rmtree(folder, ignore_errors=True)


def _given(folder: Path) -> list[Given]:
    if not folder.is_dir():
        return []
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.endswith((_PART, _NAME)):
            named = folder / f"{path.name.split('.')[0]}{_NAME}"
            found.append(Given(path, named.read_text("utf-8", "surrogatepass") if named.exists() else ""))
    return found
