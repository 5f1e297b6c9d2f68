"""What paths may be: folders, DICOM files, archives of DICOM files, NIfTI files; several are read as one input."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
import weakref
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from limner.errors import InputError, NotAnImageError
from limner.image import Study

_TARS = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2")
_NIFTI = (".nii", ".nii.gz")


class _TemporaryFolder:
    """A folder that goes when the last series read from it goes, and at the latest when Python ends."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="limner-"))
        self._clean = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@dataclass(frozen=True, eq=False)
class _Source:
    """The files that one path stands for.

    Args:
        files: sorted.
        named: the path is the file itself: it was asked for, not found.
        keep: where an archive was unpacked.
    """

    files: tuple[Path, ...]
    named: bool = False
    keep: _TemporaryFolder | None = None


def open_studies(paths: Path | str | Sequence[Path | str]) -> tuple[Study, ...]:
    """Finds studies by their headers; pixels are read later, by ``series.load()``.

    Args:
        paths: a folder (searched to its depth), a DICOM file, ``.nii``/``.nii.gz``, or an archive (``.zip``,
            ``.tar.xz`` and kin) of DICOM files; or several of these, whose slices are put together whichever path they
            came by. NIfTI volumes in a folder or archive count where it has no DICOM image; those named always do.

    Returns:
        At least one study, the largest first. Problems stand in the studies and series.

    Raises:
        InputError: a path is not there, or a folder is empty, or there is no path.
        NotAnImageError: nothing in it is a medical image.
    """
    asked = [Path(one) for one in ([paths] if isinstance(paths, (str, Path)) else paths)]
    if not asked:
        raise InputError("No path was given. Give a folder or file of DICOM, a .nii.gz, or an archive of DICOM.")
    return _together([_source(path) for path in asked], asked)


def _source(path: Path) -> _Source:
    name = path.name.lower()
    if not path.exists():
        raise InputError(
            f"There is nothing at {str(path)!r}. Give a folder or file of DICOM, a .nii.gz, or an archive of DICOM."
        )
    if path.is_file() and name.endswith((".zip", *_TARS)):
        folder = _TemporaryFolder()
        _unpack(path, folder.path)
        return _Source(_found(folder.path, path), keep=folder)
    return _Source((path,), named=True) if path.is_file() else _Source(_found(path, path))


def _found(folder: Path, asked: Path) -> tuple[Path, ...]:
    files = tuple(sorted(one for one in folder.rglob("*") if one.is_file() and not _hidden(one, folder)))
    if not files:
        raise InputError(
            f"{str(asked)!r} is empty. A folder with a DICOM study (one file a slice) or a .nii.gz is expected."
        )
    return files


def _together(sources: Sequence[_Source], asked: Sequence[Path]) -> tuple[Study, ...]:
    """Studies of all files, each file once."""
    from limner.io.dicom import read_studies

    files = {file.resolve(): file for source in sources for file in source.files}
    kept = tuple(source.keep for source in sources if source.keep)
    studies, skipped = read_studies([one for one in files.values() if not _is_nifti(one)], kept)
    images = {file.resolve() for study in studies for series in study.series for file in series.files}
    niftis = {
        file.resolve(): file
        for source in sources
        if source.named or images.isdisjoint(one.resolve() for one in source.files)
        for file in source.files
        if _is_nifti(file)
    }
    studies += _nifti(niftis.values(), kept)
    if studies:
        return studies
    counted = "; ".join(f"{len(names)} {code} ({', '.join(names[:3])})" for code, names in skipped.items())
    where = repr(str(asked[0])) if len(asked) == 1 else f"the {len(asked)} paths"
    raise NotAnImageError(
        f"No DICOM image among the {len(files)} files of {where}: {counted}. "
        "Slices as a scanner or PACS exports them, or a NIfTI volume, are expected; a photograph is not enough."
    )


def _is_nifti(path: Path) -> bool:
    return path.name.lower().endswith(_NIFTI)


def _hidden(path: Path, folder: Path) -> bool:
    """Files of the system and not of the study: ``.DS_Store``, ``__MACOSX``, DICOMDIR (an index, not an image)."""
    parts = path.relative_to(folder).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts) or path.name == "DICOMDIR"


def _nifti(paths: Iterable[Path], keep: object) -> tuple[Study, ...]:
    from limner.io.nifti import open_nifti

    return tuple(open_nifti(path, keep) for path in paths)


def _unpack(archive: Path, target: Path) -> None:
    """Unpacks without leaving the target (``..`` and links to elsewhere are refused by the standard library)."""
    try:
        if archive.name.lower().endswith(".zip"):
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(target)
        else:
            with tarfile.open(archive) as packed:
                packed.extractall(target, filter="data")
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise NotAnImageError(
            f"{archive.name!r} cannot be unpacked ({type(error).__name__}): damaged, or no such archive."
        ) from error
