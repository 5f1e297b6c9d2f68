"""What a path may be: a folder, a DICOM file, an archive of DICOM files, a NIfTI file."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
import weakref
import zipfile
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


def open_studies(path: Path) -> tuple[Study, ...]:
    """Finds the studies at a path by their headers; pixels are read later, by ``series.load()``.

    Args:
        path: a folder (searched to its depth), a DICOM file, ``.nii``/``.nii.gz``, or an archive (``.zip``,
            ``.tar.xz`` and kin) of DICOM files.

    Returns:
        At least one study, the largest first. Problems stand in the studies and series.

    Raises:
        InputError: the path is not there, or the folder is empty.
        NotAnImageError: nothing in it is a medical image.
    """
    path = Path(path)
    name = path.name.lower()
    if not path.exists():
        raise InputError(
            f"There is nothing at {str(path)!r}. Give a folder or file of DICOM, a .nii.gz, or an archive of DICOM."
        )
    if path.is_file() and name.endswith(_NIFTI):
        return _nifti([path])
    if path.is_file() and (name.endswith(".zip") or name.endswith(_TARS)):
        folder = _TemporaryFolder()
        _unpack(path, folder.path)
        return _folder(folder.path, path, folder)
    return _folder(path, path, None)


def _folder(folder: Path, asked: Path, keep: object) -> tuple[Study, ...]:
    from limner.io.dicom import read_studies

    files = (
        [folder]
        if folder.is_file()
        else sorted(one for one in folder.rglob("*") if one.is_file() and not _hidden(one, folder))
    )
    if not files:
        raise InputError(
            f"{str(asked)!r} is empty. A folder with a DICOM study (one file a slice) or a .nii.gz is expected."
        )
    niftis = [one for one in files if one.name.lower().endswith(_NIFTI)]
    studies, skipped = read_studies([one for one in files if one not in set(niftis)], keep)
    if studies:
        return studies
    if niftis:
        return _nifti(niftis)
    counted = "; ".join(f"{len(names)} {code} ({', '.join(names[:3])})" for code, names in skipped.items())
    raise NotAnImageError(
        f"No DICOM image among the {len(files)} files of {str(asked)!r}: {counted}. "
        "Slices as a scanner or PACS exports them, or a NIfTI volume, are expected; a photograph is not enough."
    )


def _hidden(path: Path, folder: Path) -> bool:
    """Files of the system and not of the study: ``.DS_Store``, ``__MACOSX``, DICOMDIR (an index, not an image)."""
    parts = path.relative_to(folder).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts) or path.name == "DICOMDIR"


def _nifti(paths: list[Path]) -> tuple[Study, ...]:
    from limner.io.nifti import open_nifti

    return tuple(open_nifti(path) for path in paths)


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
