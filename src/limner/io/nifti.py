"""NIfTI in and out. RAS lives in this module and nowhere else.

Source: the NIfTI-1 header (nifti1.h, methods 2 and 3). Its memory order is (x, y, z) with x fastest, which is our
(Z, Y, X) array seen from the other side: no data move, only the affine is rewritten.
"""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.errors import GeometryError, NotAnImageError
from limner.image import Grid, Image, Label, LabelMap, Problem, Series, Study, reorient, reorient_grid, to_axial

_COMMENT = 6  # NIFTI_ECODE_COMMENT
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}  # spatial unit codes of xyzt_units: unknown, metre, millimetre, micron


def read_nifti(path: Path) -> Image:
    """Reads one 3-D volume in any orientation.

    Returns:
        The image, its axes turned nearest to ``SPL`` with the true affine kept; modality and unit are empty, for
        NIfTI does not know them. Integers stay integers unless the header scales them (then float32).

    Raises:
        NotAnImageError: not NIfTI, damaged, 4-D, colour or complex; voxels that are no finite number.
        GeometryError: the affine cannot be inverted.
    """
    stored = read_nifti_as_stored(path)
    turned, there = reorient(stored.array, stored.grid, *to_axial(stored.grid))
    return Image(turned, there)


def read_nifti_as_stored(path: Path) -> Image:
    """As :func:`read_nifti`, with the axes as the file has them: ``(k, j, i)``."""
    volume = load_nifti(Path(path))
    return Image(_values(volume, Path(path)), _grid(volume, Path(path)))


def read_nifti_labels(path: Path, labels: Sequence[Label] = ()) -> LabelMap:
    """Reads a label map: whole numbers from 0 on.

    Args:
        path: ``.nii`` or ``.nii.gz``.
        labels: what the values mean.

    Raises:
        NotAnImageError: values that are not whole, negative, or past 65535; and as :func:`read_nifti`.
    """
    image = read_nifti(path)
    array = image.array
    if array.dtype.kind == "f" and not (array == np.rint(array)).all():
        raise NotAnImageError(f"{Path(path).name!r} is no label map: whole numbers are expected, it holds fractions.")
    low, high = int(array.min(initial=0)), int(array.max(initial=0))
    if low < 0 or high > 65535:
        raise NotAnImageError(
            f"{Path(path).name!r} is no label map: values 0 to 65535 are expected, it holds {low} to {high}."
        )
    return LabelMap(array.astype(np.uint8 if high < 256 else np.uint16, copy=False), image.grid, tuple(labels))


def write_nifti_labels(labels: LabelMap, path: Path) -> None:
    """Writes a label map on its own grid, gzipped by its name; the file appears whole or not at all."""
    _write(labels.array, labels.grid, Path(path))


def write_nifti_shares(
    values: NDArray[np.uint8],
    grid: Grid,
    path: Path,
    *,
    note: str = "Limner; not for clinical use",
    comment: str = "",
) -> None:
    """Writes a volume of 0 to 1 as bytes of 0 to 255; the header's slope (scl_slope) makes every reader scale it.

    Args:
        values: ``(Z, Y, X)``.
        grid: where they stand.
        path: gzipped by its name; the file appears whole or not at all.
    """
    _write(values, grid, Path(path), slope=1 / 255)


def write_nifti_heat(values: NDArray[np.floating], grid: Grid, path: Path) -> None:
    """Writes a volume of −1 to 1 as 16-bit integers that the header's slope scales back: half the bytes of floats.

    Args:
        values: ``(Z, Y, X)``.
        grid: where they stand.
        path: gzipped by its name; the file appears whole or not at all.
    """
    whole = np.rint(np.clip(values, -1, 1) * 32767).astype(np.int16)
    _write(whole, grid, Path(path), slope=1 / 32767)


def write_nifti_stored(values: NDArray[np.int16], grid: Grid, path: Path, *, slope: float, intercept: float) -> None:
    """Writes stored integers whose header says ``value = stored × slope + intercept``, without a note.

    Args:
        values: ``(Z, Y, X)``.
        grid: where they stand.
        path: gzipped by its name; the file appears whole or not at all.
        slope: scl_slope of the header.
        intercept: scl_inter of the header.
    """
    _write(values, grid, Path(path), slope=slope, intercept=intercept)


def write_nifti_image(image: Image, path: Path, *, note: str, comment: str) -> None:
    """Writes voxel values as they are.

    Args:
        image: integers of up to 16 bits, or float32.
        path: gzipped by its name; the file appears whole or not at all.
        note: for the header's ``descrip``, 79 bytes at most.
        comment: a header extension of any length, for programs.
    """
    _write(image.array, image.grid, Path(path), note=note, comment=comment)


def read_nifti_comments(path: Path) -> list[str]:
    """The comments among the header's extensions (code 6 of nifti1.h)."""
    extensions = getattr(load_nifti(Path(path)).header, "extensions", ())
    return [one.get_content().decode("utf-8", "replace") for one in extensions if one.get_code() == _COMMENT]


def _write(
    array: NDArray[Any],
    grid: Grid,
    path: Path,
    slope: float | None = None,
    intercept: float = 0.0,
    note: str = "Limner; not for clinical use",
    comment: str = "",
) -> None:
    import nibabel

    header = nibabel.Nifti1Header()
    header.set_data_shape(grid.shape[::-1])
    header.set_data_dtype(array.dtype)
    if slope is not None:
        header.set_slope_inter(slope, intercept)
    affine = _RAS_TO_LPS @ grid.affine[:, [2, 1, 0, 3]]
    header.set_sform(affine, code=1)
    header.set_qform(affine, code=1, strip_shears=True)
    header.set_xyzt_units("mm")
    extension = _extension(comment)
    header["vox_offset"] = 348 + len(extension)
    header["descrip"] = note.encode()[:79]
    aside = path.with_name(f".{path.name}.part")
    payload = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    try:
        with aside.open("wb") as raw:
            if path.name.endswith(".gz"):
                # Level 1 and no time stamp: fast, and the same labels give the same bytes.
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=1, mtime=0) as packed:
                    packed.write(header.binaryblock + extension)
                    packed.write(payload.data)
            else:
                raw.write(header.binaryblock + extension)
                raw.write(payload.data)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _extension(comment: str) -> bytes:
    """What stands between header and voxels: nothing, or one comment, padded to 16 bytes (nifti1.h, extensions)."""
    if not comment:
        return b"\0\0\0\0"
    text = comment.encode()
    size = -(-(len(text) + 8) // 16) * 16
    return b"\1\0\0\0" + struct.pack("<ii", size, _COMMENT) + text.ljust(size - 8, b"\0")


def open_nifti(path: Path, keep: object = None) -> Study:
    """A NIfTI file as a study of one series; the pixels are read by ``series.load()``.

    Args:
        path: of the file.
        keep: held as long as the series lives (a temporary folder).
    """
    volume = load_nifti(path)
    problems = _problems(volume)
    shape = _shape3(volume, path)
    try:
        grid = _grid(volume, path)
    except GeometryError as error:
        problems.append(Problem("bad-orientation", "error", str(error)))
        grid = None
    if min(shape) < 2:
        problems.append(Problem("single-slice", "error", f"Only one slice: the volume is {shape} voxels."))
    if any(one.severity == "error" for one in problems):
        grid = None
    grid = reorient_grid(grid, *to_axial(grid)) if grid is not None else None
    digest = _digest(path)

    def load() -> Image:
        _ = keep
        if grid is None:
            raise GeometryError(f"{path.name!r} has no place in space. " + " ".join(one.text for one in problems))
        image = read_nifti(path)
        # NIfTI cannot say what its numbers mean; air below -200 is what only CT in HU has.
        if float(image.array.min()) >= -200.0:
            return image
        return Image(_hu(image.array), image.grid, "CT", "HU")

    series = Series(f"2.25.{digest}", "", path.name, (path,), grid, load, tuple(problems), "nifti")
    return Study(f"2.25.{digest ^ 1}", (series,), hashlib.sha256(str(digest).encode()).hexdigest()[:12])


def _hu(array: NDArray[Any]) -> NDArray[np.int16]:
    whole = array if array.dtype.kind in "iu" else np.rint(array)
    return np.clip(whole, -1024, 32767).astype(np.int16)


def load_nifti(path: Path) -> Any:
    """Opens a file with nibabel; voxels are read when they are asked for.

    Raises:
        NotAnImageError: not NIfTI, or damaged.
    """
    import nibabel
    from nibabel.filebasedimages import ImageFileError

    try:
        return nibabel.load(path)
    except (ImageFileError, EOFError, OSError, ValueError, zlib.error) as error:
        raise NotAnImageError(
            f"{path.name!r} cannot be read as NIfTI ({type(error).__name__}): damaged, cut off, or something else."
        ) from error


def _shape3(volume: Any, path: Path) -> tuple[int, int, int]:
    shape = tuple(int(n) for n in volume.shape)
    if len(shape) > 3 and all(n == 1 for n in shape[3:]):
        shape = shape[:3]
    if len(shape) != 3:
        raise NotAnImageError(
            f"One 3-D volume is expected; {path.name!r} is {len(shape)}-D, {' x '.join(map(str, shape))} (x, y, z, …). "
            "Save the time point or channel that you mean as a file of its own."
        )
    return shape[0], shape[1], shape[2]


def _values(volume: Any, path: Path) -> NDArray[Any]:
    """The voxels ``(Z, Y, X)``, a view of nibabel's Fortran-ordered ``(x, y, z)``."""
    shape = _shape3(volume, path)
    kind = volume.get_data_dtype()
    if kind.fields is not None or kind.kind == "c":
        raise NotAnImageError(
            f"{path.name!r} holds colours or complex numbers ({kind}); one number a voxel is expected."
        )
    slope, inter = volume.dataobj.slope, volume.dataobj.inter
    try:
        if slope == 1 and inter == 0:
            array = np.asarray(volume.dataobj)
        else:
            array = (volume.dataobj.get_unscaled() * np.float32(slope) + np.float32(inter)).astype(np.float32)
    except (EOFError, OSError, ValueError, zlib.error) as error:
        raise NotAnImageError(
            f"{path.name!r} ends before its voxels do, or is damaged ({type(error).__name__})."
        ) from error
    array = array.reshape(shape).T
    if array.dtype.kind == "f":
        array = array.astype(np.float32, copy=False)
        if missing := int(np.count_nonzero(~np.isfinite(array))):
            raise NotAnImageError(
                f"{path.name!r}: {missing} of {array.size} voxels are not a number or infinite. Limner does not guess "
                "what they were: fill them first, with what air measures where nothing was scanned (-1024 in CT)."
            )
    elif array.dtype.itemsize > 2 or not array.dtype.isnative:
        array = _smallest(array)
    return array


def _smallest(array: NDArray[Any]) -> NDArray[Any]:
    """Wide integers as int16 or uint16 where they fit, else float32."""
    low, high = int(array.min()), int(array.max())
    for kind in (np.int16, np.uint16):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return array.astype(kind)
    return array.astype(np.float32)


def _grid(volume: Any, path: Path) -> Grid:
    x, y, z = _shape3(volume, path)
    affine = np.array(volume.affine, dtype=np.float64)
    affine[:3] *= _MM.get(int(volume.header["xyzt_units"]) & 7, 1.0) if "xyzt_units" in volume.header else 1.0
    try:
        return Grid((z, y, x), (_RAS_TO_LPS @ affine)[:, [2, 1, 0, 3]])
    except ValueError as error:
        raise GeometryError(
            f"The affine of {path.name!r} cannot be inverted: {np.round(affine, 3).tolist()}."
        ) from error


def _problems(volume: Any) -> list[Problem]:
    found = [
        Problem("modality-unknown", "warning", "NIfTI does not say what was measured; the volume is taken as CT in HU.")
    ]
    header = volume.header
    if "sform_code" not in header:
        return found
    sform, qform = int(header["sform_code"]), int(header["qform_code"])
    if not sform and not qform:
        text = "The file does not say which side is left (sform and qform codes are 0). Convert it again from DICOM."
        found.append(Problem("no-orientation", "error", text))
    if sform and qform:
        corner = np.array([*volume.shape[:3], 1.0])
        apart = float(np.abs((header.get_sform() - header.get_qform()) @ corner)[:3].max())
        if apart > 1.0:
            text = f"The file holds two orientations (sform, qform) that lie {apart:.1f} mm apart; sform was used."
            found.append(Problem("two-orientations", "warning", text))
    steps = volume.affine[:3, :3] / np.maximum(np.linalg.norm(volume.affine[:3, :3], axis=0), 1e-9)
    if np.abs(steps.T @ steps - np.eye(3)).max() > 1e-2:
        found.append(Problem("sheared", "error", "The axes of the volume are not at right angles; resample it first."))
    return found


def _digest(path: Path) -> int:
    """A number made from the file's content: 128 bits of SHA-256."""
    with path.open("rb") as stream:
        return int.from_bytes(hashlib.file_digest(stream, "sha256").digest()[:16], "big")
