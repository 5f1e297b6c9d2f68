"""How far the probabilities of pixels can be believed, and what mends them.

Probabilities are ``(K, *size)``, class 0 is background; truths ``(*size)`` of class indices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from limner.tasks.classify import TRUST
from limner.tasks.consistency import BINS, Believable, Gaps, bin_of, of_clusters
from limner.tasks.masks import softmax_maps

PIXELS_OF_A_PATIENT = 10
"""How many pixels that know nothing of one another a patient's pictures are worth, when a net is calibrated."""


FOLDS = 5
"""Parts of the patients on which a calibration fitted on the others must prove itself."""


def fit_pixels(
    logits: NDArray[np.floating],
    marked: NDArray[np.integer],
    patients: NDArray[np.integer],
    least: float = 0.05,
) -> tuple[float, float]:
    """Temperature and bias that make the truth likeliest, of pixels that have some chance of being marked.

    A temperature alone, fitted on all pixels, follows the sure background and leaves the border wrong. Pixels of one
    patient err together: taken by themselves, a few patients would seem to say all, and the next patient is not like
    them. So each patient counts as :data:`PIXELS_OF_A_PATIENT`, against a prior that nothing needs mending; and where
    patients who are left out of a fit are not better told with it than without, nothing is mended. How this was
    chosen: ``docs/calibration.md``.

    Args:
        logits: ``(M, K)`` of M pixels.
        marked: ``(M,)`` class indices.
        patients: ``(M,)`` whose they are.
        least: probability of being marked from which a pixel counts.

    Returns:
        Temperature and bias; 1 and 0 where nothing is mended, as of a single patient.

    Source: Platt, *Probabilistic outputs for support vector machines*, 1999 (of more classes: one bias for all that is
    not background); Guo et al., ICML 2017, section 4.2, with normal priors on log T and the bias.
    """
    chosen = 1.0 - softmax_maps(logits, axis=1)[:, 0] >= least
    values, truth = logits[chosen], marked[chosen]
    names, who = np.unique(patients[chosen], return_inverse=True)
    if len(names) < 2:
        return 1.0, 0.0
    fold = who % min(FOLDS, len(names))
    with_fit = without = 0.0
    for held in np.unique(fold):
        out = fold == held
        found = _likeliest(values[~out], truth[~out], len(np.unique(who[~out])))
        with_fit += float(_losses(values[out], truth[out], *found).sum())
        without += float(_losses(values[out], truth[out], 1.0, 0.0).sum())
    return _likeliest(values, truth, len(names)) if with_fit < without else (1.0, 0.0)


def _likeliest(values: NDArray[np.floating], truth: NDArray[np.integer], patients: int) -> tuple[float, float]:
    worth = PIXELS_OF_A_PATIENT * patients

    def loss(at: NDArray[np.float64]) -> float:
        prior = 0.5 * (at[0] / TRUST) ** 2 + 0.5 * at[1] ** 2  # a bias of 1 is one deviation
        return float(worth * _losses(values, truth, float(np.exp(at[0])), float(at[1])).mean() + prior)

    found = optimize.minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-4}).x
    return float(np.exp(np.clip(found[0], -3, 3))), float(np.clip(found[1], -5, 5))


def _losses(
    values: NDArray[np.floating], truth: NDArray[np.integer], temperature: float, bias: float
) -> NDArray[np.float32]:
    """Log loss of each pixel."""
    p = softmax_maps(values, temperature, bias, axis=1)
    return np.asarray(-np.log(p[np.arange(len(truth)), truth] + 1e-7), np.float32)


@dataclass
class ForegroundBins:
    """How far the probability that a pixel is marked lies from how often it is, gathered picture by picture.

    Of pixels that have some chance of it: the sure background around would make any net look calibrated.

    Args:
        least: probability from which a pixel counts.

    Source: Guo et al., *On calibration of modern neural networks*, ICML 2017, equation 3, of one class.
    """

    least: float = 0.05

    def __post_init__(self) -> None:
        self._sums: dict[str, NDArray[np.float64]] = {}

    def add(self, p: NDArray[np.floating], marked: NDArray[np.bool_], patient: str = "") -> None:
        """Takes in a probability per pixel and whether it is marked, of any one shape, and whose picture it is."""
        chosen = p >= self.least
        values, truth = np.asarray(p[chosen], float), marked[chosen]
        which = bin_of(values)
        weights = (np.ones(len(values)), values, truth)
        found = np.stack([np.bincount(which, one, BINS) for one in weights]).astype(float)
        before = self._sums.get(patient)
        self._sums[patient] = found if before is None else before + found

    @property
    def sums(self) -> NDArray[np.float64]:
        """``(patients, 3, bins)``: how many pixels, the sum of what was said of them, how many were marked."""
        return np.stack([*self._sums.values()]) if self._sums else np.zeros((0, 3, BINS))

    @property
    def ece(self) -> float:
        """Expected calibration error; 0 where no pixel had a chance."""
        return self._gaps().ece

    def believable(self) -> Believable:
        """How far that can be believed, patient by patient; see :func:`limner.tasks.consistency.of_clusters`."""
        return of_clusters(self._gaps())

    def _gaps(self) -> Gaps:
        return Gaps(*self.sums.swapaxes(0, 1))


def foreground_ece(p: NDArray[np.floating], truth: NDArray[np.integer]) -> float:
    """:class:`ForegroundBins` of probabilities ``(N, K, *size)`` and labels ``(N, *size)``.

    >>> p = np.array([[[0.5, 0.5], [0.5, 0.5]]])
    >>> foreground_ece(p, np.array([[0, 1]])), foreground_ece(p, np.array([[1, 1]]))
    (0.0, 0.5)
    """
    found = ForegroundBins()
    found.add(1.0 - p[:, 0], truth > 0)
    return found.ece
