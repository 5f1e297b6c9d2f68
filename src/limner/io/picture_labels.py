"""Label maps of pictures: PNG files whose pixels are values, not colours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.errors import NotAnImageError


def read_picture_labels(path: Path) -> NDArray[np.uint8]:
    """The values ``(Y, X)`` of a label picture: grey values, or the numbers behind a palette's colours.

    Raises:
        NotAnImageError: missing, damaged, in colours that are not grey, or with values above 255.
    """
    from PIL import Image, UnidentifiedImageError

    name = Path(path).name
    try:
        with Image.open(path) as opened:
            mode, array = opened.mode, np.asarray(opened)
    except FileNotFoundError as error:
        raise NotAnImageError(f"There is no label picture at {name!r}.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise NotAnImageError(f"{name!r} is damaged or no picture ({error}).") from error
    if array.ndim == 3:
        colors = array[..., :1] if mode == "LA" else array[..., :3]
        if (colors != colors[..., :1]).any():
            raise NotAnImageError(f"{name!r} is coloured ({mode}); a label picture holds a grey value per pixel.")
        array = colors[..., 0]
    if array.dtype == bool:
        return array.astype(np.uint8)
    if array.max(initial=0) > 255 or array.min(initial=0) < 0:
        raise NotAnImageError(f"{name!r} holds the value {array.max()}; labels of pictures are 0 to 255.")
    return np.ascontiguousarray(array, np.uint8)


def write_picture_labels(
    labels: NDArray[np.uint8], path: Path, colors: Sequence[tuple[int, int, int]] | None = None
) -> None:
    """Writes ``(Y, X)`` labels as a PNG; with ``colors`` (one per value from 0) any viewer shows them apart.

    The values survive: :func:`read_picture_labels` gives back what was written.
    """
    from PIL import Image

    written = Image.fromarray(np.ascontiguousarray(labels, np.uint8))
    if colors is not None:
        written.putpalette([part for color in colors for part in color])
    written.save(path, format="PNG")
