"""Archives that strangers send: unpacked piece by piece, and no further than is safe.

Members become files with numbers for names, so that no name of a member ever reaches the disk. What a header says of
sizes is not believed; bytes are counted as they come. Source: OWASP File Upload Cheat Sheet, "File content" and
"File storage location".
"""

from __future__ import annotations

import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from limner.errors import NotAnImageError
from limner.serve.settings import MIB, Limits
from limner.serve.store.kinds import ending_of
from limner.serve.store.reading import Given, Refused

PIECE = MIB
RATIO_FROM = 32 * MIB
"""Unpacked bytes from which the ratio is looked at: a few black pictures pack well and hurt nobody."""
_ENTRY = 1024
"""Bytes of a zip's entry in its list: 46 and its name."""
_LONGEST_READ = 16 * MIB
"""One read by tarfile: a longer one is a header that pretends to be huge."""
_SYSTEM = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", "DICOMDIR")


@dataclass
class Unpacked:
    """What came out of an archive."""

    given: list[Given] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class _RefusedWholeError(NotAnImageError):
    """The whole archive is refused."""


def unpack(archive: Given, ending: str, target: Path, limits: Limits) -> Unpacked:
    """Unpacks one archive.

    Args:
        archive: the file.
        ending: ``.zip``, ``.tar`` or ``.tar.gz``.
        target: a folder that is empty or not there.
        limits: how many files and bytes, and how much more than the archive itself.

    Returns:
        Its files, and those of its members that are none: links, archives within, locked ones. An archive that tries
        to write elsewhere, or that would fill the disk, is refused whole, and nothing of it is given.
    """
    target.mkdir(parents=True, exist_ok=True)
    budget = _Budget(limits, archive.path.stat().st_size)
    found = Unpacked()
    try:
        members = _zipped(archive.path, limits.files) if ending == ".zip" else _tarred(archive.path, ending, budget)
        for name, stream in members:
            told = f"{archive.name}/{name}"
            _refuse_path(name)
            if PurePosixPath(name).name.startswith("._") or any(one in _SYSTEM for one in PurePosixPath(name).parts):
                continue
            budget.add_file()
            if isinstance(stream, str):
                found.refused.append(Refused(told, stream))
                continue
            file = _write(stream, target / f"{budget.files:06d}", budget)
            if file.suffix in (".zip", ".tar") or file.name.endswith(".tar.gz"):
                file.unlink()
                found.refused.append(Refused(told, "An archive within an archive is not unpacked: send it by itself."))
            else:
                found.given.append(Given(file, told))
    except _RefusedWholeError as error:
        return Unpacked(refused=[Refused(archive.name, str(error))])
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
        reason = f"The archive is damaged or cut off ({type(error).__name__}): send it again. Nothing of it was taken."
        return Unpacked(refused=[Refused(archive.name, reason)])
    return found


@dataclass
class _Budget:
    limits: Limits
    packed: int
    bytes: int = 0
    files: int = 0

    def add_file(self) -> None:
        self.files += 1
        if self.files > self.limits.files:
            raise _RefusedWholeError(f"The archive holds more than {self.limits.files} files; send fewer at a time.")

    def add_bytes(self, count: int) -> None:
        self.bytes += count
        self.check(self.bytes)

    def check(self, unpacked: int) -> None:
        if unpacked > self.limits.unpacked_bytes:
            most = self.limits.unpacked_bytes // MIB
            raise _RefusedWholeError(
                f"The archive unpacks to more than {most} MiB, which is the most that is taken at once."
            )
        if unpacked > max(RATIO_FROM, self.limits.unpacked_ratio * self.packed):
            raise _RefusedWholeError(
                f"The archive unpacks to more than {self.limits.unpacked_ratio:g} times its size, as archives do that "
                f"are made to fill a disk. Send the files without packing them."
            )


def _write(stream: IO[bytes], target: Path, budget: _Budget) -> Path:
    with target.open("wb") as file:
        while piece := stream.read(PIECE):
            budget.add_bytes(len(piece))
            file.write(piece)
    return target.rename(target.with_name(target.name + ending_of(target)))


def _refuse_path(name: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name or (path.parts and path.parts[0].endswith(":")):
        raise _RefusedWholeError(
            "The archive holds a file that asks to be written outside its folder; nothing of it was taken."
        )


def _zipped(path: Path, files: int) -> Iterator[tuple[str, IO[bytes] | str]]:
    """Names and contents of a zip's files; a reason in place of contents that are not taken."""
    _refuse_directory(path, files)
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            _refuse_path(member.filename)
            if member.is_dir():
                continue
            if (member.external_attr >> 16) & 0o170000 == 0o120000:
                yield member.filename, "A link is not followed."
            elif member.flag_bits & 1:
                yield member.filename, "It is locked with a password: pack it again without one."
            else:
                try:
                    stream = archive.open(member)
                except NotImplementedError:
                    yield member.filename, "It is packed in a way that is not read here: pack it as plain zip."
                    continue
                with stream:
                    yield member.filename, stream


def _refuse_directory(path: Path, files: int) -> None:
    """A zip's list of members is read whole into memory, so its length is looked at first (APPNOTE.TXT 4.3.14-16)."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - 65557))
        tail = stream.read()
        at = tail.rfind(b"PK\x05\x06")
        length = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
        locator = tail.rfind(b"PK\x06\x07")
        if locator >= 0:
            stream.seek(min(size, int.from_bytes(tail[locator + 8 : locator + 16], "little")))
            length = max(length if length < 0xFFFFFFFF else 0, int.from_bytes(stream.read(56)[40:48], "little"))
    if length > files * _ENTRY:
        raise _RefusedWholeError(f"The archive lists more than {files} files; send fewer at a time.")


def _tarred(path: Path, ending: str, budget: _Budget) -> Iterator[tuple[str, IO[bytes] | str]]:
    """Names and contents of a tar's files; a reason in place of contents that are not taken."""
    opener: Any = gzip.open if ending == ".tar.gz" else open
    with opener(path, "rb") as opened, tarfile.open(fileobj=_Counted(opened, budget), mode="r:") as archive:  # type: ignore[call-overload]
        for member in archive:
            _refuse_path(member.name)
            if member.issym() or member.islnk():
                yield member.name, "A link is not followed."
            elif member.isfile():
                stream = archive.extractfile(member)
                assert stream is not None
                yield member.name, stream
            elif not member.isdir():
                yield member.name, "It is a device, not a file."
            archive.members = []  # a list of all that were seen would grow without end


class _Counted:
    """What tarfile reads from: it may ask neither for much at once nor for more than the archive may hold."""

    def __init__(self, stream: IO[bytes], budget: _Budget) -> None:
        self._stream, self._budget = stream, budget

    def read(self, count: int = -1) -> bytes:
        if not 0 <= count <= _LONGEST_READ:
            raise _RefusedWholeError("The archive has a header that pretends to be huge; nothing of it was taken.")
        piece = self._stream.read(count)
        self._budget.check(self._stream.tell())
        return piece

    def seek(self, position: int, whence: int = 0) -> int:
        if whence == 0:
            self._budget.check(position)
        return self._stream.seek(position, whence)

    def tell(self) -> int:
        return self._stream.tell()
