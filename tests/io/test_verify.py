"""Geometry proves itself: right exports pass, and every mirror, shift, swap and scale is caught and named."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import nibabel
import numpy as np
import pydicom
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.errors import VerificationError
from limner.image import Grid, LabelMap, Mesh
from limner.image.anatomy import label
from limner.io import (
    choose_series,
    open_studies,
    verify_drawing,
    write_glb,
    write_nifti_labels,
    write_seg,
    write_stl,
)
from limner.io.place import place_of_mesh, places
from limner.io.solid import solid
from limner.scene import surfaces

SHAPE, SPACING, ORIGIN = (36, 60, 70), (2.5, 1.6, 1.5), (-31.0, -18.0, 210.0)
PARTS = {  # centre and radii in mm from the middle of the scan, LPS; drawn in this order
    "body": (10, (0, 0, 0), (48, 40, 38)),
    "liver": (1, (-20, -6, 6), (20, 22, 18)),
    "spleen": (4, (26, 12, 10), (9, 14, 12)),
    "liver tumor": (2, (-26, -10, 10), (7, 6, 6)),
}
LABELS = tuple(label(name, value) for name, (value, _, _) in PARTS.items())
PACK = {"pack_name": "abdomen-ct", "pack_version": "1"}


def phantom(grid):
    middle = grid.world((np.array(grid.shape) - 1) / 2)
    centers = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1)) - middle
    array = np.zeros(grid.shape, np.uint8)
    for value, center, radii in PARTS.values():
        array[(((centers - center) / np.array(radii, float)) ** 2).sum(axis=-1) <= 1] = value
    return LabelMap(array, grid, LABELS)


def ellipsoids(grid):
    middle = grid.world((np.array(grid.shape) - 1) / 2)
    ball = trimesh.creation.icosphere(subdivisions=3)
    for one in LABELS:
        _, center, radii = PARTS[one.name]
        vertices = (ball.vertices * radii + center + middle).astype(np.float32)
        id = "tumor-1" if one.kind == "lesion" else one.name
        yield Mesh(vertices, ball.faces.astype(np.int32), one, id)


@pytest.fixture
def drawn(tmp_path, write_series):
    """A whole, right drawing: folder, labels, meshes, series."""
    write_series(
        tmp_path / "ct", np.zeros(SHAPE, np.int16), origin=ORIGIN, spacing=SPACING[1:], step_mm=(0, 0, SPACING[0])
    )
    series = choose_series(open_studies(tmp_path / "ct"))[1]
    labels = phantom(series.grid)
    meshes = tuple(ellipsoids(series.grid))
    folder = tmp_path / "drawing"
    (folder / "meshes").mkdir(parents=True)
    write(folder, labels, meshes, series)
    return folder, labels, meshes, series


def write(folder, labels, meshes, series):
    write_nifti_labels(labels, folder / "labels.nii.gz")
    write_seg(labels, series, folder / "labels.seg.dcm", **PACK)
    write_surfaces(folder, meshes)


def write_surfaces(folder, meshes):
    write_glb(meshes, folder / "scene.glb")
    for mesh in meshes:
        write_stl(mesh, folder / "meshes" / f"{mesh.id}.stl")


def mirrored(mesh, axis, about):
    vertices = mesh.vertices_mm.astype(np.float64)
    vertices[:, axis] = 2 * about - vertices[:, axis]
    return replace(mesh, vertices_mm=vertices.astype(np.float32), faces=np.ascontiguousarray(mesh.faces[:, ::-1]))


def message(drawn):
    with pytest.raises(VerificationError) as caught:
        verify_drawing(*drawn)
    return str(caught.value)


def test_a_right_drawing_passes_and_tells_what_was_compared(drawn):
    checks = verify_drawing(*drawn)
    assert all(one.ok for one in checks)
    told = {(one.file, one.what) for one in checks}
    assert ("labels.seg.dcm", "voxels that differ") in told
    assert ("labels.nii.gz", "liver: centroid (mm)") in told
    assert ("scene.glb", "tumor-1 encloses liver tumor: volume (ml)") in told
    assert ("meshes/tumor-1.stl", "tumor-1: box (mm)") in told
    for side in ("left-right", "front-back", "head-foot"):
        assert {one.file for one in checks if side in one.what} >= {"labels.nii.gz", "labels.seg.dcm"}
    side = "liver: side of the scan's middle (left, back, head = 1)"
    files = ["labels.nii.gz", "labels.seg.dcm", "scene.glb", "meshes/liver.stl"]
    assert {one.file: one.got for one in checks if one.what == side} == dict.fromkeys(files, (-1.0, -1.0, 1.0))
    assert json.loads(json.dumps([asdict(one) for one in checks]))[0]["ok"] is True


def test_an_oblique_left_handed_grid_passes(tmp_path):
    turn = np.linalg.qr(np.random.default_rng(8).normal(size=(3, 3)))[0]
    turn[:, 0] *= -np.sign(np.linalg.det(turn))
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * SPACING, (40, -60, 12)
    grid = Grid(SHAPE, affine)
    labels, meshes = phantom(grid), tuple(ellipsoids(grid))
    (tmp_path / "meshes").mkdir()
    write_nifti_labels(labels, tmp_path / "labels.nii.gz")
    write_surfaces(tmp_path, meshes)
    assert len(verify_drawing(tmp_path, labels, meshes, None)) > 50


@pytest.mark.parametrize(("axis", "word"), [(0, "head-foot"), (1, "front-back"), (2, "left-right")])
def test_flipped_voxels_are_caught_in_nifti_and_in_seg(drawn, axis, word):
    folder, labels, _, series = drawn
    flipped = LabelMap(np.ascontiguousarray(np.flip(labels.array, axis)), labels.grid, LABELS)
    write_nifti_labels(flipped, folder / "labels.nii.gz")
    said = message(drawn)
    assert "labels.nii.gz" in said
    assert "liver: centroid (mm)" in said
    assert f"looks mirrored {word}" in said
    write_nifti_labels(labels, folder / "labels.nii.gz")
    write_seg(flipped, series, folder / "labels.seg.dcm", **PACK)
    said = message(drawn)
    assert "labels.seg.dcm" in said
    assert f"looks mirrored {word}" in said


def test_a_nifti_whose_header_takes_lps_for_ras_is_caught(drawn):
    folder = drawn[0]
    image = nibabel.load(folder / "labels.nii.gz")
    wrong = nibabel.Nifti1Image(np.asarray(image.dataobj), np.diag([-1, -1, 1, 1]) @ image.affine)
    nibabel.save(wrong, folder / "labels.nii.gz")
    said = message(drawn)
    assert "grid corners (mm)" in said
    assert "mirrored left-right and front-back about the origin" in said


def test_a_seg_whose_frames_stand_upside_down_is_caught(drawn):
    folder = drawn[0]
    seg = pydicom.dcmread(folder / "labels.seg.dcm")
    items = seg.PerFrameFunctionalGroupsSequence
    heights = [float(one.PlanePositionSequence[0].ImagePositionPatient[2]) for one in items]
    for one, z in zip(items, heights, strict=True):
        one.PlanePositionSequence[0].ImagePositionPatient[2] = f"{min(heights) + max(heights) - z:g}"
    seg.save_as(folder / "labels.seg.dcm")
    assert "looks mirrored head-foot" in message(drawn)


def test_a_seg_with_turned_rows_is_caught(drawn):
    folder = drawn[0]
    seg = pydicom.dcmread(folder / "labels.seg.dcm")
    shared = seg.SharedFunctionalGroupsSequence[0]
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = [-1, 0, 0, 0, 1, 0]
    seg.save_as(folder / "labels.seg.dcm")
    assert "outside the grid" in message(drawn)  # it now reaches to the other side of its corner
    for one in seg.PerFrameFunctionalGroupsSequence:
        place = one.PlanePositionSequence[0].ImagePositionPatient
        place[0] = f"{float(place[0]) + SPACING[2] * (SHAPE[2] - 1):g}"
    seg.save_as(folder / "labels.seg.dcm")
    assert "looks mirrored left-right" in message(drawn)


def test_swapped_segment_names_are_caught(drawn):
    folder = drawn[0]
    seg = pydicom.dcmread(folder / "labels.seg.dcm")
    one, other = seg.SegmentSequence[1], seg.SegmentSequence[2]
    one.SegmentLabel, other.SegmentLabel = other.SegmentLabel, one.SegmentLabel
    seg.save_as(folder / "labels.seg.dcm")
    said = message(drawn)
    assert "labels.seg.dcm: liver: centroid" in said
    assert "labels.seg.dcm: spleen: centroid" in said or "more" in said


def test_one_wrong_voxel_is_caught(drawn):
    folder, labels, _, series = drawn
    array = labels.array.copy()
    array[18, 30, 35] = 4
    write_seg(LabelMap(array, labels.grid, LABELS), series, folder / "labels.seg.dcm", **PACK)
    assert "voxels that differ: expected 0, got 1" in message(drawn)


@pytest.mark.parametrize(("axis", "word"), [(0, "left-right"), (1, "front-back"), (2, "head-foot")])
@pytest.mark.parametrize("where", ["origin", "middle"])
def test_a_mirrored_scene_is_caught(drawn, axis, word, where):
    folder, labels, meshes, _ = drawn
    about = 0.0 if where == "origin" else float(labels.grid.world((np.array(SHAPE) - 1) / 2)[axis])
    write_glb([mirrored(one, axis, about) for one in meshes], folder / "scene.glb")
    said = message(drawn)
    assert "scene.glb: " in said
    assert f"mirrored {word} about the {where}" in said


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("where", ["origin", "middle"])
def test_surfaces_that_were_mirrored_before_they_were_written_are_caught_by_the_label_map(drawn, axis, where):
    folder, labels, meshes, series = drawn
    about = 0.0 if where == "origin" else float(labels.grid.world((np.array(SHAPE) - 1) / 2)[axis])
    wrong = tuple(mirrored(one, axis, about) for one in meshes)
    write_surfaces(folder, wrong)
    with pytest.raises(VerificationError, match="encloses"):
        verify_drawing(folder, labels, wrong, series)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_stl_mirrored_in_its_own_place_is_caught(drawn, axis):
    folder, _, meshes, _ = drawn
    lump = meshes[1]
    bent = lump.vertices_mm.copy()
    center = bent.mean(axis=0)
    bent += 0.01 * (bent - center) ** 2  # no axis of symmetry
    shaped = replace(lump, vertices_mm=bent)
    low, high = bent.min(axis=0), bent.max(axis=0)
    write_surfaces(folder, (meshes[0], shaped, *meshes[2:]))
    write_stl(mirrored(shaped, axis, float(low[axis] + high[axis]) / 2), folder / "meshes" / "liver.stl")
    with pytest.raises(VerificationError, match=r"meshes/liver\.stl"):
        verify_drawing(folder, drawn[1], (meshes[0], shaped, *meshes[2:]), drawn[3])


def test_inside_out_surfaces_are_caught(drawn):
    folder, _, meshes, _ = drawn
    write_stl(replace(meshes[1], faces=np.ascontiguousarray(meshes[1].faces[:, ::-1])), folder / "meshes" / "liver.stl")
    assert "liver: volume (ml)" in message(drawn)


def test_a_shift_and_a_wrong_unit_are_caught(drawn):
    folder, _, meshes, _ = drawn
    write_glb([replace(one, vertices_mm=one.vertices_mm + np.float32(0.2)) for one in meshes], folder / "scene.glb")
    assert "tolerance 0.05" in message(drawn)
    write_glb([replace(one, vertices_mm=one.vertices_mm / np.float32(1000)) for one in meshes], folder / "scene.glb")
    assert "metres were taken for millimetres" in message(drawn)


def test_surfaces_of_the_wrong_label_are_caught(drawn):
    folder, labels, meshes, series = drawn
    swapped = (meshes[0], replace(meshes[1], label=meshes[2].label), *meshes[2:])
    write_surfaces(folder, swapped)
    with pytest.raises(VerificationError, match="liver encloses spleen"):
        verify_drawing(folder, labels, swapped, series)


def test_a_surface_that_lies_two_voxels_off_is_caught(drawn):
    folder, labels, meshes, series = drawn
    moved = (meshes[0], replace(meshes[1], vertices_mm=meshes[1].vertices_mm + np.float32([4, 0, 0])), *meshes[2:])
    write_surfaces(folder, moved)
    with pytest.raises(VerificationError, match="liver encloses liver"):
        verify_drawing(folder, labels, moved, series)


@pytest.fixture(scope="module")
def ragged():
    """A noisy threshold: a third of the label's voxels touch its outside, and specks lie all around; its surfaces."""
    grid = Grid.axial((40, 96, 96), (1.5, 1.5, 1.5), (-60, -60, -30))
    middle = grid.world((np.array(grid.shape) - 1) / 2)
    centers = grid.world(np.moveaxis(np.indices(grid.shape), 0, -1)) - middle
    values = np.zeros(grid.shape)
    values[(((centers - (-20, -9, 3)) / (29, 32, 18)) ** 2).sum(axis=-1) <= 1] = 100
    values += np.random.default_rng(1).normal(0, 30, grid.shape)
    labels = LabelMap((values > 65).astype(np.uint8), grid, LABELS[1:2])
    return labels, surfaces(labels)


def written(folder, labels, meshes):
    (folder / "meshes").mkdir()
    write_nifti_labels(labels, folder / "labels.nii.gz")
    write_surfaces(folder, meshes)
    return folder


def test_a_ragged_label_passes(tmp_path, ragged):
    labels, meshes = ragged
    checks = verify_drawing(written(tmp_path, labels, meshes), labels, meshes, None)
    side = next(one for one in checks if "wrong side of its surface" in one.what)
    assert side.got[0] > 0.05 * place_of_mesh(meshes[0]).volume_ml  # it is ragged indeed


@pytest.mark.parametrize(("axis", "word"), [(0, "left-right"), (1, "front-back"), (2, "head-foot")])
def test_the_mirror_of_a_ragged_label_is_caught(tmp_path, ragged, axis, word):
    labels, meshes = ragged
    about = float(labels.grid.world((np.array(labels.grid.shape) - 1) / 2)[axis])
    wrong = tuple(mirrored(one, axis, about) for one in meshes)
    with pytest.raises(VerificationError) as caught:
        verify_drawing(written(tmp_path, labels, wrong), labels, wrong, None)
    assert f"liver encloses liver: {word}, agreement with the mirror image" in str(caught.value)
    assert "wrong side of its surface" in str(caught.value)


def test_a_ragged_label_shifted_by_four_voxels_is_caught(tmp_path, ragged):
    labels, meshes = ragged
    moved = tuple(replace(one, vertices_mm=one.vertices_mm + np.float32([6, 0, 0])) for one in meshes)
    with pytest.raises(VerificationError, match="liver encloses liver: centroid"):
        verify_drawing(written(tmp_path, labels, moved), labels, moved, None)


@pytest.mark.parametrize("name", ["labels.nii.gz", "labels.seg.dcm", "scene.glb", "meshes/liver.stl"])
def test_missing_and_damaged_files_are_caught(drawn, name):
    path = drawn[0] / name
    path.write_bytes(path.read_bytes()[:-400])
    assert path.name in message(drawn)
    path.unlink()
    assert f"{name} is missing" in message(drawn)


def test_a_forgotten_mesh_is_caught(drawn):
    folder, _, meshes, _ = drawn
    write_glb(meshes[:-1], folder / "scene.glb")
    assert "'tumor-1'" in message(drawn)


def test_place_of_a_mesh_is_what_trimesh_says():
    body = trimesh.creation.cone(radius=7, height=20)
    body.apply_transform(trimesh.transformations.random_rotation_matrix(np.array([0.1, 0.5, 0.8])))
    body.apply_translation((100, -50, 700))
    mesh = Mesh(body.vertices.astype(np.float32), body.faces.astype(np.int32), LABELS[0], "cone")
    place = place_of_mesh(mesh)
    np.testing.assert_allclose(place.center_mm, body.center_mass, atol=1e-3)
    assert place.volume_ml == pytest.approx(body.volume / 1000, rel=1e-4)
    turned = place_of_mesh(mirrored(mesh, 1, float(place.low_mm[1] + place.high_mm[1]) / 2))
    np.testing.assert_allclose(turned.skew_mm, place.skew_mm * (1, -1, 1), atol=1e-2)
    assert abs(place.skew_mm[1]) > 1


def test_skewness_of_a_mesh_is_that_of_its_voxels():
    cone = trimesh.creation.cone(radius=7, height=20)
    mesh = Mesh(cone.vertices.astype(np.float32), cone.faces.astype(np.int32), LABELS[0], "cone")
    grid = Grid.axial((120, 90, 90), (0.2, 0.2, 0.2), (-8.9, -8.9, -1.9))
    inside = solid(mesh, grid, tuple(slice(0, n) for n in grid.shape))
    points = grid.world(np.argwhere(inside.mask) * inside.step + inside.start)
    third = ((points - (0, 0, 10)) ** 3).mean(axis=0)
    np.testing.assert_allclose(place_of_mesh(mesh).skew_mm, np.cbrt(third), atol=0.4)


def test_solid_is_exact_for_a_box_and_keeps_its_cavity():
    outer, inner = trimesh.creation.box((10.2, 8.2, 6.2)), trimesh.creation.box((4.2, 4.2, 2.2))
    faces = np.concatenate([outer.faces, inner.faces[:, ::-1] + len(outer.vertices)]).astype(np.int32)
    mesh = Mesh(np.concatenate([outer.vertices, inner.vertices]).astype(np.float32), faces, LABELS[0], "box")
    grid = Grid.axial((21, 21, 21), (1, 1, 1), (-10, -10, -10))
    found = solid(mesh, grid, tuple(slice(0, 21) for _ in range(3))).mask
    z, y, x = np.abs(np.indices((21, 21, 21)) - 10)
    assert (found == (((x <= 5) & (y <= 4) & (z <= 3)) & ~((x <= 2) & (y <= 2) & (z <= 1)))).all()


def test_thinned_rays_see_the_same_voxels():
    ball = trimesh.creation.icosphere(subdivisions=3, radius=20)
    mesh = Mesh(ball.vertices.astype(np.float32), ball.faces.astype(np.int32), LABELS[0], "ball")
    grid = Grid.axial((50, 60, 70), (1, 0.9, 0.8), (-28, -27, -24.5))
    box = (slice(2, 48), slice(3, 57), slice(1, 66))
    full, thin = solid(mesh, grid, box), solid(mesh, grid, box, most_rays=400)
    assert full.step.tolist() == [1, 1, 1]
    assert thin.step.tolist() == [1, 3, 3]
    whole = np.zeros(grid.shape, bool)
    whole[full.window] = full.mask
    assert (whole[thin.window] == thin.mask).all()
    assert full.mask.sum() * grid.voxel_ml == pytest.approx(ball.volume / 1000, rel=0.01)


def test_places_agree_with_plain_arithmetic():
    grid = Grid.axial(SHAPE, SPACING, ORIGIN)
    labels = phantom(grid)
    for name, place in places(labels).items():
        points = grid.world(np.argwhere(labels.mask(name)))
        np.testing.assert_allclose(place.center_mm, points.mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(place.low_mm, points.min(axis=0), atol=1e-6)
        np.testing.assert_allclose(place.high_mm, points.max(axis=0), atol=1e-6)
        assert place.volume_ml == pytest.approx(len(points) * grid.voxel_ml)


def plate(spacing, slices, radius_mm, corner):
    """A disc, or where ``corner`` the shape of an L, in one slice or two of a liver: what a person saves half way."""
    shape = tuple(round(40 / one) for one in spacing)
    z, y, x = (a * s for a, s in zip(np.ogrid[: shape[0], : shape[1], : shape[2]], spacing, strict=True))
    array = ((z - 20) ** 2 + (y - 20) ** 2 + (x - 20) ** 2 <= 18**2).astype(np.uint8)
    dy, dx = y - 22.5, x - 16.25
    flat = dy**2 + dx**2 <= radius_mm**2
    if corner:
        flat = (abs(dy) <= radius_mm) & (abs(dx) <= radius_mm) & ~((dy > -radius_mm / 3) & (dx > -radius_mm / 3))
    first = round(20 / spacing[0])
    array[first : first + slices][np.broadcast_to(flat, (slices, *shape[1:]))] = 2
    return LabelMap(array, Grid.axial(shape, spacing), (label("liver", 1), label("liver tumor", 2)))


def told(folder, labels, change=lambda tumor: tumor, made=None):
    """The checks of a drawing whose tumour's surface was changed before all files were written."""
    meshes = [change(one) if one.id != "liver" else one for one in made or surfaces(labels)]
    assert len(meshes) == 2
    (folder / "meshes").mkdir(exist_ok=True)
    write_nifti_labels(labels, folder / "labels.nii.gz")
    write_surfaces(folder, meshes)
    return verify_drawing(folder, labels, meshes, None)


def shifted(axis, by_mm):
    step = np.eye(3)[axis] * by_mm
    return lambda mesh: replace(mesh, vertices_mm=(mesh.vertices_mm + step).astype(np.float32))


def turned(axis):
    """Mirrored in its own place."""
    return lambda mesh: mirrored(
        mesh, axis, float(mesh.vertices_mm[:, axis].min() + mesh.vertices_mm[:, axis].max()) / 2
    )


@pytest.mark.parametrize("radius_mm", [2.0, 5.0, 7.0])
@pytest.mark.parametrize("slices", [1, 2])
def test_a_plate_that_a_hand_painted_passes(tmp_path, slices, radius_mm):
    assert all(check.ok for check in told(tmp_path, plate((2.5, 1.25, 1.25), slices, radius_mm, corner=False)))


def test_a_plate_of_a_few_voxels_in_thick_slices_passes(tmp_path):
    assert all(check.ok for check in told(tmp_path, plate((5.0, 0.8, 0.8), 1, 2.0, corner=True)))


def test_a_plate_of_two_slices_lies_where_it_was_painted(tmp_path):
    labels = plate((5.0, 0.8, 0.8), 2, 6.0, corner=True)
    assert all(check.ok for check in told(tmp_path, labels))
    with pytest.raises(VerificationError, match="wrong side of its surface"):
        told(tmp_path, labels, shifted(0, 2.4))


@settings(max_examples=6, deadline=None, derandomize=True)
@given(
    spacing=st.tuples(st.sampled_from([1.5, 2.5, 5.0]), *[st.sampled_from([0.8, 1.25])] * 2),
    slices=st.integers(1, 2),
    radius_mm=st.floats(4.0, 9.0),
    corner=st.booleans(),
)
def test_a_plate_that_was_moved_or_mirrored_is_caught(tmp_path_factory, spacing, slices, radius_mm, corner):
    folder, labels = tmp_path_factory.mktemp("plate"), plate(spacing, slices, radius_mm, corner)
    made = surfaces(labels)
    assert all(check.ok for check in told(folder, labels, made=made))
    for axis, by_mm in ((2, 1.5 * spacing[0]), (0, 1.25 * max(spacing) + 1), (1, -1.25 * max(spacing) - 1)):
        with pytest.raises(VerificationError):
            told(folder, labels, shifted(axis, by_mm), made)
    for axis in (0, 1) if corner else ():
        with pytest.raises(VerificationError, match="looks mirrored"):
            told(folder, labels, turned(axis), made)
