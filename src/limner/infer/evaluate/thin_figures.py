"""Figures of finer voxels beside the true ones: values, structure, how they look to a net, and how honest doubt is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.infer.features import Features
from limner.infer.thin import Thin
from limner.tasks.fidelity import mean_absolute_error, perceptual_distance, psnr, ssim
from limner.tasks.tiles import as_bytes, tiles
from limner.tasks.translate import rank_correlation

Ranges = dict[str, tuple[float, float]]
PLANES = 128
SEEN_PLANES = 12
"""Planes that a net looks at, evenly over the scan."""
INTERVAL_90 = float(np.log(10))
"""Of Laplace's law with mean distance 1: nine in ten errors are smaller."""


@dataclass(frozen=True)
class Compared:
    """How volumes ``(Z, Y, X)`` are held against the truth.

    Args:
        ranges: values that are cut off, by the ending of the figures' names.
        within: pixels became finer: slices are looked at; coronal planes otherwise, in which slices are seen.
        sight: the net that looks, in the window ``_soft``.
    """

    ranges: Ranges
    within: bool
    sight: Features

    def figures(self, made: NDArray[Any], truth: NDArray[np.float32]) -> dict[str, float]:
        """Values, structure and looks."""
        figures = {}
        for name, (low, high) in self.ranges.items():
            ours, theirs = np.clip(made, low, high), np.clip(truth, low, high)
            figures[f"psnr{name}"] = psnr(ours, theirs, high - low)
            figures[f"ssim{name}"] = self._ssim(ours, theirs, high - low)
        figures["mae_hu"] = mean_absolute_error(made, truth)
        figures["perceptual"] = self._perceptual(made, truth)
        return figures

    def _planes(self, volume: NDArray[Any], most: int) -> list[NDArray[Any]]:
        """At most so many planes, evenly over the scan."""
        axis = 0 if self.within else 1
        length = volume.shape[axis]
        chosen = np.unique(np.linspace(0, length - 1, min(most, length)).round().astype(int))
        return [np.take(volume, k, axis) for k in chosen]

    def _ssim(self, made: NDArray[Any], truth: NDArray[Any], span: float) -> float:
        pairs = zip(self._planes(made, PLANES), self._planes(truth, PLANES), strict=True)
        return float(np.mean([ssim(a, b, span) for a, b in pairs]))

    def _perceptual(self, made: NDArray[Any], truth: NDArray[Any]) -> float:
        """Mean over tiles of the distance of features, over all stages of the net."""
        low, high = self.ranges["_soft"]
        found: list[float] = []
        for pair in zip(self._planes(made, SEEN_PLANES), self._planes(truth, SEEN_PLANES), strict=True):
            a, b = (self.sight.maps(tiles(as_bytes(one, low, high), self.sight.size)) for one in pair)
            found.extend(perceptual_distance(a, b))
        return float(np.mean(found))


def believable(found: Thin, truth: NDArray[np.float32]) -> dict[str, float]:
    """Whether the map of uncertainty is honest, and whether it knows where the errors are.

    ``error_over_expected``: mean error over what was expected. ``inside_90``: share of voxels whose error is inside the
    90 % interval that their expected distance gives by Laplace's law; .9 is honest. ``doubt_rank``: rank correlation
    of the map with the error. ``error_share_in_least_sure_tenth``: of all error, in the tenth it is least sure of.
    """
    error = np.abs(found.values[:, ::3, ::3] - truth[:, ::3, ::3]).ravel()
    expected = found.spread[:, ::3, ::3].ravel().astype(np.float32)
    most = expected >= np.quantile(expected, 0.9)
    steady = expected.min() == expected.max() or error.min() == error.max()
    return {
        "error_over_expected": float(error.mean() / expected.mean()),
        "inside_90": float((error <= INTERVAL_90 * expected).mean()),
        "doubt_rank": 0.0 if steady else rank_correlation(expected, error),
        "error_share_in_least_sure_tenth": float(error[most].sum() / max(error.sum(), 1e-9)),
    }
