"""An explanation of a picture as layers of pixels, for a page that lays them over the picture itself.

All but ``without.png`` have the size of the picture, or of the picture made smaller where it is very large. Grey values
are numbers, not light: of heat 128 is nothing, 255 speaks most for the answer and 1 most against it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from limner.image import Picture
from limner.infer.explain.explanation import Explanation
from limner.infer.explain.source import PictureSource

LONGEST = 1600
"""Pixels of a layer's longer side at most."""
NOTHING, MOST = 128, 127
FOLDER = "layers"


def write_layers(explanation: Explanation, folder: Path) -> dict[str, str]:
    """Writes the heat of each method, LIME's parts, and of attributes the outline and the picture without them.

    Returns:
        Of a flat picture ``layer`` and what it is to the files, relative to the folder; nothing of a volume.
    """
    if not isinstance(explanation.source, PictureSource) or len(explanation.source.size) != 2:
        return {}
    made: dict[str, NDArray[np.uint8]] = {}
    for one in explanation.maps:
        made[one.kind] = as_grey(fewer(np.nan_to_num(one.values)))
        if one.segments is not None:
            made["parts"] = fewer(one.segments).astype(np.uint8)  # 40 at most, see `segment_count`
    table = explanation.attributes
    if table is not None:
        made["outline"] = fewer(table.mask).astype(np.uint8) * np.uint8(255)
        if table.edited is not None:
            made["without"] = pixels_of(Picture(table.edited))
    files = {f"layer {name}": f"{FOLDER}/{name}.png" for name in made}
    if files:
        (folder / FOLDER).mkdir(exist_ok=True)
    for name, pixels in made.items():
        Pillow.fromarray(np.ascontiguousarray(pixels)).save(folder / FOLDER / f"{name}.png", "PNG")
    return files


def as_grey(heat: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Heat within -1 to 1 as grey values.

    >>> as_grey(np.array([-1.0, 0.0, 1.0])).tolist()
    [1, 128, 255]
    """
    return np.rint(NOTHING + MOST * np.clip(heat, -1, 1)).astype(np.uint8)


def fewer(plane: NDArray[Any]) -> NDArray[Any]:
    """Every n-th pixel of ``(Y, X, …)``, so that no side is longer than :data:`LONGEST`."""
    step = max(1, -(-max(plane.shape[:2]) // LONGEST))
    return plane[::step, ::step]


def pixels_of(picture: Picture) -> NDArray[np.uint8]:
    """A flat picture ``(Y, X)`` in grey or ``(Y, X, 3)`` in colour, as :func:`fewer` pixels."""
    array = picture.array[0] if picture.array.shape[0] == 1 else np.moveaxis(picture.array, 0, -1)
    return fewer(array)
