"""Figures with intervals: what an evaluation gives, and how its intervals are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel
from scipy import stats

from limner.data.examples import View
from limner.packs import PictureSpec


class Interval(BaseModel):
    """A figure with its 95 % interval; null where nothing could be measured.

    Patients are drawn again (bootstrap, percentiles). Where every resample gives the same, as of five patients who were
    all named rightly, that interval would have no width; a share of patients, pictures or lesions then gets the exact
    one (:func:`exact_interval`). Figures that are no shares (AUC, Dice, distances) stay without width: of one patient,
    or of few who are all alike, that is no certainty.
    """

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
        features: of generators, and of packs that make voxels finer: the pack in whose features pictures are compared;
            one that reads such where None. Of translations: the pack that judges in place of their own.
    """

    split: str | None = None
    mask: str = "mask"
    regions: dict[str, tuple[int, ...]] | None = None
    engine: str = "auto"
    bootstrap: int = 1000
    seed: int = 0
    label: str = "label"
    skip_damaged: bool = False
    features: str | None = None


def view_of(spec: PictureSpec, options: EvaluateOptions, **more: Any) -> View:
    """How a cohort is read for a pack: as the pack was taught, with the columns that the options name.

    Args:
        more: further fields of :class:`limner.data.examples.View`, or others than the pack's and the options'.
    """
    fields = {
        "channels": spec.channels,
        "label": options.label,
        "skip_damaged": options.skip_damaged,
        "color_constancy": spec.color_constancy,
        "window_hu": spec.window_hu,
    }
    return View(spec.size, **{**fields, **more})


def mean_interval(patients: list[list[float]], options: EvaluateOptions, *, share: bool = False) -> Interval:
    """Mean over cases; patients, not cases, are drawn again. Source: Efron, 1979 (percentile interval).

    Args:
        share: every case counts 0 or 1; see :class:`Interval`.
    """
    if not patients:
        return Interval(value=None)
    sums = np.array([sum(one) for one in patients])
    counts = np.array([len(one) for one in patients])
    return ratio_interval(sums, counts, options, share=share)


def ratio_interval(sums: np.ndarray, counts: np.ndarray, options: EvaluateOptions, *, share: bool = False) -> Interval:
    """Sum of ``sums`` over sum of ``counts``, both per patient; ``share``: of all that was counted, each 0 or 1."""
    rng = np.random.default_rng(options.seed)
    draws = rng.integers(len(sums), size=(options.bootstrap, len(sums)))
    totals = counts[draws].sum(1)
    means = sums[draws].sum(1)[totals > 0] / totals[totals > 0]
    return interval_of(float(sums.sum() / counts.sum()), means.tolist(), int((counts > 0).sum()) if share else 0)


def interval_of(value: float, resampled: Sequence[float], patients: int) -> Interval:
    """The percentiles of resamples; of a share the exact interval where these are all alike.

    Args:
        value: the figure itself.
        resampled: the same of resamples; may be none.
        patients: of a share, those who count in it; 0 where the figure is no share.
    """
    low, high = np.percentile(resampled, [2.5, 97.5]) if len(resampled) else (value, value)
    if patients and high - low < 1e-9:
        low, high = exact_interval(value, patients)
    return Interval(value=round(value, 4), low=round(float(low), 4), high=round(float(high), 4))


def exact_interval(share: float, patients: int) -> tuple[float, float]:
    """Between which shares the true one lies at 95 %, by the binomial law: never without width.

    A patient is one try, however many of his pictures or lesions were counted: they are right or wrong together.

    >>> [round(end, 3) for end in exact_interval(1.0, 5)], [round(end, 3) for end in exact_interval(0.0, 100)]
    ([0.478, 1.0], [0.0, 0.036])

    Source: Clopper & Pearson, Biometrika 26:404, 1934.
    """
    right = share * patients
    wrong = patients - right
    low = float(stats.beta.ppf(0.025, right, wrong + 1)) if right > 0 else 0.0
    high = float(stats.beta.ppf(0.975, right + 1, wrong)) if wrong > 0 else 1.0
    return low, high
