"""What is proposed: the best of each kind, kept margins, honest refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest

from limner.scene.resection import Curved, Plane, ResectionRules, Segmentwise, Several, judge, prepare, propose
from limner.scene.resection.anatomical import segment_cuts, subsets
from limner.scene.resection.planes import best_planes
from limner.scene.resection.propose import pareto
from limner.scene.resection.wedges import at_margin, clusters, resected_ml, wedge
from limner.scene.resection.words import segments_name
from tests.scene.resection.livers import Liver, ellipsoid, octants

COARSE = (2.5, 2.0, 2.0)


@pytest.fixture(scope="module")
def one() -> Liver:
    return ellipsoid((70.0, 50.0, 50.0), [((36.0, 14.0, 18.0), 9.0)], COARSE)


def test_a_wedge_keeps_the_margin_and_takes_less_than_the_best_plane(one: Liver) -> None:
    case = prepare(one.liver, one.tumor, one.grid)
    flat = best_planes(case, case.lesions, 10.0)[0]
    for size in (1.0, None):
        found = wedge(case, case.lesions, flat.plane.normal, 10.0, size)
        assert found is not None
        found = at_margin(found, case, case.lesions, 10.0)
        assert judge(found, case).margin_mm.value == pytest.approx(10.0, abs=0.2)
        assert resected_ml(found, case) < 0.85 * flat.resected_ml


def test_no_bezier_surface_beside_the_programmes_takes_less(one: Liver) -> None:
    """Random changes of the control points that keep the margin never take much less: the programme sees columns."""
    case = prepare(one.liver, one.tumor, one.grid)
    normal = best_planes(case, case.lesions, 10.0)[0].plane.normal
    found = wedge(case, case.lesions, normal, 10.0, None)
    assert found is not None
    best = at_margin(found, case, case.lesions, 10.0)
    rng = np.random.default_rng(1)
    least = resected_ml(best, case)
    for _ in range(25):
        moved = Curved(best.origin_mm, best.axes, best.half_mm, best.heights_mm + rng.normal(size=(4, 4)) * 4, 3.0)
        again = at_margin(moved, case, case.lesions, 10.0)
        assert resected_ml(again, case) > 0.94 * least


def test_the_smallest_set_of_segments_is_the_smallest_by_brute_force(one: Liver) -> None:
    segments = octants(one)
    case = prepare(one.liver, one.tumor, one.grid, segments=segments)
    every = subsets(case.partitions["segments"], case)
    rng = np.random.default_rng(0)
    ids = case.partitions["segments"].ids
    for row in rng.integers(0, len(every.chosen), 25):
        found = judge(Segmentwise(frozenset(ids[every.chosen[row]].tolist())), case)
        assert every.liver_ml[row] == pytest.approx(found.resected_ml.value, abs=0.05)
        if every.margin_mm[row] > 0:
            assert min(every.margin_mm[row], 1e3) == pytest.approx(min(found.margin_mm.value, 1e3), abs=1e-3)
        else:
            assert found.margin_mm.value < 1.0
    smallest = segment_cuts(case, 10.0)[-1]
    kept = every.margin_mm >= 10.0
    assert judge(smallest, case).resected_ml.value == pytest.approx(every.liver_ml[kept].min(), abs=0.05)


def test_every_proposal_keeps_the_rules_and_none_is_beaten_in_its_kind(one: Liver) -> None:
    case = prepare(one.liver, one.tumor, one.grid, segments=octants(one))
    found = propose(case)
    assert found.kept and not found.relax
    kinds = {type(row.cut) for row in found.resections}
    assert {Plane, Curved, Segmentwise} <= kinds
    for row in found.resections:
        assert row.margin_kept != "no" and row.remnant_kept != "no" and not row.left_tumor
        assert len(row.reasons) >= 2
    scores = [row.score for row in found.resections]
    assert scores == sorted(scores)
    json.dumps(found.as_json(), allow_nan=False)


def test_the_low_end_may_be_asked_to_keep_the_margin(one: Liver) -> None:
    case = prepare(one.liver, one.tumor, one.grid)
    found = propose(case, ResectionRules(margin_mm=5, aim="low"))
    assert found.resections[0].margin_kept == "yes"
    assert found.resections[0].margin_mm.low >= 4.9


def test_far_lesions_get_a_wedge_each_and_near_ones_share() -> None:
    tumors = [((-50.0, 5.0, 0.0), 6.0), ((45.0, 0.0, 10.0), 7.0), ((48.0, 0.0, -12.0), 5.0)]
    one = ellipsoid((75.0, 45.0, 45.0), tumors, COARSE)
    case = prepare(one.liver, one.tumor, one.grid, segments=octants(one))
    groups = clusters(case, 10.0)
    assert sorted(sorted(row.id for row in group) for group in groups) == [["tumor-1", "tumor-3"], ["tumor-2"]]
    found = propose(case)
    assert found.kept
    best = found.resections[0]
    assert isinstance(best.cut, Several) and best.name == "2 wedges"
    assert best.margin_mm.value == pytest.approx(10.0, abs=0.3)
    assert any(row.name.endswith("and 1 wedge") for row in found.resections)
    assert {row.id for row in case.lesions} == {"tumor-1", "tumor-2", "tumor-3"}


def test_where_nothing_keeps_both_the_two_nearest_and_the_rule_to_relax_are_said() -> None:
    one = ellipsoid((60.0, 45.0, 45.0), [((5.0, 0.0, 0.0), 30.0)], COARSE)
    case = prepare(one.liver, one.tumor, one.grid, rules=ResectionRules(liver_state="injured"))
    found = propose(case)
    assert not found.kept and len(found.resections) == 2
    margin, remnant = found.resections
    assert margin.margin_kept != "no" and margin.remnant_kept == "no"
    assert remnant.remnant_kept != "no" and remnant.margin_kept == "no" and not remnant.left_tumor
    assert set(found.relax) == {"remnant_injured_percent", "margin_mm"}
    assert "No resection keeps a margin of 10 mm and a remnant of 40 %" in found.sentence
    for name, value in found.relax.items():
        relaxed = propose(case, case.rules.model_copy(update={name: value}))
        assert relaxed.kept, name


def test_a_tumour_that_fills_the_liver_leaves_nothing() -> None:
    one = ellipsoid((45.0, 40.0, 40.0), [((0.0, 0.0, 0.0), 60.0)], COARSE)
    found = propose(prepare(one.liver, one.tumor, one.grid))
    assert not found.kept
    assert "too little liver stays" in found.sentence
    json.dumps(found.as_json(), allow_nan=False)


def test_pareto_agrees_with_comparing_every_pair() -> None:
    rows = np.random.default_rng(5).integers(0, 5, (60, 3))
    slow = [
        k
        for k, a in enumerate(rows)
        if not any(all(b <= a) and any(b < a) for other, b in enumerate(rows) if other != k)
    ]
    assert pareto(rows.tolist()) == slow


def test_names_are_those_of_brisbane() -> None:
    assert segments_name(frozenset({2, 3})) == "left lateral sectionectomy"
    assert segments_name(frozenset({1, 5, 6, 7, 8})) == "right hepatectomy with segment 1"
    assert segments_name(frozenset({4, 6})) == "segmentectomy 4, 6"
