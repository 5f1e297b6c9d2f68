"""A picture as a net wants it: channels, size, light. The one place for it, in training and in use."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from limner.data.augment.color import white_light
from limner.image import Fit, Picture, fit_picture


class Wanted(Protocol):
    """What a net on pictures asks for; a pack's ``PictureSpec`` and :class:`limner.data.examples.View` both say it."""

    @property
    def size(self) -> tuple[int, ...]:
        """Pixels along the axes of space."""

    @property
    def channels(self) -> int:
        """1 for grey, 3 for colour."""

    @property
    def color_constancy(self) -> bool:
        """Whether the colour of the light is taken out."""

    @property
    def window_hu(self) -> tuple[float, float] | None:
        """What becomes black and white in volumes of Hounsfield units; None for the range that occurs."""


def read_for(path: Path, wanted: Wanted) -> Picture:
    """The picture or small volume in a file, as the number of axes and the window say: :func:`limner.io.read_input`."""
    from limner import io

    return io.read_input(path, len(wanted.size), wanted.window_hu)


def fit_for(picture: Picture, wanted: Wanted) -> tuple[NDArray[np.uint8], Fit]:
    """The picture ``(C, *size)`` that a net sees, and how it was brought to that size."""
    image, fit = fit_picture(picture.with_channels(wanted.channels).array, wanted.size)
    return (white_light(image) if wanted.color_constancy else image), fit
