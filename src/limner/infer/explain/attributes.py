"""LIME over attributes that a clinician names: each is measured, taken out of the picture, and the pack is asked again.

With n attributes all ``2^n`` subsets are asked, so nothing here is random.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limner.data.fitted import fit_for
from limner.data.lesion_attributes import Attribute, Mask, nodule_attributes, skin_attributes
from limner.data.lesion_mask import lesion_mask
from limner.errors import InputError
from limner.image import Fit, Picture, fit_picture
from limner.infer.explain.ask import Question
from limner.infer.explain.edits import take_apart, without
from limner.infer.explain.explanation import AttributeEffect, AttributeTable, Check
from limner.infer.explain.heat import to_source
from limner.infer.explain.lime import fit_local

SKIN = ("XC", "DMS", "ES", "GM")
"""DICOM modalities of coloured pictures: photographs and dermoscopy, endoscopy, general microscopy."""
LEAST_EFFECT = 0.02
"""An attribute speaks for the answer where its weight is at least this much probability."""
LEAST_FIT = 0.5
"""Share of the variance that the local model must explain to be believed."""


@dataclass(frozen=True, eq=False)
class Work:
    """A picture at working size: large enough to measure, small enough to edit often.

    Args:
        picture: with its spacing, where it is known.
        mask: of the lesion.
        fit: how the source became this picture.
    """

    picture: Picture
    mask: Mask
    fit: Fit


def explain_attributes(question: Question, picture: Picture, mask: Mask | None) -> AttributeTable | None:
    """Measures the lesion and asks what each attribute does to the answer.

    Args:
        question: to a pack.
        picture: the source.
        mask: of the lesion on the source's grid; found by a threshold where None.

    Returns:
        None where no mask was given and none could be found.

    Raises:
        InputError: a given mask is empty or lies on another grid.
    """
    if mask is not None and mask.shape != picture.size:
        raise InputError(f"The mask has {mask.shape} pixels, its picture {picture.size}; they must lie on one grid.")
    work = _work(question, picture, mask)
    try:
        measured = _measure(question, work)
    except InputError:
        if mask is None:
            return None
        raise
    names = [one.name for one in measured]
    lesion = take_apart(work.picture.array, work.mask)
    shown = np.array(list(itertools.product([True, False], repeat=len(names))))
    edited = [without(lesion, [n for n, keep in zip(names, row, strict=True) if not keep]) for row in shown]
    spec = question.pack.main.picture
    fitted = [fit_for(Picture(one), spec)[0] for one in edited]
    p = question.ask(fitted)
    local = fit_local(shown, p, ridge=1e-6)
    alone = {n: float(p[_row(shown, [n], names)]) for n in names}
    ranked = sorted(zip(names, local.weights, strict=True), key=lambda one: -one[1])
    removed = tuple(name for name, weight in ranked if weight >= LEAST_EFFECT)
    last = _row(shown, removed, names)
    effects = [
        AttributeEffect(a.name, _lengths(a, work), a.unit, a.detail, alone[a.name], float(w), a.source)
        for a, w in zip(measured, local.weights, strict=True)
    ]
    return AttributeTable(
        effects=tuple(sorted(effects, key=lambda one: -(one.weight or 0.0))),
        all_without=float(p[last]),
        removed=removed,
        mask=to_source(work.mask.astype(np.float32), work.fit) > 0.5 if mask is None else mask,
        mask_from="measured" if mask is None else "given",
        checks=(_fit_check(local.r2), _order_check(shown, p, np.array(local.weights))),
        edited=edited[last] if removed else None,
    )


def _measure(question: Question, work: Work) -> tuple[Attribute, ...]:
    colour = work.picture.array.shape[0] == 3 and work.mask.ndim == 2
    skin = colour and any(one in SKIN for one in question.pack.main.picture.modality)
    measure = skin_attributes if skin else nodule_attributes
    return measure(work.picture.array, work.mask, work.picture.spacing_mm)


def _work(question: Question, picture: Picture, mask: Mask | None) -> Work:
    """At most 192 pixels (2-D) or 48 (3-D) a side, and no more than the net sees where that is more."""
    limit = max(192 if len(picture.size) == 2 else 48, *question.pack.main.picture.size)
    scale = min(1.0, limit / max(picture.size))
    size = tuple(max(1, round(n * scale)) for n in picture.size)
    array, fit = fit_picture(picture.array, size)
    spacing = tuple(s / fit.scale for s in picture.spacing_mm) if picture.spacing_mm else None
    if mask is None:
        found = lesion_mask(array)
    else:
        found = fit_picture(mask[None].astype(np.uint8), size, nearest=True)[0][0] > 0
    return Work(Picture(array, spacing), found, fit)


def _lengths(attribute: Attribute, work: Work) -> float:
    """Pixels of the working picture as pixels of the source; all else as it is."""
    return attribute.value / work.fit.scale if attribute.unit == "px" else attribute.value


def _row(shown: NDArray[np.bool_], removed: Sequence[str], names: Sequence[str]) -> int:
    """The subset in which just these are taken out."""
    wanted = np.array([name not in removed for name in names])
    return int(np.flatnonzero((shown == wanted).all(1))[0])


def _fit_check(r2: float) -> Check:
    return Check("local_fit", r2, LEAST_FIT, False, "Ribeiro et al., LIME, KDD 2016")


def _order_check(shown: NDArray[np.bool_], p: NDArray[np.float64], weights: NDArray[np.float64]) -> Check:
    """Deletion over attributes: taken out by weight, against the mean over every other order.

    The mean over all orders of the area is the mean over subset sizes of the mean answer at that size.
    """
    n = shown.shape[1]
    gone = n - shown.sum(1)
    mean = np.array([p[gone == k].mean() for k in range(n + 1)])
    order, curve = np.argsort(-weights, kind="stable"), []
    for k in range(n + 1):
        keep = np.ones(n, bool)
        keep[order[:k]] = False
        curve.append(float(p[(shown == keep).all(1)][0]))
    area, baseline = (float(np.trapezoid(one, dx=1 / n)) for one in (curve, mean))
    return Check("deletion_auc", area, baseline if math.isfinite(baseline) else 1.0, True, "Petsiuk et al., RISE, 2018")
