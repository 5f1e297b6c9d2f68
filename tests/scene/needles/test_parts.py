"""Pieces of the needle planner, each against something slower or known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from limner.errors import InputError
from limner.image import Grid
from limner.scene.anatomy import Anatomy
from limner.scene.needles import AblationRules, NeedleRules, Planner, Probe, load_probes, plan_ablation
from limner.scene.needles.calibre import large_vessels
from limner.scene.needles.exact import clearance_mm, segment_to_boxes
from limner.scene.needles.fields import distance
from limner.scene.needles.recheck import walk
from limner.scene.needles.speed import measure_speed
from tests.scene.needles.made import KIDNEY, TUMOR, VESSEL, made, places, random_body


def test_distances_of_a_straight_piece_from_boxes_beside_fine_samples():
    rng = np.random.default_rng(1)
    for _ in range(20):
        start, end = rng.uniform(-30, 30, (2, 3))
        half = rng.uniform(0.2, 2, 3)
        centers = rng.uniform(-30, 30, (60, 3))
        points = start + np.linspace(0, 1, 8001)[:, None] * (end - start)
        beyond = np.maximum(np.abs(points[:, None] - centers) - half, 0)
        truth = np.linalg.norm(beyond, axis=2).min(axis=0)
        assert np.abs(segment_to_boxes(start, end, centers, half) - truth).max() < 0.02


@pytest.mark.parametrize("work_mm", [1.0, 1.75, 3.5])
def test_clearances_on_voxels_do_not_depend_on_the_lattice(work_mm):
    rng = np.random.default_rng(2)
    array = np.zeros((20, 44, 44), np.uint8)
    array[:, 3:41, 3:41] = 2
    array[tuple(rng.integers(5, 15, (3, 12)))] = KIDNEY
    array[8:12, 30:34, 30:34] = TUMOR
    array[:, 2] = array[:, 41] = 1
    labels = made(array, (2.5, 0.8, 1.1))
    anatomy = Anatomy.of(labels, work_mm=work_mm)
    planner = Planner.of(anatomy)
    field = next(one for one in planner.scene.distances if one.obstacle.role == "organ")
    for _ in range(5):
        start, end = rng.uniform(-15, 15, (2, 3))
        voxels = labels.grid.world(np.argwhere(labels.array == KIDNEY))
        truth = segment_to_boxes(start, end, voxels, np.array([1.1, 0.8, 2.5]) / 2).min()
        assert clearance_mm(field, anatomy.lattice, start, end)[0] == pytest.approx(truth, abs=1e-6)
    assert distance(field.obstacle, anatomy.lattice).array.min() == 0


def test_vessels_are_kept_by_their_calibre():
    spacing = (1.5, 0.6, 0.6)
    x, y, z = places((40, 90, 90), spacing)
    for diameter, kept in ((1.2, False), (3.0, True), (5.0, True)):
        for across in (np.hypot(x, y), np.hypot(x, z), np.hypot((x - y) / np.sqrt(2), z)):
            mask = across <= diameter / 2
            found = large_vessels(mask, spacing, 3.0)
            assert found.any() == kept
            assert not kept or found.sum() > 0.97 * mask.sum()
    joined = (np.hypot(x, y) <= 3.0) | ((np.hypot(y, z) <= 0.9) & (x > 0))
    found = large_vessels(joined, spacing, 3.0)
    assert found[np.hypot(x, y) <= 2.5].all() and not found[(x > 6) & joined].any()


def test_the_walk_visits_every_voxel_that_samples_meet():
    rng = np.random.default_rng(3)
    grid = Grid.axial((9, 14, 11), (2.5, 0.7, 1.3), (-3.0, 4.0, 5.0))
    for _ in range(20):
        ends = grid.world(rng.uniform(0, np.array(grid.shape) - 1, (2, 3)))
        visited = list(walk(grid, *ends))
        points = ends[0] + np.linspace(0, 1, 4000)[:, None] * (ends[1] - ends[0])
        met = {tuple(one) for one in np.rint(grid.index(points)).astype(int).tolist()}
        assert met <= set(visited) and len(visited) <= len(met) + 3
        steps = np.abs(np.diff(visited, axis=0)).sum(axis=1)
        assert (steps == 1).all()


def test_intervals_hold_what_shifted_needles_meet():
    """A tube beside the needle: its clearance is normal, with the shift and the border added in squares."""
    x, y, z = places((50, 60, 60), (1.0, 1.0, 1.0))
    array = np.zeros((50, 60, 60), np.uint8)
    array[np.hypot(x, y) <= 28] = 1
    array[np.hypot(x - 12, y) <= 4] = VESSEL
    array[x**2 + y**2 + z**2 <= 25] = TUMOR
    anatomy = Anatomy.of(made(array, (1.0, 1.0, 1.0)), surface_mm={"portal vein": 0.8}, work_mm=1.0)
    planner = Planner.of(anatomy, None, NeedleRules(registration_error_mm=3.0, table="none", vessel_margin_mm=1))
    path = planner.score((0, -28, 0), (0, 0, 0))
    vessel = path.clearances[0]
    assert vessel.name == "portal vein" and vessel.value == pytest.approx(8.0, abs=0.5)
    sd = np.sqrt(3.0**2 / 3 + 0.8**2)
    assert vessel.value - vessel.low == pytest.approx(1.645 * sd, rel=0.15)
    assert vessel.high - vessel.value == pytest.approx(1.645 * sd, rel=0.15)


def ball(radius: float, *, vessel: float | None = None) -> Planner:
    x, y, z = places((70, 70, 70), (1.5, 1.5, 1.5))
    away = np.sqrt(x**2 + y**2 + z**2)
    array = np.where(away <= 49, 2, np.where(np.hypot(x, y) <= 51.5, 1, 0)).astype(np.uint8)
    array[away <= radius] = TUMOR
    if vessel is not None:
        array[np.hypot(x - radius - vessel - 3, y) <= 3] = VESSEL
    rules = NeedleRules(table="none", max_angle_deg=80, vessel_margin_mm=2)
    return Planner.of(Anatomy.of(made(array, (1.5, 1.5, 1.5))), None, rules)


def probe(long_mm: float, short_mm: float) -> Probe:
    return Probe(name="p", watts=50, minutes=5, long_mm=long_mm, short_mm=short_mm, measured=False, source="test")


def test_one_zone_covers_what_fits_into_it_and_the_smallest_is_taken():
    planner = ball(8)
    done = plan_ablation(planner, planner.search(), (probe(50, 44), probe(31, 30), probe(28, 20)))
    assert done.covered and [zone.probe.short_mm for zone in done.zones] == [30]
    assert done.tumor_share == 1 and done.margin_share >= 0.995
    assert done.ablated_ml == pytest.approx(np.pi / 6 * 31 * 30**2 / 1000, rel=0.06)
    assert done.healthy_ml == pytest.approx(done.ablated_ml - 4 / 3 * np.pi * 13**3 / 1000, rel=0.15)
    assert done.heat_sinks == () and done.zones[0].path.safe


def test_a_larger_tumour_takes_several_zones_and_says_when_they_do_not_do():
    planner = ball(15)
    found = planner.search()
    many = plan_ablation(planner, found, (probe(40, 30),), AblationRules(needles=12, margin_mm=2))
    assert 2 <= len(many.zones) <= 12 and many.tumor_share > 0.99
    one = plan_ablation(planner, found, (probe(20, 15),), AblationRules(needles=1))
    assert not one.covered and one.tumor_share < 0.3


@pytest.mark.parametrize(("gap", "flagged"), [(3.0, True), (8.0, False)])
def test_heat_sinks_are_large_vessels_near_the_tumour(gap, flagged):
    planner = ball(8, vessel=gap)
    done = plan_ablation(planner, planner.search(), (probe(31, 30),))
    assert [one.name for one in done.heat_sinks] == (["portal vein"] if flagged else [])
    assert not flagged or done.heat_sinks[0].mm == pytest.approx(gap, abs=1.5)


def test_the_table_of_probes_names_its_sources_and_may_be_edited(tmp_path):
    shipped = load_probes()
    assert all(one.source and one.long_mm >= one.short_mm for one in shipped)
    assert all(("doi" in one.source) == one.measured for one in shipped)
    own = tmp_path / "probes.json"
    own.write_text(json.dumps({"probes": [shipped[0].model_dump()]}), encoding="utf-8")
    assert load_probes(own) == shipped[:1]
    with pytest.raises(InputError, match="Nearest: 'cool-tip radiofrequency needle'"):
        load_probes(names=["cooltip needle"])
    own.write_text('{"probes": [{"name": "x"}]}', encoding="utf-8")
    with pytest.raises(InputError, match=r"'probes\.json' cannot be used"):
        load_probes(own)


def test_speed_is_measured():
    rules = NeedleRules(table="none", vessel_margin_mm=1, organ_margin_mm=1, lung_margin_mm=1, bone_margin_mm=1)
    speed = measure_speed(random_body(np.random.default_rng(3)), None, rules)
    assert speed.candidates >= speed.traced > 0 and speed.per_second > 0 and speed.what_if_ms > 0
