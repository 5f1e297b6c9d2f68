"""Surfaces: closed, outward, of the right volume and in the right place, on every kind of grid."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from limner.data.phantoms import Plan, Structure, draw, grid_around, truth
from limner.data.solids import Ellipsoid
from limner.image import Grid, LabelMap, Mesh
from limner.image.anatomy import label as known
from limner.scene import Detail, find_parts, surfaces
from limner.scene.surfaces import is_closed, mesh_volume_mm3
from tests.scene.grids import GRIDS, LIVER, PLAN


def check(mesh: Mesh, volume_ml: float) -> None:
    solid = trimesh.Trimesh(mesh.vertices_mm, mesh.faces, process=False)
    assert solid.is_watertight, mesh.id
    assert solid.is_winding_consistent, mesh.id
    assert solid.volume / 1000 == pytest.approx(volume_ml, rel=0.01), mesh.id  # positive: the faces look outward


@pytest.mark.parametrize("name", GRIDS)
def test_phantom_surfaces_are_closed_and_hold_their_volume(name: str) -> None:
    spacing, turn = GRIDS[name]
    labels = draw(LIVER, grid_around(LIVER, spacing, "liver", turn=turn)).labels
    parts = {one.id: one for one in find_parts(labels)}
    meshes = {one.id: one for one in surfaces(labels)}
    assert set(meshes) == set(parts)
    for id in ("liver", "liver-vessels", "tumor-1", "tumor-2", "tumor-3"):
        check(meshes[id], parts[id].volume_ml)


@pytest.mark.parametrize("name", GRIDS)
def test_a_surface_lies_on_the_true_solid(name: str) -> None:
    spacing, turn = GRIDS[name]
    solid = Ellipsoid((-40.0, 15.0, 100.0), (30.0, 22.0, 26.0))
    plan = Plan((Structure("liver", (solid,), 100.0),))
    mesh = surfaces(draw(plan, grid_around(plan, spacing, turn=turn)).labels)[0]
    unit = np.linalg.norm((mesh.vertices_mm - solid.center_mm) / solid.radii_mm, axis=1)
    away = np.abs(unit - 1) * np.mean(solid.radii_mm)
    assert np.quantile(away, 0.95) < 0.5 * max(spacing)
    assert away.max() < max(spacing)
    middle = (mesh.vertices_mm.min(axis=0) + mesh.vertices_mm.max(axis=0)) / 2
    assert np.abs(middle - solid.center_mm).max() < 0.5 * max(spacing)


def test_thick_slices_leave_no_stairs() -> None:
    """On a ball of 5 mm slices the normals follow the ball; a stair's would stand along or across the slices."""
    plan = Plan((Structure("liver", (Ellipsoid((0.0, 0.0, 0.0), (50.0, 50.0, 50.0)),), 100.0),))
    mesh = surfaces(draw(plan, grid_around(plan, (5.0, 0.8, 0.8))).labels)[0]
    solid = trimesh.Trimesh(mesh.vertices_mm, mesh.faces, process=False)
    radial = solid.triangles_center / np.linalg.norm(solid.triangles_center, axis=1, keepdims=True)
    flank = np.abs(radial[:, 2]) < 0.8  # the poles end within half a slice and are flat by nature
    angles = np.degrees(np.arccos(np.clip((solid.face_normals * radial).sum(axis=1), -1, 1)))[flank]
    weights = solid.area_faces[flank]
    assert np.average(angles, weights=weights) < 8.0


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000), thick=st.sampled_from([1.0, 2.5, 5.0]), kind=st.sampled_from(["spleen", "portal vein"])
)
def test_any_blob_gives_a_closed_outward_surface_of_its_volume(seed: int, thick: float, kind: str) -> None:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((14, 34, 34)), (1.2, 4, 4))
    array = (noise > np.quantile(noise, 0.8)).astype(np.uint8)
    labels = LabelMap(array, Grid.axial(array.shape, (thick, 1.0, 1.0), (-90, 40, 1500)), (known(kind, 1),))
    mesh = surfaces(labels, Detail(speck_ml=0.0))[0]
    assert is_closed(mesh.faces)
    filled = ndimage.binary_fill_holes(array) if kind == "spleen" else array
    wanted = float(filled.sum()) * labels.grid.voxel_ml * 1000
    assert mesh_volume_mm3(mesh.vertices_mm, mesh.faces) == pytest.approx(wanted, rel=0.01)


def test_tiny_lesions_have_surfaces_too() -> None:
    array = np.zeros((12, 40, 40), np.uint8)
    array[5, 10:13, 10:13] = 1
    array[2:4, 25:30, 25:28] = 1
    labels = LabelMap(array, Grid.axial(array.shape, (5.0, 0.8, 0.8)), (known("liver tumor", 1),))
    meshes = surfaces(labels)
    assert [one.id for one in meshes] == ["tumor-1", "tumor-2"]
    for mesh, voxels in zip(meshes, (30, 9), strict=True):
        check(mesh, voxels * labels.grid.voxel_ml)


def test_a_structure_cut_by_the_image_is_closed_there() -> None:
    array = np.ones((6, 30, 30), np.uint8)
    labels = LabelMap(array, Grid.axial(array.shape, (5.0, 1.0, 1.0), (3, 4, 5)), (known("body", 1),))
    mesh = surfaces(labels)[0]
    check(mesh, 27.0)
    assert np.abs((mesh.vertices_mm.min(axis=0) + mesh.vertices_mm.max(axis=0)) / 2 - [17.5, 18.5, 17.5]).max() < 0.5


def test_the_liver_goes_around_tumors_and_vessels_and_is_one_shell() -> None:
    labels = draw(LIVER, grid_around(LIVER, (2, 2, 2), "liver")).labels
    meshes = {one.id: one for one in surfaces(labels)}
    liver = trimesh.Trimesh(meshes["liver"].vertices_mm, meshes["liver"].faces, process=False)
    assert liver.body_count == 1
    assert liver.volume / 1000 == pytest.approx(truth(PLAN)["liver"].volume_ml, rel=0.02)


def test_the_scene_keeps_its_triangle_budget() -> None:
    labels = draw(PLAN, grid_around(PLAN, (4, 3, 3))).labels
    assert sum(len(one.faces) for one in surfaces(labels, Detail(triangles=40_000))) <= 44_000
