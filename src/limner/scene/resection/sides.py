"""On which side of a cut points lie: what colours a liver's surface while a person moves the cut."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.scene.resection.case import Case
from limner.scene.resection.cuts import Cut, segmentwise_of, surfaces_of
from limner.scene.resection.judge import Resection
from limner.scene.resection.sweep import known

FAR_MM = 15.0
"""Farther from a border between segments than this, only the side is told."""


def signed_mm(cut: Cut, case: Case, points_mm: NDArray[np.floating]) -> NDArray[np.float32]:
    """Distance of points from a cut, positive where they are taken out; of segments to about a block.

    Args:
        cut: any.
        case: the liver.
        points_mm: ``(N, 3)`` LPS, at or in the liver.

    Raises:
        InputError: a cut along segments or territories that the case does not have.
    """
    points = np.ascontiguousarray(points_mm, np.float32)
    found = np.full(len(points), -np.inf, np.float32)
    for one in surfaces_of(cut):
        found = np.maximum(found, one.signed_mm(points).astype(np.float32))
    whole = segmentwise_of(cut)
    if whole is not None:
        partition = known(whole, case)
        inside = partition.chosen(whole.ids)[partition.filled]
        spacing = case.lattice.grid.spacing_mm
        away = ndimage.distance_transform_edt(inside, sampling=spacing)
        away -= ndimage.distance_transform_edt(~inside, sampling=spacing)
        field = np.clip(away, -FAR_MM, FAR_MM).astype(np.float32)
        index = case.lattice.grid.index(points).T
        found = np.maximum(found, ndimage.map_coordinates(field, index, order=1, mode="nearest"))
    return np.asarray(found)


def flow_at(resection: Resection, case: Case, points_mm: NDArray[np.floating]) -> NDArray[np.uint8]:
    """What becomes of the liver at points: bit 1 taken out, 2 stays without inflow, 4 stays without outflow.

    Points at the capsule, whose block holds no liver, take the nearest block's.
    """
    rows = case.lattice.at(points_mm)
    beside = rows < 0
    if beside.any():
        number = case.lattice.number
        nearest = ndimage.distance_transform_edt(number < 0, return_distances=False, return_indices=True)
        index = np.rint(case.lattice.grid.index(points_mm[beside])).astype(int)
        index = np.clip(index, 0, np.array(number.shape) - 1)
        rows[beside] = number[tuple(nearest[(slice(None), *index.T)])]
    return np.asarray(resection.state[rows])
