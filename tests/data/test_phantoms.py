"""The phantom's own geometry against slow, obvious counts of points."""

from __future__ import annotations

import numpy as np
import pytest

from limner.data.phantoms import draw, grid_around, sample, scaled, truth
from limner.data.solids import Capsule, Cylinder, Ellipsoid

PLAN = sample(np.random.default_rng(7), tumors=3)


def counted_mm3(solid: Ellipsoid | Capsule | Cylinder, step: float) -> float:
    low, high = solid.box()
    axes = [np.arange(a + step / 2, b, step) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return float(solid.holds(points).sum() * step**3)


@pytest.mark.parametrize(
    "solid",
    [
        Ellipsoid((1.0, -2.0, 3.0), (9.0, 7.0, 12.0)),
        Capsule((0.0, 0.0, 0.0), (11.0, -6.0, 8.0), 4.0),
        Cylinder((2.0, 1.0, 0.0), (8.0, 6.0, 10.0)),
    ],
)
def test_volume_is_what_points_count(solid: Ellipsoid | Capsule | Cylinder) -> None:
    assert counted_mm3(solid, 0.2) == pytest.approx(solid.volume_mm3, rel=0.005)


@pytest.mark.parametrize("point", [(0.0, 0.0, 0.0), (5.0, 3.0, -4.0), (0.0, 0.0, 20.0), (-20.0, 1.0, 2.0)])
def test_depth_in_an_ellipsoid_is_the_nearest_of_many_surface_points(point: tuple[float, float, float]) -> None:
    solid = Ellipsoid((1.0, 0.5, -1.0), (30.0, 14.0, 25.0))
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 1500), np.linspace(0, np.pi, 800))
    ball = np.stack([np.cos(u) * np.sin(v), np.sin(u) * np.sin(v), np.cos(v)], axis=-1)
    surface = ball * solid.radii_mm + solid.center_mm
    assert solid.depth_mm(point) == pytest.approx(np.linalg.norm(surface - point, axis=-1).min(), abs=0.01)


def test_a_plan_is_drawn_the_same_twice_and_another_seed_makes_another() -> None:
    grid = grid_around(PLAN, (6, 6, 6), "liver")
    first, second = draw(PLAN, grid), draw(PLAN, grid)
    assert np.array_equal(first.image.array, second.image.array)
    assert truth(sample(np.random.default_rng(7), tumors=3)) == truth(PLAN)
    assert truth(sample(np.random.default_rng(8), tumors=3)) != truth(PLAN)


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (5.0, 1.5, 1.5)])
def test_drawn_volumes_are_true(spacing: tuple[float, float, float]) -> None:
    labels = draw(PLAN, grid_around(PLAN, spacing)).labels
    counts = np.bincount(labels.array.ravel(), minlength=20) * labels.grid.voxel_ml
    true = truth(PLAN)
    for name in ("right lung", "left lung", "spleen", "right kidney", "left kidney", "aorta"):
        wanted = true["-".join(name.split())].volume_ml
        assert counts[labels.label(name).value] == pytest.approx(wanted, rel=0.02), name
    inside = sum(counts[labels.label(name).value] for name in ("liver", "liver vessels", "liver tumor"))
    assert inside == pytest.approx(true["liver"].volume_ml, rel=0.005)
    assert counts.sum() - counts[0] == pytest.approx(true["body"].volume_ml, rel=0.01)


def test_the_body_is_not_its_own_mirror() -> None:
    labels = draw(PLAN, grid_around(PLAN, (4, 4, 4))).labels
    middle = {one.name: labels.grid.world(np.argwhere(labels.array == one.value).mean(axis=0)) for one in labels.labels}
    assert middle["liver"][0] < -30 < 30 < middle["spleen"][0]  # x grows to the patient's left
    assert middle["bones"][1] > middle["liver"][1] + 20  # y grows to the back
    assert middle["right lung"][2] > middle["liver"][2] + 100  # z grows to the head
    assert middle["left kidney"][2] > middle["right kidney"][2] + 10


def test_densities_are_those_of_the_tissues() -> None:
    phantom = draw(PLAN, grid_around(PLAN, (3, 2, 2), "liver"))
    for one in PLAN.structures:
        values = phantom.image.array[phantom.labels.mask(one.name)]
        if values.size > 1000:
            assert values.mean() == pytest.approx(one.hu, abs=1.5)
            assert values.std() == pytest.approx(PLAN.noise_hu, rel=0.1)


def test_tumors_keep_clear_of_vessels_capsule_and_each_other() -> None:
    for seed in range(5):
        true = truth(sample(np.random.default_rng(seed), tumors=4))
        tumors = [true[f"tumor-{k}"] for k in (1, 2, 3, 4)]
        assert min(one.to_vessels_mm for one in tumors) >= 3.0 - 1e-6
        assert min(one.to_surface_mm for one in tumors) >= 3.0 - 1e-6
        assert [one.volume_ml for one in tumors] == sorted((one.volume_ml for one in tumors), reverse=True)


def test_a_smaller_body_has_lengths_and_volumes_to_scale() -> None:
    small, full = truth(scaled(PLAN, 0.5)), truth(PLAN)
    assert small["liver"].volume_ml == pytest.approx(full["liver"].volume_ml / 8)
    assert small["tumor-1"].to_vessels_mm == pytest.approx(full["tumor-1"].to_vessels_mm / 2)


def test_too_many_tumors_are_refused() -> None:
    with pytest.raises(ValueError, match="Ask for fewer"):
        sample(np.random.default_rng(0), tumors=60)
