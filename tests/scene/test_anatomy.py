"""What a planner sees: roles, lesions in their organs, the skin, and what it does without."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from limner.data.phantoms import draw, grid_around, sample
from limner.errors import InputError
from limner.image import Grid, LabelMap
from limner.image.anatomy import named
from limner.scene import find_parts
from limner.scene.anatomy import Anatomy
from limner.scene.borders import surface_sd_mm

PLAN = sample(np.random.default_rng(5), tumors=2)
GRID = grid_around(PLAN, (5.0, 2.5, 2.5), "body", margin_mm=10.0)


@pytest.fixture(scope="module")
def torso() -> LabelMap:
    return draw(PLAN, GRID).labels


def box_map(*parts: tuple[str, str, tuple[slice, slice, slice]]) -> LabelMap:
    array = np.zeros((30, 40, 40), np.uint8)
    for value, (_, _, box) in enumerate(parts, start=1):
        array[box] = value
    labels = tuple(named(name, value, kind) for value, (name, kind, _) in enumerate(parts, start=1))
    return LabelMap(array, Grid.axial(array.shape, (2, 2, 2)), labels)


BODY = ("body", "tissue", np.s_[:, 5:35, 5:35])
LIVER = ("liver parenchyma", "organ", np.s_[8:22, 10:25, 8:22])


def test_roles_of_a_torso(torso):
    anatomy = Anatomy.of(torso)
    roles = {one.name: one.role for one in anatomy.structures}
    assert roles["bones"] == "bone" and roles["right lung"] == "lung" and roles["aorta"] == "vessel"
    assert roles["body"] == "body" and roles["spleen"] == "organ" and roles["liver tumor"] == "lesion"
    assert anatomy.blind == ("bowel", "heart")
    assert anatomy.organ_of(anatomy.lesion()).name == "liver"


def test_lesions_have_the_ids_of_the_drawing(torso):
    drawn = [one for one in find_parts(torso) if one.label.kind == "lesion"]
    ours = Anatomy.of(torso).lesions
    assert [(one.id, one.voxels) for one in ours] == [(one.id, one.voxels) for one in drawn]


def test_the_skin_faces_air_and_not_the_ends_of_the_image(torso):
    skin = Anatomy.of(torso).skin
    trunk = PLAN.solids("body")[0]
    at = Anatomy.of(torso).lattice.work.world(skin.cells)
    inner = np.abs(at[:, 2] - trunk.center_mm[2]) < 0.9 * trunk.radii_mm[2]
    at, normals = at[inner], skin.normals[inner]
    radial = (at[:, :2] / trunk.radii_mm[:2]) ** 2
    assert np.abs(np.sqrt(radial.sum(axis=1)) - 1).max() < 0.03
    outward = at[:, :2] / np.square(trunk.radii_mm[:2])
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    cosine = (outward * normals[:, :2]).sum(axis=1)
    assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() < 6
    middle = LabelMap(torso.array[20:-20], torso.grid.crop((20, 0, 0), torso.array[20:-20].shape), torso.labels)
    cropped = Anatomy.of(middle).skin
    assert len(cropped.cut) and np.isin(cropped.cut[:, 0], (0, Anatomy.of(middle).lattice.work.shape[0] - 1)).all()


def test_any_orientation_sees_the_same_skin(torso):
    turn = Rotation.from_euler("z", 20, degrees=True).as_matrix()
    array = torso.array.transpose(2, 0, 1)[::-1]
    affine = torso.grid.affine[:, [2, 0, 1, 3]].copy()
    affine[:3, 3] += affine[:3, 0] * (array.shape[0] - 1)
    affine[:3, 0] *= -1
    affine[:3] = turn @ affine[:3]
    turned = Anatomy.of(LabelMap(array, Grid(array.shape, affine), torso.labels))
    straight = Anatomy.of(torso)
    assert np.array_equal(turned.labels.array, straight.labels.array)
    assert np.allclose(turned.skin.normals, straight.skin.normals @ turn.T, atol=1e-3)


def test_thin_vessels_stay_in_the_cells():
    labels = box_map(BODY, LIVER, ("portal vein", "vessel", np.s_[12:20, 13:14, 13:14]))
    anatomy = Anatomy.of(labels, work_mm=6.5)
    cells, box = anatomy.lattice.cells(anatomy.labels.array[anatomy.boxes[3]] == 3, anatomy.boxes[3])
    assert cells.all() and cells.shape == (3, 1, 1)
    fine = anatomy.lattice.voxels(np.argwhere(cells) + [one.start for one in box])
    assert (anatomy.labels.array[tuple(fine.T)] == 3).sum() == 8


def test_british_names_and_nearest_target():
    tumour = ("liver tumour", "organ", np.s_[12:16, 14:18, 12:16])
    anatomy = Anatomy.of(box_map(BODY, LIVER, tumour))
    assert anatomy.lesion("tumor-1") is anatomy.lesion("Tumour-1") is anatomy.lesion("liver tumor")
    assert anatomy.organ_of(anatomy.lesion()).name == "liver parenchyma"
    assert anatomy.blind == ("bones", "lungs", "vessels", "bowel")
    with pytest.raises(InputError, match=r"there are tumour-1\. Did you mean 'tumour-1'"):
        anatomy.lesion("tumr-2")


def test_no_tumour_no_skin_and_a_tumour_elsewhere():
    with pytest.raises(InputError, match="no label is a lesion"):
        Anatomy.of(box_map(BODY, LIVER)).lesion()
    with pytest.raises(InputError, match=r"No skin: .* no label draws the body"):
        _ = Anatomy.of(box_map(LIVER)).skin
    whole = ("body", "tissue", np.s_[:, :, :])
    with pytest.raises(InputError, match="the body fills the image"):
        _ = Anatomy.of(box_map(whole, LIVER)).skin
    away = Anatomy.of(box_map(BODY, LIVER, ("liver tumor", "lesion", np.s_[12:16, 30:34, 28:32])))
    with pytest.raises(InputError, match="expected in the liver parenchyma, but lies more than 3 mm outside"):
        away.organ_of(away.lesion())
    free = Anatomy.of(box_map(BODY, LIVER, ("mass", "lesion", np.s_[12:16, 30:34, 28:32])))
    assert free.organ_of(free.lesion()) is None


def test_a_border_from_the_interval_of_a_volume():
    radius, sd = 20.0, 0.5
    volumes = [4 / 3 * np.pi * (radius + step * 1.645 * sd) ** 3 / 1000 for step in (-1, 1)]
    assert surface_sd_mm(*volumes, 4 * np.pi * radius**2) == pytest.approx(sd, rel=0.01)
    sds = {one.name: one.surface_mm for one in Anatomy.of(box_map(BODY, LIVER), surface_mm={"Liver": 2.5}).structures}
    assert sds == {"body": 1.0, "liver parenchyma": 2.5}
