"""The best plane, where geometry knows it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from limner.scene.resection import Plane, judge, prepare
from limner.scene.resection.planes import best_planes, fibonacci_sphere, offsets, resected_ml
from tests.scene.resection.livers import AXIAL, OBLIQUE, ellipsoid, unit

MARGIN = 10.0


def cap_ml(radii: np.ndarray, normal: np.ndarray, offset: float) -> float:
    """Volume of an ellipsoid beyond a plane: a ball's cap after the affine map that makes a ball of it."""
    height = 1 - offset / np.sqrt(((radii * normal) ** 2).sum())
    return float(np.prod(radii) * np.pi * height**2 * (3 - height) / 3 / 1000) if height > 0 else 0.0


def known_best(radii: np.ndarray, center: np.ndarray, reach: float) -> tuple[np.ndarray, float]:
    """Normal and offset of the plane that takes least and stays ``reach`` away from a point; by a smooth search."""

    def taken(angles: np.ndarray) -> float:
        normal = direction(angles)
        return cap_ml(radii, normal, float(normal @ center) - reach)

    def direction(angles: np.ndarray) -> np.ndarray:
        return np.array(
            [np.sin(angles[0]) * np.cos(angles[1]), np.sin(angles[0]) * np.sin(angles[1]), np.cos(angles[0])]
        )

    start = unit(*(center / radii**2))
    first = np.array([np.arccos(start[2]), np.arctan2(start[1], start[0])])
    best = minimize(taken, first, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
    normal = direction(best.x)
    return normal, float(normal @ center) - reach


@pytest.mark.parametrize("direction", [AXIAL, OBLIQUE], ids=["axial", "oblique"])
@pytest.mark.parametrize(
    ("radii", "center", "radius"),
    [
        ((60.0, 60.0, 60.0), tuple(40 * unit(1, 0.4, -0.3)), 9.0),
        ((75.0, 50.0, 55.0), (48.0, 8.0, 12.0), 8.0),
        ((75.0, 50.0, 55.0), (20.0, -25.0, 20.0), 10.0),
    ],
    ids=["ball", "tip of an ellipsoid", "side of an ellipsoid"],
)
def test_the_best_plane_is_found_within_a_degree_a_millimetre_and_a_percent(
    radii: tuple[float, float, float], center: tuple[float, float, float], radius: float, direction: np.ndarray
) -> None:
    one = ellipsoid(radii, [(center, radius)], direction=direction)
    case = prepare(one.liver, one.tumor, one.grid)
    normal, offset = known_best(np.array(radii), np.array(center), radius + MARGIN)
    found = best_planes(case, case.lesions, MARGIN)[0].plane
    assert np.degrees(np.arccos(min(1.0, float(found.normal @ normal)))) < 1.0
    assert abs(float(found.point_mm @ found.normal) - offset) < 1.0
    truth = 4 / 3 * np.pi * np.prod(radii) / 1000 - cap_ml(np.array(radii), normal, offset)
    assert judge(found, case).remnant_ml.value == pytest.approx(truth, rel=0.01)
    assert judge(found, case).margin_mm.value == pytest.approx(MARGIN, abs=0.3)


def test_the_offset_is_the_support_of_the_tumour_widened_by_the_margin() -> None:
    one = ellipsoid((50.0, 50.0, 50.0), [((20.0, 0.0, 0.0), 10.0)])
    case = prepare(one.liver, one.tumor, one.grid)
    normals = fibonacci_sphere(60)
    found = offsets(case.lesions[0].hull_mm, normals, 7.0)
    slow = [float((case.lesions[0].surface_mm @ normal).min()) - 7.0 for normal in normals]
    assert found == pytest.approx(slow, abs=1e-9)
    assert found == pytest.approx(normals[:, 0] * 20 - 17, abs=0.8)


def test_all_directions_at_once_agree_with_one_after_another() -> None:
    one = ellipsoid((50.0, 40.0, 45.0), [((20.0, 0.0, 0.0), 8.0)])
    case = prepare(one.liver, one.tumor, one.grid)
    normals = fibonacci_sphere(100)
    offset = offsets(case.lesions[0].hull_mm, normals, 10.0)
    slow = [
        case.functional_ml - judge(Plane(n * c, n), case).remnant_ml.value for n, c in zip(normals, offset, strict=True)
    ]
    assert resected_ml(case, normals, offset, fine=True) == pytest.approx(slow, abs=0.3)
    assert resected_ml(case, normals, offset) == pytest.approx(slow, abs=0.01 * case.functional_ml)


def test_directions_are_spread_evenly() -> None:
    normals = fibonacci_sphere(800)
    nearest = np.sort(normals @ normals.T, axis=1)[:, -2]
    assert np.degrees(np.arccos(nearest)).max() < 1.3 * np.degrees(np.arccos(nearest)).min() + 1
    assert np.abs(normals.mean(axis=0)).max() < 0.01
