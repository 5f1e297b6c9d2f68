"""What a pack on pictures is given, by the number of its axes: a picture (2), or a small volume (3) in eight bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.errors import GeometryError, InputError, NotAnImageError, SeriesChoiceError
from limner.image import Image, Picture, Series, Turn
from limner.io.picture import ENDINGS, read_picture

SHARE = (0.5, 99.5)
"""Percentiles of the voxels that become black and white where no window is named."""

_NIFTI = (".nii", ".nii.gz")
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2")
_VOLUMES = "NIfTI (.nii, .nii.gz), a folder or archive of DICOM slices, or .npy (Z, Y, X)"


def read_input(path: Path, axes: int, window_hu: tuple[float, float] | None = None) -> Picture:
    """Reads what a pack or recipe with a ``size`` of so many numbers asks for.

    Args:
        path: for 2 axes see :func:`limner.io.read_picture`; for 3 axes NIfTI, DICOM slices (a folder
            or an archive) of any modality, or ``.npy`` ``(Z, Y, X)`` or ``(Z, Y, X, C)``.
        axes: 2 or 3.
        window_hu: ``(low, high)`` that become black and white, of volumes in Hounsfield units. Without it eight-bit
            voxels stay as they are (zeros and ones become black and white), others span the percentiles
            :data:`SHARE` of what occurs.

    Returns:
        ``(C, Y, X)`` or ``(C, Z, Y, X)`` uint8. Volumes with a place in the world are turned nearest to axial, know
        their spacing, and their ``turn`` leads back to the file; ``.npy`` has no place and stays as it is.

    Raises:
        NotAnImageError: missing, damaged, voxels that are no finite number, several patients; a volume where a picture
            is asked for, or a picture where a volume is.
    """
    path = Path(path)
    if not path.exists():
        raise NotAnImageError(f"There is nothing at {path.name!r}.")
    if axes == 2:
        _refuse_volume(path)
        return read_picture(path)
    if path.name.lower().endswith(ENDINGS):
        raise NotAnImageError(
            f"{path.name!r} is a picture of two axes, and a volume of three is expected, since the size that the pack "
            f"or recipe names has three numbers: {_VOLUMES}. For pictures take a pack (or data.size) of two numbers."
        )
    if path.name.lower().endswith(".npy"):
        return _array(path, window_hu)
    image = _image(path, window_hu)
    turn = Turn.axial(image.grid)
    return Picture(turn.array(_eight_bits(image.array, window_hu))[None], turn.turned.spacing_mm, turn)


def _refuse_volume(path: Path) -> None:
    name = path.name.lower()
    if path.is_dir() or name.endswith((*_NIFTI, *_ARCHIVES, ".npy")):
        what = "a folder" if path.is_dir() else "a volume or an archive"
        raise NotAnImageError(
            f"{path.name!r} is {what}, and one picture is expected, since the size that the pack or recipe names has "
            f"two numbers: DICOM of one frame, or one of {', '.join(ENDINGS)}. Export the slice that is meant, or take "
            "a pack (or data.size) of three numbers, which reads small volumes."
        )


def _image(path: Path, window_hu: tuple[float, float] | None) -> Image:
    """The voxels as the file or the series stores them."""
    from limner.io.nifti import read_nifti_as_stored
    from limner.io.sources import open_studies

    try:
        if path.name.lower().endswith(_NIFTI):
            return read_nifti_as_stored(path)
        series = _largest(path, open_studies(path))
        if series.format == "nifti":
            return read_nifti_as_stored(series.files[0])
        image = series.load()
    except NotAnImageError as error:
        if path.is_dir() or path.name.lower().endswith((*_NIFTI, *_ARCHIVES)):
            raise
        raise NotAnImageError(f"{path.name!r} is no volume; expected {_VOLUMES}. ({error})") from error
    except (GeometryError, SeriesChoiceError, InputError) as error:
        raise NotAnImageError(str(error)) from error
    if window_hu and image.unit != "HU":
        raise NotAnImageError(
            f"{path.name!r} is {image.modality or 'of no modality'} and not in Hounsfield units, and the pack or "
            f"recipe names a window of {window_hu[0]:g} to {window_hu[1]:g} HU. Give CT, or leave window_hu out."
        )
    return image


def _largest(path: Path, studies: tuple[Any, ...]) -> Series:
    """The one with the most voxels, of any modality, of one patient."""
    if len({study.patient_key for study in studies}) > 1:
        raise SeriesChoiceError(f"{path.name!r} holds several patients; one volume of one patient is expected.")
    found = [one for study in studies for one in study.series if one.drawable]
    if found:
        return max(found, key=lambda one: int(np.prod(one.grid.shape)))
    whys = [p.text for study in studies for one in study.series for p in one.problems if p.severity == "error"]
    why = " ".join(dict.fromkeys(whys)) or "It has no geometry."
    raise SeriesChoiceError(f"{path.name!r} holds no volume of evenly spaced slices. {why}")


def _array(path: Path, window_hu: tuple[float, float] | None) -> Picture:
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise NotAnImageError(f"{path.name!r} is damaged or no array of numbers ({error}).") from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "buif":
        raise NotAnImageError(f"{path.name!r} holds no plain numbers; expected an array (Z, Y, X).")
    colored = values.ndim == 4 and values.shape[-1] in (1, 3)
    if not (values.ndim == 3 or colored) or not values.size:
        raise NotAnImageError(
            f"{path.name!r} is an array of {' × '.join(map(str, values.shape))}; expected (Z, Y, X), or (Z, Y, X, C) "
            "with one or three channels."
        )
    if missing := int(np.count_nonzero(~np.isfinite(values))):
        raise NotAnImageError(
            f"{path.name!r}: {missing} of {values.size} voxels are not a number or infinite. Limner does not guess "
            "what they were: fill them first."
        )
    channels = np.moveaxis(values, -1, 0) if colored else values[None]
    return Picture(np.ascontiguousarray(_eight_bits(channels, window_hu)))


def _eight_bits(values: NDArray[Any], window: tuple[float, float] | None) -> NDArray[np.uint8]:
    if window is None and values.dtype in (np.uint8, np.bool_):
        whole = values.astype(np.uint8)
        return whole * np.uint8(255) if whole.max() <= 1 else whole
    low, high = window or (float(one) for one in np.percentile(values, SHARE))
    if window is None and high <= low:  # nearly all voxels are alike: what differs is what matters
        low, high = float(values.min()), float(values.max())
    scaled = (np.clip(values, low, high).astype(np.float32) - low) * (255.0 / max(high - low, 1e-6))
    return (scaled + 0.5).astype(np.uint8)
