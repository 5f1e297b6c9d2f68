"""Test-time augmentation: a net asked about several views of a picture, its answers brought back and averaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from limner.data.augment.params import BatchParams
from limner.data.augment.spatial import apply_spatial, inverse, resample, sampling_grid
from limner.data.augment.values import apply_values


def over_views(
    predict: Callable[[Tensor], Tensor], x: Tensor, views: Sequence[BatchParams], *, maps: bool = False
) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of an answer over views of a batch.

    Args:
        predict: a batch ``(N, C, *size)`` in 0–1 to probabilities ``(N, K)``, or ``(N, K, *size)`` with ``maps``.
        x: the batch.
        views: drawn with what the net learned to look past; one without strength is the picture as it is.
        maps: each answer is moved back onto the picture by the inverse parameters; a pixel that a view did not see
            does not count there.

    Returns:
        Two tensors as ``predict`` gives. The standard deviation says where views disagree: a map of uncertainty.
        NaN where no view saw a pixel.

    Raises:
        ValueError: no views, or ``maps`` with a view that bends.
    """
    if not views:
        raise ValueError(
            "Test-time augmentation needs at least one view; sample_batch(…, Strength()) is the plain one."
        )
    total = squares = count = x.new_zeros(())
    for view in views:
        answer = predict(apply_values(apply_spatial(x, view), view))
        seen = x.new_ones(())
        if maps:
            grid = sampling_grid(inverse(view, x.shape[2:]), x.shape[2:], x.device)
            answer = resample(answer, grid)
            seen = (grid.abs() <= 1).all(-1)[:, None].to(x.dtype)
        total, squares, count = total + answer * seen, squares + answer.square() * seen, count + seen
    mean = total / count
    return mean, (squares / count - mean.square()).clamp(min=0).sqrt()
