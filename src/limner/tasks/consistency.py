"""How far a calibration error can be believed: what a perfectly calibrated net would show on as many patients.

An expected calibration error is never negative, so few cases show one however good the probabilities are. Here stand
its interval, and the error that calibrated probabilities would give on the very same cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 15
"""Equal bins of probability, of every calibration error and reliability diagram here."""
DRAWS = 1000


def bin_of(said: NDArray[np.floating]) -> NDArray[np.int64]:
    """The bin of each probability, 0 to :data:`BINS` - 1.

    >>> bin_of(np.array([0.0, 0.5, 1.0])).tolist()
    [0, 7, 14]
    """
    return np.minimum((said * BINS).astype(int), BINS - 1)


@dataclass(frozen=True)
class Gaps:
    """What was said and what came true, by patient and bin of probability: all ``(patients, bins)``.

    Args:
        count: answers.
        said: sum of their probabilities.
        came: how many came true.
    """

    count: Floats
    said: Floats
    came: Floats

    @property
    def gap(self) -> Floats:
        """By how much too much was said."""
        return self.said - self.came

    @property
    def ece(self) -> float:
        """Expected calibration error; 0 where there is no answer. Source: Guo et al., ICML 2017, equation 3."""
        return float(np.abs(self.gap.sum(0)).sum() / max(self.count.sum(), 1))


def gaps_of(said: Floats, came: NDArray[np.bool_], patients: Sequence[str] | NDArray[np.generic]) -> Gaps:
    """Answers ``(N,)`` with a probability each, whether they came true, and whose they are.

    >>> round(gaps_of(np.array([0.9, 0.7]), np.array([True, False]), ["a", "b"]).ece, 6)
    0.4
    """
    who = np.unique(np.asarray(patients), return_inverse=True)[1]
    said, patients_seen = np.asarray(said, float), int(who.max(initial=-1)) + 1
    place = who * BINS + bin_of(said)
    sums = (np.bincount(place, weight, patients_seen * BINS) for weight in (np.ones(len(said)), said, came))
    return Gaps(*(one.reshape(patients_seen, BINS).astype(float) for one in sums))


@dataclass(frozen=True)
class Believable:
    """A calibration error with its interval, beside that of a net whose probabilities are right.

    Args:
        ece: the one that was seen.
        low, high: its 95 % interval.
        expected: mean of what a calibrated net would show here.
        expected_low, expected_high: between these it would lie 95 times in 100.
        p: share of a calibrated net's errors that are at least the one seen; small: the net is not calibrated.
        bars: ``(2, bins)`` between which a calibrated net's share of true answers would lie in each bin; NaN in bins
            without answers.
    """

    ece: float
    low: float
    high: float
    expected: float
    expected_low: float
    expected_high: float
    p: float
    bars: Floats

    def told(self) -> dict[str, float]:
        """As evaluations and packs keep it."""
        return {
            "ece": round(self.ece, 4),
            "ece_low": round(self.low, 4),
            "ece_high": round(self.high, 4),
            "ece_expected": round(self.expected, 4),
            "ece_expected_low": round(self.expected_low, 4),
            "ece_expected_high": round(self.expected_high, 4),
            "p_calibrated": round(self.p, 4),
        }


def of_answers(
    said: Floats,
    came: NDArray[np.bool_],
    patients: Sequence[str] | NDArray[np.generic],
    seed: int = 0,
    together: NDArray[np.integer] | None = None,
) -> Believable:
    """Of few answers a patient, such as what a picture shows.

    Answers come true by drawing: each with the probability that was said. The answers of one patient come true
    together, as far as their probabilities allow: nobody knows how closely they hang together, and taking them as
    independent would make a net look worse than it is.

    Args:
        said: ``(N,)`` probabilities.
        came: ``(N,)`` whether each came true.
        patients: ``(N,)`` whose they are.
        seed: of the drawing.
        together: ``(N,)`` answers of one number come true together; those of a patient where None.

    Source: Broecker & Smith, *Increasing the reliability of reliability diagrams*, Weather and Forecasting 22:651,
    2007 (consistency resampling).
    """
    said, seen = np.asarray(said, float), gaps_of(said, came, patients)
    who = np.unique(np.asarray(patients if together is None else together), return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    which = bin_of(said)
    count, drawn = int(who.max()) + 1, np.empty((DRAWS, BINS))
    for number in range(DRAWS):
        true = rng.random(count)[who] < said
        drawn[number] = np.bincount(which, said - true, BINS)
    return _judged(seen, drawn, rng)


def of_clusters(seen: Gaps, seed: int = 0) -> Believable:
    """Of very many answers a patient that hang together, such as the pixels of his pictures.

    Were each pixel drawn by itself, a calibrated net would show an error of almost 0; but in one patient the net says
    too much almost everywhere, in the next too little. A calibrated net is right over patients, not within each. So
    each patient's gaps are turned round or left, by the toss of a coin: that is what a net would show that lies as
    far off in each patient, and on the mean not at all. It says of six patients or fewer next to nothing.

    Args:
        seen: by patient.
        seed: of the coins.

    Source: Cameron, Gelbach & Miller, *Bootstrap-based improvements for inference with clustered errors*, Review of
    Economics and Statistics 90:414, 2008 (wild cluster bootstrap with the null imposed, Rademacher weights).
    """
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], size=(DRAWS, len(seen.gap)))
    return _judged(seen, signs @ seen.gap, rng)


def _judged(seen: Gaps, drawn: Floats, rng: np.random.Generator) -> Believable:
    """The error seen beside those of a calibrated net, whose gaps ``(draws, bins)`` were drawn."""
    count, said, ece = seen.count.sum(0), seen.said.sum(0), seen.ece
    total = max(float(count.sum()), 1.0)
    errors = np.abs(drawn).sum(1) / total
    p = float((1 + (errors >= ece - 1e-12).sum()) / (1 + len(errors)))
    low, high = _interval(seen, rng)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(count > 0, (said - drawn) / count, np.nan)
    bars = np.clip(np.quantile(shares, [0.025, 0.975], axis=0), 0, 1)
    expected_low, expected_high = np.quantile(errors, [0.025, 0.975])
    return Believable(
        ece=ece,
        low=0.0 if p > 0.025 else low,  # an interval that leaves 0 out says: not calibrated
        high=high,
        expected=float(errors.mean()),
        expected_low=float(expected_low),
        expected_high=float(expected_high),
        p=p,
        bars=bars,
    )


def _interval(seen: Gaps, rng: np.random.Generator) -> tuple[float, float]:
    """Patients drawn again, and the distances turned round.

    Every resample lies further from the diagonal than what it was drawn from, as that lies further than the truth: the
    plain percentiles of 19 cases of a calibrated net held its error in none of 200 trials.

    Source: Efron & Tibshirani, *An introduction to the bootstrap*, 1993, section 13.4 (basic interval).
    """
    patients = len(seen.gap)
    weight = rng.multinomial(patients, np.full(patients, 1 / patients), size=DRAWS).astype(float)
    again = np.abs(weight @ seen.gap).sum(1) / np.maximum(weight @ seen.count.sum(1), 1)
    low, high = 2 * seen.ece - np.quantile(again, [0.975, 0.025])
    return float(max(low, 0.0)), float(min(max(high, seen.ece), 1.0))
