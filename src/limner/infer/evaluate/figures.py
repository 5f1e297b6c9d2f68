"""Figures with intervals: what an evaluation gives, and how its intervals are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from limner.data.examples import View
from limner.packs import PictureSpec


class Interval(BaseModel):
    """A mean with its 95 % bootstrap interval over patients; null where nothing could be measured."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Evaluation(BaseModel):
    """What ``limner evaluate --json`` prints; ``baseline`` is the first region's Dice of calling every voxel so.

    ``calibration`` has the calibration error ``ece`` with its interval (``ece_low``, ``ece_high``), what a perfectly
    calibrated net would show on the same cases (``ece_expected`` and its interval), and ``p_calibrated``, how often
    that would be at least as much: see :mod:`limner.tasks.consistency`.

    Classifiers and detectors of pictures also give ``reliability`` (per bin of confidence that occurs: ``confidence``,
    ``accuracy``, ``share`` of the cases, ``low`` and ``high``: where a calibrated net's accuracy would lie), and
    classifiers ``risk_coverage`` (``coverage``, the share answered, the surest first, and ``risk``, the share of wrong
    answers among them), which segmentations of scans give of the lesions that were marked; both are empty for other
    tasks.
    """

    task: str
    pack: str
    n: int
    metrics: dict[str, Interval]
    per_class: dict[str, dict[str, Interval]]
    per_site: dict[str, dict[str, Interval]]
    calibration: dict[str, float]
    baseline: dict[str, float]
    reliability: list[dict[str, float]] = []
    risk_coverage: list[dict[str, float]] = []
    per_case: list[dict[str, float | str | None]] = []
    problems: list[str] = []


@dataclass(frozen=True)
class EvaluateOptions:
    """How to evaluate.

    Args:
        split: only this split; every row where None.
        mask: column that names the mask file.
        regions: region → mask values; ``regions.json`` beside the cohort where None.
        engine: see :func:`limner.infer.predict`.
        bootstrap: resamples of the patients.
        seed: of the resampling.
        label: column that names the class.
        skip_damaged: leave out pictures that cannot be read, and count them.
    """

    split: str | None = None
    mask: str = "mask"
    regions: dict[str, tuple[int, ...]] | None = None
    engine: str = "auto"
    bootstrap: int = 1000
    seed: int = 0
    label: str = "label"
    skip_damaged: bool = False


def view_of(spec: PictureSpec, options: EvaluateOptions, **more: Any) -> View:
    """How a cohort is read for a pack: as the pack was taught, with the columns that the options name.

    Args:
        more: further fields of :class:`limner.data.examples.View`.
    """
    return View(
        spec.size,
        spec.channels,
        label=options.label,
        skip_damaged=options.skip_damaged,
        color_constancy=spec.color_constancy,
        window_hu=spec.window_hu,
        **more,
    )


def mean_interval(patients: list[list[float]], options: EvaluateOptions) -> Interval:
    """Mean over cases; patients, not cases, are drawn again. Source: Efron, 1979 (percentile interval)."""
    if not patients:
        return Interval(value=None)
    sums = np.array([sum(one) for one in patients])
    counts = np.array([len(one) for one in patients])
    return ratio_interval(sums, counts, options)


def ratio_interval(sums: np.ndarray, counts: np.ndarray, options: EvaluateOptions) -> Interval:
    """Sum of ``sums`` over sum of ``counts``, both per patient."""
    rng = np.random.default_rng(options.seed)
    draws = rng.integers(len(sums), size=(options.bootstrap, len(sums)))
    totals = counts[draws].sum(1)
    means = sums[draws].sum(1)[totals > 0] / totals[totals > 0]
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(
        value=round(float(sums.sum() / counts.sum()), 4), low=round(float(low), 4), high=round(float(high), 4)
    )
