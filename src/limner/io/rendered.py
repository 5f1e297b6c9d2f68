"""A frame of a DICOM file as a picture that any browser shows.

Source: DICOM PS3.18 10.4.1.1.5 (rendered resources) and 8.3.5 (viewport, window, quality).
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom.pixels import apply_color_lut

from limner.errors import InputError
from limner.io.picture_dicom import eight_bits, grey
from limner.io.stored_frames import decoded_frames

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}


@dataclass(frozen=True)
class Rendering:
    """How a frame is shown.

    Args:
        media_type: ``image/jpeg`` or ``image/png``.
        size: the width and height that it is fitted into; as large as it is where None.
        region: left, top, width, height in pixels of the source; the whole where None.
        window: centre and width; the header's, else the range that occurs, where None.
        quality: of JPEG, 1 to 100.
    """

    media_type: str = "image/jpeg"
    size: tuple[int, int] | None = None
    region: tuple[float, float, float, float] | None = None
    window: tuple[float, float] | None = None
    quality: int = 90


def render(path: Path, number: int, rendering: Rendering) -> bytes:
    """Draws one frame.

    Args:
        path: of a DICOM file.
        number: of the frame, from 1.
        rendering: how.

    Raises:
        InputError: no such frame.
        NotAnImageError: the pixels cannot be decoded.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        if "Rows" not in header:
            raise InputError("This instance has no pixels: it cannot be shown as a picture.")
        count = max(1, int(header.get("NumberOfFrames") or 1))
        if not 1 <= number <= count:
            raise InputError(f"The instance has frames 1 to {count}; {number} was asked for.")
        (frame,) = decoded_frames(path, [number])
        if header.get("PhotometricInterpretation") == "PALETTE COLOR":
            wide = apply_color_lut(frame, header)
            shown = (wide >> (8 * (wide.dtype.itemsize - 1))).astype(np.uint8)
        else:
            shown = eight_bits(header, frame) if frame.ndim == 3 else grey(header, frame, rendering.window)
    picture = Image.fromarray(np.ascontiguousarray(shown))
    if rendering.region is not None:
        left, top, width, height = (round(one) for one in rendering.region)
        right, bottom = min(left + width, picture.width), min(top + height, picture.height)
        if not (0 <= left < right and 0 <= top < bottom):
            raise InputError(
                f"The region lies outside the picture, which has {picture.width} x {picture.height} pixels."
            )
        picture = picture.crop((left, top, right, bottom))
    if rendering.size is not None:
        scale = min(rendering.size[0] / picture.width, rendering.size[1] / picture.height)
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        picture = picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)
    out = io.BytesIO()
    options = {"quality": rendering.quality} if rendering.media_type == "image/jpeg" else {"compress_level": 3}
    picture.save(out, FORMATS[rendering.media_type], **options)
    return out.getvalue()
