"""A picture for a page: its pixels alone, no larger than asked."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from limner.errors import NotAnImageError
from limner.image import Picture
from limner.io.picture import read_picture
from limner.io.synthetic import picture_png, read_marks


def shown_png(path: Path, longest: int) -> bytes:
    """The picture as a PNG without any word of its file; one that says that a net made it keeps both marks.

    Args:
        path: of a picture, or DICOM of one frame.
        longest: pixels of the longer side at most; the sides keep their ratio.

    Raises:
        NotAnImageError: damaged, or not flat.
    """
    picture = read_picture(path)
    if len(picture.size) != 2:
        raise NotAnImageError("This is a small volume; a page shows flat pictures.")
    array = picture.array[0] if picture.array.shape[0] == 1 else np.moveaxis(picture.array, 0, -1)
    shown = Pillow.fromarray(np.ascontiguousarray(array))
    shown.thumbnail((longest, longest), Pillow.Resampling.BILINEAR, reducing_gap=None)
    origin = read_marks(path, pixels=False).explicit
    if origin is not None:
        pixels = np.asarray(shown)
        return picture_png(Picture(np.ascontiguousarray(np.atleast_3d(pixels).transpose(2, 0, 1))), origin)
    out = io.BytesIO()
    shown.save(out, "PNG", compress_level=3)
    return out.getvalue()
