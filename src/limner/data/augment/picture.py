"""Batches of pictures ``(N, C, *size)`` as another day, hand and device would have taken them.

Draw, then apply: ``params = sample_batch(rng, …)`` is all of the randomness and can be kept as JSON; ``apply_spatial``,
``apply_values``, ``mix`` and ``carve`` are pure and run where the batch is. Pictures and small volumes, masks, points
and boxes.
"""

from __future__ import annotations

from limner.data.augment.mixing import carve, mix
from limner.data.augment.params import BatchParams, Strength
from limner.data.augment.sample import sample_batch
from limner.data.augment.spatial import (
    apply_spatial,
    apply_together,
    inverse,
    move_points,
    resample,
    sampling_grid,
)
from limner.data.augment.values import apply_values

__all__ = [
    "BatchParams",
    "Strength",
    "apply_spatial",
    "apply_together",
    "apply_values",
    "carve",
    "inverse",
    "mix",
    "move_points",
    "resample",
    "sample_batch",
    "sampling_grid",
]
