"""Priors from a table of many patients: weights of candidates, then what these leave to be recalibrated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError, OutputExistsError
from limner.forecast import reading, recalibrate
from limner.forecast.follow import follow, log_likelihood
from limner.forecast.population import Population, draw_candidates, learn_weights
from limner.forecast.predict import distributions_of
from limner.forecast.predictive import Predictive
from limner.forecast.priors import Priors, write_priors
from limner.forecast.series import Series
from limner.forecast.trial import read_trial

FOLDS = 4
LEAST_PATIENTS = 40
LEAST_WEIGHT = 0.02
"""Candidates lighter than this share of an even weight are not kept."""

Array = NDArray[np.float64]
Progress = Callable[[str, float], None] | None


def learn(series: Sequence[Series], source: str, *, seed: int = 0, progress: Progress = None) -> Priors:
    """Learns priors from whole series of patients.

    What recalibration learns from was forecast by weights that had not seen the patient: patients are parted in
    ``FOLDS``, and each part is forecast by what the others taught. Two things are hidden in turn: the last reading, as
    it will be asked, and all but the first. Trials end at growth more often than not, so a last reading is larger than
    one in the midst of a trial would be: forecasts lean towards growth, and say how a lesion ends its series.

    Args:
        series: all readings, nothing asked; those with fewer than three are left out.
        source: of the data, for people.
        seed: of candidates and folds.
        progress: is told a step and how much is done.

    Raises:
        InputError: fewer than ``LEAST_PATIENTS``.
    """
    series = [one for one in series if len(one.days) > 2]
    if len(series) < LEAST_PATIENTS:
        raise InputError(
            f"Priors cannot be learned from {len(series)} patients: expected at least {LEAST_PATIENTS} with three "
            "readings or more. Give a larger table."
        )
    rng = np.random.default_rng(seed)
    drawn = draw_candidates(rng)
    last, first = [_hidden(one, len(one.days) - 1) for one in series], [_hidden(one, 1) for one in series]
    known, following = _evidence(last, drawn, progress)
    fold = rng.permutation(len(series)) % FOLDS
    asked: list[Series] = []
    raw: list[Predictive] = []
    came: list[float] = []
    for part in range(FOLDS):
        if progress:
            progress("recalibrate", part / FOLDS)
        population = _weighed(drawn, known[fold != part], following[fold != part])
        for one in np.flatnonzero(fold == part):
            for known_part, size in (last[one], first[one]):
                asked.append(known_part)
                raw.append(distributions_of(known_part, population)[0][0])
                came.append(size)
    return Priors(
        _weighed(drawn, known, following),
        recalibrate.fit(asked, raw, np.array(came)),
        source,
        len(series),
        sum(len(one.days) for one in series),
        float(np.percentile([one.asked[0] - one.days[-1] for one, _ in last], 99)),
    )


def learn_file(
    table: Path, out: Path, split: str | None, *, seed: int = 0, force: bool = False, progress: Progress = None
) -> Priors:
    """Learns priors from a table and writes them.

    Args:
        table: see :func:`limner.forecast.trial.read_trial`.
        out: the file to write.
        split: of the table; all of it where None.
        seed: see :func:`learn`.
        force: replace a file that is there.
        progress: is told a step and how much is done.

    Raises:
        OutputExistsError: ``out`` is there.
        InputError: as :func:`learn` and :func:`limner.forecast.trial.read_trial`.
    """
    if out.exists() and not force:
        raise OutputExistsError(f"The output {str(out)!r} is already there. Give another --learn, or --force.")
    trial = read_trial(table, split)
    source = f"{trial.source}{f'; split {split}' if split else ''}; seed {seed}"
    priors = learn(trial.series, source, seed=seed, progress=progress)
    partial = out.with_name(f"{out.name}.partial")
    write_priors(priors, partial)
    partial.replace(out)
    return priors


def _hidden(series: Series, known: int) -> tuple[Series, float]:
    """The first ``known`` readings, asked for the next one; and the size that was read then."""
    asked = (float(series.days[known]),)
    part = Series(series.patient, series.days[:known], series.volumes_ml[:known], asked)
    return part, float(reading.size_mm(series.volumes_ml[known]))


def _evidence(hidden: Sequence[tuple[Series, float]], drawn: Population, progress: Progress) -> tuple[Array, Array]:
    known = np.empty((len(hidden), drawn.weights.size))
    following = np.empty_like(known)
    for number, (series, size) in enumerate(hidden):
        if progress:
            progress("follow", number / len(hidden))
        followed = follow(series, drawn)
        known[number] = followed.evidence.ravel()
        ahead = [
            log_likelihood(size, logs, variance)
            for logs, variance in zip(followed.log_sizes[0], followed.variances[0], strict=True)
        ]
        following[number] = np.concatenate(ahead)
    return known, following


def _weighed(drawn: Population, known: Array, following: Array) -> Population:
    weights = learn_weights(known, following, drawn.weights.ravel())
    return drawn.with_weights(weights.reshape(drawn.weights.shape), LEAST_WEIGHT)
