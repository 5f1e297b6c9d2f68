"""What a cut costs: against counted voxels, sampled surfaces and repeated errors."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.spatial import cKDTree

from limner.scene.resection import (
    Curved,
    Cut,
    Plane,
    ResectionRules,
    Segmentwise,
    Several,
    cut_from_json,
    judge,
    prepare,
)
from tests.scene.resection.livers import OBLIQUE, Liver, ellipsoid, octants, unit


@pytest.fixture(scope="module")
def one() -> Liver:
    tumors = [((30.0, 5.0, 10.0), 11.0), ((-35.0, -8.0, 12.0), 6.0)]
    return ellipsoid((70.0, 45.0, 50.0), tumors, spacing=(2.0, 0.9, 0.9), direction=OBLIQUE)


def bowl(center: tuple[float, float, float], normal: np.ndarray, depth: float, half: float) -> Curved:
    """A wedge that opens along a normal, ``depth`` below a point."""
    side = np.cross(normal, unit(0.3, 1, 0.2))
    side /= np.linalg.norm(side)
    heights = np.full((4, 4), half - depth)
    heights[1:3, 1:3] = -2.0 * depth
    return Curved(np.array(center), np.stack([side, np.cross(normal, side), normal]), (half, half), heights, 3.0)


def random_cuts(count: int) -> list[Cut]:
    rng = np.random.default_rng(11)
    found: list[Cut] = []
    for _ in range(count):
        normal = unit(*rng.normal(size=3))
        found.append(Plane(rng.uniform(-20, 20, 3), normal))
        found.append(bowl(tuple(rng.uniform(-15, 15, 3)), normal, rng.uniform(5, 20), rng.uniform(15, 30)))
    return [*found, Several((found[0], found[1], found[-1]))]


@pytest.mark.parametrize("cut", random_cuts(5), ids=lambda cut: type(cut).__name__)
def test_remnant_agrees_with_counted_voxels(one: Liver, cut: Cut) -> None:
    case = prepare(one.liver, one.tumor, one.grid)
    found = judge(cut, case)
    members = cut.cuts if isinstance(cut, Several) else (cut,)
    points = one.points_mm[one.liver]
    taken = np.zeros(one.liver.shape, bool)
    taken[one.liver] = np.logical_or.reduce([member.signed_mm(points) > 0 for member in members])
    functional = one.ml(one.liver & ~one.tumor)
    assert found.remnant_ml.value == pytest.approx(one.ml(one.liver & ~one.tumor & ~taken), abs=0.002 * functional)
    assert found.resected_ml.value == pytest.approx(one.ml(taken), abs=0.002 * functional)
    assert found.remnant_percent.value == pytest.approx(100 * found.remnant_ml.value / functional, abs=1e-3)
    assert case.functional_ml == pytest.approx(functional)


def test_the_margin_is_the_shortest_way_through_liver(one: Liver) -> None:
    """The oracle samples the plane inside the liver densely and asks for the nearest tumour voxel."""
    case = prepare(one.liver, one.tumor, one.grid)
    tumor = cKDTree(one.points_mm[one.tumor])
    for normal, offset in ((unit(1, 0, 0), 5.0), (unit(1, 1, -0.5), -45.0), (unit(0.2, -0.4, 1), -25.0)):
        side = np.cross(normal, unit(0.1, 0.7, 0.3))
        side /= np.linalg.norm(side)
        steps = np.arange(-75, 75, 0.7)
        u, v = np.meshgrid(steps, steps)
        sampled = normal * offset + u.reshape(-1, 1) * side + v.reshape(-1, 1) * np.cross(normal, side)
        inside = sampled[((sampled / (70.0, 45.0, 50.0)) ** 2).sum(axis=1) <= 1]
        slow = float(tumor.query(inside)[0].min())
        found = judge(Plane(normal * offset, normal), case).margin_mm
        left = (one.points_mm[one.tumor] @ normal < offset).any()
        assert (found.value < 0) == bool(left)
        if not left:
            assert found.value == pytest.approx(slow, abs=0.8)
            assert found.high - found.value == pytest.approx(1.96 * np.hypot(1, 2), abs=0.01)


def test_a_lesion_that_no_cut_touches_is_left_and_said() -> None:
    one = ellipsoid((70.0, 45.0, 50.0), [((40.0, 0.0, 0.0), 8.0), ((-40.0, 0.0, 0.0), 6.0)])
    found = judge(Plane((10, 0, 0), (1, 0, 0)), prepare(one.liver, one.tumor, one.grid))
    assert [name for name, _ in found.left_tumor] == ["tumor-2"]
    assert found.left_tumor[0][1] == pytest.approx(one.ml(one.tumor & (one.points_mm[..., 0] < 0)), rel=0.01)
    assert found.margin_mm.value < -3 and found.margin_kept == "no"
    assert "tumor-2" in found.reasons[0]


def test_intervals_cover_what_repeated_errors_give() -> None:
    """Liver and tumour swell and shrink, the plane lands beside its plan: the spread of 40 repetitions is the sd."""
    rng = np.random.default_rng(2)
    normal, offset = unit(1, 0.2, 0.1), 10.0
    rules = ResectionRules(liver_border_sd_mm=1.0, tumor_border_sd_mm=1.0, registration_sd_mm=2.0)
    one = ellipsoid((60.0, 45.0, 50.0), [((35.0, 5.0, 0.0), 12.0)])
    found = judge(Plane(normal * offset, normal), prepare(one.liver, one.tumor, one.grid, rules=rules))
    points = one.points_mm[np.linalg.norm(one.points_mm / (65.0, 50.0, 55.0), axis=-1) < 1]
    ml, percent, margin = [], [], []
    for border, tumor, shift in rng.normal(size=(40, 3)) * (1.0, 1.0, 2.0):
        liver = ((points / (np.array([60.0, 45.0, 50.0]) + border)) ** 2).sum(axis=1) <= 1
        sick = np.linalg.norm(points - (35.0, 5.0, 0.0), axis=1) <= 12 + tumor
        stays = liver & ~sick & (points @ normal < offset + shift)
        ml.append(stays.sum() * one.grid.voxel_ml)
        percent.append(100 * stays.sum() / (liver & ~sick).sum())
        margin.append(np.array([35.0, 5.0, 0.0]) @ normal - 12 - tumor - offset - shift)
    for interval, drawn in ((found.remnant_ml, ml), (found.remnant_percent, percent), (found.margin_mm, margin)):
        sd = (interval.high - interval.low) / (2 * 1.96)
        assert sd == pytest.approx(np.std(drawn), rel=0.3)
        assert interval.value == pytest.approx(np.mean(drawn), abs=sd)


def test_the_area_of_a_plane_is_that_of_the_section() -> None:
    one = ellipsoid((60.0, 60.0, 60.0), [((30.0, 0.0, 0.0), 8.0)])
    normal = unit(1, 0.5, 0.3)
    found = judge(Plane(normal * 20, normal), prepare(one.liver, one.tumor, one.grid))
    assert found.area_cm2 == pytest.approx(np.pi * (60**2 - 20**2) / 100, rel=0.02)


def test_segments_are_counted_to_the_voxel_and_join_with_surfaces(one: Liver) -> None:
    segments = octants(one)
    case = prepare(one.liver, one.tumor, one.grid, segments=segments)
    taken = np.isin(segments, [2, 4])
    found = judge(Segmentwise(frozenset({2, 4})), case)
    assert found.resected_ml.value == pytest.approx(one.ml(taken), rel=1e-4)
    plane = Plane((-20, 0, 0), (-1, 0, 0))
    both = judge(Several((Segmentwise(frozenset({2, 4})), plane)), case)
    points = one.points_mm
    assert both.resected_ml.value == pytest.approx(one.ml(one.liver & (taken | (points[..., 0] < -20))), rel=2e-3)
    assert both.area_cm2 == pytest.approx(found.area_cm2 + judge(plane, case).area_cm2, rel=0.05)


def test_a_remnant_in_two_pieces_is_said() -> None:
    one = ellipsoid((70.0, 40.0, 40.0), [((0.0, 0.0, 0.0), 6.0)])
    case = prepare(
        one.liver, one.tumor, one.grid, segments=np.where(np.abs(one.points_mm[..., 0]) < 20, 1, 2) * one.liver
    )
    found = judge(Segmentwise(frozenset({1})), case)
    assert len(found.pieces_ml) == 2
    assert sum(found.pieces_ml) == pytest.approx(found.remnant_ml.value, rel=0.01)
    assert "2 pieces" in found.reasons[-1]


def test_thresholds_name_their_source_and_say_what_holds_at_the_value_only() -> None:
    one = ellipsoid((60.0, 60.0, 60.0), [((10.0, 0.0, 0.0), 8.0)])
    case = prepare(one.liver, one.tumor, one.grid)
    found = judge(Plane((-12.2, 0, 0), (1, 0, 0)), case)  # 35 % stay
    assert {row.liver: row.kept for row in found.thresholds}["normal"] == "yes"
    assert {row.liver: row.kept for row in found.thresholds}["injured"] == "no"
    assert [row.source for row in found.thresholds] == ["Kishi 2009", "Shindoh 2013", "Azoulay 2000"]
    value = found.remnant_percent.value
    close = case.under(ResectionRules(liver_state="chemotherapy", remnant_chemotherapy_percent=value - 0.1))
    again = judge(found.cut, close)
    assert again.remnant_kept == "only at the value"
    assert any("at the value only" in sentence for sentence in again.reasons)


@pytest.mark.parametrize("cut", random_cuts(1), ids=lambda cut: type(cut).__name__)
def test_json_holds_the_cut_and_its_judgement(one: Liver, cut: Cut) -> None:
    case = prepare(one.liver, one.tumor, one.grid)
    found = judge(cut, case)
    row = json.loads(json.dumps(found.as_json(), allow_nan=False))
    again = judge(cut_from_json(row["cut"]), case)
    assert again.remnant_ml.value == pytest.approx(found.remnant_ml.value, abs=0.05)
    assert row["remnant_percent"]["value"] == pytest.approx(found.remnant_percent.value, abs=0.01)
    assert set(row) >= {"margin_mm", "resected_ml", "remnant_ml", "remnant_percent", "thresholds", "vessels", "reasons"}
    assert row["margin_mm"]["low"] < row["margin_mm"]["value"] < row["margin_mm"]["high"]
