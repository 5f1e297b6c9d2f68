"""Vessels: where they are cut, and which liver then has no way in or out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from limner.errors import InputError
from limner.scene.resection import Plane, ResectionRules, Segmentwise, Several, judge, prepare
from tests.scene.resection.livers import Liver, ellipsoid, fork


@pytest.fixture(scope="module")
def one() -> Liver:
    return ellipsoid((60.0, 45.0, 45.0), [((-30.0, 0.0, 0.0), 6.0)])


def without(one: Liver, where: np.ndarray) -> float:
    return one.ml(one.liver & ~one.tumor & where)


def test_a_slab_through_the_left_branch_starves_what_lies_beyond(one: Liver) -> None:
    """The slab x = 4 to 16 takes a piece of branch 2: all beyond it on the left stays without inflow."""
    case = prepare(one.liver, one.tumor, one.grid, trees=[fork(one)], segments=slab(one))
    found = judge(Segmentwise(frozenset({2})), case)
    x = one.points_mm[..., 0]
    assert found.without_inflow_ml == pytest.approx(without(one, x >= 16), rel=0.05)
    assert found.without_outflow_ml is None
    assert [(row.branch, row.diameter_mm) for row in found.vessels] == [(2, 8.0)] * 2 or len(found.vessels) == 1
    assert found.counted_percent.value == pytest.approx(
        found.remnant_percent.value - 100 * found.without_inflow_ml / case.functional_ml, abs=0.01
    )


def slab(one: Liver) -> np.ndarray:
    x = one.points_mm[..., 0]
    return np.where((x > 4) & (x < 16), 2, 1) * one.liver


def test_a_cut_beyond_a_fork_leaves_the_other_branch_alone(one: Liver) -> None:
    case = prepare(one.liver, one.tumor, one.grid, trees=[fork(one)])
    found = judge(Plane((0, -8, 0), (0, -1, 0)), case)  # takes the front: branch 4 beyond y = −8
    assert [(row.kind, row.branch) for row in found.vessels] == [("portal", 4)]
    assert found.vessels[0].diameter_mm == pytest.approx(4.0)
    assert found.vessels[0].point_mm[1] == pytest.approx(-8, abs=0.5)
    x, y, _ = np.moveaxis(one.points_mm, -1, 0)
    assert found.without_inflow_ml is not None
    assert found.without_inflow_ml <= without(one, (x > 20) & (y < 0) & (y > -8))
    assert found.without_inflow_ml > 0.4 * without(one, (x > 30) & (y < 0) & (y > -8))


def test_a_cut_at_the_root_starves_everything_that_stays(one: Liver) -> None:
    case = prepare(one.liver, one.tumor, one.grid, trees=[fork(one)])
    found = judge(Plane((0, 0, -25), (0, 0, -1)), case)  # the trunk enters from below
    assert found.without_inflow_ml == pytest.approx(found.remnant_ml.value, rel=0.02)
    assert found.counted_percent.value == pytest.approx(0, abs=1.5)
    assert found.remnant_kept == "no"
    spared = judge(found.cut, case.under(ResectionRules(remnant_counts="all")))
    assert spared.counted_percent.value == spared.remnant_percent.value > 80


def test_a_trunk_outside_the_liver_is_not_taken(one: Liver) -> None:
    """A plane reaches on beyond the liver, a surgeon does not: only points inside the liver are cut."""
    tree = fork(one)
    outside = replace(tree, points_mm={**tree.points_mm, 1: tree.points_mm[1] + np.array([0, 0, -60.0])})
    found = judge(Plane((0, 0, -40), (0, 0, -1)), prepare(one.liver, one.tumor, one.grid, trees=[outside]))
    assert found.without_inflow_ml == 0
    assert found.vessels == ()


def test_outflow_is_told_from_inflow(one: Liver) -> None:
    trees = [fork(one), fork(one, "hepatic")]
    case = prepare(one.liver, one.tumor, one.grid, trees=trees, segments=slab(one))
    found = judge(Segmentwise(frozenset({2})), case)
    assert found.without_inflow_ml == found.without_outflow_ml
    assert found.lost_ml == pytest.approx(2 * (found.without_inflow_ml or 0))
    assert found.counted_percent.value == pytest.approx(
        found.remnant_percent.value - 100 * (found.without_inflow_ml or 0) / case.functional_ml, abs=0.01
    )
    assert any("inflow" in sentence and "outflow" in sentence for sentence in found.reasons)


def test_flow_agrees_with_a_walk_of_every_block_to_the_trunk(one: Liver) -> None:
    """The slow oracle: from each block's point along its branch and its parents, looking for a point that is gone."""
    case = prepare(one.liver, one.tumor, one.grid, trees=[fork(one)])
    flow = case.flows["portal"]
    rng = np.random.default_rng(3)
    for _ in range(5):
        taken = rng.random(len(flow.points_mm)) < 0.02
        fast = flow.blocks_without(taken)
        for block in rng.integers(0, len(fast), 150):
            at, meets = int(flow.home[block]), False
            while at >= 0:
                meets |= bool(taken[at])
                at = int(flow.before[at])
            assert fast[block] == meets


def test_whole_territories_are_taken_with_what_comes_from_them(one: Liver) -> None:
    tree = fork(one)
    case = prepare(one.liver, one.tumor, one.grid, trees=[tree])
    assert tree.below(2) == {2, 4, 5}
    found = judge(Segmentwise(tree.below(2), "portal"), case)
    x = one.points_mm[..., 0]
    assert found.resected_ml.value == pytest.approx(one.ml(one.liver & (x >= 0)), rel=1e-3)
    assert found.without_inflow_ml == pytest.approx(0, abs=1.0)
    assert {row.branch for row in found.vessels} == {2}
    both = judge(Several((found.cut, Plane((-44.5, 0, 0), (-1, 0, 0)))), case)  # type: ignore[arg-type]
    assert both.resected_ml.value == pytest.approx(one.ml(one.liver & ((x >= 0) | (x < -44.5))), rel=5e-3)


def test_trees_that_are_none_are_refused(one: Liver) -> None:
    tree = fork(one)
    with pytest.raises(InputError, match="its own ancestor"):
        replace(tree, parents={1: 2, 2: 1, 3: 1, 4: 2, 5: 2})
    with pytest.raises(InputError, match="as many radii"):
        replace(tree, radii_mm={**tree.radii_mm, 3: np.ones(2)})
    with pytest.raises(InputError, match="'portal' or 'hepatic'"):
        replace(tree, kind="artery")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="At most one tree of each kind"):
        prepare(one.liver, one.tumor, one.grid, trees=[tree, tree])
    with pytest.raises(InputError, match="territories on the grid"):
        prepare(one.liver, one.tumor, one.grid, trees=[replace(tree, territory=tree.territory[1:])])
