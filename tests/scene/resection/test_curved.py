"""The Bézier surface: against its definition, and as a person drags it."""

from __future__ import annotations

import json
from math import comb

import numpy as np
import pytest
from scipy.spatial import cKDTree

from limner.errors import InputError
from limner.scene.resection import Curved, Plane, cut_from_json
from tests.scene.resection.livers import unit


def made(seed: int, wall_slope: float = 3.0) -> Curved:
    rng = np.random.default_rng(seed)
    normal = unit(*rng.normal(size=3))
    side = np.cross(normal, unit(*rng.normal(size=3)))
    side /= np.linalg.norm(side)
    axes = np.stack([side, np.cross(normal, side), normal])
    return Curved(rng.normal(size=3) * 10, axes, (30.0, 20.0), rng.normal(size=(4, 4)) * 6, wall_slope)


def sampled(one: Curved, count: int = 300) -> np.ndarray:
    """Points of the surface from its control points, by the definition."""
    t = np.linspace(0, 1, count)
    basis = np.stack([comb(3, k) * t**k * (1 - t) ** (3 - k) for k in range(4)], axis=1)
    return np.einsum("ui,vj,ijk->uvk", basis, basis, one.control_points_mm).reshape(-1, 3)


@pytest.mark.parametrize("seed", range(3))
def test_points_of_the_surface_have_no_distance_and_those_beside_it_theirs(seed: int) -> None:
    one = made(seed)
    surface = sampled(one)
    assert np.abs(one.signed_mm(surface)).max() < 1e-9
    rng = np.random.default_rng(seed)
    inner = rng.uniform(-0.9, 0.9, (400, 2)) * one.half_mm
    points = one.origin_mm + np.column_stack([inner, rng.uniform(-8, 8, 400)]) @ one.axes
    signed = one.signed_mm(points)
    true, _ = cKDTree(surface).query(points)
    near = true < 3
    assert near.sum() > 30
    assert np.abs(np.abs(signed[near]) - true[near]).max() < 0.45
    single = one.signed_mm(points.astype(np.float32))
    assert single.dtype == np.float32
    assert single == pytest.approx(signed, abs=2e-3)


def test_heights_along_one_line_make_a_plane() -> None:
    one = made(4)
    flat = Curved(one.origin_mm, one.axes, one.half_mm, np.full((4, 4), 2.5), 0.0)
    plane = Plane(one.origin_mm + 2.5 * one.normal, one.normal)
    points = np.random.default_rng(0).normal(size=(500, 3)) * 40
    near = plane.signed_mm(points) > -7
    assert flat.signed_mm(points)[near] == pytest.approx(plane.signed_mm(points)[near])
    assert (flat.signed_mm(points)[~near] < 0).all()


def test_the_surface_stays_within_its_control_points_and_rises_beyond_its_patch() -> None:
    one = made(5)
    heights = (sampled(one) - one.origin_mm) @ one.normal
    assert one.heights_mm.min() <= heights.min() and heights.max() <= one.heights_mm.max()
    beside = one.origin_mm + np.array([one.half_mm[0] + 20, 0.0, 40.0]) @ one.axes
    above = one.origin_mm + np.array([one.half_mm[0] + 5, 0.0, 40.0]) @ one.axes
    assert one.signed_mm(beside[None])[0] < 0 < one.signed_mm(above[None])[0]


def test_a_dragged_control_point_moves_the_surface_there_and_back() -> None:
    one = made(6)
    points = one.control_points_mm
    points[1, 2] += 9 * one.normal
    moved = one.moved_to(points)
    assert moved.heights_mm[1, 2] == pytest.approx(one.heights_mm[1, 2] + 9)
    here = sampled(moved)
    assert (one.signed_mm(here) >= -1e-9).all() and one.signed_mm(here).max() > 1
    back = cut_from_json(json.loads(json.dumps(one.as_json())))
    assert isinstance(back, Curved)
    assert back.control_points_mm == pytest.approx(one.control_points_mm, abs=2e-3)


def test_what_is_no_surface_is_refused() -> None:
    one = made(7)
    with pytest.raises(InputError, match="4 × 4 finite"):
        Curved(one.origin_mm, one.axes, one.half_mm, np.zeros((3, 4)))
    with pytest.raises(InputError, match="right angles"):
        Curved(one.origin_mm, np.ones((3, 3)), one.half_mm, one.heights_mm)
    with pytest.raises(InputError, match="normal not zero"):
        Plane((0, 0, 0), (0, 0, 0))
    with pytest.raises(InputError, match="kind is plane"):
        cut_from_json({"kind": "spiral"})
    with pytest.raises(InputError, match="cannot be read"):
        cut_from_json({"kind": "plane", "point_mm": [0, 0, 0]})
