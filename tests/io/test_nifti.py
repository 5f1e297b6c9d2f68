"""NIfTI in and out: every orientation, true place, and clear words for what is no volume."""

from __future__ import annotations

import gc
import itertools
import zipfile

import nibabel
import numpy as np
import pytest

from limner.errors import InputError, NotAnImageError
from limner.image import Grid, LabelMap, reorient
from limner.image.anatomy import label
from limner.io import choose_series, open_studies, read_nifti, read_nifti_labels, write_nifti_labels

RAMP = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)


def save(path, array_xyz, affine_ras, **header):
    image = nibabel.Nifti1Image(array_xyz, affine_ras)
    for name, value in header.items():
        image.header[name] = value
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize(
    "order", list(itertools.permutations(range(3))), ids=lambda order: "".join("ijk"[axis] for axis in order)
)
@pytest.mark.parametrize("signs", list(itertools.product((1, -1), repeat=3)))
def test_all_48_orientations_keep_every_voxel_in_its_place(tmp_path, order, signs):
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, list(order)] * np.multiply(signs, (0.7, 0.8, 2.0))
    affine[:3, 3] = (11, -7, 3)
    array = np.ascontiguousarray(RAMP.T)
    image = read_nifti(save(tmp_path / "a.nii", array, affine))
    assert image.grid.axis_codes == "SPL"
    assert image.array.flags.c_contiguous
    for ijk in ((0, 0, 0), (5, 4, 3), (2, 1, 3)):
        index = np.argwhere(image.array == array[ijk])[0]
        ras = (affine @ [*ijk, 1])[:3]
        np.testing.assert_allclose(image.grid.world(index), ras * (-1, -1, 1), atol=1e-4)


def test_an_oblique_grid_goes_out_and_comes_back(tmp_path):
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * (2.0, 0.8, 0.7), (5, 6, 7)
    array = (RAMP % 3).astype(np.uint8)
    labels = LabelMap(array, Grid(array.shape, affine), (label("liver", 1), label("spleen", 2)))
    write_nifti_labels(labels, tmp_path / "l.nii.gz")
    back = read_nifti_labels(tmp_path / "l.nii.gz", labels.labels)
    for value in (0, 1, 2):
        mine = np.sort(labels.grid.world(np.argwhere(labels.array == value)), axis=0)
        theirs = np.sort(back.grid.world(np.argwhere(back.array == value)), axis=0)
        np.testing.assert_allclose(mine, theirs, atol=1e-4)
    assert [one.name for one in back.present()] == ["liver", "spleen"]


def test_axial_labels_come_back_bit_for_bit_and_are_written_the_same_twice(tmp_path):
    grid = Grid.axial(RAMP.shape, (2, 0.8, 0.7), (-1, 2, 3))
    labels = LabelMap((RAMP % 5).astype(np.uint16), grid)
    for name in ("a.nii.gz", "b.nii.gz", "c.nii"):
        write_nifti_labels(labels, tmp_path / name)
        back = read_nifti_labels(tmp_path / name)
        assert (back.array == labels.array).all()
        assert back.grid.same_as(grid, 1e-4)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.nii.gz", "b.nii.gz", "c.nii"]


def test_simpleitk_sees_our_file_where_we_see_it(tmp_path):
    import SimpleITK

    grid = Grid.axial(RAMP.shape, (2, 0.8, 0.7), (-1, 2, 3))
    turned, there = reorient((RAMP % 5).astype(np.uint8), grid, (1, 0, 2), (True, False, True))
    write_nifti_labels(LabelMap(turned, there), tmp_path / "a.nii.gz")
    other = SimpleITK.ReadImage(str(tmp_path / "a.nii.gz"))
    assert (SimpleITK.GetArrayFromImage(other) == turned).all()
    for zyx in ((0, 0, 0), (3, 2, 5)):
        np.testing.assert_allclose(other.TransformIndexToPhysicalPoint(zyx[::-1]), there.world(zyx), atol=1e-4)


def test_number_kinds(tmp_path):
    xyz = np.ascontiguousarray(RAMP.T)
    assert read_nifti(save(tmp_path / "a.nii", xyz.astype(np.int32), np.eye(4))).array.dtype == np.int16
    assert read_nifti(save(tmp_path / "b.nii", xyz.astype(">i2"), np.eye(4))).array.dtype == np.int16
    assert read_nifti(save(tmp_path / "c.nii", xyz.astype(np.float64), np.eye(4))).array.dtype == np.float32
    wide = xyz.astype(np.int32) * 1000
    assert read_nifti(save(tmp_path / "d.nii", wide, np.eye(4))).array.dtype == np.float32


@pytest.mark.parametrize("what", [np.nan, np.inf])
def test_voxels_without_a_number_are_refused(tmp_path, what):
    holes = RAMP.T.astype(np.float32)
    holes[0, 0, :2] = what
    with pytest.raises(NotAnImageError, match=rf"'e.nii': 2 of {RAMP.size} voxels.*fill them"):
        read_nifti(save(tmp_path / "e.nii", holes, np.eye(4)))


def test_a_scaled_file_is_scaled(tmp_path):
    image = nibabel.Nifti1Image(np.ascontiguousarray(RAMP.T), np.eye(4))
    image.header.set_slope_inter(2.0, -1000.0)
    nibabel.save(image, tmp_path / "s.nii")
    stored = nibabel.load(tmp_path / "s.nii")
    read = read_nifti(tmp_path / "s.nii")
    assert float(read.array.sum()) == pytest.approx(float(stored.get_fdata().sum()))


def test_metres_become_millimetres(tmp_path):
    image = nibabel.Nifti1Image(np.ascontiguousarray(RAMP.T), np.diag([0.001, 0.001, 0.002, 1]))
    image.header.set_xyzt_units("meter")
    nibabel.save(image, tmp_path / "m.nii")
    assert read_nifti(tmp_path / "m.nii").grid.spacing_mm == pytest.approx((2, 1, 1))


def test_four_dimensions_are_refused_and_a_single_time_point_is_not(tmp_path):
    four = np.zeros((6, 5, 4, 3), np.int16)
    with pytest.raises(NotAnImageError, match="4-D, 6 x 5 x 4 x 3"):
        read_nifti(save(tmp_path / "four.nii", four, np.eye(4)))
    with pytest.raises(NotAnImageError, match="4-D"):
        open_studies(tmp_path / "four.nii")
    assert read_nifti(save(tmp_path / "one.nii", four[..., :1], np.eye(4))).grid.shape == (4, 5, 6)


def test_colours_are_refused(tmp_path):
    kind = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
    with pytest.raises(NotAnImageError, match="colours"):
        read_nifti(save(tmp_path / "rgb.nii", np.zeros((6, 5, 4), kind), np.eye(4)))


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_truncated_file_is_refused(tmp_path, name):
    noise = np.random.default_rng(0).integers(0, 1000, (40, 40, 40)).astype(np.int16)
    path = save(tmp_path / name, noise, np.eye(4))
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(NotAnImageError, match=r"a\.nii"):
        read_nifti(path)


def test_labels_must_be_whole_numbers(tmp_path):
    half = np.ascontiguousarray(RAMP.T).astype(np.float32) / 2
    with pytest.raises(NotAnImageError, match="fractions"):
        read_nifti_labels(save(tmp_path / "h.nii", half, np.eye(4)))
    with pytest.raises(NotAnImageError, match="-5 to"):
        read_nifti_labels(save(tmp_path / "n.nii", np.ascontiguousarray(RAMP.T) - 5, np.eye(4)))


def test_a_file_that_does_not_say_where_left_is_cannot_be_drawn(tmp_path):
    image = nibabel.Nifti1Image(np.ascontiguousarray(RAMP.T), None)
    nibabel.save(image, tmp_path / "lost.nii")
    series = open_studies(tmp_path / "lost.nii")[0].series[0]
    assert [one.code for one in series.problems if one.severity == "error"] == ["no-orientation"]


def test_two_orientations_in_one_file_are_told(tmp_path):
    image = nibabel.Nifti1Image(np.ascontiguousarray(RAMP.T), np.eye(4))
    image.set_sform(np.diag([-1.0, 1, 1, 1]), 1)
    image.set_qform(np.eye(4), 1)
    nibabel.save(image, tmp_path / "two.nii")
    assert "two-orientations" in [one.code for one in open_studies(tmp_path / "two.nii")[0].series[0].problems]


def test_a_nifti_study_is_drawn_and_known_as_ct_by_its_air(tmp_path):
    ct = np.ascontiguousarray(RAMP.T).astype(np.float32) - 3000
    study, series = choose_series(open_studies(save(tmp_path / "ct.nii.gz", ct, np.eye(4))))
    image = series.load()
    assert (series.format, series.modality, image.modality, image.unit) == ("nifti", "", "CT", "HU")
    assert image.array.dtype == np.int16
    assert image.array.min() == -1024
    window = save(tmp_path / "w.nii.gz", np.ascontiguousarray(RAMP.T).astype(np.uint8), np.eye(4))
    image = choose_series(open_studies(window))[1].load()
    assert (image.modality, image.unit) == ("", "")
    assert study.uid.startswith("2.25.")


def test_volumes_are_read_from_a_folder_an_archive_and_by_name(tmp_path):
    (tmp_path / "in").mkdir()
    path = save(tmp_path / "in" / "ct.nii.gz", np.ascontiguousarray(RAMP.T), np.eye(4))
    with zipfile.ZipFile(tmp_path / "ct.zip", "w") as packed:
        packed.write(path, "ct.nii.gz")
    assert len(open_studies([path, tmp_path / "in"])) == 1  # one file, though asked for twice
    series = open_studies(tmp_path / "ct.zip")[0].series[0]
    gc.collect()
    assert series.load().array.shape == RAMP.shape
    with pytest.raises(InputError, match="No path"):
        open_studies([])
