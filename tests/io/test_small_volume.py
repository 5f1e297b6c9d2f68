"""Small volumes in: one array whatever the file's axes, and a message for what does not fit."""

import nibabel
import numpy as np
import pytest
from PIL import Image as Pillow

from limner import io
from limner.errors import NotAnImageError


def _axial(shape=(6, 8, 10)):
    """Values that tell every voxel apart, ``(Z, Y, X)`` axial."""
    return np.arange(np.prod(shape), dtype=np.int16).reshape(shape) - 100


def _nifti(path, axial, codes, spacing=(3.0, 2.0, 1.0)):
    """Writes an axial array (spacing along Z, Y, X) with its axes stored as ``codes`` says, e.g. ``"RAS"``."""
    plain = nibabel.Nifti1Image(axial.transpose(2, 1, 0), np.diag([-spacing[2], -spacing[1], spacing[0], 1]))
    start = nibabel.orientations.io_orientation(plain.affine)
    end = nibabel.orientations.axcodes2ornt(codes)
    nibabel.save(plain.as_reoriented(nibabel.orientations.ornt_transform(start, end)), path)
    return path


@pytest.mark.parametrize("codes", ["LPS", "RAS", "PSR", "AIL"])
def test_one_volume_whatever_the_axes_of_its_file(tmp_path, codes):
    axial = _axial()
    found = io.read_input(_nifti(tmp_path / "v.nii.gz", axial, codes), 3, (-100.0, 379.0))
    np.testing.assert_array_equal(found.array[0], np.round((axial + 100.0) * 255 / 479 + 1e-9).astype(np.uint8))
    assert found.spacing_mm == pytest.approx((3, 2, 1))
    stored = nibabel.load(tmp_path / "v.nii.gz")
    back = found.turn.undo(axial)
    np.testing.assert_array_equal(back, np.asarray(stored.dataobj).T)
    assert found.turn.stored.shape == stored.shape[::-1]


def test_without_a_window_the_range_that_occurs_becomes_black_and_white(tmp_path):
    values = np.random.default_rng(0).normal(1000, 50, (12, 12, 12))
    values[0, 0, 0] = 30000  # metal does not darken the rest
    np.save(tmp_path / "v.npy", values)
    found = io.read_input(tmp_path / "v.npy", 3).array
    assert found.min() == 0
    assert found.max() == 255
    assert 100 < found.mean() < 155


def test_eight_bits_stay_and_zeros_and_ones_become_black_and_white(tmp_path):
    eight = np.random.default_rng(0).integers(3, 200, (4, 5, 6)).astype(np.uint8)
    np.save(tmp_path / "eight.npy", eight)
    np.testing.assert_array_equal(io.read_input(tmp_path / "eight.npy", 3).array[0], eight)
    np.save(tmp_path / "shape.npy", eight > 190)
    np.testing.assert_array_equal(io.read_input(tmp_path / "shape.npy", 3).array[0], (eight > 190) * np.uint8(255))
    rare = np.zeros((10, 10, 10), np.int16)
    rare[5, 5, 5] = 7  # less than a percentile holds
    np.save(tmp_path / "rare.npy", rare)
    assert io.read_input(tmp_path / "rare.npy", 3).array[0, 5, 5, 5] == 255


def test_a_folder_of_dicom_slices_in_any_orientation(tmp_path, write_series, ramp):
    cosines = (0, 1, 0, 0, 0, -1)  # sagittal: rows to the back, columns downwards
    write_series(tmp_path / "s", ramp, cosines=cosines, step_mm=(2.0, 0, 0))
    found = io.read_input(tmp_path / "s", 3, (0.0, 719.0))
    assert found.size == (10, 12, 6)
    assert found.spacing_mm == pytest.approx((0.8, 0.7, 2.0))
    expected = np.round(ramp.astype(float).transpose(1, 2, 0)[::-1] * 255 / 719 + 1e-9)
    np.testing.assert_allclose(found.array[0], expected, atol=1)


def test_magnetic_resonance_is_read_and_has_no_hounsfield_units(tmp_path, write_series, ramp):
    def edit(one, _k):
        one.Modality = "MR"

    write_series(tmp_path / "s", ramp, edit=edit)
    assert io.read_input(tmp_path / "s", 3).size == ramp.shape
    with pytest.raises(NotAnImageError, match="not in Hounsfield units"):
        io.read_input(tmp_path / "s", 3, (-100.0, 100.0))


def test_what_is_no_number_is_refused(tmp_path):
    values = np.zeros((4, 4, 4), np.float32)
    values[1, 2, 3] = np.nan
    np.save(tmp_path / "v.npy", values)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "v.nii")
    for name in ("v.npy", "v.nii"):
        with pytest.raises(NotAnImageError, match="1 of 64 voxels are not a number"):
            io.read_input(tmp_path / name, 3)


def test_another_number_of_axes_is_refused_with_what_to_do(tmp_path, write_series, ramp):
    _nifti(tmp_path / "v.nii.gz", _axial(), "LPS")
    Pillow.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "p.png")
    np.save(tmp_path / "flat.npy", np.zeros((8, 8)))
    (tmp_path / "text.dat").write_text("no image")
    write_series(tmp_path / "s", ramp)
    for name in ("v.nii.gz", "s", "flat.npy"):
        with pytest.raises(NotAnImageError, match="Export the slice that is meant"):
            io.read_input(tmp_path / name, 2)
    for name, told in (
        ("p.png", "two numbers"),
        ("flat.npy", "8 × 8"),
        ("text.dat", "is no volume"),
        ("gone.nii", "nothing at"),
    ):
        with pytest.raises(NotAnImageError, match=told):
            io.read_input(tmp_path / name, 3)
    assert io.read_input(tmp_path / "p.png", 2).size == (8, 8)
