"""Photographs and stills: PNG, JPEG, TIFF and the like, and DICOM of one frame."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import numpy as np

from limner.errors import NotAnImageError
from limner.image import Picture

ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")


def is_picture(path: Path) -> bool:
    """Whether a file's name says that it is one, or it is DICOM of a modality whose images stand alone."""
    path = Path(path)
    if path.suffix.lower() in ENDINGS:
        return True
    if not path.is_file():
        return False
    from limner.io.picture_dicom import is_still

    return is_still(path)


def read_picture(path: Path | IO[bytes]) -> Picture:
    """Reads a picture, turned as its EXIF orientation says, in grey (1 channel) or colour (3).

    Sixteen bits are brought to eight over the range that occurs; DICOM through its window, see
    :func:`limner.io.picture_dicom.read_still`.

    Raises:
        NotAnImageError: the file is missing, damaged, or not a picture.
    """
    if isinstance(path, (str, Path)) and _may_be_dicom(path := Path(path)):
        from limner.io.picture_dicom import read_still

        return read_still(path)
    from PIL import Image, ImageOps, UnidentifiedImageError

    name = Path(path).name if isinstance(path, (str, Path)) else "a picture in an archive"
    try:
        with Image.open(path) as opened:
            turned = ImageOps.exif_transpose(opened)
            if turned.mode in ("I;16", "I;16B", "I", "F"):
                return Picture(_eight_bits(np.asarray(turned, np.float32))[None])
            grey = turned.mode in ("1", "L", "LA")
            array = np.asarray(turned.convert("L" if grey else "RGB"))
    except FileNotFoundError as error:
        raise NotAnImageError(f"There is no picture at {name!r}.") from error
    except Image.DecompressionBombError as error:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise NotAnImageError(
            f"{name!r} is too large to be opened safely: {most:,} pixels at most. Make it smaller first."
        ) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        why = "no format that is known" if isinstance(error, UnidentifiedImageError) else error
        raise NotAnImageError(
            f"{name!r} is damaged or no picture ({why}); expected DICOM of one frame, or one of {', '.join(ENDINGS)}."
        ) from error
    return Picture(np.ascontiguousarray(array[None] if array.ndim == 2 else np.moveaxis(array, -1, 0)))


def _may_be_dicom(path: Path) -> bool:
    """By the four letters after the preamble (DICOM PS3.10, 7.1)."""
    if path.suffix.lower() in ENDINGS or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def _eight_bits(values: np.ndarray) -> np.ndarray:
    if not np.isfinite(values).all():
        raise ValueError("some pixels are not finite")
    low, high = float(values.min()), float(values.max())
    return ((values - low) * (255.0 / max(high - low, 1e-6)) + 0.5).astype(np.uint8)
