"""Tumours where anatomy allows them: wholly inside an organ, clear of vessels, bones and the organ's edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import edt
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.data.lobed import Lobed, sample_lobed
from limner.errors import InputError

Labels = NDArray[np.uint8]
DIAMETERS_MM = tuple(float(one) for one in np.geomspace(8, 40, 5))
"""Quantiles of diameters where nothing else is known: as many per doubling, as liver tumours roughly are."""
BODIES, PLACES = 40, 12
"""How many bodies are drawn before a map is given up, and how many places are tried for each."""


@dataclass(frozen=True)
class Rules:
    """Where a tumour may lie. Lengths are in the unit of the spacing.

    Args:
        inside: values of a label map in which it may lie; it stays clear of all others.
        clear: least distance from what is not allowed, voxel centre to voxel centre.
        diameters: quantiles, least to largest, of balls as large.
    """

    inside: tuple[int, ...]
    clear: float = 3.0
    diameters: tuple[float, ...] = DIAMETERS_MM


@dataclass(frozen=True)
class Placed:
    """A tumour: its body, and the voxel where its origin lies."""

    body: Lobed
    center: tuple[int, ...]


def sample_place(rng: np.random.Generator, labels: Labels, rules: Rules, spacing: Sequence[float]) -> Placed:
    """Draws a tumour that fits: its size, its shape, and a place.

    Args:
        rng: all chance is drawn from it.
        labels: ``(Z,) Y, X``, without the tumours that are to be replaced (see :func:`healed`). What lies past the
            map's edge is not allowed.
        rules: where.
        spacing: along the same axes, in mm, or 1 for pixels.

    Raises:
        InputError: none of many that were drawn fits; it says how much room there is.
    """
    room = depth(labels, rules.inside, spacing)
    free = room > rules.clear
    for _ in range(BODIES):
        quantiles = np.linspace(0, 1, len(rules.diameters))
        radius = float(np.interp(rng.random(), quantiles, rules.diameters)) / 2
        body = sample_lobed(rng, radius, labels.ndim)
        wide = np.flatnonzero(room > rules.clear + 0.6 * radius)
        for flat in rng.choice(wide, min(PLACES, len(wide)), replace=False) if len(wide) else ():
            index = np.unravel_index(int(flat), labels.shape)
            center = tuple(int(one) for one in index)
            there = body.draw(labels.shape, center, spacing)
            if there.any() and free[there].all():
                return Placed(body, center)
    widest = 2 * max(0.0, float(room.max(initial=0)) - rules.clear)
    if not np.isin(labels, rules.inside).any():
        raise InputError("A tumour has no place in this label map: the organ in which it may lie is not on it.")
    raise InputError(
        f"A tumour has no place in this label map: {rules.clear:g} from its edge and all that is not organ, there is "
        f"room for a diameter of {widest:.1f} at most, and diameters of {rules.diameters[0]:.1f} to "
        f"{rules.diameters[-1]:.1f} were tried (mm, or pixels of a picture)."
    )


def with_tumor(labels: Labels, placed: Placed, value: int, spacing: Sequence[float]) -> Labels:
    """The label map with a tumour."""
    there = placed.body.draw(labels.shape, placed.center, spacing)
    return np.where(there, np.uint8(value), labels)


def healed(labels: Labels, value: int, inside: Sequence[int]) -> Labels:
    """The label map without its tumours: what they cover becomes the nearest organ of ``inside``, or nothing."""
    sick = labels == value
    organ = np.isin(labels, [one for one in inside if one != value])
    if not sick.any() or not organ.any():
        return np.where(sick, np.uint8(0), labels)
    nearest = ndimage.distance_transform_edt(~organ, return_distances=False, return_indices=True)
    return np.where(sick, labels[tuple(nearest)], labels)


def depth(labels: Labels, inside: Sequence[int], spacing: Sequence[float]) -> NDArray[np.float32]:
    """How far each voxel of ``inside`` lies from the nearest of something else, or from past the edge; else 0."""
    allowed = np.pad(np.isin(labels, inside), 1)
    away = edt.edt(allowed, anisotropy=tuple(map(float, spacing)), black_border=True)
    return np.asarray(away[(slice(1, -1),) * labels.ndim], np.float32)
