"""A classifier's answer as the mean over the mirrorings that it learned from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from limner.tasks.masks import mirrorings

Outputs = dict[str, NDArray[np.float32]]
Run = Callable[[Outputs], Outputs]


def over_views(run: Run, mirrors: str) -> Run:
    """A run of a net over a picture and its mirrorings.

    Args:
        run: inputs ``{"image": (N, C, *size)}`` to ``{"logits": (N, K), "maps": (N, K, *smaller)}``.
        mirrors: axes of space along which the net learned from mirrored pictures too, of ``z``, ``y``, ``x``.

    Returns:
        Mean logits and mean maps, each map turned back onto the picture, so that logits stay the mean of maps.
    """
    if not mirrors:
        return run

    def seen(inputs: Outputs) -> Outputs:
        image = inputs["image"]
        total: Outputs = {}
        views = mirrorings(mirrors, image.ndim - 2)
        for axes in views:
            for name, values in run({"image": np.ascontiguousarray(np.flip(image, axes))}).items():
                back = np.flip(values, axes) if name == "maps" else values
                total[name] = total[name] + back if name in total else back
        return {name: np.asarray(values / len(views), np.float32) for name, values in total.items()}

    return seen
