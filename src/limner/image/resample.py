"""Values of one grid on another, by SimpleITK (linear, nearest): one interpolation, in world space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from limner.image.grid import Grid
from limner.image.volume import Image, LabelMap

if TYPE_CHECKING:
    import SimpleITK as sitk


def to_sitk(array: NDArray[Any], grid: Grid) -> sitk.Image:
    """A SimpleITK view of the array (LPS, like ours). A left-handed grid is kept as it is."""
    import SimpleITK as sitk  # a tenth of a second, which who only names a grid need not wait for

    image = sitk.GetImageFromArray(array)
    image.SetSpacing(grid.spacing_mm[::-1])
    image.SetOrigin(grid.origin_mm.tolist())
    image.SetDirection(grid.direction[:, ::-1].ravel().tolist())
    return image


def resample_array(
    array: NDArray[Any], source: Grid, target: Grid, *, nearest: bool = False, outside: float = 0.0
) -> NDArray[Any]:
    """Values of ``array`` (on ``source``) at the voxel centres of ``target``.

    Args:
        array: ``(Z, Y, X)``.
        nearest: nearest neighbour instead of trilinear.
        outside: value where the target reaches past the source.

    Returns:
        ``(Z, Y, X)`` of the target's shape, same dtype.
    """
    if source.same_as(target, tolerance_mm=1e-4):
        return array
    import SimpleITK as sitk

    resampler = sitk.ResampleImageFilter()
    resampler.SetSize(target.shape[::-1])
    resampler.SetOutputSpacing(target.spacing_mm[::-1])
    resampler.SetOutputOrigin(target.origin_mm.tolist())
    resampler.SetOutputDirection(target.direction[:, ::-1].ravel().tolist())
    resampler.SetInterpolator(sitk.sitkNearestNeighbor if nearest else sitk.sitkLinear)
    resampler.SetDefaultPixelValue(float(outside))
    resampler.UseNearestNeighborExtrapolatorOff()
    return sitk.GetArrayFromImage(resampler.Execute(to_sitk(np.ascontiguousarray(array), source)))


def resample(image: Image, target: Grid, outside: float | None = None) -> Image:
    """An image on another grid, trilinear; ``outside`` defaults to −1024 for HU and 0 otherwise."""
    fill = outside if outside is not None else (-1024.0 if image.unit == "HU" else 0.0)
    array = resample_array(image.array, image.grid, target, outside=fill)
    return Image(array, target, image.modality, image.unit, image.clipped)


def resample_labels(labels: LabelMap, target: Grid) -> LabelMap:
    """A label map on another grid, nearest neighbour."""
    return LabelMap(resample_array(labels.array, labels.grid, target, nearest=True), target, labels.labels)
