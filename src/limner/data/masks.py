"""Masks of pictures and small volumes: read beside their image, and turned from a cohort's values into classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.errors import CohortError, GeometryError, NotAnImageError
from limner.image import Grid, Picture


def read_mask(path: Path, picture: Picture, who: str) -> NDArray[np.uint8]:
    """The values of a mask, ``(Y, X)`` or ``(Z, Y, X)``, on the grid of its picture.

    Args:
        path: of the mask: a label picture; of a volume NIfTI, or ``.npy`` whose voxels are stored as the image's are.
        picture: that it is of, as :func:`limner.io.read_input` gives it: turned where its file is.
        who: the case, for messages.

    Raises:
        CohortError: it has another size or lies elsewhere than its image. NotAnImageError: it cannot be read.
    """
    from limner import io

    if len(picture.size) == 3:
        return _volume_mask(path, picture, who)
    values = io.read_picture_labels(path)
    if values.shape != picture.size:
        raise CohortError(
            f"Case {who!r}: the mask {path.name!r} has {_size(values.shape)} pixels, its image {_size(picture.size)}. "
            "A mask must lie on its image's grid."
        )
    return values


def _volume_mask(path: Path, picture: Picture, who: str) -> NDArray[np.uint8]:
    """A mask of a volume ``(Z, Y, X)``, turned as its image is."""
    from limner import io

    name, turn = path.name.lower(), picture.turn
    if name.endswith(".npy"):
        values = _label_array(path)
        stored = turn.stored.shape if turn else picture.size
        if values.shape != stored:
            raise CohortError(
                f"Case {who!r}: the mask {path.name!r} has {_size(values.shape)} voxels (Z, Y, X), its image "
                f"{_size(stored)}. A mask must lie on its image's grid."
            )
        return turn.array(values) if turn else values
    if not name.endswith((".nii", ".nii.gz")):
        raise CohortError(f"Case {who!r}: masks of volumes are NIfTI (.nii, .nii.gz) or .npy; got {path.name!r}.")
    if turn is None:
        raise CohortError(
            f"Case {who!r}: the image is an array (.npy), which has no place in the world, and the mask {path.name!r} "
            "has one. Give both as NIfTI, or both as .npy."
        )
    try:
        labels = io.read_nifti_labels(path)
    except GeometryError as error:
        raise NotAnImageError(str(error)) from error
    if not labels.grid.same_as(turn.turned, tolerance_mm=0.5 * min(turn.turned.spacing_mm)):
        raise CohortError(
            f"Case {who!r}: the mask {path.name!r} does not lie on its image's grid. {_place('Mask', labels.grid)}; "
            f"{_place('image', turn.turned)} (axial, Z Y X). Resample the mask to the image, or copy the image's "
            "header to it where the voxels are the same."
        )
    if labels.array.dtype != np.uint8:
        raise NotAnImageError(f"{path.name!r} holds the value {int(labels.array.max())}; labels are 0 to 255 here.")
    return np.asarray(labels.array, np.uint8)


def _label_array(path: Path) -> NDArray[np.uint8]:
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise NotAnImageError(f"{path.name!r} is damaged or no array of numbers ({error}).") from error
    if values.dtype.kind not in "bui" or values.min(initial=0) < 0 or values.max(initial=0) > 255:
        raise NotAnImageError(f"{path.name!r} is no mask: whole numbers from 0 to 255 are expected ({values.dtype}).")
    return np.asarray(values, np.uint8)


def _place(what: str, grid: Grid) -> str:
    """Geometry in words: where a mask and its image differ must be seen in a message."""
    spacing, origin = (", ".join(f"{one:.4g}" for one in some) for some in (grid.spacing_mm, grid.origin_mm))
    return f"{what}: {_size(grid.shape)} voxels of {spacing} mm from ({origin}) mm"


def read_region(path: Path, picture: Picture, who: str) -> NDArray[np.bool_]:
    """What a mask marks on its picture's grid: all above 0, of a picture whatever its colours are.

    Raises:
        CohortError: it has another size or lies elsewhere than its picture. NotAnImageError: it cannot be read.
    """
    from limner import io

    if len(picture.size) == 3:
        return read_mask(path, picture, who) > 0
    marked: NDArray[np.bool_] = io.read_picture(path).with_channels(1).array[0] > 0
    if marked.shape != picture.size:
        raise CohortError(
            f"Case {who!r}: the mask {path.name!r} has {_size(marked.shape)} pixels, its image {_size(picture.size)}. "
            "A mask must lie on its image's grid."
        )
    return marked


def by_value(classes: Mapping[str, str]) -> bool:
    """Whether classes are told by the mask's values; by the case's label, for all of its mask, where not.

    >>> by_value({"0": "background", "255": "tumour"}), by_value({"normal": "background", "benign": "benign lesion"})
    (True, False)
    """
    return all(key.isdigit() for key in classes)


def unnamed(mask: NDArray[np.uint8], classes: Mapping[str, str]) -> list[int]:
    """Values of a mask that classes told by values do not name.

    >>> unnamed(np.array([[0, 255]], np.uint8), {"0": "background", "1": "tumour"})
    [255]
    """
    return sorted(set(np.unique(mask).tolist()) - {int(key) for key in classes if key.isdigit()})


def marked_or_not(classes: Mapping[str, str]) -> bool:
    """Whether masks only say what is marked: a background, value 0, and one thing.

    >>> marked_or_not({"0": "background", "1": "tumour"}), marked_or_not({"0": "background", "1": "a", "2": "b"})
    (True, False)
    """
    return by_value(classes) and len(classes) == 2 and next(iter(classes)) == "0"


def class_mask(
    mask: NDArray[np.uint8] | None, label: str | None, classes: Mapping[str, str], who: str, as_marked: bool = False
) -> NDArray[np.uint8]:
    """Class indices of a mask.

    Args:
        mask: values.
        label: of the case; what a mask is where the classes are named by labels, such as benign or malignant.
        classes: value or label → name; the first is background.
        who: the case, for messages.
        as_marked: take values that the two classes do not name, such as 255 where they are 0 and 1, as the one thing
            that there is (:func:`marked_or_not`) instead of refusing them.

    Raises:
        CohortError: there is no mask, or a value or label is unknown.
    """
    if mask is None:
        raise CohortError(f"Case {who!r} has no mask. Draw an empty one where there is nothing, or leave the case out.")
    keys = list(classes)
    if by_value(classes):
        strange = unnamed(mask, classes)
        if strange and as_marked and marked_or_not(classes):
            return (mask > 0).astype(np.uint8)
        if strange:
            held = ", ".join(map(str, strange[:5]))
            raise CohortError(f"Case {who!r}: the mask holds {held}; known values are {', '.join(keys)}.")
        table = np.zeros(256, np.uint8)
        for index, key in enumerate(keys):
            table[int(key)] = index
        return table[mask]
    if label is None or label not in classes:
        raise CohortError(f"Case {who!r}: the label {label!r} is unknown; known are {', '.join(keys)}.")
    index = keys.index(label)
    if index == 0 and mask.any():
        raise CohortError(f"Case {who!r} is {label!r}, and something is marked in its mask.")
    return np.where(mask > 0, index, 0).astype(np.uint8)


def _size(size: tuple[int, ...]) -> str:
    return " × ".join(map(str, size))
