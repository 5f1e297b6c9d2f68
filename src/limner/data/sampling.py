"""What a scanner's own grid does before a net resamples it: thick slices, and noise with their shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Field = NDArray[np.float32]


@dataclass(frozen=True)
class Sampled:
    """How an image came to its voxels.

    Args:
        spacing_mm: of its voxels.
        blur_mm: point spread that it has already; None where that is still to come.
        drawn_mm: spacing of the scan that it was resampled from; None where it is the scan itself.
    """

    spacing_mm: tuple[float, float, float]
    blur_mm: float | None = None
    drawn_mm: tuple[float, float, float] | None = None


def resampled(
    drawn: Field,
    drawn_mm: Sequence[float],
    net_mm: Sequence[float],
    shape: Sequence[int],
    start: Sequence[float] | NDArray[np.float64],
) -> Field:
    """A part of a scan on a net's grid: averaged down to about its spacing, then linear, as a net's input is.

    Args:
        drawn: ``(Z, Y, X)`` at ``drawn_mm``.
        drawn_mm: spacing of the scan.
        net_mm: spacing of the net's grid.
        shape: of the result.
        start: where its first voxel lies, in voxels of ``drawn``.
    """
    smooth, off = block_means(drawn, drawn_mm, net_mm)
    ratio = np.array(net_mm) / np.array(drawn_mm)
    first = np.asarray(start) + off
    return np.asarray(
        ndimage.affine_transform(smooth, ratio, first, tuple(shape), order=1, mode="constant"), np.float32
    )


def block_means(drawn: Field, drawn_mm: Sequence[float], net_mm: Sequence[float]) -> tuple[Field, NDArray[np.float64]]:
    """Running means over as many voxels as the net's are wide, and how many voxels later each of them stands.

    The mean of an even number lies between two voxels, and stands at the later one: half a voxel off.
    """
    factor = np.array([max(1, int(n / d + 0.1)) for n, d in zip(net_mm, drawn_mm, strict=True)])
    smooth = ndimage.uniform_filter(drawn, factor.tolist()) if factor.max() > 1 else drawn
    return smooth, np.where(factor % 2 == 0, 0.5, 0.0)


def scan_noise(
    rng: np.random.Generator, shape: Sequence[int], drawn_mm: Sequence[float], net_mm: Sequence[float], at_1_mm: float
) -> Field:
    """Noise of a scan at ``drawn_mm`` as a net at ``net_mm`` sees it: on thick slices long along z, weak between two.

    Args:
        at_1_mm: standard deviation in voxels of 1 mm³.
    """
    ratio = np.array(net_mm) / np.array(drawn_mm)
    size = np.ceil((np.array(shape) - 1) * ratio).astype(int) + 3
    noise = rng.standard_normal(tuple(size), dtype=np.float32)
    grain = rng.uniform(0.3, 0.9)
    noise = ndimage.gaussian_filter(noise, [0, grain, grain])
    noise *= at_1_mm / max(float(np.cbrt(np.prod(drawn_mm))), 0.5) / max(float(noise.std()), 1e-6)
    return resampled(noise, drawn_mm, net_mm, shape, rng.uniform(0, 1, 3))


def thick(
    rng: np.random.Generator, alpha: Field, drawn_mm: Sequence[float], net_mm: Sequence[float]
) -> tuple[Field, Field]:
    """What was rendered at ``drawn_mm``, its middle in the middle voxel, on a net's grid: anywhere between two slices.

    Returns:
        ``(Z, Y, X)`` with an odd number of voxels, and where the middle now lies from the middle voxel, in voxels.
    """
    ratio = np.array(net_mm) / np.array(drawn_mm)
    half = [int(np.ceil((n // 2 + 1) / r)) for n, r in zip(alpha.shape, ratio, strict=True)]
    between = rng.uniform(-0.5, 0.5, 3)
    padded = np.pad(alpha, 2)
    start = np.array([n // 2 for n in padded.shape]) + between - np.array(half) * ratio
    there = resampled(padded, drawn_mm, net_mm, [2 * n + 1 for n in half], start)
    return there, np.asarray(-between / ratio, np.float32)
