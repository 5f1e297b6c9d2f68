"""Forecasts of hidden last readings, beside curves fitted to each patient alone and beside "stays the same"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.forecast.classical import fit
from limner.forecast.growth import CLASSICAL
from limner.forecast.learn import learn
from limner.forecast.predict import forecast_series
from limner.forecast.priors import Priors, load_priors
from limner.forecast.series import Series
from limner.forecast.trial import Trial, read_trial

Array = NDArray[np.float64]
Interval = tuple[float, float, float]
"""Value, and the ends of its 95 % interval."""

ERRORS = ("ml", "log ratio", "relative")
OFFSET_ML = 0.1
"""Added to both volumes of a log ratio, and the least by which an error is divided: a lesion may be gone."""
OURS, LAST = "limner", "stays the same"
RESAMPLES = 2000


@dataclass(frozen=True)
class Row:
    """Median errors of one way to forecast, and what ours has less: below 0 ours is better.

    Args:
        name: of the way.
        errors: error → median with its interval.
        ours_less: error → median of ours less this one's, over the same resamples.
        ours_lower: error → share of resamples in which ours is lower.
    """

    name: str
    errors: dict[str, Interval]
    ours_less: dict[str, Interval]
    ours_lower: dict[str, float]


@dataclass(frozen=True)
class ArmRow:
    """One study arm: how many lesions, the coverage of the 80 % interval, and median errors in ml."""

    arm: str
    n: int
    coverage: float
    ours_ml: float
    last_ml: float
    classical_ml: float


@dataclass(frozen=True)
class ForecastBench:
    """What was compared.

    Args:
        n: lesions.
        split: of the table; None where all were taken.
        rows: ours first, then "stays the same", then the laws.
        best: error → the law, or choice of laws, with the lowest median of it.
        coverage: share of hidden readings within p10 to p90.
        below: share of hidden readings below p50.
        equal: share that is p50, to 0.1 µl.
        arms: each study arm.
    """

    n: int
    split: str | None
    rows: tuple[Row, ...]
    best: dict[str, str]
    coverage: Interval
    below: float
    equal: float
    arms: tuple[ArmRow, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "rows": [vars(row) for row in self.rows], "arms": [vars(row) for row in self.arms]}


def bench_forecast(
    table: Path,
    split: str | None = "test",
    *,
    priors: Priors | None = None,
    folds: int = 0,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> ForecastBench:
    """Hides the last reading of each lesion, forecasts it in every way, and compares.

    Args:
        table: see :func:`limner.forecast.trial.read_trial`.
        split: of the table; all of it where None.
        priors: the shipped ones where None.
        folds: cross-validate: so many parts, each forecast by what the others teach; 0 uses ``priors``.
        seed: of the bootstrap over lesions, and of the folds.
        progress: is told a step and how much is done.

    Raises:
        InputError: as :func:`limner.forecast.trial.read_trial`.
    """
    trial = read_trial(table, split)
    known = _folded(trial, folds, seed, progress) if folds else [priors or load_priors()] * len(trial.series)
    came = np.array([one.volumes_ml[-1] for one in trial.series])
    low, middle, high = np.empty((3, len(came)))
    ways: dict[str, Array] = {OURS: middle, LAST: np.array([one.volumes_ml[-2] for one in trial.series])}
    fits = {name: np.empty(len(came)) for name in _classical_names()}
    for number, series in enumerate(trial.series):
        if progress:
            progress("compare", number / len(came))
        asked = Series(series.patient, series.days[:-1], series.volumes_ml[:-1], (float(series.days[-1]),))
        ours = forecast_series(asked, known[number])[0]
        low[number], middle[number], high[number] = ours.p10, ours.p50, ours.p90
        for name, volume in _classical(asked).items():
            fits[name][number] = volume
    ways |= fits
    errors = {name: errors_of(volumes, came) for name, volumes in ways.items()}
    draws = np.random.default_rng(seed).integers(len(came), size=(RESAMPLES, len(came)))
    medians = {
        name: {error: np.median(values[draws], axis=1) for error, values in own.items()} for name, own in errors.items()
    }
    best = {error: min(fits, key=lambda name: float(np.median(errors[name][error]))) for error in ERRORS}
    covered = (came >= low - 1e-6) & (came <= high + 1e-6)
    return ForecastBench(
        len(came),
        split,
        tuple(_row(name, errors, medians) for name in ways),
        best,
        _interval(float(covered.mean()), covered[draws].mean(axis=1)),
        float((came < middle - 1e-4).mean()),
        float((np.abs(came - middle) <= 1e-4).mean()),
        _arms(trial.arms, covered, errors[OURS]["ml"], errors[LAST]["ml"], errors[best["ml"]]["ml"]),
    )


def _folded(trial: Trial, folds: int, seed: int, progress: Callable[[str, float], None] | None) -> list[Priors]:
    """For each lesion the priors that the other parts teach."""
    part = np.random.default_rng(seed).permutation(len(trial.series)) % folds
    taught = []
    for own in range(folds):
        others = [one for one, place in zip(trial.series, part, strict=True) if place != own]
        taught.append(learn(others, trial.source, seed=seed, progress=progress))
    return [taught[own] for own in part]


def errors_of(volumes: Array, came: Array) -> dict[str, Array]:
    """Errors of each lesion: in ml, as |log ratio| (both plus ``OFFSET_ML``), and relative to what came."""
    off = np.abs(volumes - came)
    ratio = np.abs(np.log((volumes + OFFSET_ML) / (came + OFFSET_ML)))
    return dict(zip(ERRORS, (off, ratio, off / np.maximum(came, OFFSET_ML)), strict=True))


def _classical_names() -> list[str]:
    return [f"{law}, {space}" for space in ("ml", "log") for law in CLASSICAL] + ["lowest AIC of the five, log"]


def _classical(series: Series) -> dict[str, float]:
    """Each law's forecast, fitted to volumes and to their logarithms, and that of the law with the lowest AIC."""
    ahead = np.array([series.asked[0] - series.days[0]])
    fits = {f"{law}, {space}": fit(series, law, logs=space == "log") for space in ("ml", "log") for law in CLASSICAL}
    fits["lowest AIC of the five, log"] = min((fits[f"{law}, log"] for law in CLASSICAL), key=lambda one: one.aic)
    return {name: float(one.volume_ml(ahead)[0]) for name, one in fits.items()}


def _row(name: str, errors: dict[str, dict[str, Array]], medians: dict[str, dict[str, Array]]) -> Row:
    own, less, lower = {}, {}, {}
    for error in ERRORS:
        value, ours = float(np.median(errors[name][error])), float(np.median(errors[OURS][error]))
        own[error] = _interval(value, medians[name][error])
        less[error] = _interval(ours - value, medians[OURS][error] - medians[name][error])
        lower[error] = float((medians[OURS][error] < medians[name][error]).mean())
    return Row(name, own, less, lower)


def _interval(value: float, resampled: Array) -> Interval:
    low, high = np.percentile(resampled, [2.5, 97.5])
    return round(value, 4), round(float(low), 4), round(float(high), 4)


def _arms(
    arms: Sequence[str], covered: NDArray[np.bool_], ours: Array, last: Array, classical: Array
) -> tuple[ArmRow, ...]:
    rows = []
    for arm in sorted(set(arms)):
        own = np.array([one == arm for one in arms])
        medians = [round(float(np.median(one[own])), 4) for one in (ours, last, classical)]
        rows.append(ArmRow(arm, int(own.sum()), round(float(covered[own].mean()), 4), *medians))
    return tuple(rows)
