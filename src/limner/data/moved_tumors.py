"""Label maps of nobody, from those of a training split: a real map whose tumour lies elsewhere and looks otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.data.placing import Rules, depth, healed, sample_place, with_tumor
from limner.errors import CohortError, InputError

Bytes = NDArray[np.uint8]
DARK, GREY = 13, 50
"""Mean of the channels, of 255, up to which a pixel shows nothing: air, or the black around a picture; and how much
brighter than black a channel's air may be (a series windowed by its own noise)."""
TRIES = 20
"""Maps that are tried before it is given up that a tumour could be placed."""


@dataclass(frozen=True, eq=False)
class MovedTumors:
    """Maps whose tumours are drawn anew, as many, as large and as near to the edge as those that are there.

    Args:
        labels: ``(M, H, W)`` values of classes.
        where: ``(M, H, W)`` bool, in which tumours may lie; true where they lie.
        organs: values in which tumours lie, and which are under them; none where the maps have no such.
        lesions: values of tumours.
        rules: sizes and clearance, in pixels; ``inside`` is (1,), for ``where``.
    """

    labels: Bytes
    where: NDArray[np.bool_]
    organs: tuple[int, ...]
    lesions: tuple[int, ...]
    rules: Rules

    def draw(self, seed: int) -> Bytes:
        """A map ``(H, W)``; one that marks no tumour stays as it is, so that they are as common as they were.

        Raises:
            CohortError: in none of many maps is room for a tumour.
        """
        rng = np.random.default_rng([seed, 6])
        for number in rng.choice(len(self.labels), min(TRIES, len(self.labels)), replace=False):
            try:
                return self._moved(int(number), rng)
            except InputError as error:
                why = error
        raise CohortError(f"No tumour could be placed in {TRIES} maps of the training split; the last: {why}")

    def _moved(self, number: int, rng: np.random.Generator) -> Bytes:
        labels, free = self.labels[number], self.where[number].astype(np.uint8)
        there = [value for value in self.lesions for _ in tumors_in(labels == value)]
        for value in dict.fromkeys(there):
            labels = healed(labels, value, self.organs)
        for value in there:
            placed = sample_place(rng, free, self.rules, (1.0, 1.0))
            labels = with_tumor(labels, placed, value, (1.0, 1.0))
            free[labels == value] = 0
        return labels


def moved_tumors(labels: Bytes, images: Bytes, organs: Sequence[int], lesions: Sequence[int]) -> MovedTumors:
    """What is needed to draw maps like those of a training split.

    Args:
        labels: ``(M, H, W)`` values of classes.
        images: ``(M, C, H, W)`` of the same cases: where no map has an organ, all that is not black is taken for it.
        organs: values in which tumours may lie; none where the maps have none.
        lesions: values of tumours.

    Raises:
        CohortError: no map marks a tumour.
    """
    sick = np.isin(labels, lesions)
    if not sick.any():
        raise CohortError("No map of the training split marks a tumour that could be placed elsewhere.")
    organ = np.isin(labels, organs) if organs else np.stack([body_of(image) for image in images])
    where = organ | sick
    least, diameters = [], []
    for free, one in zip(where, labels, strict=True):
        if not np.isin(one, lesions).any():
            continue
        away = depth(free.astype(np.uint8), (1,), (1.0, 1.0))
        for tumor in (part for value in lesions for part in tumors_in(one == value)):
            least.append(float(away[tumor].min()))
            diameters.append(2 * np.sqrt(tumor.sum() / np.pi))
    quantiles = np.quantile(diameters, np.linspace(0.02, 0.98, 9))
    clear = float(np.quantile(least, 0.1))  # nine of ten lie no nearer to the edge
    rules = Rules((1,), clear, tuple(float(one) for one in quantiles))
    return MovedTumors(labels, where, tuple(organs), tuple(lesions), rules)


def tumors_in(marked: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """The separate tumours of a map ``(H, W)``; pixels that meet at a corner belong together."""
    parts, count = ndimage.label(marked, np.ones((3, 3), bool))
    return [parts == number for number in range(1, count + 1)]


def body_of(image: Bytes) -> NDArray[np.bool_]:
    """What of a picture ``(C, H, W)`` shows somebody: the largest thing that is not black, without holes."""
    air = np.minimum(np.percentile(image, 5, axis=(1, 2)), GREY)
    bright = ndimage.uniform_filter((image - air[:, None, None]).mean(0), 3) > DARK
    parts, count = ndimage.label(ndimage.binary_opening(bright, iterations=2))
    if not count:
        return np.zeros(image.shape[1:], bool)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    closed = ndimage.binary_closing(np.pad(parts == sizes.argmax(), 8), iterations=6)[8:-8, 8:-8]
    return np.asarray(ndimage.binary_fill_holes(closed))
