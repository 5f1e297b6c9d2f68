"""The drawn cut: of the right area, in the right place, ending at the capsule, its front to what stays."""

from __future__ import annotations

import numpy as np
import pytest

from limner.scene.resection import Curved, Cut, Plane, Segmentwise, Several, cut_mesh, judge, prepare, regions
from tests.scene.resection.livers import AXIAL, OBLIQUE, ellipsoid, fork, octants, unit


def corners(mesh: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    vertices = mesh.vertices_mm.astype(float)  # type: ignore[attr-defined]
    a, b, c = (vertices[mesh.faces[:, k]] for k in range(3))  # type: ignore[attr-defined]
    return a, b, c


@pytest.mark.parametrize(
    "direction", [AXIAL, OBLIQUE, OBLIQUE * np.array([-1.0, 1, 1])], ids=["axial", "oblique", "left"]
)
def test_a_plane_is_drawn_where_it_cuts_the_liver(direction: np.ndarray) -> None:
    one = ellipsoid((60.0, 45.0, 45.0), [((30.0, 0.0, 0.0), 8.0)], (2.0, 1.5, 1.5), direction)
    case = prepare(one.liver, one.tumor, one.grid)
    plane = Plane(unit(1, 0.3, 0.2) * 12, unit(1, 0.3, 0.2))
    mesh = cut_mesh(plane, case, both_sides=False)
    assert np.abs(plane.signed_mm(mesh.vertices_mm)).max() < 0.01
    assert ((mesh.vertices_mm / (60.0, 45.0, 45.0)) ** 2).sum(axis=1).max() < 1.1
    a, b, c = corners(mesh)
    crosses = np.cross(b - a, c - a)
    assert np.linalg.norm(crosses, axis=1).sum() / 200 == pytest.approx(judge(plane, case).area_cm2, rel=0.03)
    assert (crosses @ plane.normal <= 1e-9).all()
    double = cut_mesh(plane, case)
    a, b, c = corners(double)
    assert len(double.faces) == 2 * len(mesh.faces)
    assert np.abs(np.cross(b - a, c - a).sum(axis=0)).max() < 1e-3


def test_every_kind_of_cut_has_the_area_that_it_is_judged_by() -> None:
    one = ellipsoid((60.0, 45.0, 45.0), [((30.0, 0.0, 0.0), 8.0)], (2.0, 1.5, 1.5), OBLIQUE)
    case = prepare(one.liver, one.tumor, one.grid, segments=octants(one))
    heights = np.array([[8.0, 4, 4, 8], [4, -8, -8, 4], [4, -8, -8, 4], [8, 4, 4, 8]])
    bowl = Curved(np.array([20.0, 0, 0]), np.array([[0, 1.0, 0], [0, 0, 1], [1, 0, 0]]), (40.0, 40.0), heights, 2.0)
    whole = Segmentwise(frozenset({2, 4, 6, 8}))
    cuts: list[Cut] = [bowl, whole, Several((Plane((-20, 0, 0), (-1, 0, 0)), bowl))]
    for cut in cuts:
        a, b, c = corners(cut_mesh(cut, case, both_sides=False))
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 200
        assert area == pytest.approx(judge(cut, case).area_cm2, rel=0.06)


def test_a_cut_beside_the_liver_draws_nothing() -> None:
    one = ellipsoid((40.0, 30.0, 30.0), [((15.0, 0.0, 0.0), 8.0)], (3.0, 2.0, 2.0))
    mesh = cut_mesh(Plane((100, 0, 0), (1, 0, 0)), prepare(one.liver, one.tumor, one.grid))
    assert mesh.faces.shape == (0, 3) and mesh.vertices_mm.shape == (0, 3)


def test_every_voxel_of_liver_says_what_becomes_of_it() -> None:
    one = ellipsoid((60.0, 45.0, 45.0), [((-30.0, 0.0, 0.0), 6.0)])
    case = prepare(one.liver, one.tumor, one.grid, trees=[fork(one)], segments=octants(one))
    cuts: list[Cut] = [Plane((0, 0, -25), (0.2, 0.1, -1)), Segmentwise(frozenset({1, 3}))]
    for cut in cuts:
        found = judge(cut, case)
        drawn = regions(found, case)
        assert drawn.grid is one.grid
        assert ((drawn.array > 0) == one.liver).all()
        counts = {value: count * one.grid.voxel_ml for value, count in drawn.counts().items()}
        assert counts[2] == pytest.approx(found.resected_ml.value, rel=0.01)
        starved = counts.get(3, 0.0) + counts.get(5, 0.0)
        assert starved == pytest.approx(found.without_inflow_ml or 0.0, rel=0.05, abs=2.0)
    assert [label.name for label in drawn.labels][:2] == ["remnant", "resected"]
