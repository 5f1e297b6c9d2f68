"""What an organ is made of in this patient: a net's borders, held against the attenuation that the organ has here.

A net knows many livers; the scan knows one. Where the net is in doubt, a voxel with the attenuation of what it is sure
of is more likely organ than one that looks like the organ's surroundings.
"""

from __future__ import annotations

from collections.abc import Sequence

import edt
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.infer.decode import Mask, largest

SURE, OUT, NEVER = 0.85, 0.25, 0.03
"""Probability from which a voxel is an example of the organ, below which one of its surroundings, and below which it is
out of question."""
SMOOTH_MM, OVER_MM, CORE_MM, AROUND_MM = 1.5, 3.0, 5.0, 12.0
"""Attenuation is smoothed, its evidence is averaged over a neighbourhood; examples of the organ lie deeper in it than
this, away from the mixture at its border, and surroundings are this near. All are lengths: slices may be thick."""
BINS, LEAST_VOXELS, MOST = 64, 200, 3.0
"""Of the histograms; examples that they need on either side; log odds that a voxel's attenuation may weigh."""
RARE, ANYTHING = 5e-5, 0.05
"""Share of an attenuation that the organ's examples do not show; share of the surroundings that may be anything, such
as a heart that the net takes for liver, of which there is no example."""


def reweigh(
    whole: NDArray[np.float32],
    volume: NDArray[np.float32],
    spacing_mm: Sequence[float],
    weight: float,
    inside: Mask | None = None,
) -> NDArray[np.float32]:
    """Probabilities of an organ after its attenuation in this scan has been asked.

    The log odds of a voxel gain ``weight`` × the log of how much more often its attenuation occurs in the organ than
    around it (Bayes' rule with histograms of this scan, averaged over a small ball).

    Args:
        whole: ``(Z, Y, X)``, probability of the organ with all that lies inside it.
        volume: ``(Z, Y, X)``, what the net saw, 0–1.
        spacing_mm: of both.
        weight: 0 changes nothing, 1 takes voxels of a ball as one witness.
        inside: what lies in the organ and looks otherwise (tumours, vessels): there nothing speaks against it.

    Source: Boykov and Funka-Lea, Graph cuts and efficient N-D image segmentation, IJCV 70:109, 2006, section 2.4 (the
    regional term); here without the cut.
    """
    if weight == 0:
        return whole
    core = _away_mm(largest(whole > SURE), spacing_mm) > CORE_MM
    around = (_away_mm(whole <= 0.5, spacing_mm) <= AROUND_MM) & (whole < OUT)
    if core.sum() < LEAST_VOXELS or around.sum() < LEAST_VOXELS:
        return whole
    bins = _bins(volume, spacing_mm)
    here, there = _histogram(bins[core]) + RARE, (1 - ANYTHING) * _histogram(bins[around]) + ANYTHING / BINS
    evidence = np.log(here / there).clip(-MOST, MOST).astype(np.float32)[bins]
    if inside is not None:
        np.maximum(evidence, 0, out=evidence, where=inside)
    evidence = ndimage.gaussian_filter(evidence, [OVER_MM / s for s in spacing_mm])
    p = np.clip(whole, 0.01, 0.99)
    odds = np.log(p / (1 - p)) + np.float32(weight) * evidence
    return np.where(whole < NEVER, 0, 1 / (1 + np.exp(-odds))).astype(np.float32)


def _away_mm(mask: Mask, spacing_mm: Sequence[float]) -> NDArray[np.float32]:
    """How far each voxel of a mask lies from the nearest one outside of it; 0 outside, infinite where there is none."""
    return np.asarray(edt.edt(mask, anisotropy=tuple(map(float, spacing_mm)), black_border=False), np.float32)


def _bins(volume: NDArray[np.float32], spacing_mm: Sequence[float]) -> NDArray[np.intp]:
    smooth = ndimage.gaussian_filter(volume, [SMOOTH_MM / s for s in spacing_mm])
    return np.clip((smooth * BINS).astype(np.intp), 0, BINS - 1)


def _histogram(values: NDArray[np.intp]) -> NDArray[np.float64]:
    """Shares of the bins, smoothed."""
    counts = ndimage.gaussian_filter1d(np.bincount(values, minlength=BINS).astype(float), 1.5, mode="nearest")
    return np.asarray(counts / counts.sum())
