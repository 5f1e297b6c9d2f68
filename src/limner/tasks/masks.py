"""Segmentation of pictures: from probabilities to masks, areas and how sure they are; and figures over patients.

Probabilities are ``(K, *size)``, class 0 is background; labels ``(*size)`` of class indices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import cc3d
import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.floating]
Labels = NDArray[np.integer]


def regions_of(names: Sequence[str], groups: Mapping[str, Sequence[str]]) -> dict[str, tuple[int, ...]]:
    """What figures are given of: every class but the background, and every group; name → class indices."""
    names = list(names)
    found: dict[str, tuple[int, ...]] = {name: (k,) for k, name in enumerate(names) if k}
    return found | {group: tuple(names.index(one) for one in members) for group, members in groups.items()}


def kinds_of_one(names: Sequence[str], groups: Mapping[str, Sequence[str]]) -> bool:
    """Whether a group holds all classes but the background: they are then kinds of one thing."""
    return len(names) > 2 and any(set(names[1:]) == set(members) for members in groups.values())


def softmax_maps(
    logits: NDArray[np.floating], temperature: float = 1.0, bias: float = 0.0, axis: int = 0
) -> NDArray[np.float32]:
    """Probabilities along one axis; ``bias`` is added to every class but the first after the temperature."""
    scaled = np.asarray(logits, np.float32) / np.float32(temperature)
    if bias:
        shape = [1] * scaled.ndim
        shape[axis] = scaled.shape[axis]
        added = np.full(scaled.shape[axis], bias, np.float32)
        added[0] = 0.0
        scaled = scaled + added.reshape(shape)
    e = np.exp(scaled - scaled.max(axis, keepdims=True))
    return np.asarray(e / e.sum(axis, keepdims=True), np.float32)


def decode_masks(p: Probabilities, *, threshold: float = 0.5, one_kind: bool = False) -> NDArray[np.uint8]:
    """Labels from probabilities: marked where all classes but the background together reach a threshold.

    Args:
        p: ``(K, *size)``.
        threshold: of their sum.
        one_kind: the classes are kinds of one thing, such as benign and malignant: each connected part then has the
            one kind that its pixels together speak for; each pixel its own likeliest otherwise.

    >>> p = np.array([[0.4, 0.4, 0.9], [0.35, 0.25, 0.1], [0.25, 0.35, 0.0]])
    >>> decode_masks(p).tolist(), decode_masks(p[:, None], one_kind=True)[0].tolist()
    ([1, 2, 0], [1, 1, 0])
    """
    inside = 1.0 - p[0] >= threshold
    labels = np.where(inside, 1 + p[1:].argmax(0), 0).astype(np.uint8)
    if not one_kind or len(p) == 2 or not inside.any():
        return labels
    parts, count = cc3d.connected_components(inside, connectivity=8 if inside.ndim == 2 else 26, return_N=True)
    for number in range(1, count + 1):
        place = parts == number
        labels[place] = 1 + int(p[1:, place].sum(1).argmax())
    return labels


def predicted_dice(p: Probabilities, labels: Labels) -> float:
    """The Dice that a mask has with its truth if the probabilities are right: how sure a segmentation is.

    Where nothing is marked: how surely there is nothing, as one minus the highest probability.

    Source: the ratio of expectations of Dice's numerator and denominator, pixels taken as independent.
    """
    there = 1.0 - p[0]
    marked = labels > 0
    if not marked.any():
        return float(1.0 - there.max())
    return float(2 * there[marked].sum() / (marked.sum() + there.sum()))


def disagreement(views: NDArray[np.floating]) -> NDArray[np.float32]:
    """How unsure each pixel is, 0 to 1: the entropy of the mean of several views' probabilities ``(V, K, *size)``.

    It holds both what each view is unsure of and what the views do not agree on.
    Source: Smith & Gal, *Understanding measures of uncertainty*, UAI 2018, equation 3 (total uncertainty), over log K.
    """
    mean = views.mean(0)
    entropy = -(mean * np.log(np.maximum(mean, 1e-12))).sum(0)
    return np.asarray(entropy / np.log(mean.shape[0]), np.float32)


def picture_probabilities(p: Probabilities, share: float = 0.002) -> NDArray[np.float64]:
    """Probabilities ``(K,)`` of what a picture holds, class 0 for nothing.

    That there is something: the mean probability of the likeliest few pixels (a share of all). What it is: each
    class's part of the sum, every pixel counting by how likely it is marked at all.
    """
    there = np.asarray(1.0 - p[0], np.float64).ravel()
    few = max(1, round(share * there.size))
    something = float(np.partition(there, -few)[-few:].mean())
    kinds = np.asarray(p[1:], np.float64).reshape(len(p) - 1, -1) @ there
    kinds = kinds / max(float(kinds.sum()), 1e-12)
    return np.concatenate([[1.0 - something], something * kinds])


def threshold_of_area(p: NDArray[np.floating], area: int) -> float:
    """The probability at which as many pixels are marked as the truth has."""
    values = np.sort(p, axis=None)[::-1]
    return float(values[min(max(area, 1), values.size) - 1])


def area_thresholds(found: Iterable[float], share: float = 0.9) -> tuple[float, float]:
    """Two probabilities, the lower first, between which the thresholds of a share of the cases lie.

    The area marked at the higher is the least that is likely, at the lower the most: an interval of the areas that
    holds the truth as often as asked, if what comes is like the cases that it was fitted on.

    Source: nested conformal sets, Gupta, Kuchibhotla & Ramdas, Pattern Recognition 127:108496, 2022.
    """
    values = np.sort(np.fromiter(found, float))
    n = len(values)
    if n < 2:
        return 0.25, 0.75
    tail = (1 - share) / 2
    low = int(np.floor(tail * (n + 1))) - 1  # finite samples: one more than n ranks
    high = int(np.ceil((1 - tail) * (n + 1))) - 1
    return float(values[max(low, 0)]), float(values[min(high, n - 1)])


def patient_dice(
    predictions: Sequence[Labels], truths: Sequence[Labels], patients: Sequence[str], classes: Sequence[int]
) -> dict[str, float]:
    """Dice of each patient, his pictures taken as one volume; patients with nothing in both are not listed.

    Source: Buda, Saha & Mazurowski, Comput. Biol. Med. 109:218, 2019 (Dice by patient).
    """
    both: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for ours, theirs, patient in zip(predictions, truths, patients, strict=True):
        a, b = np.isin(ours, classes), np.isin(theirs, classes)
        both[patient] = both.get(patient, 0) + int((a & b).sum())
        sizes[patient] = sizes.get(patient, 0) + int(a.sum()) + int(b.sum())
    return {patient: 2 * both[patient] / size for patient, size in sizes.items() if size}


def mirrorings(axes: str, dims: int) -> list[tuple[int, ...]]:
    """Every mirroring that axes such as ``"yx"`` allow, as axes counted from the last; first the picture as it is.

    >>> mirrorings("yx", 2)
    [(), (-2,), (-1,), (-2, -1)]
    """
    names = "zyx"[-dims:]
    places = [names.index(one) - dims for one in names if one in axes]
    found: list[tuple[int, ...]] = [()]
    for place in places:
        found = [*found, *((*one, place) for one in found)]
    return sorted(found, key=lambda one: (len(one), one))
