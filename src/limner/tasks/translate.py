"""One sequence from others: what a translated picture is scored by, and how much it hangs on how it was asked.

Values of pictures are 0 to 255.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from limner.tasks.fidelity import mean_absolute_error, psnr, ssim

Float = NDArray[np.float32]
SPAN = 255.0
SHIFT = 8
"""Pixels that a view is moved by: no multiple of the net's stride, so that every pixel lies elsewhere in its grid."""
BEST_DB = 60.0
"""What PSNR counts where two pictures hardly differ, so that a mean exists."""


def fidelity(made: Float, truth: Float) -> dict[str, float]:
    """PSNR in decibels, SSIM and the mean absolute error of a picture ``(Y, X)``."""
    a = np.clip(made, 0, SPAN)
    return {
        "psnr": min(psnr(a, truth, SPAN), BEST_DB),
        "ssim": ssim(a, truth, SPAN),
        "mae": mean_absolute_error(a, truth),
    }


def views(image: NDArray[np.uint8], mirrored: bool) -> list[NDArray[np.uint8]]:
    """A picture ``(C, Y, X)`` as it is, then moved, and each in the mirror where the net knows mirrored pictures."""
    moved = np.zeros_like(image)
    moved[..., SHIFT:, SHIFT:] = image[..., :-SHIFT, :-SHIFT]
    found = [image, moved]
    return [*found, *(one[..., ::-1] for one in found)] if mirrored else found


def as_one(seen: list[Float]) -> Float:
    """The answers ``(Y, X)`` to :func:`views`, each led back to the picture: ``(V, Y, X)``.

    What a move has pushed out of the picture, and what then lies at its edge, is taken from the picture as it was.
    """
    upright = [*seen[:2], *(one[..., ::-1] for one in seen[2:])]
    found = []
    for number, one in enumerate(upright):
        back = one
        if number % 2:
            back = upright[number - 1].copy()
            back[..., SHIFT : -2 * SHIFT, SHIFT : -2 * SHIFT] = one[..., 2 * SHIFT : -SHIFT, 2 * SHIFT : -SHIFT]
        found.append(back)
    return np.stack(found)


def spread(seen: Float) -> Float:
    """Standard deviation over the views ``(V, Y, X)``: how much a value hangs on how the net was asked.

    It is no error bar of what the inputs do not show: a net may be steady and wrong.
    """
    return np.asarray(seen.std(0), np.float32)


def translated(
    image: NDArray[np.uint8], ask: Callable[[Float], Float], mirrored: bool, doubt: bool
) -> tuple[Float, Float | None]:
    """A picture's translation, of it as it is, and its spread over the views where it is asked for.

    Args:
        image: ``(C, Y, X)``.
        ask: ``(N, C, Y, X)`` in 0–1 to ``(N, Y, X)`` in 0–1: the net.
        mirrored: whether it learned from mirrored pictures.
        doubt: give the spread.

    Returns:
        ``(Y, X)`` in 0–255 each.
    """
    some = views(image, mirrored) if doubt else [image]
    x = np.ascontiguousarray(np.stack(some), np.float32) / np.float32(SPAN)
    seen = np.clip(ask(x) * np.float32(SPAN), 0, SPAN)
    if not doubt:
        return np.asarray(seen[0], np.float32), None
    together = as_one(list(seen))
    return np.asarray(together[0], np.float32), spread(together)


def rank_correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Spearman's.

    >>> rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 8.0, 27.0]))
    1.0
    """
    from scipy.stats import rankdata

    return round(float(np.corrcoef(rankdata(a), rankdata(b))[0, 1]), 6)
