"""Curved cuts that take least: heights of a Bézier surface by a linear programme.

Over the plane of a direction n the surface has 16 control heights h, and its height at a place (u, v) is B(u, v) · h,
linear in h. The tumour widened by the margin must lie above it: B(u, v) · h ≤ w at every point (u, v, w) of the lower
side of that body. Liver between the surface and the capsule is taken: over a column of liver up to ``top`` that is
``top − y`` with y ≤ B · h and y ≤ top. So the least volume is a linear programme in h and the y of the columns (HiGHS).
A patch around one lesion makes a wedge, a patch over the whole liver a bent plane.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog
from scipy.spatial import cKDTree

from limner.scene.resection.case import Case, Lesion
from limner.scene.resection.curved import Curved, bernstein
from limner.scene.resection.planes import fibonacci_sphere

Float = NDArray[np.float64]
CELLS = 14
"""Columns and constraints: at most one of each in every cell of a lattice of so many times so many."""
SURFACE_POINTS = 600
ROUND = 96
TURNS = 10
SLACK_MM = 0.04
DEEPEST_MM = 40.0
"""No control point stands farther below the lesions: a person has to find it, and to drag it."""
REACH_MM = 6.0
"""A cut farther from the lesions than the margin and this is moved by steps of this."""


def clusters(case: Case, margin_mm: float) -> list[tuple[Lesion, ...]]:
    """Lesions that one wedge takes: those whose margins meet belong together."""
    lesions = list(case.lesions)
    groups: list[list[Lesion]] = []
    for one in lesions:
        tree = cKDTree(one.surface_mm)
        near = [
            group
            for group in groups
            if min(float(tree.query(_thin(other.surface_mm, 400))[0].min()) for other in group) < 2 * margin_mm
        ]
        groups = [group for group in groups if group not in near]
        groups.append([one, *(other for group in near for other in group)])
    return [tuple(group) for group in groups]


def wedge(case: Case, lesions: Sequence[Lesion], normal: Float, margin_mm: float, size: float | None) -> Curved | None:
    """The surface over one direction that takes least; :func:`at_margin` then gives it the margin to a tenth of a mm.

    Args:
        case: the liver.
        lesions: that lie on the side that is taken out.
        normal: towards that side.
        margin_mm: between their surface and the cut.
        size: of the patch, relative to the lesions with their margin; over the whole liver where None.

    Returns:
        None where the programme has no answer.
    """
    surface = _thin(np.concatenate([one.surface_mm for one in lesions]), SURFACE_POINTS)
    axes = _frame(surface, normal)
    local = (surface - surface.mean(axis=0)) @ axes.T
    middle = 0.5 * (local[:, :2].min(axis=0) + local[:, :2].max(axis=0))
    half = 0.5 * np.ptp(local[:, :2], axis=0) + margin_mm + 2
    points, ml, _ = case.lattice.coarse
    if size is None:
        spread = (points - surface.mean(axis=0)) @ axes.T
        middle = 0.5 * (spread[:, :2].min(axis=0) + spread[:, :2].max(axis=0))
        half = 0.5 * np.ptp(spread[:, :2], axis=0) + 2
    else:
        half = half * size
    origin = surface.mean(axis=0) + middle @ axes[:2]
    below = _underside(case, surface, origin, axes, half, margin_mm)
    columns = _columns((points - origin) @ axes.T, ml, half)
    heights = _heights(below, columns, half)
    if heights is None:
        return None
    return Curved(origin, axes, (float(half[0]), float(half[1])), heights, case.rules.wall_slope)


def resected_ml(cut: Curved, case: Case) -> float:
    """Functional liver that a surface takes, on the lattice of the search."""
    points, ml, width = case.lattice.coarse
    return float(ml @ np.clip(cut.signed_mm(points) / np.float32(width) + np.float32(0.5), 0, 1))


def _frame(surface: Float, normal: Float) -> Float:
    """Rows: the two main axes of the lesions seen along the normal, and the normal."""
    flat = surface - surface.mean(axis=0)
    flat = flat - np.outer(flat @ normal, normal)
    first = np.linalg.svd(flat, full_matrices=False)[2][0]
    first = first - (first @ normal) * normal
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(normal, first), normal])


def _underside(case: Case, surface: Float, origin: Float, axes: Float, half: Float, margin_mm: float) -> Float:
    """Points ``(u, v, w)`` of the lower side of the lesions with their margin, the lowest in each cell."""
    around = fibonacci_sphere(ROUND)
    down = around[around @ axes[2] < 0.05]
    body = (surface[:, None] + margin_mm * down[None]).reshape(-1, 3)
    inside = case.lattice.at(body) >= 0  # no liver, no need for a margin
    body = np.concatenate([body[inside], surface])
    return _lowest((body - origin) @ axes.T, half)


def _lowest(local: Float, half: Float) -> Float:
    cell = _cells(local, half)
    order = np.lexsort((local[:, 2], cell))
    _, first = np.unique(cell[order], return_index=True)
    return local[order[first]]


def _columns(local: Float, ml: NDArray[np.float32], half: Float) -> Float:
    """Columns of liver over the patch: ``(u, v, top, ml per mm)``."""
    within = (np.abs(local[:, :2]) <= half).all(axis=1) & (ml > 0)
    local, ml = local[within], ml[within]
    cell = _cells(local, half)
    ids, which = np.unique(cell, return_inverse=True)
    top, bottom = np.full(len(ids), -np.inf), np.full(len(ids), np.inf)
    np.maximum.at(top, which, local[:, 2])
    np.minimum.at(bottom, which, local[:, 2])
    held = np.bincount(which, weights=ml)
    middle = [np.bincount(which, weights=local[:, k]) / np.bincount(which) for k in (0, 1)]
    return np.stack([*middle, top, held / np.maximum(top - bottom, 1.0)], axis=1)


def _cells(local: Float, half: Float) -> NDArray[np.int64]:
    at = np.clip(((local[:, :2] / (2 * half) + 0.5) * CELLS).astype(int), 0, CELLS - 1)
    return np.asarray(at[:, 0] * CELLS + at[:, 1])


def _basis(places: Float, half: Float) -> Float:
    """``(N, 16)``: the height at places is this times the control heights."""
    u, v = (np.clip(places[:, k] / (2 * half[k]) + 0.5, 0, 1) for k in (0, 1))
    return np.asarray((bernstein(u)[:, :, None] * bernstein(v)[:, None, :]).reshape(len(places), 16))


def _heights(below: Float, columns: Float, half: Float) -> Float | None:
    """Control heights, 4 × 4, that take least."""
    count = len(columns)
    top = float(columns[:, 2].max(initial=below[:, 2].max())) + 5
    rows = sparse.bmat(
        [
            [sparse.csr_matrix(_basis(below, half)), None],
            [sparse.csr_matrix(-_basis(columns, half)), sparse.identity(count)],
        ]
    )
    limits = np.concatenate([below[:, 2], np.zeros(count)])
    cost = np.concatenate([np.zeros(16), -columns[:, 3]])
    bottom = float(below[:, 2].min()) - DEEPEST_MM
    bounds = [(bottom, top)] * 16 + [(None, one) for one in columns[:, 2]]
    answer = linprog(cost, A_ub=rows.tocsr(), b_ub=limits, bounds=bounds, method="highs")
    return np.asarray(answer.x[:16]).reshape(4, 4) if answer.status == 0 else None


def at_margin(cut: Curved, case: Case, lesions: Sequence[Lesion], margin_mm: float) -> Curved:
    """A surface moved along its normal until it passes the lesions at the margin.

    The programme's constraints stand a cell apart; the surface runs between them too.
    """
    tree = cKDTree(np.concatenate([one.surface_mm for one in lesions]))
    lattice = case.lattice
    near = np.flatnonzero(lattice.tumor_mm < margin_mm + REACH_MM)
    signed = np.full(len(lattice.tumor_mm), -1, np.float32)
    at, low, high = 0.0, None, None  # lowered by so much: too little, and enough
    for _ in range(TURNS):
        signed[near] = cut.raised(-at).signed_mm(lattice.points_mm[near])
        pairs = lattice.crossed(signed)
        pairs = pairs[:, np.maximum(*lattice.tumor_mm[pairs]) < margin_mm + REACH_MM]
        points = lattice.between(signed, pairs)
        if not len(points):
            break
        distance, _ = tree.query(points, distance_upper_bound=margin_mm + REACH_MM)
        missing = margin_mm + SLACK_MM - min(float(distance.min()), margin_mm + REACH_MM)
        if missing > 0:
            low = (at, missing)
        else:
            high = (at, missing)
        if abs(missing) < SLACK_MM:
            break
        at = _next(at, missing, low, high)
    return cut.raised(-(high[0] if high and abs(missing) >= SLACK_MM else at))


def _next(at: float, missing: float, low: tuple[float, float] | None, high: tuple[float, float] | None) -> float:
    """Where to try next: between too little and enough by the secant, inside its middle; beyond, by what is missing."""
    if low is None or high is None:
        return at + 1.3 * missing
    share = low[1] / (low[1] - high[1])
    return low[0] + min(max(share, 0.2), 0.8) * (high[0] - low[0])


def _thin(points: Float, most: int) -> Float:
    return points[:: max(1, len(points) // most)]
